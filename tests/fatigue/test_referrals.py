"""No card for a patient whom the study team has in hand: the table, and the page that says the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds_service.fatigue.deciding import SILENCE_WORDS, Decision, decide, without_policy
from cds_service.fatigue.history import History, Referred
from cds_service.fatigue.policy import Policy
from cds_service.fatigue.referrals import AFTER, silence_of
from cds_service.referrals.states import State
from tests.fatigue.situations import NOW, TRIAL, accepted, answer, candidate, offers

PAGE = (Path(__file__).parents[2] / "docs" / "fatigue.md").read_text(encoding="utf-8")

# State, the word, and for how many days; None for good.
TABLE: list[tuple[State, str, int | None]] = [
    (State.REFERRED, "referred", None),
    (State.RECEIVED, "referred", None),
    (State.CONTACTED, "referred", None),
    (State.PRE_SCREENING, "referred", None),
    (State.SCREENING, "referred", None),
    (State.ENROLLED, "enrolled", None),
    (State.DECLINED, "declined", 365),
    (State.WITHDRAWN, "declined", 365),
    (State.NOT_ELIGIBLE, "not_eligible", 365),
    (State.SCREEN_FAILURE, "not_eligible", 365),
    (State.LOST, "referred", 30),
]


def referred(state: State, days_ago: float, left_from: State | None = None) -> Referred:
    return Referred(state, NOW - timedelta(days=days_ago), left_from or "")


def decided(given: Referred, *, policy: bool = True, silent: bool = False, **answers: object) -> Decision:
    """With the policy and without it: what a referral does is the same."""
    history = History(referrals={TRIAL: given}, **answers)  # type: ignore[arg-type]
    seen = [candidate(silent=silent)]
    if policy:
        [decision] = decide(seen, history, offers(), NOW, NOW.date())
    else:
        [decision] = without_policy(seen, offers(), history.referrals, NOW)
    return decision


@pytest.mark.parametrize("policy", [True, False])
@pytest.mark.parametrize(("state", "word", "days"), TABLE)
def test_a_state_silences_for_everyone_until_its_last_day(
    state: State, word: str, days: int | None, policy: bool
) -> None:
    until = NOW.date() + timedelta(days=1) if days else None
    held = decided(referred(state, (days or 5000) - 1), policy=policy)
    assert held == (TRIAL, False, word, until, ())
    if days:
        assert decided(referred(state, days), policy=policy).shown


@pytest.mark.parametrize("policy", [True, False])
def test_a_candidate_who_is_only_suggested_is_not_in_hand(policy: bool) -> None:
    assert decided(referred(State.SUGGESTED, 1), policy=policy).shown


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.LOST])
def test_who_was_on_the_study_never_gets_its_card_again(state: State) -> None:
    after = referred(state, 5000, State.ENROLLED)
    assert decided(after)[:3] == (TRIAL, False, "enrolled")
    assert decided(referred(state, 5000, State.SCREENING)).shown


def test_every_state_but_one_has_a_rule_with_a_known_word() -> None:
    assert {row[0] for row in TABLE} == set(AFTER) == set(State) - {State.SUGGESTED}
    assert {rule.word for rule in AFTER.values()} <= set(SILENCE_WORDS)


def test_the_days_are_those_of_the_client_and_of_its_zone() -> None:
    evening = Referred(State.DECLINED, datetime(2026, 6, 14, 23, tzinfo=UTC))
    policy = Policy(declined_days=1)
    berlin = ZoneInfo("Europe/Berlin")
    assert silence_of(evening, policy, UTC, date(2026, 6, 15)) is None
    assert silence_of(evening, policy, berlin, date(2026, 6, 15)) is not None


def test_days_beyond_the_calendar_are_the_end_of_it() -> None:
    last = Referred(State.DECLINED, datetime(9999, 12, 30, tzinfo=UTC))
    found = silence_of(last, Policy(), UTC, date(9999, 12, 30))
    assert found is not None
    assert found.until == date.max


def test_it_is_told_before_answers_and_silent_mode() -> None:
    declined = (answer("patient-declined"),)
    assert decided(referred(State.SCREENING, 1), answers=declined).silenced == "referred"
    assert decided(referred(State.DECLINED, 1), silent=True).silenced == "declined"


def test_another_trial_is_not_concerned() -> None:
    history = History(referrals={"NCT9": referred(State.SCREENING, 1)})
    [decision] = decide([candidate()], history, offers(), NOW, NOW.date())
    assert decision.shown


def test_what_became_of_a_referral_says_more_than_that_it_was_accepted() -> None:
    taken = (accepted(40, referred=True),)
    assert decided(referred(State.LOST, 29), answers=taken).silenced == "referred"
    assert decided(referred(State.LOST, 31), answers=taken).shown


def test_what_an_acceptance_took_back_stays_taken_back() -> None:
    given = (accepted(40, referred=True), answer("other-study", 50))
    assert decided(referred(State.LOST, 31), answers=given).shown
    assert decided(referred(State.LOST, 31), answers=given[1:]).silenced == "other_study"


def test_who_says_that_the_patient_is_referred_elsewhere_is_believed() -> None:
    elsewhere = (answer("already-referred", 40),)
    assert decided(referred(State.LOST, 31), answers=elsewhere).silenced == "referred"


def test_the_page_has_the_same_table() -> None:
    found = re.findall(r"^\| ([a-z, -]+) \| `([a-z_]+)` \| (for good|`[a-z_]+`) \|", PAGE, re.MULTILINE)
    stated = {
        State(state): (word, lasts.strip("`").replace(" ", "_"))
        for states, word, lasts in found
        for state in states.split(", ")
    }
    assert stated == {state: tuple(rule) for state, rule in AFTER.items()}
