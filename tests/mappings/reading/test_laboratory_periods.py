"""Which of several results is the latest where the effective time is a period."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from mappings.evaluation.selection import before, known_by
from tests.mappings.reading.test_laboratory import PROTEIN_24H, TODAY, observation, results

Json = dict[str, Any]


def told(identity: str, when: str) -> Json:
    """A result of a period ("08T08/09T08"), a time ("09T20"), a day or a month of June 2026."""
    start, slash, end = when.partition("/")
    ends = {key: _date(text) for key, text in (("start", start), ("end", end)) if text}
    effective = {"effectivePeriod": ends} if slash else {"effectiveDateTime": _date(start)}
    value = {"valueQuantity": {"value": ord(identity), "unit": "mg/d"}}
    return observation(identity, "2889-4", None, "", **{"effectiveDateTime": None, **effective, **value})


def _date(text: str) -> str:
    day, hour, clock = text.partition("T")
    date = f"2026-06-{day}" if len(day) == 2 else day
    return f"{date}T{clock if ':' in clock else f'{clock}:00'}:00Z" if hour else date


LATEST: list[tuple[str, list[str], str]] = [
    ("end to end", ["08T08/09T08", "09T08/10T08"], "b"),
    ("end to end, with an hour between", ["08T08/09T08", "09T09/10T09"], "b"),
    ("three end to end", ["06T08/07T08", "07T08/08T08", "08T08/09T08"], "c"),
    ("a gap of days", ["06T08/07T08", "09T08/10T08"], "b"),
    ("of one day", ["10T06/10T06:05", "10T20/10T20:05"], "b"),
    ("of one day, end to end", ["10T06/10T12", "10T12/10T18"], "b"),
    ("a period, then a time", ["08T08/09T08", "09T20"], "b"),
    ("a period, then a time at its end", ["08T08/09T08", "09T08"], "b"),
    ("a time, then a period that begins with it", ["09T08", "09T08/10T08"], "b"),
    ("a time, then a period of that day", ["09T06", "09T08/10T08"], "b"),
    ("two that overlap, and one before both", ["07T08/08T08", "08T08/09T08", "08T20/09T20"], "bc"),
    ("a long one, and two short ones within it", ["08T08/10T08", "08T09/08T10", "09T09/09T10"], "ac"),
    # what truly overlaps, or is not told to the hour, is in no order
    ("overlapping by an hour", ["08T08/09T08", "09T07/10T07"], "ab"),
    ("one within the other", ["08T08/10T08", "09T08/09T12"], "ab"),
    ("a time within a period", ["08T08/09T08", "09T06"], "ab"),
    ("the same period", ["08T08/09T08", "08T08/09T08"], "ab"),
    ("of one day, overlapping", ["10T06/10T12", "10T11/10T18"], "ab"),
    ("end to end by days alone", ["08/09", "09/10"], "ab"),
    ("one by days alone", ["08T08/09T08", "09/10"], "ab"),
    ("the other by days alone", ["08/09", "09T08/10T08"], "ab"),
    ("one without its end", ["08T08/", "09T08/10T08"], "ab"),
    ("one without its beginning", ["/09T08", "09T08/10T08"], "ab"),
    ("one that ends before it begins", ["09T08/09T06", "09T08/09T10"], "ab"),
    ("beside a day without an hour", ["08T08/09T08", "09"], "ab"),
    ("beside a month", ["08T08/09T08", "09T08/10T08", "2026-06"], "bc"),
    # times stay as they are
    ("two times of one day", ["10T06", "10T20"], "b"),
    ("one time twice", ["10T06", "10T06"], "ab"),
    ("a time and a day", ["10T06", "10"], "ab"),
]


@pytest.mark.parametrize(("times", "expected"), [row[1:] for row in LATEST], ids=[row[0] for row in LATEST])
def test_the_period_that_begins_when_the_others_have_ended_is_the_latest(
    times: list[str], expected: str
) -> None:
    written = [told(name, when) for name, when in zip("abc", times, strict=False)]
    for order in permutations(written):
        newest = known_by(results(PROTEIN_24H, *order), TODAY.toordinal()).newest
        assert "".join(sorted(result.reference[-1] for result in newest)) == expected


def test_hours_count_by_the_clock_of_their_own_zone() -> None:
    first, second = told("a", "08T08/09T08"), told("b", "09T08/10T08")
    second["effectivePeriod"] = {"start": "2026-06-09T09:00:00+02:00", "end": "2026-06-10T09:00:00+02:00"}
    known = known_by(results(PROTEIN_24H, first, second), TODAY.toordinal())
    assert len(known.newest) == 2, "the second begins at 7 of the first's clock"


def test_a_period_that_begins_after_today_is_none_of_them() -> None:
    written = [told("a", "08T08/09T08"), told("b", "09T08/10T08"), told("c", "16T08/17T08")]
    known = known_by(results(PROTEIN_24H, *written), TODAY.toordinal())
    assert [result.reference[-1] for result in known.newest] == ["b"]


def test_the_one_before_is_the_last_that_had_ended() -> None:
    written = [told("a", "10T06/10T07"), told("b", "10T12/10T13"), told("c", "10T20")]
    for order in permutations(written):
        earlier = before(known_by(results(PROTEIN_24H, *order), TODAY.toordinal()))
        assert earlier is not None
        assert earlier.reference == "Observation/b"


def test_two_periods_of_one_value_are_two_results() -> None:
    written = [told("a", "10T06/10T07"), told("b", "10T12/10T13"), told("c", "10T20/10T21")]
    written[0]["valueQuantity"] = written[2]["valueQuantity"]
    for order in permutations(written):
        (newest,) = known_by(results(PROTEIN_24H, *order), TODAY.toordinal()).newest
        assert newest.reference == "Observation/c"
