"""A glucocorticoid together with a listed drug for more than 6 months, from the records of an EHR.

The day is 1 November 2025: both must run on it, and together since 30 April 2025 or before. "yes" is sure,
"perhaps" depends on what the records leave open, "no" is sure too.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mappings.dates import Window
from mappings.timeline import common_exposure, timelines_of
from tests.mappings.timeline.records import TODAY, dispense, dose, exposures, order, statement

SIX_MONTHS = Window(6, "months")
PREDNISONE = order("2025-01-10")
MMF, AZA, RTX = "mycophenolate", "azathioprine", "rituximab"


def monthly(first: int, last: int, drug: str = MMF, days: int = 30) -> list[dict[str, Any]]:
    return [dispense(f"2025-{month:02}-01", days, drug=drug) for month in range(first, last + 1)]


CASES = [
    ("both ordered, neither stopped", [PREDNISONE, order("2025-02-01", drug=MMF)], "yes"),
    ("six months and a day", [PREDNISONE, order("2025-04-30", drug=MMF)], "yes"),
    ("six months are not more than six months", [PREDNISONE, order("2025-05-01", drug=MMF)], "no"),
    ("the glucocorticoid alone", [PREDNISONE], "no"),
    ("the other drug ended last week", [PREDNISONE, order("2025-01-10", "2025-10-25", drug=MMF)], "no"),
    ("one after the other, never together",
     [order("2025-01-10", "2025-06-30"), order("2025-07-01", drug=MMF)], "no"),
    ("refills each month, the last one runs on the day", [PREDNISONE, *monthly(4, 11)], "yes"),
    ("refills each month, then one missed: a gap of 31 days",
     [PREDNISONE, *monthly(4, 6), dispense("2025-08-01", 90, drug=MMF), dispense("2025-10-30", 30, drug=MMF)],
     "no"),
    ("the same with a supply two days longer: a gap of 29 days",
     [PREDNISONE, *monthly(4, 6, days=32), dispense("2025-08-01", 93, drug=MMF)], "yes"),
    ("the last refill ran out yesterday", [PREDNISONE, *monthly(1, 9), dispense("2025-10-02", 30, drug=MMF)],
     "no"),
    ("packs without a supply: a day each, and none today", [PREDNISONE, *[
        dispense(f"2025-{month:02}-25", None, drug=MMF) for month in range(1, 11)]], "no"),
    ("packs without a supply under an open order",
     [PREDNISONE, order("2025-02-01", drug=MMF), dispense("2025-02-01", None, drug=MMF)], "yes"),
    ("azathioprine, then mycophenolate 20 days later",
     [PREDNISONE, order("2025-01-10", "2025-06-10", drug=AZA), order("2025-07-01", drug=MMF)], "yes"),
    ("azathioprine, then mycophenolate 31 days later",
     [PREDNISONE, order("2025-01-10", "2025-06-10", drug=AZA), order("2025-07-12", drug=MMF)], "no"),
    ("two infusions of rituximab, then azathioprine",
     [PREDNISONE, dose("2025-02-01"), dose("2025-02-15"), order("2025-09-01", drug=AZA)], "yes"),
    ("one infusion of rituximab 180 days ago runs on the day", [PREDNISONE, dose("2025-05-05")], "no"),
    ("a glucocorticoid order renewed with a week between",
     [order("2025-01-10", "2025-06-30", status="completed"), order("2025-07-08"),
      order("2025-02-01", drug=MMF)], "yes"),
    ("renewed; nobody wrote when the first order ended",
     [order("2025-01-10", status="completed"), order("2025-07-08"), order("2025-02-01", drug=MMF)],
     "perhaps"),
    ("on hold for a week now", [PREDNISONE, order("2025-02-01", drug=MMF, status="on-hold")], "perhaps"),
    ("on hold, and another in its place",
     [PREDNISONE, order("2025-02-01", drug=MMF, status="on-hold"), order("2025-02-20", drug=AZA)], "yes"),
    ("stopped, and nobody wrote when", [PREDNISONE, order("2025-02-01", drug=MMF, status="stopped")], "no"),
    ("stated since a month long ago", [PREDNISONE, statement("2025-03", drug=MMF)], "yes"),
    ("stated since a month that may be too late", [PREDNISONE, statement("2025-04", drug=MMF)], "yes"),
    ("stated since a month that is half too late", [PREDNISONE, statement("2025", drug=MMF)], "perhaps"),
    ("stated, since when is not known", [PREDNISONE, statement(None, drug=MMF)], "perhaps"),
    ("stated up to a month that has not ended",
     [PREDNISONE, statement("2025-01-10", "2025-11", drug=MMF)], "yes"),
    ("stated up to this year", [PREDNISONE, statement("2025-01-10", "2025", drug=MMF)], "perhaps"),
]  # fmt: skip


def long_enough(since: int | None) -> bool:
    return since is not None and SIX_MONTHS.after(date.fromordinal(since)) < TODAY


@pytest.mark.parametrize(
    ("records", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_more_than_six_months_together(records: list[dict[str, Any]], expected: str) -> None:
    day = TODAY.toordinal()
    timelines = timelines_of(exposures(*records), day)
    steroids = [one for one in timelines if one.concept == "prednisone"]
    others = [one for one in timelines if one.concept != "prednisone"]
    common = common_exposure(steroids, others, day)
    if common is not None and long_enough(common.latest):
        answer = "yes"
    else:
        answer = "perhaps" if common is not None and long_enough(common.earliest) else "no"
    assert answer == expected
