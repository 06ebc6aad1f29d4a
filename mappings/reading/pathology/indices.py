"""The NIH activity and chronicity indices in words: "AI 8/24", "activity index 15", "慢性指数 2分"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from mappings.reading.keeping.texts import kept
from mappings.reading.pathology.mentions import (
    LONGEST_TEXT,
    Doubt,
    Place,
    doubt_about,
    place,
    plain,
    quote,
    separable,
)
from mappings.verdicts import Reason

Index = Literal["activity", "chronicity"]
_MOST_MENTIONS = 40
MAXIMUM: Mapping[Index, int] = {"activity": 24, "chronicity": 12}


class IndexReading(NamedTuple):
    """The index, or why what stands there is none (always UNREADABLE)."""

    value: int | None
    problem: Reason | None
    note: str
    quote: str


class _Mention(NamedTuple):
    where: Place
    value: int | None
    fault: str
    doubt: Doubt | None


_BEFORE = r"(?<![a-z])(?<!disease )(?<!hepatitis )(?<!hepatic )(?<!histologic )(?<!histological )"
_SCORE = r"(?:病变)?(?:指数|评分|积分|指标)"
_NOT_ENGLISH: Mapping[Index, str] = {
    "activity": r"(?<![a-zäöü])aktivit[äa]ts-?\s?(?:index|score)|[ií]ndice de actividad",
    "chronicity": r"(?<![a-zäöü])chronizit[äa]ts-?\s?(?:index|score)|[ií]ndice de cronicidad",
}
_ANCHORS: Mapping[Index, re.Pattern[str]] = {
    "activity": re.compile(
        rf"{_BEFORE}activity\s(?:index|score)|{_NOT_ENGLISH['activity']}"
        rf"|{_BEFORE}activity(?=\s?(?:[:=]?\s?\d+\s?/\s?24|\(0-24\)))"
        rf"|(?<![a-z])(?-i:AI|A\.I\.)(?![a-z])|活动性?{_SCORE}",
        re.IGNORECASE,
    ),
    "chronicity": re.compile(
        rf"(?<![a-z])chronicity\s(?:index|score)|{_NOT_ENGLISH['chronicity']}"
        r"|(?<![a-z])chronicity(?=\s?(?:[:=]?\s?\d+\s?/\s?12|\(0-12\)))"
        rf"|(?<![a-z])(?-i:CI|C\.I\.)(?![a-z])|慢性化?{_SCORE}",
        re.IGNORECASE,
    ),
}
_SIGNS: Mapping[Index, tuple[tuple[str, int], ...]] = {
    "activity": (
        *(("ctivity", 1), ("CTIVITY", 1), ("AI", 0), ("A.I", 0), ("活动", 0), ("ktivit", 1), ("KTIVIT", 1)),
        ("ndice", 1),
        ("NDICE", 1),
    ),
    "chronicity": (
        *(("hronicity", 1), ("HRONICITY", 1), ("CI", 0), ("C.I", 0), ("慢性", 0), ("hronizit", 1)),
        *(("HRONIZIT", 1), ("ndice", 1), ("NDICE", 1)),
    ),
}
"""What every anchor begins with, and how far into it: cheaper to find than the pattern is to try."""

_FILLER = (
    r"(?:[ \t:=)\[]|-(?=\s?\d)"
    r"|\((?:(?:ai|ci|nih)?[\s:,;]{0,2}(?:0\s?-\s?\d+|(?:range|out of|max\.?)\s?[\d\s-]+|/\d+)"
    r"|ai|ci|nih|modif\w*)(?:指数)?\)|\("
    r"|(?:nih|score|index|is|was|of|equals|totals?|ai|ci)(?![a-z])|指数|评分|积分|得分|总分|为){0,8}"
)
_OUT_OF = r"(?:/|of|out of|max(?:imum)?\.?(?: of)?|range|0\s?-|满分|总分|最高分?)"
_VALUE = (
    r"(?P<pre>[<>≤≥~≈±]=?|about|app?rox\w*\.?|ca\.?|etwa|rund|unos"
    r"|at least|up to|around|大于|小于|超过|不足|至少|约)?"
    r"\s?(?P<num>\d{1,4}(?:[.,]\d+)?)"
    r"(?P<range>\s?分?\s?(?:-|to|or|bis|oder|[ao]|~|至|到|或)\s?\d+(?:\.\d+)?)?"
    r"(?P<den>\s?分?\s?(?:/|of|out of|von|de|sobre)\s?(?:a\s)?"
    r"(?:possible\s|maximum\s|total\s|max\.?\s)?(?:of\s)?"
    r"\d{1,4}(?:\.\d)?"
    rf"|\s?分?\s?[(\[]\s?{_OUT_OF}?[\s:为]?(?:0\s?-\s?)?\d{{1,4}}\s?分?\s?[)\]]"
    r"|\s?分?,\s?(?:满分|总分|最高分?)[\s:为]?\d{1,4})?"
    r"(?P<odd>\s?(?:[%+?*]|-\s?\d|\(\?\))|[a-z]|[/.]?\d)?"
)
_LETTERS = (
    r"(?P<letters>(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty\S*)\b"
    r"|[一二三四五六七八九十零]{1,3}(?=分))"
)
_AFTER_ANCHOR = re.compile(rf"{_FILLER}(?:{_VALUE}|{_LETTERS})", re.IGNORECASE)
_WHOLE = re.compile(rf"{_VALUE}(?P<letters>(?!))?(?:\s?(?:points?|score|分))?[\s.)。]*", re.IGNORECASE)
_NUMBER_AT_END = re.compile(r"(\d+)\D*$")
_PAIR = re.compile(
    r"(?:(?<![a-z])(?-i:AI)\s?(?:/|and|&|,|、|和|及)\s?(?-i:CI)(?![a-z])"
    rf"|活动性?(?:{_SCORE})?\s?[/、和及]\s?慢性化?{_SCORE}(?:\s?\(AI\s?[/、和及,]\s?CI\))?"
    r"|(?<![a-z])activity\s?(?:/|and|&)\s?chronicity(?:\s(?:index|indices|indexes|scores?))?)"
    r"(?P<values>(?:[\s:=]|评分|分别为?|为){0,9}(?:of|is|are|were)?\s?(?P<a>\d{1,4})分?(?P<ad>\s?/\s?24)?"
    r"\s?(?P<sep>,|;|and|&|\+|/|、|和|及)\s?(?P<c>\d{1,4})分?(?P<cd>\s?/\s?12)?(?![\d./-]))?",
    re.IGNORECASE,
)
"""Both indices named before both values. "8/2" after them may be a fraction: unreadable."""


@kept(512)
def read_index(
    text: str, index: Index, year: int | None = None, *, answer: bool = False
) -> IndexReading | None:
    """The index that a text of the biopsy taken in ``year`` gives; None if it gives none.

    ``answer``: the text is the value of something that asks for the index, so "8/24" is enough, and a
    text that is no whole number in range is a fault.
    """
    words = plain(text)
    if not words:
        return None
    if answer and (whole := _WHOLE.fullmatch(words)) is not None:
        value, fault = _value(whole, MAXIMUM[index])
        return IndexReading(
            value, Reason.UNREADABLE if fault else None, fault, quote(words, place(words, 0, 1))
        )
    mentions = list(islice(_mentions(words, index, year), _MOST_MENTIONS))
    if len(mentions) == _MOST_MENTIONS or (mentions and len(text) > LONGEST_TEXT):
        return IndexReading(
            None, Reason.UNREADABLE, "text too long to be read whole", quote(words, mentions[0].where)
        )
    if mentions:
        return _reading(words, mentions)
    if answer:
        return IndexReading(None, Reason.UNREADABLE, "not a whole number", quote(words, place(words, 0, 1)))
    return None


def may_name_index(words: str) -> bool:
    """Whether a plain text may name an index; it does not have to."""
    return bool(_starts(words, "activity") or _starts(words, "chronicity"))


def index_number(value: float, index: Index) -> tuple[int | None, str]:
    """A number as the index, or what is wrong with it."""
    if not 0 <= value <= MAXIMUM[index]:
        return None, f"not from 0 to {MAXIMUM[index]}"
    return (int(value), "") if value == int(value) else (None, "not a whole number")


def _mentions(words: str, index: Index, year: int | None) -> Iterator[_Mention]:
    rest = words
    starts = _starts(words, "activity")
    for start in starts:  # the activity is the first of a pair
        pair = _PAIR.match(rest, start)
        if pair is None:
            continue
        rest = rest[:start] + " " * (pair.end() - start) + rest[pair.end() :]
        if pair["values"]:
            where = place(words, start, pair.end())
            yield _Mention(
                where, *_of_pair(pair, index), doubt_about(words, where, year, may_be_denied=False)
            )
    position = 0
    for start in starts if index == "activity" else _starts(words, index):
        anchor = _ANCHORS[index].match(rest, start) if start >= position else None
        if anchor is None:
            continue
        position = anchor.end()
        match = _AFTER_ANCHOR.match(rest, position)
        if match is not None:
            where = place(words, start, match.end())
            doubt = doubt_about(words, where, year, may_be_denied=False)
            yield _Mention(where, *_value(match, MAXIMUM[index]), doubt)


@kept(256)
def _starts(words: str, index: Index) -> tuple[int, ...]:
    """Where an anchor of the index may stand."""
    found = []
    for sign, into in _SIGNS[index]:
        position = words.find(sign) if sign in words else -1  # most are not there, and "in" is cheaper
        while position >= 0:
            if position >= into:
                found.append(position - into)
            position = words.find(sign, position + 1)
    return tuple(sorted(found))


def _of_pair(pair: re.Match[str], index: Index) -> tuple[int | None, str]:
    if pair["sep"] == "/" and not (pair["ad"] and pair["cd"]):
        return None, "two numbers that may be a fraction"
    return index_number(int(pair["a" if index == "activity" else "c"]), index)


def _value(match: re.Match[str], maximum: int) -> tuple[int | None, str]:
    letters, about, number, to, out_of, odd = match.group("letters", "pre", "num", "range", "den", "odd")
    if letters:
        return None, "a number in letters"
    if about:
        return None, "not an exact number"
    if to:
        return None, "a range"
    if odd or not number.isdigit():
        return None, "not a whole number"
    denominator = _NUMBER_AT_END.search(out_of) if out_of else None
    if denominator is not None and int(denominator[1]) != maximum:
        return None, f"not out of {maximum}"
    value = int(number)
    return (value, "") if value <= maximum else (None, f"not from 0 to {maximum}")


def _reading(words: str, mentions: Sequence[_Mention]) -> IndexReading:
    clean = [mention for mention in mentions if mention.doubt is None]
    shown = quote(words, (clean or mentions)[0].where)
    fault = _fault(words, clean, mentions)
    if fault:
        return IndexReading(None, Reason.UNREADABLE, fault, shown)
    return IndexReading(clean[0].value, None, "", shown)


def _fault(words: str, clean: Sequence[_Mention], mentions: Sequence[_Mention]) -> str:
    places = [mention.where for mention in clean]
    for mention in mentions:
        if mention.doubt is not None and not (
            clean and separable(words, places, mention.where, mention.doubt, other_thing=False)
        ):
            return f"index {mention.doubt.value}"
    for mention in clean:
        if mention.fault:
            return mention.fault
    return "more than one number" if len({mention.value for mention in clean}) > 1 else ""
