"""Whether a mention in a pathology text is a finding: not denied, not of an earlier biopsy, not a guess.

Careful rather than clever: in doubt a mention is spoiled, which leaves the answer unknown. The words that
spoil are in ``cues``.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from mappings.reading.fhir_elements import one_line
from mappings.reading.keeping.texts import kept
from mappings.reading.pathology import cues

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_SPACES = re.compile(r"[^\S\n]+")
_ENDS = str.maketrans({"\uff1b": "; ", "\uff01": "! ", "\uff1f": "? ", "\uff61": "\u3002"})
"""Chinese ends of sentences, which no space follows."""
_QUOTED = 120
LONGEST_TEXT = 20_000


class Doubt(Enum):
    """Why a mention is not a finding; the value says it for people."""

    DENIED = "denied"
    EARLIER = "of an earlier biopsy or the clinical history"
    UNCERTAIN = "not certain"
    UNREAD = "in a language that is not read"


class Place(NamedTuple):
    """Where a mention stands: its span, and its sentence's number and span."""

    start: int
    end: int
    sentence: int
    first: int
    last: int


@kept(256)
def plain(text: str) -> str:
    """The text with one kind of dash, space, digit and bracket; line ends stay."""
    text = text[:LONGEST_TEXT]
    if not text.isascii():
        text = _DASHES.sub("-", unicodedata.normalize("NFKC", text.translate(_ENDS)))
    if "  " in text or not text.isprintable():  # of spaces only the usual one is printable
        text = _SPACES.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip()


@kept(256)
def _sentences(text: str) -> tuple[int, ...]:
    """Where sentences start."""
    return (0, *[match.end() for match in cues.BOUNDARY.finditer(text)])


@kept(256)
def _is_plain(text: str, first: int, last: int) -> bool:
    """Whether nothing in a part of the text, a sentence or two, could make a doubt."""
    if _has_a_word_of_cues(text):
        return not cues.may_hold_a_cue(text[first:last])
    return not cues.other_years(text[first:last])


@kept(256)
def _has_a_word_of_cues(text: str) -> bool:
    return cues.has_a_word_of_cues(text)


def _sections(text: str) -> tuple[tuple[int, bool], ...]:
    """Where the text of each section starts, and whether it tells what was known before.

    A heading with neither colon nor line end is the end of the text, and nothing stands under it.
    """
    if ":" not in text and "\n" not in text:
        return ()
    return tuple((found.end(), bool(found["history"])) for found in cues.SECTION.finditer(text))


def _may_not_be_lupus(text: str) -> bool:
    return cues.may_hold(cues.SIGNS_OF_NOT_LUPUS, text) and cues.NOT_LUPUS.search(text) is not None


def _doubt_of_report(text: str) -> Doubt | None:
    """Why the report as a whole is no finding."""
    if cues.is_withdrawn(text):
        return Doubt.DENIED
    return Doubt.UNCERTAIN if _may_not_be_lupus(text) or cues.has_no_glomeruli(text) else None


def _first_old_biopsy(text: str) -> int:
    """Where the text first speaks of another biopsy; behind its end if nowhere."""
    may_be_there = _has_a_word_of_cues(text) or cues.may_hold(cues.SIGNS_OF_OLD_BIOPSY, text)
    may_be_there = may_be_there and not _is_plain(text, 0, len(text))
    found = cues.OLD_BIOPSY.search(text) if may_be_there else None
    return found.end() if found is not None else len(text) + 1


class _Whole(NamedTuple):
    """What makes no sentence of a text a finding, or those of a part of it: looked up once for a mention."""

    first_old_biopsy: int
    sections: tuple[tuple[int, bool], ...]
    languages: cues.Languages
    doubt: Doubt | None


@kept(256)
def _whole(text: str) -> _Whole:
    return _Whole(_first_old_biopsy(text), _sections(text), cues.languages_of(text), _doubt_of_report(text))


def place(text: str, start: int, end: int) -> Place:
    """The place of a mention in a plain text."""
    starts = _sentences(text)
    number = bisect_right(starts, start) - 1
    last = starts[number + 1] if number + 1 < len(starts) else len(text)
    return Place(start, end, number, starts[number], last if last > end else end)


def next_sentence(text: str, where: Place) -> Place:
    """The place of the sentence that follows a mention's; empty at the end of the text."""
    return place(text, where.last, where.last) if where.last < len(text) else Place(*[len(text)] * 5)


def doubt_about(text: str, where: Place, year: int | None, *, may_be_denied: bool = True) -> Doubt | None:
    """Why a mention is no finding of the biopsy taken in ``year``; None if it is one."""
    whole, plain_sentence = _whole(text), _is_plain(text, where.first, where.last)
    doubt = None if plain_sentence else _doubt_in_sentence(text, where, year, may_be_denied, whole)
    if doubt is not None:
        return doubt
    if may_be_denied and _is_taken_back(text, where):
        return Doubt.DENIED
    if _after_old_biopsy(text, where, whole) or _in_history(text, where, whole):
        return Doubt.EARLIER
    return Doubt.UNREAD if cues.is_unread(text[where.first : where.last], whole.languages) else whole.doubt


def _doubt_in_sentence(
    text: str, where: Place, year: int | None, may_be_denied: bool, whole: _Whole
) -> Doubt | None:
    before, after = text[where.first : where.start], text[where.end : where.last]
    if cues.STILL_OPEN_BEFORE.search(before) or cues.STILL_OPEN_AFTER.search(after):
        return Doubt.UNCERTAIN
    if may_be_denied and (_unspent(cues.DENIED_BEFORE, before) or cues.DENIED_AFTER.search(after)):
        return Doubt.DENIED
    if cues.EARLIER.search(before) or cues.EARLIER.search(after):
        return Doubt.EARLIER
    if _other_year(text[where.first : where.last], year) or _after_old_biopsy(text, where, whole):
        return Doubt.EARLIER
    if _unspent(cues.UNCERTAIN_BEFORE, before) or cues.UNCERTAIN_AFTER.search(after):
        return Doubt.UNCERTAIN
    return None


def _is_taken_back(text: str, where: Place) -> bool:
    """Whether the next sentence says that it is not so."""
    following = next_sentence(text, where)
    if _is_plain(text, following.first, following.last):
        return False
    return cues.TAKEN_BACK.match(text, following.first, following.last) is not None


def _in_history(text: str, where: Place, whole: _Whole) -> bool:
    """Whether the sentence stands under a heading of history.

    It does if it comes right after that heading, or if the heading of the diagnosis is still to come.
    """
    sections = whole.sections
    above = [section for section in sections if section[0] <= where.start]
    if not above or not above[-1][1]:
        return False
    to_come = any(not of_history for _, of_history in sections[len(above) :])
    return to_come or not text[above[-1][0] : where.first].strip()


def _after_old_biopsy(text: str, where: Place, whole: _Whole) -> bool:
    """Whether sentences before speak of another biopsy, and that of the mention does not say "this one"."""
    return where.first > 0 and whole.first_old_biopsy <= where.first and not is_current(text, where)


def is_current(text: str, where: Place) -> bool:
    """Whether the sentence says that it speaks of this biopsy."""
    return cues.NOW.search(text, where.first, where.last) is not None


def separable(text: str, clean: Sequence[Place], spoiled: Place, doubt: Doubt, *, other_thing: bool) -> bool:
    """Whether a spoiled mention takes nothing from the clean ones.

    It must stand in another sentence, and either deny another thing or be earlier where each clean
    sentence says that it is current.
    """
    if any(spoiled.sentence == place.sentence for place in clean):
        return False
    if doubt is Doubt.DENIED:
        return other_thing
    return doubt is Doubt.EARLIER and all(is_current(text, place) for place in clean)


def quote(text: str, where: Place) -> str:
    """The mention with its sentence, or the part of it around the mention, on one line."""
    sentence = one_line(text[where.first : where.last].rstrip(" \n;"), 10 * _QUOTED)
    if len(sentence) <= _QUOTED:
        return sentence
    return one_line(text[max(where.first, where.start - _QUOTED // 3) : where.last], _QUOTED)


def _unspent(cue: re.Pattern[str], before: str) -> bool:
    """Whether a cue stands before the mention and still reaches it; what spends the last spends all."""
    last = None
    for last in cue.finditer(before):  # noqa: B007 - only the last one is wanted
        pass
    return last is not None and not cues.SPENT.search(before, last.end())


def _other_year(sentence: str, year: int | None) -> bool:
    return any(year is None or int(found) != year for found in cues.other_years(sentence))
