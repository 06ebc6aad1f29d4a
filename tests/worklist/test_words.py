"""Every closed word that a page may meet has words for people."""

from __future__ import annotations

from typing import get_args

import pytest

from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.records import ATTENTION, EVENTS, Source
from cds_service.referrals.states import LEFT, State
from cds_service.signing_in.staff import Role
from cds_service.worklist import words
from cds_service.worklist.filters import Show, Sort
from cds_service.worklist.opening import words as row_words
from cds_service.worklist.opening.changes import Change, changes_between
from cds_service.worklist.opening.posted import cleaned
from mappings.results import RecordReason


def test_nothing_that_can_be_is_without_words() -> None:
    assert set(words.STATES) == set(State)
    assert set(words.NEXT_ACTIONS) == set(State) - LEFT
    assert set(words.ATTENTION_WORDS) == set(ATTENTION)
    assert set(words.SHOW) == set(Show)
    assert set(words.SORTS) == set(Sort)
    assert set(row_words.KINDS) == set(EVENTS)
    assert set(row_words.ROLES) >= set(Role)
    assert set(row_words.SOURCES) == set(get_args(Source))
    assert set(row_words.RECORD_REASONS) == set(get_args(RecordReason))
    assert set(row_words.GROUPS) == set(row_words.GROUP_CHIPS)


def trace(criterion: str, verdict: str, digest: str = "k1.a", reason: str = "value") -> CriterionTrace:
    return CriterionTrace(criterion, verdict, reason, digest)


@pytest.mark.parametrize(
    ("then", "now", "changes"),
    [
        ([], [], []),
        ([trace("a", "met")], [trace("a", "met")], []),
        ([trace("a", "unknown", "")], [trace("a", "met")], [Change("a", "unknown", "met")]),
        ([trace("a", "met")], [trace("a", "met", "k1.b")], [Change("a", "met", "met")]),
        ([trace("a", "met")], [trace("a", "met", "k2.b")], []),  # another key: nobody can say
        ([trace("a", "met")], [trace("a", "met", "")], [Change("a", "met", "met")]),
        ([], [trace("a", "met")], [Change("a", "", "met")]),
        ([trace("a", "met")], [], []),  # the definition asks no more
        ([trace("a", "met")], [trace("a", "unknown", "", "not_retrieved")], []),
    ],
)
def test_what_changed_since_the_last_assessment(
    then: list[CriterionTrace], now: list[CriterionTrace], changes: list[Change]
) -> None:
    assert list(changes_between(then, now)) == changes


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\r\nb\rc", "a\nb\nc"), ("  a ", "a"), ("\0\x07\x1b", ""), ("\ud800", "?"), ("a\tb", "a\tb")],
)
def test_text_of_several_lines_is_cleaned(text: str, kept: str) -> None:
    assert cleaned(text) == kept
