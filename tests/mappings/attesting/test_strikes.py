"""Items of a score that have another cause: what a strike takes out, for how long, and what it never does."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from mappings.attesting.forms import strikable
from mappings.attesting.standing import standing_strikes
from mappings.verdicts import MET, NOT_MET, UNKNOWN, Reason
from tests.mappings.attesting.desk import (
    CATALOG,
    TODAY,
    TRIAL,
    Resource,
    assessed,
    criterion,
    observation,
    read,
    said,
    score,
    struck,
    taken_back,
    upcr,
    white_cells,
)

# UPCR 1.2 g/g is proteinuria (4 points), 20 white cells per field are pyuria (4 points): 8 points.
ACTIVE = [upcr(1.2, 10), white_cells(20, 10)]

TABLE = [
    # what was said, points that are sure, what the criterion says
    ([], 8, "met"),
    ([struck("pyuria", 5)], 4, "unknown: score_undecided"),
    ([struck("pyuria", 0)], 4, "unknown: score_undecided"),
    ([struck("pyuria", -1)], 8, "met"),
    ([struck("pyuria", 9)], 4, "unknown: score_undecided"),
    ([struck("pyuria", 10)], 4, "unknown: score_undecided"),
    ([struck("pyuria", 11)], 8, "met"),
    ([struck("haematuria", 5)], 8, "met"),
    ([struck("pyuria", 5), taken_back("pyuria", 4)], 8, "met"),
    ([taken_back("pyuria", 6), struck("pyuria", 5)], 4, "unknown: score_undecided"),
    ([struck("pyuria", 5), taken_back("pyuria", 5)], 8, "met"),
    ([struck("pyuria", 5), taken_back("haematuria", 4)], 4, "unknown: score_undecided"),
    ([struck("fever", 5, score="eular-acr-2019")], 8, "met"),
]


@pytest.mark.parametrize(("words", "points", "expected"), TABLE)
def test_a_strike_takes_out_what_was_on_record_on_its_day(
    words: list[Resource], points: int, expected: str
) -> None:
    for order in permutations(words):
        assessment = assessed(*ACTIVE, *order)
        assert score(assessment).at_least == points
        assert said(criterion(assessment, "sledai-2k")) == expected


def test_a_strike_lasts_as_long_as_a_result_of_the_score_does() -> None:
    old = [upcr(1.2, 10), white_cells(20, 30)]
    assert score(assessed(*old, struck("pyuria", 30))).at_least == 4
    (standing,) = standing_strikes(TRIAL, CATALOG, read(struck("pyuria", 31)), TODAY)
    assert (standing.state, standing.until) == ("too_old", date(2026, 6, 14))


def test_an_item_that_rests_on_a_later_result_counts_again() -> None:
    assessment = assessed(*ACTIVE, struck("pyuria", 5), white_cells(30, 2))
    assert score(assessment).at_least == 8
    assert not any(item.struck for item in score(assessment).items)


def test_a_later_normal_result_does_not_bring_a_struck_item_back() -> None:
    assessment = assessed(*ACTIVE, struck("pyuria", 5), white_cells(1, 2))
    assert score(assessment).at_least == 4


def test_an_item_that_is_undecided_can_be_struck_and_is_then_out_of_both_ends() -> None:
    before, after = score(assessed(*ACTIVE)), score(assessed(*ACTIVE, struck("seizure")))
    assert "seizure" in before.undecided
    assert "seizure" not in after.undecided
    assert (before.at_least - after.at_least, before.at_most - after.at_most) == (0, 8)


def test_the_evidence_tells_who_struck_the_item_and_why() -> None:
    assessment = assessed(*ACTIVE, struck("pyuria", 5, "infection"))
    (item,) = [item for item in score(assessment).items if item.id == "pyuria"]
    fact = item.struck
    assert fact is not None
    assert item.verdict is NOT_MET
    assert (fact.text, fact.value) == ("infection, struck by Dr Chen", "infection")
    assert (fact.reference, fact.reason) == ("QuestionnaireResponse/pyuria-struck-5", Reason.ATTESTED)
    assert fact.counts_until == date(2026, 7, 10)
    assert fact in criterion(assessment, "sledai-2k").evidence
    assert item.evidence[1].reference == "Observation/white-cells-10"


def test_a_strike_that_was_taken_back_is_told() -> None:
    assessment = assessed(*ACTIVE, struck("pyuria", 5), taken_back("pyuria", 4))
    told = [fact.text for fact in criterion(assessment, "sledai-2k").evidence]
    assert "strike taken back by Dr Chen" in told


def test_where_it_cannot_be_read_whether_an_item_is_struck_it_is_undecided() -> None:
    strike = struck("pyuria", 5)
    for response in ({**strike, "status": "new"}, {**strike, "author": {}}):
        for others in ((), (taken_back("pyuria", 8),), (struck("pyuria", 8),)):
            assessment = assessed(*ACTIVE, response, *others)
            (item,) = [item for item in score(assessment).items if item.id == "pyuria"]
            assert (item.verdict, item.struck) == (UNKNOWN, None)
            assert (score(assessment).at_least, "pyuria" in score(assessment).undecided) == (4, True)
            references = [fact.reference for fact in criterion(assessment, "sledai-2k").evidence]
            assert "QuestionnaireResponse/pyuria-struck-5" in references
        assert score(assessed(*ACTIVE, response, taken_back("pyuria", 2))).at_least == 8


def total(points: int, ago: int = 3) -> Resource:
    result = observation("total", "any", points, ago)
    return {**result, "code": {"text": "SLEDAI-2K"}}


def test_a_recorded_total_is_not_changed_by_a_strike() -> None:
    assessment = assessed(*ACTIVE, total(12), struck("pyuria"))
    assert (score(assessment).basis, score(assessment).at_least) == ("recorded", 12)
    assert said(criterion(assessment, "sledai-2k")) == "met"


def test_a_low_total_that_items_contradict_holds_once_the_items_are_struck() -> None:
    assert said(criterion(assessed(*ACTIVE, total(4)), "sledai-2k")) == "unknown: conflicting"
    assert said(criterion(assessed(*ACTIVE, total(4), struck("pyuria")), "sledai-2k")) == "not-met"


def test_no_strikes_make_anything_met() -> None:
    every = [
        struck(item.id, 3, score=name) for name, items in strikable(TRIAL, CATALOG).items() for item in items
    ]
    before, after = assessed(*ACTIVE), assessed(*ACTIVE, *every)
    met = {c.id for c in before.criteria if c.verdict is MET}
    assert {c.id for c in after.criteria if c.verdict is MET} <= met
    assert not any(c.verdict is NOT_MET for c in after.criteria)


def test_only_items_that_may_have_another_cause_can_be_struck() -> None:
    offered = {name: {item.id for item in items} for name, items in strikable(TRIAL, CATALOG).items()}
    assert "pyuria" in offered["sledai-2k"]
    assert "proteinuria" not in offered["sledai-2k"]
    assert "biopsy-class-3-or-4" not in offered["eular-acr-2019"]


def test_in_a_score_without_look_back_a_strike_counts_for_a_year() -> None:
    leukocytes = observation("wbc", "6690-2", 2.5, 500, "10*9/L")
    assert score(assessed(leukocytes), "eular-acr-2019").at_least == 3
    for ago, points in ((365, 0), (366, 3)):
        strike = struck("leukopenia", ago, "drug", "eular-acr-2019")
        assert score(assessed(leukocytes, strike), "eular-acr-2019").at_least == points


def test_next_steps_do_not_count_on_a_struck_item() -> None:
    """Without the pyuria, 4 points are missing: it must not be taken for there."""
    assessment = assessed(*ACTIVE, struck("pyuria"))
    assert criterion(assessment, "sledai-2k").verdict is UNKNOWN
    asked = {
        fact.concept
        for one in assessment.next_steps.sets
        for step in one.steps
        for fact in step.facts
        if "sledai-2k" in fact.criteria
    }
    assert asked
    assert "urine-white-cells" not in asked
