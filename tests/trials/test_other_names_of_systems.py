"""A code system by its OID, with a stroke at the end or blanks around it is the same system, wherever a code
stands: the worked patients are found what they are found in FHIR's own names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.concept import SYSTEMS
from mappings.reading.record import read_record
from mappings.results import Assessment
from tests.trials.chart_language import gap_of
from tests.trials.test_worked_patients import CATALOG, PATIENTS, TITLES, TRIAL, assessed
from tests.trials.worked_patients import chart_of

OIDS = {
    SYSTEMS["loinc"]: "1",
    SYSTEMS["icd10pcs"]: "4",
    SYSTEMS["cpt"]: "12",
    SYSTEMS["atc"]: "73",
    SYSTEMS["rxnorm"]: "88",
    SYSTEMS["icd10cm"]: "90",
    SYSTEMS["snomed"]: "96",
}
Coding = dict[str, Any]


def by_oid(coding: Coding) -> Coding:
    return coding | {"system": f"urn:oid:2.16.840.1.113883.6.{OIDS[coding['system']]}"}


def with_a_stroke(coding: Coding) -> Coding:
    return coding | {"system": f"{coding['system']}/"}


def with_blanks(coding: Coding) -> Coding:
    return coding | {"system": f" {coding['system']} ", "code": f"{coding['code']} "}


def of_somebody_else(coding: Coding) -> Coding:
    return coding | {"system": "urn:oid:1.2.3"}


def rewritten(value: Any, change: Callable[[Coding], Coding]) -> Any:
    """The same JSON with every coding of a system of ours changed."""
    if isinstance(value, list):
        return [rewritten(each, change) for each in value]
    if not isinstance(value, dict):
        return value
    inside = {name: rewritten(each, change) for name, each in value.items()}
    return change(inside) if inside.get("system") in OIDS and "code" in inside else inside


def found_with(title: str, change: Callable[[Coding], Coding]) -> Assessment:
    patient = TITLES[title]
    bundle = rewritten(chart_of(patient, CATALOG).bundle(), change)
    gaps = [gap_of(text, CATALOG) for text in patient.not_read]
    return assess(CATALOG.trial(TRIAL), read_record(bundle, CATALOG, gaps=gaps), patient.as_of, CATALOG)


def said(assessment: Assessment) -> object:
    criteria = [(each.id, each.verdict, each.reason) for each in assessment.criteria]
    return assessment.outcome, assessment.gate, criteria


@pytest.mark.parametrize("change", [by_oid, with_a_stroke, with_blanks])
def test_the_worked_patients_are_found_the_same_under_another_name_of_each_system(
    change: Callable[[Coding], Coding],
) -> None:
    titles = [patient.title for patient in PATIENTS]
    other = [title for title in titles if said(found_with(title, change)) != said(assessed(title))]
    assert other == []


def test_codes_of_a_system_that_nobody_knows_are_not_taken_for_ours() -> None:
    title = "She turns 18 on the day after the assessment"
    others = [each for each in TITLES if said(found_with(each, of_somebody_else)) != said(assessed(each))]
    assert len(others) > len(TITLES) / 4
    assert title not in others
