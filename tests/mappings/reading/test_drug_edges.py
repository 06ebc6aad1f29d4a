"""Drug records at their edges: two doses side by side, a dose of nought, a drug stated as not taken."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.verdicts import Reason
from tests.mappings.reading.test_drugs import (
    administration,
    coded,
    days,
    dispense,
    dosage,
    only,
    read,
    request,
    statement,
    until,
)
from tests.mappings.timeline.records import dispense as fetched
from tests.mappings.timeline.records import order
from tests.mappings.timeline.records import statement as stated
from tests.mappings.timeline.test_courses import said, timeline


def for_days_from(low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"timing": {"repeat": {"boundsRange": {"low": days(low), "high": days(high)}}}, **more}


@pytest.mark.parametrize(
    ("more", "surely", "perhaps"),
    [
        (dosage(for_days_from(7, 7)), "2025-01-16", "2025-01-16"),
        (dosage(for_days_from(7, 5)), "2025-01-16", "for ever"),
        (dosage(for_days_from(5, 7, sequence=1), for_days_from(6, 14, sequence=1)),
         "2025-01-15", "2025-01-23"),
    ],
    ids=["seven to seven days", "seven to five days: the end is not known", "two doses side by side"],
)  # fmt: skip
def test_an_order_for_a_number_of_days_from_and_to(more: dict[str, Any], surely: str, perhaps: str) -> None:
    assert until(only(request(coded("8640"), **more))) == (surely, perhaps)


NOUGHT = {"value": 0, "unit": "mg"}


@pytest.mark.parametrize(
    ("display", "text"),
    [
        ("hydrocortisone 1 % topical cream", "hydrocortisone"),
        ("hydrocortisone", "hydrocortisone 1 % topical cream"),
    ],
)
def test_one_of_several_names_is_enough_to_tell_a_cream(display: str, text: str) -> None:
    coding = {"system": "urn:local", "code": "1", "display": display}
    found, _, _ = read(request({"coding": [coding], "text": text}))
    assert found == {}


def test_a_dose_from_nought_to_nought_says_that_it_is_over() -> None:
    none_at_all = {"doseAndRate": [{"doseRange": {"low": NOUGHT, "high": NOUGHT}}]}
    assert only(request(coded("8640"), **dosage(none_at_all))).note == "stopped; end not known"
    some = {"doseAndRate": [{"doseRange": {"low": NOUGHT, "high": {"value": 5, "unit": "mg"}}}]}
    assert only(request(coded("8640"), **dosage(some))).note == ""


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (administration(effectiveDateTime="2025-01-01", dosage={"dose": NOUGHT}), Reason.NOT_CONFIRMED),
        (administration(effectiveDateTime="2025-01-01", dosage={"dose": {"value": 500, "unit": "mg"}}), None),
        (dispense(whenHandedOver="2025-01-01", dosageInstruction=[{"text": "0 mg"}]), Reason.NOT_CONFIRMED),
    ],
    ids=["an infusion of nought", "an infusion", "a supply of nought"],
)
def test_what_was_given_with_a_dose_of_nought_is_not_sure(
    record: dict[str, Any], problem: Reason | None
) -> None:
    assert only(record).problem is problem


def test_a_statement_that_ends_before_it_starts_keeps_its_start_and_no_end() -> None:
    backwards = statement(effectivePeriod={"start": "2025-06-01", "end": "2025-01-01"})
    found, unreadable, _ = read(backwards)
    [[exposure]] = found.values()
    assert (exposure.start.text, until(exposure)) == ("2025-06-01", ("2025-06-01", "for ever"))
    assert [each.what for each in unreadable] == ["effectivePeriod ends before it starts"]


def test_an_ingredient_that_cannot_be_had_is_known_by_what_it_is_called() -> None:
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [{"itemReference": {"reference": "Substance/away", "display": "prednisone"}}],
    }
    order_of_it = request({}, contained=[medication])
    del order_of_it["medicationCodeableConcept"]
    exposure = only(order_of_it | {"medicationReference": {"reference": "#m"}})
    assert (exposure.concept, exposure.by_name) == ("prednisone", True)


# On 1 November 2025; said as in tests/mappings/timeline/test_courses.py.
DENIED = [
    ("stated to have stopped, nobody wrote when, and ordered since",
     [order("2025-01-01"), stated("2024-06-01", status="stopped")],
     "2024-06-01/2025-11-01, ongoing, ordered stated"),
    ("on hold from March to August, and ordered in May",
     [stated("2025-03-01", "2025-08-01", status="on-hold"), order("2025-05-01")],
     "2025-03-01/2025-11-01, perhaps ongoing, ordered stated"),
    ("on hold from March to August, and ordered after that",
     [stated("2025-03-01", "2025-08-01", status="on-hold"), order("2025-08-02")],
     "2025-03-01/2025-11-01, ongoing, ordered stated"),
]  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), [row[1:] for row in DENIED], ids=[row[0] for row in DENIED])
def test_a_statement_makes_the_orders_before_it_doubtful(
    records: list[dict[str, Any]], expected: str
) -> None:
    assert said(timeline(*records)) == expected


def test_not_taken_says_nothing_against_what_had_ended_the_day_before() -> None:
    supply = fetched("2025-05-03", 30)  # until 1 June
    assert timeline(supply, stated("2025-06-02", status="not-taken")).denials == ()
    [denial] = timeline(supply, stated("2025-06-01", status="not-taken")).denials
    assert denial.reference.startswith("MedicationStatement/")
