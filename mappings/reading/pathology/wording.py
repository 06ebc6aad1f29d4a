"""The class of lupus nephritis in plain words: "class IV", "III + V", "ISN/RPS class IV-G (A/C)"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

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
from mappings.reading.pathology.numerals import CLASS_WORD, ClassList, Part, class_list, is_counted
from mappings.verdicts import Reason

WHO_NOTE = "WHO classification"
_NO_TOKENS: frozenset[str] = frozenset()
_MOST_MENTIONS = 40


class ClassReading(NamedTuple):
    """What a text says about the class. ``tokens`` are empty where the class cannot be read.

    ``problem`` is UNREADABLE (denied, historical, uncertain, contradictory), NEEDS_JUDGEMENT (WHO
    classification, tokens kept) or None. ``quote`` is the text's own words.
    """

    tokens: frozenset[str]
    problem: Reason | None
    note: str
    quote: str


class _Mention(NamedTuple):
    where: Place
    parts: tuple[Part, ...]
    who: bool
    fault: str
    doubt: Doubt | None

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(part.numeral for part in self.parts)


_YEARS = r"(?:19|20)\d\d"
_FILLER = (
    rf"(?:[\s:=,_-]|\((?:isn[^()]{{0,30}}|who[^()]{{0,20}}|{_YEARS}[^()]{{0,20}}|revised[^()]{{0,20}})\)|\("
    rf"|isn\s?[/-]?\s?rps|{_YEARS}|revised|revision|classification|{CLASS_WORD}|category|type|stage|is|of|as"
    r"|lupus nephritis|ln(?![a-z])|分型|分类|标准|为|型){0,14}"
)
_ANCHOR = re.compile(
    r"(?<![a-z])(?:(?P<who>who|world health organi[sz]ation)"
    rf"|{CLASS_WORD}(?![a-z])|isn\s?[/-]?\s?rps(?![a-z]))(?P<fill>{_FILLER})"
    r"|(?P<name>(?<![a-z])(?:lupus (?:glomerulo)?nephritis|lupus gn|ln)(?![a-z])|狼疮性?肾炎)"
    r"(?:[\s:(-]|type|grade){0,4}"
    r"|(?<![a-z])type\s(?=(?:[IV]{1,3})[^.;\n]{0,20}?\s(?:lupus|ln(?![a-z])))"
    r"|(?<![a-z0-9])(?=[IV]{1,3}[^.;。\n]{0,16}?型\s?(?:狼疮|ln))",
    re.IGNORECASE,
)
_AFTER_BARE_ROMAN = re.compile(r"\s*(?:$|[.,;:)+&/型\n]|(?:with|and|by|active|isn|lupus)\b)", re.IGNORECASE)
_OTHER_SCHEME_BEFORE = re.compile(
    r"(?<![a-z])(?:nyha|hla|mhc|killip|banff|asa|ccs|child-?pugh|obesity|functional|mallampati|angle|haas"
    r"|tervaert|berden|diabetic[^.;]{0,30}|iga nephropathy|igan|antiarrhythmic"
    r"|anca[ -]associated[^.;]{0,20})\W{0,3}(?:\w+\s)?$",
    re.IGNORECASE,
)
_OTHER_SCHEME_AFTER = re.compile(
    r"\W{0,3}(?:obesity|mhc|hla|antigens?|molecules?|heart|angina|malocclusion|antibod\w+|recommendation"
    r"|evidence|diabetic|haas|banff)\b",
    re.IGNORECASE,
)
_OTHER_KIDNEY = re.compile(
    r"iga nephropathy|igan\b|henoch|diabetic|allograft|transplant|anca\b", re.IGNORECASE
)
_LUPUS = re.compile(r"lupus|isn|sle\b|(?<![a-z])ln(?![a-z])|狼疮|who\b|world health", re.IGNORECASE)
_WHO_NEAR = re.compile(r"\bWHO\b|world health organi[sz]ation", re.IGNORECASE)
_WHO_BEFORE = re.compile(
    r"(?:\bWHO\b|(?i:world health organi[sz]ation))(?![^.;\n]{0,40}(?i:isn))[^.;\n,]{0,40}$"
)
_WHO_AFTER = re.compile(
    r"^[^.;\n]{0,25}\(?(?:according to |by |per |\(|\[)(?:the )?(?:\d{4} |modified |revised )*"
    r"(?:WHO\b|(?i:world health))"
)
_BETWEEN = re.compile(
    r"[\s,()]*(?:(?:and|with|plus|combined|mixed|superimposed|concurrent|coexist\w+|additional|features?"
    r"|of|an?"
    r"|components?|the|lupus|nephritis|ln|glomerulonephritis|gn|membranous|diffuse|focal|proliferative|active"
    r"|isn/rps|lesions?|pattern)\b"
    r"|[\s,()+&/])*",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\b(?:and|with|plus|combined|mixed|superimposed|concurrent|coexist\w+|additional)\b|[+&]", re.IGNORECASE
)
_REST_OF_ANSWER = re.compile(
    r"[\s.,)]{0,9}(?:lupus nephritis|ln|lupus|nephritis|型)?[\s.]{0,9}", re.IGNORECASE
)


@kept(512)
def read_class(
    text: str, year: int | None = None, *, answer: bool = False, who: bool = False
) -> ClassReading | None:
    """The class that a text of the biopsy taken in ``year`` gives; None if it mentions none.

    ``answer``: the text is the value of something that asks for the class, so "IV + V" is enough, and
    a text that cannot be read as a class is a fault. ``who``: what was asked for is the WHO class.
    """
    words = plain(text)
    if not words:
        return None
    mentions = _mentions_in(words, year, answer)
    if answer and not mentions:
        return ClassReading(_NO_TOKENS, Reason.UNREADABLE, "not a class", quote(words, place(words, 0, 1)))
    if not mentions:
        return None
    if who:
        mentions = [mention._replace(who=True) for mention in mentions]
    reading = _reading(words, mentions)
    if len(text) > LONGEST_TEXT or len(mentions) == _MOST_MENTIONS:
        return reading._replace(
            tokens=_NO_TOKENS, problem=Reason.UNREADABLE, note="text too long to be read whole"
        )
    return reading


def _mentions_in(words: str, year: int | None, answer: bool) -> list[_Mention]:
    if answer:
        return list(islice(_mentions(words, year), _MOST_MENTIONS)) or _whole_answer(words)
    if _OTHER_KIDNEY.search(words) and not _LUPUS.search(words):
        return []
    return list(islice(_mentions(words, year), _MOST_MENTIONS))


def _mentions(words: str, year: int | None) -> Iterator[_Mention]:
    position = 0
    while (anchor := _ANCHOR.search(words, position)) is not None:
        listed = class_list(words, anchor.end())
        position = max(anchor.end(), anchor.start() + 1)
        if listed is not None and _belongs(words, anchor, listed):
            position = listed.end
            where = place(words, anchor.start(), position)
            doubt = doubt_about(words, where, year)
            yield _Mention(where, listed.parts, _is_who(words, anchor, position), listed.fault, doubt)


def _belongs(words: str, anchor: re.Match[str], listed: ClassList) -> bool:
    """Whether numerals after an anchor are classes of lupus nephritis."""
    if _OTHER_SCHEME_BEFORE.search(words[max(0, anchor.start() - 60) : anchor.start()]):
        return False
    if _OTHER_SCHEME_AFTER.match(words, listed.end):
        return False
    first = words[anchor.end()]
    if first.isdigit():
        filler = anchor["fill"]
        direct = filler is not None and "," not in filler and not filler.rstrip().endswith(("of", "as"))
        return direct and not is_counted(words, listed.end)
    if anchor["name"]:
        return first.isupper() and _AFTER_BARE_ROMAN.match(words, listed.end) is not None
    return True


def _is_who(words: str, anchor: re.Match[str], end: int) -> bool:
    """Whether the WHO scheme is named with the class, and ISN/RPS is not."""
    if re.search("isn", anchor[0], re.IGNORECASE):
        return False
    if anchor["who"] or _WHO_NEAR.search(anchor["fill"] or ""):
        return True
    return bool(_WHO_BEFORE.search(words[: anchor.start()]) or _WHO_AFTER.match(words[end : end + 60]))


def _whole_answer(words: str) -> list[_Mention]:
    """An answer that is nothing but classes."""
    listed = class_list(words, 0)
    if listed is None or not _REST_OF_ANSWER.fullmatch(words, listed.end):
        return []
    return [_Mention(place(words, 0, len(words)), listed.parts, False, listed.fault, None)]


def _reading(words: str, mentions: Sequence[_Mention]) -> ClassReading:
    clean = [mention for mention in mentions if mention.doubt is None]
    spoiled = [mention for mention in mentions if mention.doubt is not None]
    fault = _fault(words, clean, spoiled)
    shown = quote(words, (clean or mentions)[0].where)
    if fault:
        return ClassReading(_NO_TOKENS, Reason.UNREADABLE, fault, shown)
    of_isn = [mention for mention in clean if not mention.who]
    tokens, fault = _tokens(words, of_isn or clean)
    if fault:
        return ClassReading(_NO_TOKENS, Reason.UNREADABLE, fault, shown)
    if not of_isn:
        return ClassReading(tokens, Reason.NEEDS_JUDGEMENT, WHO_NOTE, shown)
    if any(part.subclass for mention in of_isn for part in mention.parts):
        return ClassReading(tokens, Reason.NEEDS_JUDGEMENT, "subclass of an older classification", shown)
    return ClassReading(tokens, None, "", quote(words, of_isn[0].where))


def _fault(words: str, clean: Sequence[_Mention], spoiled: Sequence[_Mention]) -> str:
    """Why the mentions together are no finding; empty if the clean ones are."""
    if not clean:
        doubt = spoiled[0].doubt
        return f"class {doubt.value}" if doubt else "no class"
    classes = frozenset[str]().union(*(mention.classes for mention in clean))
    places = [mention.where for mention in clean]
    for mention in spoiled:
        if mention.doubt is not None and not separable(
            words, places, mention.where, mention.doubt, other_thing=classes.isdisjoint(mention.classes)
        ):
            return f"also a class {mention.doubt.value}"
    return next((mention.fault for mention in clean if mention.fault), "")


def _tokens(words: str, mentions: Sequence[_Mention]) -> tuple[frozenset[str], str]:
    """The classes of mentions that agree: joined, the same again, or parts of the first."""
    whole = mentions[0].classes
    end = mentions[0].where.end
    for mention in mentions[1:]:
        between = words[end : mention.where.start]
        if len(between) < 120 and _BETWEEN.fullmatch(between) and _JOINS.search(between):
            whole |= mention.classes
        elif not mention.classes <= whole:
            return _NO_TOKENS, "more than one class"
        end = mention.where.end
    suffixes: dict[str, set[str]] = {}
    for part in (part for mention in mentions for part in mention.parts):
        suffixes.setdefault(part.numeral, set()).update({part.suffix} - {""})
    if any(len(written) > 1 for written in suffixes.values()):
        return _NO_TOKENS, "more than one suffix"
    return frozenset(n if not s else f"{n}({min(s)})" for n, s in suffixes.items()), ""
