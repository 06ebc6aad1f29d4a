"""Windows and partial dates, as tables that a calendar can check."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.dates import Window, complete_years, parse_when

DAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("biopsy", "last_day"),
    [
        ("2025-08-31", "2026-02-28"),
        ("2023-08-31", "2024-02-29"),
        ("2026-01-15", "2026-07-15"),
        ("2026-02-28", "2026-08-28"),
        ("2025-12-31", "2026-06-30"),
    ],
)
def test_six_months_after_a_day_are_calendar_months_clamped(biopsy: str, last_day: str) -> None:
    assert Window(6, "months").after(date.fromisoformat(biopsy)) == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("window", "first_day"),
    [
        (Window(7, "days"), "2026-06-08"),
        (Window(42, "weeks"), "2025-08-25"),
        (Window(6, "months"), "2025-12-15"),
        (Window(1, "years"), "2025-06-15"),
    ],
)
def test_a_window_begins_on_this_day_and_includes_it(window: Window, first_day: str) -> None:
    assert window.start(DAY) == date.fromisoformat(first_day)


@given(
    st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    st.integers(0, 400),
    st.sampled_from(["days", "weeks", "months", "years"]),
    st.integers(1, 14),
)
def test_a_fact_is_in_the_window_exactly_until_its_last_day(
    today: date, back: int, unit: str, count: int
) -> None:
    window = Window(count, unit)  # type: ignore[arg-type]
    fact = today - timedelta(days=back)
    assert (fact >= window.start(today)) == (window.after(fact) >= today)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-06-15", "2026-06-15", "2026-06-15"),
        ("2026-06-15T23:30:00+08:00", "2026-06-15", "2026-06-15"),
        ("2026-06-15T00:10:00Z", "2026-06-15", "2026-06-15"),
        ("2026-06-15T08:00:00", "2026-06-15", "2026-06-15"),
        (" 2026-06-15 ", "2026-06-15", "2026-06-15"),
    ],
)
def test_a_fhir_date_is_the_interval_of_days_it_can_mean(text: str, first: str, last: str) -> None:
    when = parse_when(text)
    assert when is not None
    assert date.fromordinal(when.first) == date.fromisoformat(first)
    assert date.fromordinal(when.last) == date.fromisoformat(last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "06/15/2026",
        "2024-W01-1",
        "20240615T08",
        "2026-13",
        "2026-02-30",
        "20260615",
        "2026-06-15 08:00",
        None,
        2026,
        ["2026"],
        "soon",
    ],
)
def test_what_is_no_fhir_date_is_none_and_never_an_exception(text: object) -> None:
    assert parse_when(text) is None


@given(st.text(max_size=40))
def test_no_text_makes_the_date_reader_raise(text: str) -> None:
    parse_when(text)


def test_only_a_zone_makes_an_instant() -> None:
    zoned, naive = parse_when("2026-06-15T08:00:00Z"), parse_when("2026-06-15T08:00:00")
    assert zoned is not None
    assert zoned.moment is not None
    assert naive is not None
    assert naive.moment is None


@pytest.mark.parametrize(
    ("birth", "ages"),
    [
        ("2008-06-15", (18, 18)),
        ("2008-06-16", (17, 17)),
        ("2008-06", (17, 18)),
        ("2008", (17, 18)),
        ("2007", (18, 19)),
        ("2004-02-29", (22, 22)),
    ],
)
def test_age_is_complete_years_and_a_partial_birth_date_gives_two(birth: str, ages: tuple[int, int]) -> None:
    when = parse_when(birth)
    assert when is not None
    assert complete_years(when, DAY) == ages
