"""Whether a mention in a pathology text is a finding: not denied, not of an earlier biopsy, not a guess.

Careful rather than clever: in doubt a mention is spoiled, which leaves the answer unknown.
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

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_SPACES = re.compile(r"[^\S\n]+")
_QUOTED = 120
LONGEST_TEXT = 20_000


class Doubt(Enum):
    """Why a mention is not a finding; the value says it for people."""

    DENIED = "denied"
    EARLIER = "of an earlier biopsy or the clinical history"
    UNCERTAIN = "not certain"


class Place(NamedTuple):
    """Where a mention stands: its span, and its sentence's number and span."""

    start: int
    end: int
    sentence: int
    first: int
    last: int


_BOUNDARY = re.compile(
    r"(?<!\bvs)(?<!\bcf)(?<!\bcl)(?<!\bno)(?<!\bDr)(?<!\be\.g)(?<!\bi\.e)[.!;](?=\s|$)"
    r"|(?<=\w)\?(?=\s)|。|\n\s*\n"
    r"|(?<![,:])(?<! of)(?<! no)(?<! not)(?<! for)(?<! out)(?<! the)(?<! and)(?<! or)(?<! with)(?<! without)"
    r"(?<! prior)(?<! previous)(?<! exclude)\n(?=\s*(?:[-*•\d]|[A-Z]))",
    re.IGNORECASE,
)
"""Ends of sentences. A line end is one only where no sentence runs over it."""

_LESIONS = (
    r"(?:crescents?|necrosis|atrophy|fibrosis|scleros\w+|thromb\w+|microangiopathy|tma|wire loops?|deposits?"
    r"|vasculitis|inflammation|scarring|chronicity|lesions? of|infiltrat\w*|hypercellularity"
    r"|proliferation|amyloid\w*"
    r"|新月体|坏死|血栓|硬化|纤维化|萎缩)"
)
_SPENT = re.compile(rf"{_LESIONS}[^,]*,|\bbut\b", re.IGNORECASE)
"""A denial or guess that has found its own object before the mention ("without crescents, class IV")."""

_DENIED_BEFORE = re.compile(
    r"\b(?:no(?!\.?\s*[:#]?\s*[A-Z]{0,3}\d)|not|none|without|never|nor|neither|denie[sd]|negative for|free of"
    r"|absen(?:t|ce)|lack(?:s|ing)?|exclud(?:e|es|ed|ing)|rul(?:es?|ed|ing) out|r/o|fails? to"
    r"|rather than|instead of"
    r"|insufficient|inadequate|kein\w*|ohne|sin|sans|pas)\b|无|未|否|排除|不符|不支持|除外",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^[^,]{0,80}?(?:\b(?:not|no longer|absent|excluded|ruled out|unlikely|cannot|can't|never|denied)\b"
    r"|^\W{0,3}negative|未见|排除|除外|不支持)"
    r"|^[^,]{0,40},\s*(?:not|excluded|ruled out|unlikely|absent|no longer|negative)\b",
    re.IGNORECASE,
)
_OLD_BIOPSY = (
    r"\b(?:previous|prior|earlier|old|first|initial|outside|last|original|baseline|index)\s+(?:\w+\s+){0,2}?"
    r"(?:biops(?:y|ies)|bx|specimens?|reports?|histology)\b|前次|上次|既往活检"
)
_EARLIER = re.compile(
    rf"{_OLD_BIOPSY}|\b(?:previous(?:ly)?|prior|past|earlier|former(?:ly)?|histor(?:y|ical|ically)|hx|h/o"
    r"|ago|since"
    r"|original(?:ly)?|initially|outside|baseline|status post|s/p|at diagnosis|at onset"
    r"|diagnosed (?:in|on|at|elsewhere)|used to"
    r"|(?:transform|transition|convert|progress|evolv|switch|chang)\w* (?:from|to|into)|compared (?:to|with)"
    r"|clinical (?:history|information|data|details|diagnosis|indication)|indications?|referral|referred)\b"
    r"|\b(?:known(?: to have| with)?|from)\W{0,9}$|既往|曾|病史|前次|上次|年前|月前",
    re.IGNORECASE,
)
_OLD_BIOPSY_BEFORE = re.compile(_OLD_BIOPSY, re.IGNORECASE)
_NOW = re.compile(
    r"\b(?:current(?:ly)?|present|this|today'?s?|now|new|(?:final )?diagnos[ie]s|conclusion|impression|repeat"
    r"|re-?biopsy|second|latest)\b|本次|目前|诊断",
    re.IGNORECASE,
)
_UNCERTAIN_BEFORE = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|suspect(?:ed|s)?|suspici\w+|suggest\w*|cannot|can't|could|may(?!\s+\d)"
    r"|might|versus|vs|either|differential|favou?r\w*|likely|presum\w+|borderline|equivocal|indeterminate"
    r"|pending|query|uncertain|unclear"
    r"|at least|at most|provisional|tentative|consider|transitional|approach\w+|resembl\w+)\b"
    r"|\bor\s*(?:\w+\s*)?$|(?:^|(?<=[\s(]))\?(?=\s?\w)|\?\W{0,9}$|可能|疑|待排|倾向|考虑",
    re.IGNORECASE,
)
_UNCERTAIN_AFTER = re.compile(
    r"^\W{0,9}(?:(?:lupus|nephritis|ln|is|remains)\b\W{0,9}){0,5}"
    r"(?:\?|possibl[ey]|probabl[ey]|suspected|favou?red|versus|vs|or|likely"
    r"|pending|uncertain|equivocal|borderline)|^\s*\(?\?|^[^,]{0,40}(?:可能|待排|不除外)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.])(?:19|20)\d\d(?!\d|\s?(?:mg|mcg|g\b|ml\b|/mm|x\b))", re.IGNORECASE)
_YEAR_OF_CLASSIFICATION = re.compile(
    r"(?:isn\W{0,3}rps|who|classification|revised|revision|criteria|nih)"
    r"(?:\W|of|the|class|revised){0,4}?\W{0,3}"
    r"(?:(?:19|20)\d\d\W{0,2})+"
    r"|(?:2003|2004|2016|2018|1974|1982|1995)\W{0,3}(?:revised |revision of (?:the )?)?"
    r"(?:isn|rps|who|classification|revision|criteria)",
    re.IGNORECASE,
)


@kept(256)
def plain(text: str) -> str:
    """The text with one kind of dash, space, digit and bracket; line ends stay."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).replace("\r\n", "\n").replace("\r", "\n")
    return _SPACES.sub(" ", _DASHES.sub("-", folded)).strip()


@kept(256)
def _sentences(text: str) -> tuple[int, ...]:
    """Where sentences start."""
    return (0, *(match.end() for match in _BOUNDARY.finditer(text)))


def place(text: str, start: int, end: int) -> Place:
    """The place of a mention in a plain text."""
    starts = _sentences(text)
    number = bisect_right(starts, start) - 1
    last = starts[number + 1] if number + 1 < len(starts) else len(text)
    return Place(start, end, number, starts[number], max(last, end))


def doubt_about(text: str, where: Place, year: int | None, *, may_be_denied: bool = True) -> Doubt | None:
    """Why a mention is no finding of the biopsy taken in ``year``; None if it is one."""
    before, after = text[where.first : where.start], text[where.end : where.last]
    if may_be_denied and (_unspent(_DENIED_BEFORE, before) or _DENIED_AFTER.search(after)):
        return Doubt.DENIED
    if _EARLIER.search(before) or _EARLIER.search(after) or _other_year(text[where.first : where.last], year):
        return Doubt.EARLIER
    if _OLD_BIOPSY_BEFORE.search(text, 0, where.first) and not is_current(text, where):
        return Doubt.EARLIER
    if _unspent(_UNCERTAIN_BEFORE, before) or _UNCERTAIN_AFTER.search(after):
        return Doubt.UNCERTAIN
    return None


def is_current(text: str, where: Place) -> bool:
    """Whether the sentence says that it speaks of this biopsy."""
    return _NOW.search(text, where.first, where.last) is not None


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
    return last is not None and not _SPENT.search(before, last.end())


def _other_year(sentence: str, year: int | None) -> bool:
    years = _YEAR.findall(_YEAR_OF_CLASSIFICATION.sub(" ", sentence))
    return any(year is None or int(found) != year for found in years)
