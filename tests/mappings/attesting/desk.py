"""A patient, results and what clinicians answered, as FHIR; and short ways to say what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mappings.assessment import assess
from mappings.attesting.responses import Answered, Author, Filled, Struck, response_of
from mappings.definitions import load_catalog
from mappings.facts import PatientRecord
from mappings.reading.record import read_record
from mappings.results import Assessment, CriterionResult, Gap, ScoreResult
from mappings.verdicts import Reason

CATALOG = load_catalog()
TRIAL = CATALOG.trial("NCT06920433")
TODAY = date(2026, 6, 15)
CHEN = Author("Practitioner/chen", "Dr Chen")
SUBJECT = {"reference": "Patient/p"}
LOINC = "http://loinc.org"

Resource = dict[str, Any]


def day(ago: int) -> date:
    """A day so many days before today; tomorrow is -1."""
    return TODAY - timedelta(days=ago)


def at(ago: int, hour: int = 10) -> datetime:
    """An instant of that day."""
    moment = day(ago)
    return datetime(moment.year, moment.month, moment.day, hour, tzinfo=UTC)


def patient(gender: str = "female", born: str = "1990-03-01") -> Resource:
    return {"resourceType": "Patient", "id": "p", "gender": gender, "birthDate": born}


def observation(name: str, code: str, value: object, ago: int, unit: str = "") -> Resource:
    """A final result; a number with a unit, or a whole number."""
    result: Resource = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": day(ago).isoformat(),
    }
    if unit:
        ucum = {"system": "http://unitsofmeasure.org", "code": unit, "unit": unit}
        return {**result, "valueQuantity": {"value": value, **ucum}}
    return {**result, "valueInteger": value}


def ecog(grade: int, ago: int, name: str = "") -> Resource:
    return observation(name or f"ecog-{grade}-{ago}", "89247-1", grade, ago)


def upcr(value: float, ago: int) -> Resource:
    return observation(f"upcr-{ago}", "2890-2", value, ago, "g/g")


def white_cells(count: int, ago: int) -> Resource:
    return observation(f"white-cells-{ago}", "5821-4", count, ago, "/[HPF]")


def answered(
    question: str, answer: str, ago: int = 5, *, author: Author = CHEN, hour: int = 10, note: str = ""
) -> Resource:
    """One answer, given so many days ago."""
    name = f"{question}-{answer}-{ago}-{hour}"
    given = [Answered(question, answer, note)]
    return response_of(TRIAL, CATALOG, Filled("Patient/p", author, at(ago, hour), given, identity=name))


def struck(item: str, ago: int = 5, cause: str = "infection", score: str = "sledai-2k") -> Resource:
    """One strike, made so many days ago."""
    strikes = [Struck(score, item, cause)]
    filled = Filled("Patient/p", CHEN, at(ago), strikes=strikes, identity=f"{item}-struck-{ago}")
    return response_of(TRIAL, CATALOG, filled)


def taken_back(item: str, ago: int) -> Resource:
    """A strike taken back."""
    strikes = [Struck("sledai-2k", item, withdrawn=True)]
    filled = Filled("Patient/p", CHEN, at(ago), strikes=strikes, identity=f"{item}-back-{ago}")
    return response_of(TRIAL, CATALOG, filled)


def read(*resources: object, gaps: Sequence[Gap] = ()) -> PatientRecord:
    """The record of the patient, who is added if nobody is among the resources."""
    has_patient = any(isinstance(one, dict) and one.get("resourceType") == "Patient" for one in resources)
    everything = resources if has_patient else (patient(), *resources)
    return read_record(list(everything), CATALOG, gaps=gaps)


def assessed(*resources: object, gaps: Sequence[Gap] = ()) -> Assessment:
    return assess(TRIAL, read(*resources, gaps=gaps), TODAY, CATALOG)


def criterion(assessment: Assessment, name: str) -> CriterionResult:
    return next(one for one in assessment.criteria if one.id == name)


def score(assessment: Assessment, name: str = "sledai-2k") -> ScoreResult:
    return next(one for one in assessment.scores if one.id == name)


def said(result: CriterionResult) -> str:
    """Verdict and reason in the words of the tables: "met", "not-met: attested", "unknown: too_old"."""
    verdict = result.verdict.value
    return verdict if result.reason is Reason.VALUE else f"{verdict}: {result.reason.value}"
