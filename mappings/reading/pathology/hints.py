"""Classes of lupus nephritis known from a diagnosis, or from a report that is none of pathology.

They tell that there was a class, never when the biopsy was or that it was active.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.dates import BEGINNING, SOME_DAY, When, parse_when
from mappings.reading.code_index import first_code
from mappings.reading.fhir_elements import items, mapping, tokens_and_texts
from mappings.reading.keeping.texts import kept
from mappings.reading.pathology.answers import Said, class_of, classes, said_in
from mappings.reading.pathology.questions import Questions
from mappings.reading.pathology.records import BiopsyRecord
from mappings.reading.pathology.wording import ClassReading
from mappings.reading.references import reference_of
from mappings.verdicts import Reason

_NEVER = frozenset({"refuted", "entered-in-error"})
_LUPUS = re.compile(r"lupus|l[uú]pica|isn.{0,3}rps|(?<![a-z])(?:ln|sle)(?![a-z])|狼[疮瘡]", re.IGNORECASE)
_CLASS = re.compile(
    r"class|klass|clase|isn|who|world health|type|[型级級]|(?<![a-z])(?:VI|IV|V|I{1,3})(?![a-z])",
    re.IGNORECASE,
)


class Hint(NamedTuple):
    """``tokens`` are classes without suffix. ``problem`` is why the class itself is doubtful.

    ``when`` is when the biopsy was: by the day on which its class was known, which is ``known``.
    """

    reference: str
    when: When
    known: When
    text: str
    tokens: frozenset[str]
    problem: Reason | None
    note: str


def hint_of_condition(resource: Mapping[str, Any], questions: Questions) -> Hint | None:
    """The class that a Condition names by its code, words or stage; None if it names none."""
    elements = [resource.get("code"), *(stage.get("summary") for stage in items(resource.get("stage")))]
    if not any(_may_name_class(element, questions) for element in elements):
        return None
    said = [said for element in elements if isinstance(element, dict) for said in said_in(element, questions)]
    reading = _first_reading(said)
    if reading is None:
        return None
    verification = first_code(resource.get("verificationStatus"))
    if verification in _NEVER:
        return None
    confirmed = verification == "confirmed" or (
        not verification and first_code(resource.get("clinicalStatus")) == "active"
    )
    known = _known_by(resource)
    return _hint(reference_of(resource), known, reading, confirmed, "class from a diagnosis")


def hint_of_report(record: BiopsyRecord) -> Hint | None:
    """The class that a report names which nothing marks as one of pathology."""
    reading = _first_reading(record.said)
    if reading is None:
        return None
    days = [when for _, when in record.dates] + ([record.issued] if record.issued else [])
    known = min(days, key=lambda when: (when.last, when.first, when.text), default=SOME_DAY)
    known = known._replace(text="")
    return _hint(
        record.reference,
        known,
        reading,
        record.confirmed,
        "class from a report that is not of a kidney biopsy",
    )


def _may_name_class(codeable: Any, questions: Questions) -> bool:
    tokens, texts = tokens_and_texts(codeable)
    return any(_names_class(text) for text in texts) or bool(questions.coded_classes(tokens)[0])


@kept(1024)
def _names_class(text: str) -> bool:
    return _LUPUS.search(text) is not None and _CLASS.search(text) is not None


def _first_reading(said: list[Said] | tuple[Said, ...]) -> ClassReading | None:
    readings = (class_of(each, None) for each in said)
    return next((reading for reading in readings if reading is not None), None)


def _hint(reference: str, known: When, reading: ClassReading, confirmed: bool, note: str) -> Hint:
    problem = None if reading.problem is Reason.NEEDS_JUDGEMENT else reading.problem
    if problem is None and not confirmed:
        problem = Reason.NOT_CONFIRMED
    notes = "; ".join(filter(None, (note, reading.note)))
    by_then = When(BEGINNING, known.last, known.text)
    return Hint(reference, by_then, known, reading.quote, classes(reading.tokens), problem, notes)


def _known_by(resource: Mapping[str, Any]) -> When:
    """The day on which the class was known."""
    onset = parse_when(resource.get("onsetDateTime")) or parse_when(
        mapping(resource.get("onsetPeriod")).get("start")
    )
    recorded = parse_when(resource.get("recordedDate"))
    return recorded or onset or SOME_DAY
