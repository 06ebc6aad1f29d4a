"""Days on which a text says that the tissue was taken: "Collected: 03/18/2026", "biopsy date 2026-02-10".

A report on slides of another hospital is of the day on which they were read, and tells in words when the
biopsy was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mappings.dates import When, parse_when
from mappings.reading.keeping.texts import kept

_IN_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_IN_OTHERS = {
    "ene": 1,
    "mär": 3,
    "mae": 3,
    "mrz": 3,
    "abr": 4,
    "mai": 5,
    "ago": 8,
    "set": 9,
    "okt": 10,
    "dez": 12,
}
_MONTHS = {**{name: number for number, name in enumerate(_IN_ENGLISH, 1)}, **_IN_OTHERS, "dic": 12}
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-zä]*\.?"
_YEAR = r"(?:19|20)\d\d"
_DATE = (
    rf"(?<!\d)(?:(?P<year>{_YEAR})\s?[-/.年]\s?(?P<month>\d{{1,2}})(?:\s?[-/.月]\s?(?P<day>\d{{1,2}})(?!\d)|月|(?!\d))"
    rf"|(?P<one>\d{{1,2}})(?P<between>[-/.])\s?(?P<other>\d{{1,2}})[-/.]\s?(?P<short>{_YEAR}|\d\d)(?!\d)"
    rf"|(?P<only>\d{{1,2}})/(?P<of>{_YEAR})(?!\d)"
    rf"|(?P<first>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-](?:of\s|de\s)?(?P<name>{_MONTH})[\s,-]{{1,2}}(?:de\s)?(?P<long>{_YEAR})"
    rf"|(?P<named>{_MONTH})[\s-](?:(?P<second>\d{{1,2}})(?:st|nd|rd|th)?,?\s)?(?P<whole>{_YEAR}))"
)
_BIOPSY = r"(?:kidney|renal|native|left|right|needle|core|percutaneous|outside|slides?|review|of|the|肾|穿刺)"
_TAKEN = (
    r"(?:\bcollect(?:ed|ion)\b|\b(?:biops(?:y|ies)|specimens?|tissue|samples?|cores?)\s(?:was\s|were\s|is\s)?"
    r"(?:performed|done|taken|obtained|dates?|dated)\b|\bbiopsied\b|\bslides?\sdated\b"
    r"|\bdate\s(?:of\s)?(?:the\s)?(?:\w+\s)?(?:biopsy|collection|procedure|obtained|taken|sampling)\b"
    r"|\b(?:procedure|sampling)\sdate\b|\bentnahme\w*|\bentnommen\b|\bbiopsiedatum\b"
    r"|\bfecha\sde\s(?:la\s)?(?:biopsia|toma|obtenci[oó]n)\b"
    rf"|(?:采集|取材|采样|穿刺|活检)|(?:^|[\n.;。]\s?)(?:{_BIOPSY}\s){{0,6}}biopsy\b)"
)
_GAP = r"(?:[\s:=,(-]|\b(?:on|in|of|date|time|and|/|am|vom|el|the)\b|日期|时间|于|为|日){0,8}"
_COLLECTED = re.compile(rf"(?P<label>{_TAKEN}){_GAP}{_DATE}", re.IGNORECASE)
_COLLECTED_CHINESE = re.compile(
    rf"{_DATE}日?\s?(?:在|于)?[^,.;。\n\d]{{0,12}}?(?:穿刺|活检|采集|取材|采样)", re.IGNORECASE
)
_OF_ANOTHER = re.compile(
    r"\b(?:previous|prior|earlier|last|first|initial|histor\w+|compar\w+|since|vorbiops\w*|fr[üu]her\w*|letzte\w?"
    r"|previa|anterior)\b|前次|上次|既往|首次|初次|第一次|曾|较",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.;\n。](?:\s|$)|。")


@kept(256)
def days_of_collection(text: str) -> tuple[tuple[When, ...], ...]:
    """The days on which the text says that its tissue was taken, each with all that it may mean.

    "03/04/2026" is of March or of April. Those of another biopsy ("prior biopsy date") are left out.
    """
    return tuple(_days(text)) if any(map(str.isdigit, text)) else ()


def _days(text: str) -> Iterator[tuple[When, ...]]:
    for pattern in (_COLLECTED, _COLLECTED_CHINESE):
        for found in pattern.finditer(text):
            before = _ENDS.split(text[max(0, found.start() - 60) : found.start()])[-1]
            meant = [when for written in _written(found) if (when := parse_when(written)) is not None]
            if meant and _OF_ANOTHER.search(before) is None:
                yield tuple(meant)


def _written(found: re.Match[str]) -> Iterator[str]:
    """What a date may mean, as FHIR writes dates."""
    if found["year"]:
        yield _as_fhir(found["year"], found["month"], found["day"])
    elif found["short"]:
        year = found["short"] if len(found["short"]) == 4 else f"20{found['short']}"
        if found["between"] != ".":  # "10.02.2026" is never October
            yield _as_fhir(year, found["one"], found["other"])
        yield _as_fhir(year, found["other"], found["one"])
    elif found["of"]:
        yield _as_fhir(found["of"], found["only"])
    else:
        month = str(_MONTHS[(found["name"] or found["named"])[:3].lower()])
        yield _as_fhir(found["long"] or found["whole"], month, found["first"] or found["second"])


def _as_fhir(year: str, month: str, day: str | None = None) -> str:
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else "")
