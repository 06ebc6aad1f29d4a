"""Measurements and findings. The day is 15 June 2026, the rule "UPCR > 1.0 g/g in the last 90 days"."""

from __future__ import annotations

import math

import pytest

from mappings.amounts import Amount
from mappings.dates import Window
from mappings.facts import Exposure, Result
from mappings.results import Evidence
from mappings.rules import Finding, Measurement
from mappings.verdicts import Reason, Verdict
from tests.mappings.evaluation.small_world import (
    answer,
    bound,
    cut_short,
    diagnosis,
    exposure,
    hcg,
    on,
    record,
    said,
    upcr,
)

UPCR = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"))
ANY = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"), pick="any")
EVER = Measurement("upcr", bound("greater_than", 1.0), pick="any")
BELOW_DETECTION = Amount(-math.inf, 0.1, True, True)

LATEST = [
    ("no result", [], "unknown: not_found"),
    ("above", [upcr(1.4, "2026-06-01")], "met"),
    ("exactly at the limit: the limit is strict", [upcr(1.0, "2026-06-01")], "not-met"),
    ("below", [upcr(0.2, "2026-06-01")], "not-met"),
    ("first day of the window", [upcr(1.4, "2026-03-17")], "met"),
    ("the day before it", [upcr(1.4, "2026-03-16")], "unknown: too_old"),
    ("today", [upcr(1.4, "2026-06-15")], "met"),
    ("tomorrow is ignored", [upcr(1.4, "2026-06-16")], "unknown: not_found"),
    ("tomorrow is ignored, yesterday counts", [upcr(0.2, "2026-06-16"), upcr(1.4, "2026-06-14")], "met"),
    ("newest decides", [upcr(1.4, "2026-05-01"), upcr(0.2, "2026-06-01")], "not-met"),
    ("newest decides, written in the other order",
     [upcr(0.2, "2026-06-01"), upcr(1.4, "2026-05-01")], "not-met"),
    ("newest cannot be read", [upcr(1.4, "2026-05-01"), upcr(9, "2026-06-01", problem=Reason.UNREADABLE)],
     "unknown: unreadable"),
    ("newest in another unit",
     [upcr(1.4, "2026-05-01"), upcr(9, "2026-06-01", problem=Reason.UNIT_NOT_COMPARABLE)],
     "unknown: unit_not_comparable"),
    ("newest not final", [upcr(1.4, "2026-06-01", problem=Reason.NOT_CONFIRMED)], "unknown: not_confirmed"),
    ("one day, two values, same verdict", [upcr(1.4, "2026-06-01"), upcr(1.6, "2026-06-01")], "met"),
    ("one day, two values that disagree", [upcr(1.4, "2026-06-01"), upcr(0.6, "2026-06-01")],
     "unknown: conflicting"),
    ("one day, the later hour decides",
     [upcr(1.4, "2026-06-01T08:00:00Z"), upcr(0.6, "2026-06-01T17:00:00Z")], "not-met"),
    ("hours in different zones are compared as instants",
     [upcr(1.4, "2026-06-01T08:00:00-08:00"), upcr(0.6, "2026-06-01T10:00:00+08:00")], "met"),
    ("only the month, inside the window", [upcr(1.4, "2026-05")], "met"),
    ("only the month, across the edge of the window", [upcr(1.4, "2026-03")], "unknown: imprecise"),
    ("only the month, and it may be the newest", [upcr(1.4, "2026-06"), upcr(0.6, "2026-06-10")],
     "unknown: imprecise"),
    ("only the month, but it says the same", [upcr(1.4, "2026-06"), upcr(1.6, "2026-06-10")], "met"),
    ("undated", [upcr(1.4, "")], "unknown: imprecise"),
    ("below detection", [upcr(BELOW_DETECTION, "2026-06-01")], "not-met"),
    ("censored across the limit",
     [upcr(Amount(0.5, math.inf, True, True), "2026-06-01")], "unknown: censored"),
    ("a range across the limit", [upcr(Amount(0.8, 1.2), "2026-06-01")], "unknown: imprecise"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in LATEST], ids=[row[0] for row in LATEST])
def test_the_latest_result_decides(facts: list[Result], expected: str) -> None:
    assert said(answer(UPCR, record(facts))) == expected
    assert said(answer(UPCR, record(facts[::-1]))) == expected, "the order of the input must not matter"


PICK_ANY = [
    ("no result", [], "unknown: not_found", "unknown: not_found"),
    ("one satisfies, a later one does not", [upcr(1.4, "2026-05-01"), upcr(0.2, "2026-06-01")], "met", "met"),
    ("all normal", [upcr(0.2, "2026-05-01"), upcr(0.2, "2026-06-01")], "not-met", "unknown: not_found"),
    ("only old ones", [upcr(1.4, "2020-05-01")], "unknown: too_old", "met"),
    ("normal, and one unreadable",
     [upcr(0.2, "2026-06-01"), upcr(9, "2026-06-02", problem=Reason.UNREADABLE)],
     "unknown: unreadable", "unknown: unreadable"),
    ("satisfied, and one unreadable",
     [upcr(1.2, "2026-06-01"), upcr(9, "2026-06-02", problem=Reason.UNREADABLE)],
     "met", "met"),
    ("satisfied at a day that may lie outside", [upcr(1.4, "2026-03")], "unknown: imprecise", "met"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "in_window", "ever"), [row[1:] for row in PICK_ANY], ids=[row[0] for row in PICK_ANY]
)
def test_any_result_may_satisfy_and_without_a_window_none_ever_fails(
    facts: list[Result], in_window: str, ever: str
) -> None:
    assert said(answer(ANY, record(facts))) == in_window
    assert said(answer(EVER, record(facts))) == ever


CUT_SHORT = [
    # facts                        rows newest first    rows in any order
    ([], "unknown: not_retrieved", "unknown: not_retrieved"),
    ([upcr(1.4, "2026-06-01")], "met", "unknown: not_retrieved"),
    ([upcr(0.4, "2026-06-01")], "not-met", "unknown: not_retrieved"),
]


@pytest.mark.parametrize(("facts", "sorted_rows", "unsorted_rows"), CUT_SHORT)
def test_a_search_that_ended_early_decides_latest_only_if_rows_came_newest_first(
    facts: list[Result], sorted_rows: str, unsorted_rows: str
) -> None:
    assert said(answer(UPCR, record(facts, gap=cut_short(newest_first=True)))) == sorted_rows
    assert said(answer(UPCR, record(facts, gap=cut_short(newest_first=False)))) == unsorted_rows


def test_a_search_that_ended_early_may_still_satisfy_any_but_never_fail_it() -> None:
    gap = cut_short(newest_first=True)
    assert said(answer(ANY, record([upcr(1.4, "2026-06-01")], gap=gap))) == "met"
    assert said(answer(ANY, record([upcr(0.4, "2026-06-01")], gap=gap))) == "unknown: not_retrieved"


def test_absence_means_no_only_where_the_author_says_so_and_everything_was_read() -> None:
    claimed = Measurement("upcr", bound("greater_than", 1.0), absent_means_not_met=True)
    assert said(answer(claimed, record())) == "not-met: absent_by_rule"
    assert said(answer(claimed, record(gap=cut_short(newest_first=True)))) == "unknown: not_retrieved"


def test_a_newest_result_that_cannot_be_used_is_shown_with_the_one_before() -> None:
    facts = [upcr(1.4, "2026-05-01"), upcr(9, "2026-06-01", problem=Reason.UNREADABLE), upcr(2, "2026-04-01")]
    shown = answer(UPCR, record(facts)).evidence
    assert [evidence.date for evidence in shown] == ["2026-06-01", "2026-05-01"]


def test_evidence_says_until_when_the_result_counts() -> None:
    (evidence,) = answer(UPCR, record([upcr(1.4, "2026-06-01")])).evidence
    assert evidence.counts_until is not None
    assert evidence.counts_until.isoformat() == "2026-08-30"
    assert evidence.window == "90 days"


def infusion(first: str, last: str) -> Exposure:
    """What was given over some days or weeks, as a pump does."""
    given = exposure("rituximab", first, "2026-12-31", "given")
    return given._replace(last_given=on(last))


AFTER_DRUG = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"), after_last=("rituximab",))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], "met"),
        ([exposure("rituximab", "2026-05-01", "2026-10-28", "given")], "met"),
        ([exposure("rituximab", "2026-06-10", "2026-12-07", "given")], "unknown: too_old"),
        ([exposure("rituximab", "2026-05-01", None, "ordered")], "unknown: imprecise"),
        ([exposure("rituximab", "2026-06", "2026-12-31", "given")], "unknown: imprecise"),
        ([infusion("2026-05-01", "2026-05-29")], "met"),
        ([infusion("2026-05-01", "2026-06-05")], "unknown: too_old"),
        ([infusion("2026-05-01", "2026-07-01")], "unknown: too_old"),
        ([infusion("2026-05-01", "2026-06")], "unknown: imprecise"),
        ([exposure("rituximab", "2026-06-10")], "unknown: too_old"),
        ([exposure("rituximab", "2026-06-10")._replace(problem=Reason.NOT_CONFIRMED)], "unknown: imprecise"),
    ],
)
def test_only_results_after_the_last_dose_count(given: list[Exposure], expected: str) -> None:
    assert said(answer(AFTER_DRUG, record([upcr(1.4, "2026-06-05"), *given]))) == expected


HCG = Finding("hcg", frozenset({"negative"}), Window(7, "days"))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([hcg("negative", "2026-06-08")], "met"),
        ([hcg("negative", "2026-06-07")], "unknown: too_old"),
        ([hcg("positive", "2026-06-14")], "not-met"),
        ([hcg("positive", "2026-06-13"), hcg("negative", "2026-06-14")], "met"),
        ([hcg("negative", "2026-06-14"), hcg("positive", "2026-06-14")], "unknown: conflicting"),
        ([hcg("negative", "2026-06-14", problem=Reason.IMPRECISE)], "unknown: imprecise"),
    ],
)
def test_a_finding_holds_if_the_latest_answer_is_the_wanted_one(facts: list[Result], expected: str) -> None:
    assert said(answer(HCG, record(facts))) == expected


def test_recorded_asks_only_whether_there_is_any_result() -> None:
    rule = Finding("hcg", frozenset({"recorded"}), pick="any", absent_means_not_met=True)
    assert said(answer(rule, record([hcg("negative", "2019-01-01")]))) == "met"
    assert said(answer(rule, record())) == "not-met: absent_by_rule"


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ([], "met"),
        ([diagnosis("delivery", onset="2026-05-20")], "not-met"),
        ([diagnosis("delivery", onset="2025-01-01")], "met"),
        ([diagnosis("delivery", onset="2026")], "unknown: imprecise"),
    ],
)
def test_a_finding_that_something_later_ended_no_longer_holds(delivered: list[object], expected: str) -> None:
    rule = Finding("hcg", frozenset({"positive"}), Window(42, "weeks"), unless_followed_by=("delivery",))
    assert said(answer(rule, record([hcg("positive", "2026-05-01"), *delivered]))) == expected  # type: ignore[list-item]


def test_evidence_is_plain_data_that_can_be_compared_and_hashed() -> None:
    (evidence,) = answer(UPCR, record([upcr(1.4, "2026-06-01")])).evidence
    assert evidence == Evidence(*evidence)
    assert answer(UPCR, record([upcr(1.4, "2026-06-01")])).verdict is Verdict.MET
