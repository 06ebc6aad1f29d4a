"""What a patient takes by report, in US Core a MedicationRequest with intent "plan" and reported[x].

It is no order but a statement: somebody says that the drug is taken, from an unknown day on.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mappings.dates import BEGINNING
from mappings.verdicts import Reason
from tests.mappings.reading.test_drugs import coded, only, read, request, statement

ADHERENCE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medication-adherence"
RECORDED = date(2025, 1, 10).toordinal()


def reported(**more: Any) -> dict[str, Any]:
    return request(coded("8640"), **{"intent": "plan", "reportedBoolean": True, **more})


def test_a_reported_drug_is_stated_and_had_begun_by_the_day_it_was_recorded() -> None:
    found = only(reported())
    assert (found.source, found.problem, found.end) == ("stated", Reason.IMPRECISE, None)
    assert (found.start.first, found.start.last) == (BEGINNING, RECORDED)
    same = only(statement(dateAsserted="2025-01-10"))
    assert (found.start, found.end, found.problem) == (same.start, same.end, same.problem)


def test_it_may_be_reported_by_somebody() -> None:
    who = {"reference": "RelatedPerson/1"}
    assert only(reported(reportedBoolean=None, reportedReference=who)).source == "stated"


@pytest.mark.parametrize(
    "members",
    [
        {"reportedBoolean": False},
        {"reportedBoolean": None},
        {"reportedBoolean": "true"},
        {"intent": "proposal"},
        {"intent": "option"},
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"doNotPerform": True},
    ],
)
def test_a_plan_that_nobody_reports_as_taken_and_a_report_that_is_withdrawn_are_nothing(
    members: dict[str, Any],
) -> None:
    assert read(reported(**members)) == ({}, [], [])


def test_an_order_that_is_also_reported_stays_an_order() -> None:
    found = only(reported(intent="order"))
    assert (found.source, found.start.first, found.start.last) == ("ordered", RECORDED, RECORDED)


def test_the_bounds_of_its_doses_say_from_when_to_when() -> None:
    period = {"start": "2024-03-01", "end": "2024-09-01"}
    dosage = {"timing": {"repeat": {"boundsPeriod": period}}}
    for found in (only(reported(dosageInstruction=[dosage])), only(statement(dosage=[dosage]))):
        assert found.end is not None
        assert (found.start.text, found.end.text) == ("2024-03-01", "2024-09-01")


@pytest.mark.parametrize(("status", "note"), [("stopped", "stopped"), ("completed", "completed")])
def test_one_that_is_over_was_so_by_the_day_it_was_recorded(status: str, note: str) -> None:
    found = only(reported(status=status))
    assert found.end is not None
    assert (found.end.last, found.note.split(";")[0]) == (RECORDED, note)


def test_one_that_is_reported_as_not_taken_is_not_confirmed() -> None:
    parts = [
        {
            "url": "medicationAdherence",
            "valueCodeableConcept": coded("715036001", system="http://snomed.info/sct"),
        },
        {"url": "dateAsserted", "valueDateTime": "2025-03-01"},
    ]
    found = only(reported(extension=[{"url": ADHERENCE, "extension": parts}]))
    assert found.problem is Reason.NOT_CONFIRMED
