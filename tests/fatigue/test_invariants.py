"""What holds of the policy whatever was answered before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cds_service.fatigue.answers import REASONS, meaning_of
from cds_service.fatigue.candidates import Candidate
from cds_service.fatigue.deciding import SILENCE_WORDS, safe_default
from cds_service.fatigue.history import Answer, CriterionTrace, History, Rate
from cds_service.fatigue.policy import Policy
from tests.fatigue.situations import NOW, SAME, decided, offers

TRIALS = ("A", "B", "C", "D")
TRACES = st.lists(
    st.builds(
        CriterionTrace,
        st.sampled_from(["age", "biopsy", "hcg", "upcr"]),
        st.sampled_from(["met", "unknown"]),
        st.sampled_from(["value", "not_found", "not_applicable"]),
        st.sampled_from(["", "k1.a", "k1.b"]),
    ),
    max_size=4,
    unique_by=lambda trace: trace.id,
).map(tuple)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        st.sampled_from(TRIALS),
        TRACES,
        closed=st.sampled_from(["", "", "", "paused"]),
        silent=st.sampled_from([False, False, True]),
    ),
    max_size=4,
    unique_by=lambda one: one.trial,
)


def answers(
    outcome: st.SearchStrategy[str], traces: st.SearchStrategy[tuple[CriterionTrace, ...]] = TRACES
) -> st.SearchStrategy[Answer]:
    return st.builds(
        Answer,
        st.sampled_from(TRIALS),
        outcome,
        st.sampled_from([*REASONS, "", "other"]),
        st.integers(0, 800).map(lambda days: NOW - timedelta(days=days)),
        st.booleans(),
        st.booleans(),
        traces,
        st.sampled_from(["", "", "card1", "card2"]),
    )


POLICIES = st.builds(
    Policy,
    declined_days=st.integers(0, 800),
    not_now_days=st.integers(0, 400),
    other_study_days=st.integers(0, 400),
    patients_per_user_and_day=st.integers(0, 5),
    cards_per_response=st.integers(0, 4),
    back_off_after=st.integers(0, 5),
    back_off_rate=st.floats(0, 1),
    backed_off_patients=st.integers(0, 3),
)
HISTORIES = st.builds(
    History,
    st.lists(answers(st.sampled_from(["accepted", "overridden"])), max_size=6).map(
        lambda listed: tuple(sorted(listed, key=lambda one: one.at, reverse=True))
    ),
    st.dictionaries(st.sampled_from(TRIALS), st.integers(0, 6)),
    st.dictionaries(st.sampled_from(TRIALS), st.builds(Rate, st.integers(0, 6), st.integers(0, 6))),
)


@given(CANDIDATES, HISTORIES, POLICIES)
def test_every_candidate_gets_one_decision_that_is_explained(
    candidates: list[Candidate], history: History, policy: Policy
) -> None:
    decisions = decided(candidates, history, policy=policy)
    assert sorted(one.trial for one in decisions) == sorted(one.trial for one in candidates)
    for one in decisions:
        assert one.shown == (one.silenced == "")
        assert one.shown or one.silenced in SILENCE_WORDS
        assert one.shown or not one.newly_met
        assert one.until is None or one.until > NOW.date()
    shown = [one for one in decisions if one.shown]
    assert len(shown) <= policy.cards_per_response
    assert all(history.patients_today.get(one.trial, 0) < policy.patients_per_user_and_day for one in shown)


@given(CANDIDATES, HISTORIES, POLICIES)
def test_the_order_in_which_things_come_in_decides_nothing(
    candidates: list[Candidate], history: History, policy: Policy
) -> None:
    assert decided(candidates, history, policy=policy) == decided(candidates[::-1], history, policy=policy)


@given(
    CANDIDATES,
    HISTORIES,
    POLICIES.map(lambda policy: replace(policy, cards_per_response=9)),
    answers(st.just("overridden"), st.just(SAME)),
)
def test_one_more_override_never_brings_a_card_on_the_same_evidence(
    candidates: list[Candidate], history: History, policy: Policy, override: Answer
) -> None:
    """But a second override of the same card is a correction, which may."""
    of_another_card = override._replace(card="another card", at=NOW)
    same_evidence = [one._replace(traces=SAME) for one in candidates]
    before = decided(same_evidence, history, policy=policy)
    after = decided(
        same_evidence, replace(history, answers=(of_another_card, *history.answers)), policy=policy
    )
    assert {one.trial for one in after if one.shown} <= {one.trial for one in before if one.shown}


@given(CANDIDATES, HISTORIES, POLICIES, st.data())
def test_with_more_charts_seen_today_never_more_is_shown(
    candidates: list[Candidate], history: History, policy: Policy, data: st.DataObject
) -> None:
    more = {trial: history.patients_today.get(trial, 0) + data.draw(st.integers(0, 3)) for trial in TRIALS}
    wide = replace(policy, cards_per_response=9)
    before = decided(candidates, history, policy=wide)
    after = decided(candidates, replace(history, patients_today=more), policy=wide)
    assert {one.trial for one in after if one.shown} <= {one.trial for one in before if one.shown}


@given(CANDIDATES, HISTORIES, POLICIES)
def test_after_a_final_answer_of_anybody_nothing_is_shown_in_its_days(
    candidates: list[Candidate], history: History, policy: Policy
) -> None:
    final = {
        one.trial
        for one in history.answers
        if not one.card
        and (meaning := meaning_of(one)).final
        and (meaning.word == "referred" or (NOW - one.at).days < policy.declined_days)
    }
    assert not final & {one.trial for one in decided(candidates, history, policy=policy) if one.shown}


@given(CANDIDATES, POLICIES)
def test_the_safe_default_shows_one_card_at_most_and_none_that_an_empty_history_would_not(
    candidates: list[Candidate], policy: Policy
) -> None:
    offered = offers(*TRIALS, policy=policy)
    safe = {one.trial for one in safe_default(candidates, offered) if one.shown}
    wide = replace(policy, cards_per_response=max(policy.cards_per_response, 1))
    known = {one.trial for one in decided(candidates, History(), policy=wide) if one.shown}
    assert len(safe) <= 1
    assert safe <= known or policy.back_off_after == 0
