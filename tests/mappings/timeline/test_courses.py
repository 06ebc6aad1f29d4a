"""One timeline for each ingredient, from the records that an EHR holds. The day is 1 November 2025."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.dates import BEGINNING
from mappings.facts import Exposure
from mappings.timeline import LONGEST_GAP_DAYS, DrugTimeline, common_exposure, timelines_of
from mappings.timeline.covering import Span
from tests.mappings.timeline.records import TODAY, dispense, dose, exposures, order, statement
from tests.mappings.timeline.test_together import exposures as random_exposures

T = TODAY.toordinal()


def timeline(*records: dict[str, Any]) -> DrugTimeline:
    [one] = timelines_of(exposures(*records), T)
    return one


def text(span: Span) -> str:
    first = "?" if span.first == BEGINNING else str(date.fromordinal(span.first))
    return f"{first}/{date.fromordinal(span.last)}"


def said(one: DrugTimeline) -> str:
    """The courses, each with its end, its gaps and how it is known."""
    words = []
    for course in one.courses:
        ongoing = {True: "ongoing", False: "ended", None: "perhaps ongoing"}[course.ongoing(T)]
        gaps = [f"gap {span.last - span.first + 1}" for span in course.gaps]
        span = text(Span(course.first, course.last))
        words.append(", ".join([span, ongoing, *gaps, " ".join(course.sources)]))
    return "; ".join(words)


MONTHS = ("2025-06-01", "2025-07-01", "2025-08-01", "2025-09-01", "2025-10-01", "2025-10-31")
CASES = [
    ("an open order goes on", [order("2025-01-10")], "2025-01-10/2025-11-01, ongoing, ordered"),
    ("an order with its end", [order("2025-01-10", "2025-03-01")], "2025-01-10/2025-03-01, ended, ordered"),
    ("an order that ends today", [order("2025-01-10", "2025-11-01")],
     "2025-01-10/2025-11-01, ongoing, ordered"),
    ("an order that begins tomorrow says nothing yet", [order("2025-11-02")], None),
    ("four kinds of records are one timeline",
     [order("2025-09-01", drug="rituximab", status="stopped", end="2025-09-30"),
      statement("2025-08-15", "2025-08-20", drug="rituximab"),
      dispense("2025-09-02", None, drug="rituximab"), dose("2025-09-03")],
     "2025-08-15/2025-11-01, ongoing, gap 11, ordered stated given dispensed"),
    ("refills in time", [dispense(day, 31) for day in MONTHS], "2025-06-01/2025-11-01, ongoing, dispensed"),
    ("refills a few days late", [dispense("2025-08-01", 30), dispense("2025-09-05", 30),
                                 dispense("2025-10-10", 30)],
     "2025-08-01/2025-11-01, ongoing, gap 5, gap 5, dispensed"),
    ("a refill 30 days late", [dispense("2025-07-01", 30), dispense("2025-08-30", 90)],
     "2025-07-01/2025-11-01, ongoing, gap 30, dispensed"),
    ("a refill 31 days late is a new course", [dispense("2025-07-01", 30), dispense("2025-08-31", 90)],
     "2025-07-01/2025-07-30, ended, dispensed; 2025-08-31/2025-11-01, ongoing, dispensed"),
    ("the last refill ran out", [dispense("2025-08-01", 30), dispense("2025-09-01", 30)],
     "2025-08-01/2025-09-30, ended, gap 1, dispensed"),
    ("refills that overlap are not added up", [dispense("2025-08-01", 90), dispense("2025-08-02", 90)],
     "2025-08-01/2025-10-30, ended, dispensed"),
    ("a dispense without its supply counts for its day",
     [dispense("2025-10-31", None), dispense("2025-11-01", None)],
     "2025-10-31/2025-11-01, ongoing, dispensed"),
    ("a renewed order", [order("2025-01-01", "2025-06-30", status="completed"), order("2025-07-10")],
     "2025-01-01/2025-11-01, ongoing, gap 9, ordered"),
    ("a renewed order, and nobody wrote when the first ended",
     [order("2025-01-01", status="completed"), order("2025-07-10")],
     "2025-01-01/2025-11-01, ongoing, ordered"),
    ("an order on hold may not be taken", [order("2025-01-01", status="on-hold")],
     "2025-01-01/2025-11-01, perhaps ongoing, ordered"),
    ("stopped, with its day", [order("2025-01-01", "2025-05-05", status="stopped")],
     "2025-01-01/2025-05-05, ended, ordered"),
    ("stopped before its planned end", [order("2025-01-01", "2026-05-05", status="stopped")],
     "2025-01-01/2025-10-31, ended, ordered"),
    ("stopped, nobody wrote when", [order("2025-01-01", status="stopped")],
     "2025-01-01/2025-10-31, ended, ordered"),
    ("a start known by month", [statement("2025-03")], "2025-03-01/2025-11-01, ongoing, stated"),
    ("a start not known", [statement(None)], "?/2025-11-01, ongoing, stated"),
    ("stated as not taken, and nothing else is known", [statement("2025-01-01", status="not-taken")], None),
    ("not taken for some time, says the patient",
     [order("2025-01-01"), statement("2025-08-01", status="not-taken")],
     "2025-01-01/2025-11-01, perhaps ongoing, ordered"),
    ("not taken then, and ordered since",
     [order("2025-03-01"), statement("2025-02-01", status="not-taken")],
     "2025-03-01/2025-11-01, ongoing, ordered"),
    ("not taken for some time, then fetched again",
     [order("2025-01-01"), statement("2025-08-01", status="not-taken"), dispense("2025-08-20", 90)],
     "2025-01-01/2025-11-01, ongoing, ordered dispensed"),
    ("the statement says that it ended, the order that it goes on",
     [order("2025-01-01"), statement("2024-06-01", "2025-08-01", status="stopped")],
     "2024-06-01/2025-11-01, perhaps ongoing, ordered stated"),
    ("an earlier course that ended", [order("2025-01-01"), statement("2024-06-01", "2024-12-31",
                                                                     status="completed")],
     "2024-06-01/2025-11-01, ongoing, ordered stated"),
    ("an earlier course ended on the day of the order",
     [order("2025-01-01"), statement("2024-06-01", "2025-01-01", status="stopped")],
     "2024-06-01/2025-11-01, ongoing, ordered stated"),
    ("an infusion is not undone", [dose("2025-08-01"),
                                   statement("2025-09-01", drug="rituximab", status="not-taken")],
     "2025-08-01/2025-11-01, ongoing, given"),
    ("an infusion counts for 180 days", [dose("2025-01-01")], "2025-01-01/2025-06-30, ended, given"),
    ("two courses of infusions", [dose("2024-01-01"), dose("2025-08-01")],
     "2024-01-01/2024-06-29, ended, given; 2025-08-01/2025-11-01, ongoing, given"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_courses_of_one_drug(records: list[dict[str, Any]], expected: str | None) -> None:
    timelines = timelines_of(exposures(*records), T)
    assert [said(one) for one in timelines] == ([] if expected is None else [expected])


def test_what_is_sure_of_a_course_is_kept_apart() -> None:
    [course] = timeline(statement("2025-03", "2025-06")).courses
    assert text(Span(course.first, course.last)) == "2025-03-01/2025-06-30"
    assert [text(span) for span in course.surely] == ["2025-03-31/2025-06-01"]
    [course] = timeline(order("2025-01-01", status="on-hold")).courses
    assert course.surely == ()


def test_a_dose_without_a_date_is_kept_and_covers_nothing() -> None:
    one = timeline(dose("2025-08-01"), dose(None))
    assert len(one.courses) == 1
    assert [record.reference for record in one.undated] == ["MedicationAdministration/rituximab"]
    assert timeline(dose(None)).ongoing is False


def test_the_breaks_lie_between_courses() -> None:
    one = timeline(dispense("2025-01-01", 31), dispense("2025-06-01", 30), order("2025-10-01"))
    assert [text(span) for span in one.breaks] == ["2025-02-01/2025-05-31", "2025-07-01/2025-09-30"]
    assert one.ongoing is True


def test_a_change_of_drug_makes_two_timelines_and_one_time_together() -> None:
    records = [
        order("2025-01-01"),
        order("2025-01-01", "2025-05-31", drug="azathioprine"),
        order("2025-06-20", drug="mycophenolate"),
    ]
    azathioprine, mycophenolate, prednisone = timelines_of(exposures(*records), T)
    assert [one.ongoing for one in (azathioprine, mycophenolate, prednisone)] == [False, True, True]
    common = common_exposure([prednisone], [azathioprine, mycophenolate], T)
    assert common is not None
    assert common.latest == date(2025, 1, 1).toordinal()


def test_an_order_is_sure_until_the_day_of_a_statement_that_it_is_not_taken() -> None:
    one = timeline(order("2025-01-01"), statement("2025-08", status="not-taken"))
    [course] = one.courses
    assert [text(span) for span in course.surely] == ["2025-01-01/2025-07-31"]
    assert [(each.reference, each.start.text, each.note) for each in one.denials] == [
        ("MedicationStatement/prednisone", "2025-08", "recognised by name; not taken")
    ]


def test_a_statement_that_says_nothing_yet_denies_nothing_yet() -> None:
    known = exposures(order("2025-01-01"), statement("2025-08-01", status="not-taken"))
    [before] = timelines_of(known, date(2025, 7, 31).toordinal())
    assert (before.ongoing, before.denials) == (True, ())


def test_a_statement_not_taken_tells_of_no_dose_beyond_the_order() -> None:
    """What asks for the last possible dose finds that of the order."""
    known = exposures(order("2025-01-01", "2025-06-30"), statement("2025-05-01", status="not-taken"))
    [ordered, denied] = known
    assert ordered.end is not None
    assert denied.end is not None
    assert (denied.start.first, denied.start.text) == (ordered.start.first, "2025-05-01")
    assert denied.end.last <= ordered.end.last


def test_records_that_began_after_a_statement_or_on_another_drug_are_not_denied() -> None:
    one = timeline(order("2025-09-01"), statement("2025-08-01", status="not-taken"))
    assert (one.ongoing, one.denials) == (True, ())
    other = exposures(order("2025-01-01"), statement("2025-08-01", drug="azathioprine", status="not-taken"))
    assert [each.source for each in other] == ["ordered"]


@pytest.mark.parametrize("status", ["stopped", "completed", "on-hold", "unknown", "", "not-taken"])
def test_without_its_status_a_statement_denies_no_less(status: str) -> None:
    """So that no order becomes sure because a status is missing."""
    for start, end in (("2025-08-01", None), ("2025-01-01", None), ("2025-01-01", "2025-08-01")):
        before, after = (
            timeline(order("2025-01-01"), statement(start, end, status=said)).courses[-1].surely
            for said in (status, "")
        )
        assert sum(span.last - span.first + 1 for span in after) <= sum(
            span.last - span.first + 1 for span in before
        )


# --- properties

SOME = st.lists(random_exposures(), max_size=7)


@given(SOME, st.randoms())
def test_the_order_of_records_never_matters(some: list[Exposure], random: Any) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    assert timelines_of(some, T) == timelines_of(shuffled, T)


@given(SOME)
def test_courses_lie_apart_and_hold_what_is_sure(some: list[Exposure]) -> None:
    for one in timelines_of(some, T):
        for earlier, later in zip(one.courses, one.courses[1:], strict=False):
            assert later.first - earlier.last - 1 > LONGEST_GAP_DAYS
        for course in one.courses:
            assert course.first <= course.last <= T
            assert all(span.last - span.first < LONGEST_GAP_DAYS for span in course.gaps)
            for span in course.surely:
                assert any(may.first <= span.first and span.last <= may.last for may in course.covered)


@given(SOME)
def test_a_treatment_rule_sees_the_course_that_is_drawn(some: list[Exposure]) -> None:
    """For one drug alone, "together since" is the begin of the course that reaches the day."""
    for one in timelines_of(some, T):
        common = common_exposure([one], None, T)
        reaching = [course for course in one.courses if course.ongoing(T) is not False]
        assert [course.first for course in reaching] == ([common.earliest] if common is not None else [])
        assert (common is not None and common.latest is not None) == (one.ongoing is True)
