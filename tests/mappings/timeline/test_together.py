"""Since when two groups of drugs have run together without a break up to a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.dates import BEGINNING, When, parse_when
from mappings.facts import Exposure
from mappings.timeline import LONGEST_GAP_DAYS, CommonExposure, timelines_of
from mappings.timeline import common_exposure as common_of_timelines
from mappings.verdicts import Reason

TODAY = date(2025, 11, 1)
T = TODAY.toordinal()
FOREVER = date.max.toordinal()


def when(text: str) -> When:
    read = parse_when(text)
    assert read is not None
    return read


def exposure(
    start: str,
    end: str | None = None,
    *,
    drug: str = "prednisone",
    problem: Reason | None = None,
    note: str = "",
) -> Exposure:
    return Exposure(
        drug, f"MedicationRequest/{drug}-{start}", drug, "ordered", when(start), when(end) if end else None,
        problem=problem, note=note,
    )  # fmt: skip


def stopped(start: str) -> Exposure:
    """An order that was stopped on a day that nobody wrote down."""
    open_end = When(when(start).first, FOREVER, "")
    return exposure(start, problem=Reason.IMPRECISE, note="stopped; end not known")._replace(end=open_end)


def undated() -> Exposure:
    return exposure("2025", problem=Reason.IMPRECISE, note="start not known")._replace(
        start=When(BEGINNING, FOREVER, "")
    )


def common_exposure(
    a: Sequence[Exposure], b: Sequence[Exposure] | None, today: date
) -> CommonExposure | None:
    day = today.toordinal()
    return common_of_timelines(
        timelines_of(a, day), None if b is None else timelines_of(b, day), today.toordinal()
    )


def since(a: Sequence[Exposure], b: Sequence[Exposure] | None = None) -> tuple[str, str | None] | None:
    """The earliest and the latest day since when, as text."""
    common = common_exposure(a, b, TODAY)
    if common is None:
        return None
    latest = str(date.fromordinal(common.latest)) if common.latest is not None else None
    return str(date.fromordinal(common.earliest)), latest


PREDNISONE = exposure("2025-01-01")
HCQ = exposure("2025-03-01", drug="hydroxychloroquine")


@pytest.mark.parametrize(
    ("case", "a", "b", "expected"),
    [
        ("ongoing together since the later start", [PREDNISONE], [HCQ], ("2025-03-01", "2025-03-01")),
        ("A alone", [PREDNISONE], None, ("2025-01-01", "2025-01-01")),
        ("nothing of B", [PREDNISONE], [], None),
        ("nothing at all", [], [], None),
        ("begun today", [exposure("2025-11-01")], None, ("2025-11-01", "2025-11-01")),
        ("begins tomorrow", [exposure("2025-11-02")], None, None),
        (
            "ended today still counts",
            [exposure("2025-01-01", "2025-11-01")],
            None,
            ("2025-01-01", "2025-01-01"),
        ),
        ("ended yesterday", [exposure("2025-01-01", "2025-10-31")], None, None),
        (
            "a change of drug does not restart",
            [PREDNISONE],
            [
                exposure("2025-01-01", "2025-05-31", drug="azathioprine"),
                exposure("2025-06-01", drug="mycophenolate"),
            ],
            ("2025-01-01", "2025-01-01"),
        ),
        (
            "a gap of 30 days does not break",
            [exposure("2025-01-01", "2025-05-01"), exposure("2025-06-01")],
            None,
            ("2025-01-01", "2025-01-01"),
        ),
        (
            "a gap of 31 days does",
            [exposure("2025-01-01", "2025-05-01"), exposure("2025-06-02")],
            None,
            ("2025-06-02", "2025-06-02"),
        ),
        (
            "a longer record spans the gap of others",
            [
                exposure("2025-01-01", "2025-09-15"),
                exposure("2025-02-01", "2025-02-03"),
                exposure("2025-09-20"),
            ],
            None,
            ("2025-01-01", "2025-01-01"),
        ),
        ("a start known by month", [exposure("2025-03")], None, ("2025-03-01", "2025-03-31")),
        ("a start known by this year", [exposure("2025")], None, ("2025-01-01", "2025-11-01")),
        ("a start not known", [undated()], None, ("0001-01-01", "2025-11-01")),
        (
            "not confirmed",
            [exposure("2025-01-01", problem=Reason.NOT_CONFIRMED, note="on hold")],
            None,
            ("2025-01-01", None),
        ),
        ("stopped, nobody knows when", [stopped("2025-01-01")], None, None),
        (
            "stopped before its planned end",
            [exposure("2025-01-01", "2026-01-01", note="stopped")],
            None,
            None,
        ),
        (
            "stopped on the day it began, today",
            [exposure("2025-11-01", "2026-01-01", note="stopped")],
            None,
            None,
        ),
        (
            "stopped, nobody knows when, then another",
            [stopped("2025-01-01"), exposure("2025-08-01", drug="dexamethasone")],
            None,
            ("2025-01-01", "2025-08-01"),
        ),
        (
            "a stopped order with its end, then another",
            [exposure("2025-01-01", "2025-07-31", note="stopped"), exposure("2025-08-01")],
            None,
            ("2025-01-01", "2025-01-01"),
        ),
        (
            "one group certain, the other not confirmed",
            [PREDNISONE],
            [exposure("2025-03-01", problem=Reason.NOT_CONFIRMED)],
            ("2025-03-01", None),
        ),
        (
            "an end known by month may leave a gap",
            [exposure("2025-01-01", "2025-06"), exposure("2025-07-15")],
            None,
            ("2025-01-01", "2025-07-15"),
        ),
    ],
)
def test_since_when(
    case: str, a: list[Exposure], b: list[Exposure] | None, expected: tuple[str, str | None] | None
) -> None:
    assert since(a, b) == expected, case


def test_the_records_that_carried_it_and_those_that_could_change_it() -> None:
    old = exposure("2024-01-01", "2024-06-01")
    doubtful = exposure("2024-12-01", "2025-02-01", problem=Reason.NOT_CONFIRMED)
    common = common_exposure([PREDNISONE, old, doubtful], [HCQ], TODAY)
    assert common is not None
    assert common.carried_by == (PREDNISONE, HCQ)
    assert common.doubtful == ()
    common = common_exposure([PREDNISONE, old, doubtful], None, TODAY)
    assert common is not None
    assert (common.carried_by, common.doubtful) == ((PREDNISONE,), (doubtful,))
    common = common_exposure([doubtful._replace(end=None)], None, TODAY)
    assert common is not None
    assert (common.latest, len(common.carried_by), len(common.doubtful)) == (None, 1, 1)


def test_an_administration_without_a_date_covers_nothing() -> None:
    given_once = undated()._replace(source="given", end=When(BEGINNING, FOREVER, ""))
    assert common_exposure([given_once], None, TODAY) is None


def test_a_partial_start_gives_the_first_possible_and_the_sure_day() -> None:
    common = common_exposure([exposure("2025-03")], None, TODAY)
    assert common is not None
    assert (common.earliest, common.latest) == (T - 245, T - 215)
    doubtful = common_exposure([exposure("2025-03-01", problem=Reason.NOT_CONFIRMED)], None, TODAY)
    assert doubtful is not None
    assert doubtful.latest is None


# --- properties

DAYS = st.integers(T - 400, T + 40)


@st.composite
def exposures(draw: st.DrawFn, drug: str = "prednisone") -> Exposure:
    first = draw(DAYS)
    start = When(first, first + draw(st.sampled_from([0, 0, 0, 27])), "x")
    last = draw(st.none() | st.integers(first, T + 60))
    end = None if last is None else When(last, last + draw(st.sampled_from([0, 0, 30])), "x")
    problem = draw(st.sampled_from([None, None, Reason.IMPRECISE, Reason.NOT_CONFIRMED]))
    note = draw(st.sampled_from(["", "", "stopped"]))
    return Exposure(
        drug, f"MedicationRequest/{first}", drug, "ordered", start, end, problem=problem, note=note
    )


@given(st.lists(exposures(), max_size=6), st.lists(exposures("azathioprine"), max_size=6), st.randoms())
def test_the_order_of_records_never_matters(a: list[Exposure], b: list[Exposure], random: object) -> None:
    shuffled_a, shuffled_b = list(a), list(b)
    random.shuffle(shuffled_a)  # type: ignore[attr-defined]
    random.shuffle(shuffled_b)  # type: ignore[attr-defined]
    assert common_exposure(a, b, TODAY) == common_exposure(shuffled_a, shuffled_b, TODAY)


@given(
    st.lists(exposures(), max_size=6),
    st.lists(exposures("azathioprine"), max_size=6),
    exposures("mycophenolate"),
)
def test_another_drug_never_shortens_the_time_together(
    a: list[Exposure], b: list[Exposure], other: Exposure
) -> None:
    before, after = common_exposure(a, b, TODAY), common_exposure(a, [*b, other], TODAY)
    if before is not None:
        assert after is not None
        assert after.earliest <= before.earliest
        if before.latest is not None:
            assert after.latest is not None
            assert after.latest <= before.latest


@given(st.lists(exposures(), max_size=6), st.lists(exposures("azathioprine"), max_size=6))
def test_the_sure_start_is_never_before_the_possible_one(a: list[Exposure], b: list[Exposure]) -> None:
    common = common_exposure(a, b, TODAY)
    if common is not None:
        assert common.earliest <= (T if common.latest is None else common.latest) <= T
        assert common.carried_by
        assert bool(common.doubtful) == (common.latest != common.earliest)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 90))
def test_a_break_longer_than_allowed_restarts_the_clock(before: int, after: int, gap: int) -> None:
    resumed = T - after
    earlier = When(resumed - gap - before, resumed - gap - before, "x")
    ended = When(resumed - gap - 1, resumed - gap - 1, "x")
    first = exposure("2025")._replace(start=earlier, end=ended)
    second = exposure("2025")._replace(start=When(resumed, resumed, "x"))
    common = common_exposure([first, second], None, TODAY)
    assert common is not None
    assert common.latest == (earlier.first if gap <= LONGEST_GAP_DAYS else resumed)
