"""What the lines of a chart have in common: clauses, dates, codes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mappings.concept import Code, Concept
from tests.trials.chart_words import ChartError, find

Resource = dict[str, Any]
Line = str | Mapping[str, str]

PATIENT = "Patient/worked"
SUBJECT = {"reference": PATIENT}
HL7 = "http://terminology.hl7.org/CodeSystem"
DATE = r"\d{4}(?:-\d\d(?:-\d\d(?:T\S+)?)?)?"
_DATED = re.compile(rf"(?P<what>.*?)(?: (?P<word>on|since) (?P<day>{DATE}))?(?: until (?P<end>{DATE}))?")


def text_of(key: str, line: Line) -> str:
    if not isinstance(line, str):
        raise ChartError(f"{key!r} takes one line of text, not {line!r}")
    return " ".join(line.split())


def mapping_of(key: str, line: Line, known: Sequence[str]) -> Mapping[str, str]:
    if isinstance(line, str):
        raise ChartError(f"{key!r} takes keys ({', '.join(known)}), not {line!r}")
    for name in line:
        find(name, known, f"key of {key!r}")
    return line


def clauses_of(line: str) -> tuple[str, list[str]]:
    """What a line says first, and the clauses after it, each set off by a comma."""
    what, *clauses = line.split(", ")
    return what, clauses


def dated(what: str) -> tuple[str, tuple[str, str]]:
    """The words before "on DATE" or "since DATE until DATE", and the two dates ("" where not given)."""
    match = _DATED.fullmatch(what)
    assert match is not None, "the expression takes any text"
    return match["what"].strip().removesuffix(" undated"), (match["day"] or "", match["end"] or "")


def add_dates(resource: Resource, dates: tuple[str, str], *, start: str, end: str = "") -> None:
    if dates[0]:
        resource[start] = dates[0]
    if dates[1]:
        if not end:
            raise ChartError(f"'until {dates[1]}' makes no sense here")
        resource[end] = dates[1]


def coding(code: Code) -> Resource:
    return {"system": code.system, "code": code.code, "display": code.display}


def code_of(concept: Concept, code: str = "") -> Resource:
    """The CodeableConcept of a concept: the code asked for, else its first, else its first name."""
    if not concept.codes:
        return {"text": concept.names[0]}
    wanted = [known for known in concept.codes if known.code == code] if code else list(concept.codes)
    if not wanted:
        raise ChartError(f"the concept {concept.id!r} has no code {code!r}")
    return {"coding": [coding(wanted[0])], "text": concept.display}
