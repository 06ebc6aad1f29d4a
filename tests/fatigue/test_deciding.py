"""The fatigue policy as truth tables: what an answer silences, for whom, how long, and what lifts it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cds_service.clients.registered import Client, TrialOffer
from cds_service.fatigue.answers import MEANINGS, REASONS
from cds_service.fatigue.candidates import Candidate, candidate_of, offers_for, ranked
from cds_service.fatigue.deciding import SILENCE_WORDS, decide, safe_default, without_policy
from cds_service.fatigue.history import Answer, History, Rate
from cds_service.fatigue.policy import Policy
from cds_service.recruitment.states import TrialState
from tests.fatigue.situations import (
    NOW,
    SAME,
    TRIAL,
    Traces,
    accepted,
    answer,
    assessed,
    by_a_colleague,
    candidate,
    decided,
    history,
    offers,
    one_decision,
    traces,
)

BIOPSY_IS_BACK = traces(age="+a", proteinuria="+b", biopsy="+c")
NEW_PROTEINURIA = traces(age="+a", proteinuria="+b2", biopsy="?")


def day(days_from_now: int) -> date:
    return NOW.date() + timedelta(days=days_from_now)


# --- whom an answer silences, and for how long: days ago, then the word for oneself and for a colleague

LASTS: list[tuple[Answer, int | None, str, str]] = [
    (answer("patient-declined"), 365, "declined", "declined"),
    (answer("already-referred"), None, "referred", "referred"),
    (accepted(referred=True), None, "referred", "referred"),
    (answer("not-eligible"), None, "not_eligible", "not_eligible"),
    (answer("other-study"), 180, "other_study", "other_study"),
    (answer("too-burdensome"), 365, "too_burdensome", ""),
    (answer("out-of-reach"), 365, "out_of_reach", ""),
    (answer("not-advised"), 365, "not_advised", ""),
    (answer("not-now"), 30, "not_now", ""),
    (answer("other"), 30, "other_reason", ""),
    (answer("a-reason-of-the-ehr"), 30, "other_reason", ""),
    (answer(""), 30, "no_reason", ""),
    (accepted(), 30, "tests_ordered", ""),
]


@pytest.mark.parametrize(("given", "days", "own", "colleague"), LASTS)
def test_an_answer_silences_those_it_should_until_its_last_day(
    given: Answer, days: int | None, own: str, colleague: str
) -> None:
    on_the_last_day = given._replace(at=NOW - timedelta(days=(days or 5000) - 1))
    until = day(1) if days else None
    assert one_decision(history(on_the_last_day)) == (TRIAL, False, own, until, ())
    theirs = one_decision(history(by_a_colleague(on_the_last_day)))
    assert theirs == ((TRIAL, False, colleague, until, ()) if colleague else (TRIAL, True, "", None, ()))


@pytest.mark.parametrize("given", [row[0] for row in LASTS if row[1]])
@pytest.mark.parametrize("whose", ["own", "colleague"])
def test_a_day_later_the_card_is_back(given: Answer, whose: str) -> None:
    days = next(row[1] for row in LASTS if row[0] is given)
    over = given._replace(at=NOW - timedelta(days=days or 0), by_this_user=whose == "own")
    assert one_decision(history(over)).shown


def test_the_table_has_a_row_for_every_meaning() -> None:
    assert {row[2] for row in LASTS} == {meaning.word for meaning in MEANINGS}


def test_the_days_are_those_that_the_client_s_policy_says() -> None:
    policy = Policy(declined_days=10, not_now_days=5, other_study_days=7)
    for reason, days in (("patient-declined", 10), ("not-advised", 10), ("not-now", 5), ("other-study", 7)):
        given = [history(answer(reason, days_ago=ago)) for ago in (days - 1, days)]
        assert [one_decision(past, policy=policy).shown for past in given] == [False, True]


def test_a_silence_beyond_the_calendar_lasts_to_its_end() -> None:
    decision = one_decision(history(answer("not-now")), policy=Policy(not_now_days=10**7))
    assert (decision.shown, decision.until) == (False, date.max)


def test_days_are_those_of_the_client_s_calendar() -> None:
    """Answered at 23:00 UTC on the 1st: in Kathmandu that was the 2nd."""
    at = datetime(2026, 6, 1, 23, 0, tzinfo=UTC)
    now = datetime(2026, 6, 15, 12, 0, tzinfo=ZoneInfo("Asia/Kathmandu"))
    assert one_decision(history(answer("not-now", at=at)), now=now).until == date(2026, 7, 2)


def test_an_answer_about_another_trial_says_nothing() -> None:
    assert one_decision(history(answer("patient-declined", trial="NCT00000001"))).shown


# --- what lifts a silence

SNOOZED = [
    "not-eligible",
    "other-study",
    "too-burdensome",
    "out-of-reach",
    "not-advised",
    "not-now",
    "other",
    "",
]


@pytest.mark.parametrize("reason", SNOOZED)
def test_a_snoozed_card_comes_back_at_once_when_an_unknown_becomes_met_and_says_which(reason: str) -> None:
    past = history(answer(reason))
    assert one_decision(past, BIOPSY_IS_BACK) == (TRIAL, True, "", None, ("biopsy",))
    assert not one_decision(past, SAME).shown


def test_a_test_that_was_ordered_brings_the_card_back_when_its_result_is_met() -> None:
    assert one_decision(history(accepted()), BIOPSY_IS_BACK) == (TRIAL, True, "", None, ("biopsy",))


@pytest.mark.parametrize(
    "given", [answer("patient-declined"), answer("already-referred"), accepted(referred=True)]
)
@pytest.mark.parametrize("evidence", [BIOPSY_IS_BACK, NEW_PROTEINURIA])
def test_nothing_new_lifts_a_patient_s_no_or_a_referral(given: Answer, evidence: Traces) -> None:
    assert not one_decision(history(given), evidence).shown


@pytest.mark.parametrize(
    ("now_seen", "why"),
    [
        (NEW_PROTEINURIA, "a criterion rests on other evidence"),
        (traces(age="+a", proteinuria="+b", biopsy="?c"), "there is evidence where there was none"),
        (traces(age="+a", proteinuria="+b", biopsy="?", consent="?"), "the trial asks something new"),
    ],
)
def test_not_eligible_holds_until_the_evidence_changes(now_seen: Traces, why: str) -> None:
    past = history(answer("not-eligible", days_ago=400))
    assert not one_decision(past, SAME).shown
    assert one_decision(past, now_seen) == (TRIAL, True, "", None, ()), why


@pytest.mark.parametrize(
    ("now_seen", "why"),
    [
        (traces(age="?a", proteinuria="+b", biopsy="?"), "only the verdict differs, on the same evidence"),
        (traces(age="+a", proteinuria="+b"), "the trial asks less"),
        (tuple(reversed(SAME)), "the order of the criteria differs"),
    ],
)
def test_what_is_no_new_evidence_leaves_not_eligible_as_it_is(now_seen: Traces, why: str) -> None:
    assert not one_decision(history(answer("not-eligible")), now_seen).shown, why


@pytest.mark.parametrize(("days_ago", "shown"), [(29, False), (30, True)])
def test_not_eligible_without_the_traces_of_its_card_is_as_not_now_for_all(
    days_ago: int, shown: bool
) -> None:
    past = history(by_a_colleague(answer("not-eligible", days_ago, traces=())))
    assert one_decision(past).shown is shown


def test_new_evidence_alone_lifts_no_other_snooze() -> None:
    for reason in SNOOZED[1:]:
        assert not one_decision(history(answer(reason)), NEW_PROTEINURIA).shown


def test_what_does_not_apply_is_not_newly_met() -> None:
    assert not one_decision(history(answer("not-now")), traces(age="+a", proteinuria="+b", biopsy="n")).shown


def test_a_card_answered_again_after_it_came_back_is_silent_again() -> None:
    again = answer("not-now", 2, traces=BIOPSY_IS_BACK)
    assert not one_decision(history(answer("not-now", 20), again), BIOPSY_IS_BACK).shown


def test_what_was_seen_as_met_on_a_card_answered_since_is_no_news() -> None:
    """An old lasting no was lifted by the biopsy; the shorter snooze that followed is over."""
    past = history(answer("not-advised", 100), answer("not-now", 40, traces=BIOPSY_IS_BACK))
    assert one_decision(past, BIOPSY_IS_BACK) == (TRIAL, True, "", None, ())


def test_what_a_colleague_saw_as_met_is_news_to_this_user_still() -> None:
    seen_by_a_colleague = by_a_colleague(answer("not-now", 2, traces=BIOPSY_IS_BACK))
    decision = one_decision(history(answer("not-now", 20), seen_by_a_colleague), BIOPSY_IS_BACK)
    assert decision.newly_met == ("biopsy",)


def test_newly_met_criteria_are_named_once_each_in_the_trial_s_order() -> None:
    before = traces(age="+a", hcg="?", biopsy="?", sledai="?")
    now_seen = traces(age="+a", hcg="+c", biopsy="?", sledai="+d")
    past = history(answer("not-now", 3, traces=before), answer("not-advised", 2, traces=before))
    assert one_decision(past, now_seen).newly_met == ("hcg", "sledai")


# --- later answers and earlier ones


@pytest.mark.parametrize(
    ("answers", "word", "why"),
    [
        (
            [answer("patient-declined", 9, card="c"), answer("not-now", 9, card="c")],
            "not_now",
            "at one instant",
        ),
        ([answer("patient-declined", 9, card="c"), answer("not-now", 8, card="c")], "not_now", "corrected"),
        ([answer("not-now", 9, card="c"), answer("patient-declined", 8, card="c")], "declined", "corrected"),
        (
            [answer("patient-declined", 9, card="c"), answer("not-now", 8, card="d")],
            "declined",
            "another card",
        ),
        ([answer("patient-declined", 9), answer("not-now", 8)], "declined", "cards not known"),
        (
            [accepted(9, referred=True, card="c"), answer("", 8, card="c")],
            "referred",
            "dismissed after referral",
        ),
        ([accepted(9, card="c"), answer("not-now", 8, card="c")], "not_now", "both hold; the later is told"),
        ([answer("patient-declined", 9), accepted(8)], "declined", "tests ordered all the same"),
        (
            [answer("patient-declined", 9), accepted(8, referred=True)],
            "referred",
            "thought again, was referred",
        ),
        ([answer("not-advised", 9), accepted(8)], "tests_ordered", "took back advice against"),
        ([by_a_colleague(answer("not-eligible", 9)), accepted(8)], "tests_ordered", "was contradicted"),
        (
            [answer("not-now", 9), by_a_colleague(accepted(8))],
            "not_now",
            "a colleague's order is not one's own",
        ),
        ([by_a_colleague(answer("not-eligible", 9)), by_a_colleague(accepted(8))], "", "taken back by all"),
        ([accepted(9), answer("not-eligible", 8)], "not_eligible", "not eligible after all"),
        (
            [answer("other-study", 9), answer("not-advised", 8)],
            "other_study",
            "about the patient comes first",
        ),
    ],
)
def test_a_later_answer_outweighs_an_earlier_one_where_it_takes_it_back(
    answers: list[Answer], word: str, why: str
) -> None:
    newest_first = history(*reversed(answers))
    assert one_decision(newest_first).silenced == word, why


def test_until_is_when_the_last_of_several_silences_ends() -> None:
    past = history(answer("patient-declined", 364), answer("not-now", 0))
    assert one_decision(past) == (TRIAL, False, "declined", day(30), ())
    past = history(answer("other-study", 9), answer("not-eligible", 8))
    assert one_decision(past) == (TRIAL, False, "not_eligible", None, ())


@pytest.mark.parametrize(
    ("answers", "word", "why"),
    [
        ([answer("patient-declined", 300), answer("other-study", 1)], "declined", "the patient's own no"),
        ([answer("other-study", 100), answer("not-advised", 1)], "other_study", "it holds for everyone"),
        ([answer("not-advised", 9), answer("not-now", 1)], "not_advised", "it lasts longest"),
        ([answer("other", 1.1), answer("not-now", 1)], "not_now", "it is the newest"),
        ([answer("not-now", 1.1), answer("other", 1)], "other_reason", "it is the newest"),
    ],
)
def test_of_several_silences_one_is_told(answers: list[Answer], word: str, why: str) -> None:
    assert one_decision(history(*answers)).silenced == word, why


# --- how much is shown


@pytest.mark.parametrize(
    ("others", "rate", "word"),
    [
        (0, None, ""),
        (4, None, ""),
        (5, None, "budget"),
        (500, None, "budget"),
        (1, Rate(19, 19), ""),  # too few answers to judge by
        (0, Rate(20, 20), ""),
        (1, Rate(20, 20), "backed_off"),
        (1, Rate(20, 18), "backed_off"),  # nine in ten
        (1, Rate(20, 17), ""),
        (1, Rate(1000, 899), ""),
        (1, Rate(1000, 900), "backed_off"),
        (5, Rate(20, 20), "budget"),
    ],
)
def test_a_user_sees_a_trial_for_so_many_patients_a_day(others: int, rate: Rate | None, word: str) -> None:
    decision = one_decision(history(today={TRIAL: others}, rate=rate))
    assert decision == (TRIAL, not word, word, day(1) if word else None, ())


def test_an_open_chart_that_is_opened_again_still_shows_its_card() -> None:
    """The other patients are counted, so the fifth patient's card stays on every render."""
    assert [one_decision(history(today={TRIAL: 4})).shown for _ in range(10)] == [True] * 10


def test_one_trial_s_budget_is_no_other_s() -> None:
    shown = decided([candidate("A"), candidate("B")], history(today={"A": 5}))
    assert [(one.trial, one.silenced) for one in shown] == [("A", "budget"), ("B", "")]


def test_a_policy_that_never_backs_off_does_not_divide_by_nothing() -> None:
    assert one_decision(history(rate=Rate(0, 0), today={TRIAL: 1}), policy=Policy(back_off_after=0)).shown


BEST = traces(a="+1", b="+1", c="?")
FEWER_UNKNOWN = traces(a="+1", b="+1")
FEWER_MET = traces(a="+1", b="n")


def test_candidates_are_ranked_by_criteria_met_then_fewest_unknown_then_id() -> None:
    given = [
        candidate("D", FEWER_MET),
        candidate("C", BEST),
        candidate("B", FEWER_UNKNOWN),
        candidate("A", BEST),
    ]
    assert [one.trial for one in ranked(given)] == ["B", "A", "C", "D"]
    assert ranked(given[::-1]) == ranked(given)


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ((3, 3, 3, 3), "ABC"),
        ((1, 3, 3, 3), "A"),  # no card of A among more than one
        ((3, 1, 3, 3), "ACD"),  # nor of B: the next ones come instead
        ((2, 9, 9, 9), "AB"),
        ((0, 9, 9, 9), "BCD"),
        ((9, 9, 9, 9), "ABCD"),
    ],
)
def test_no_response_has_more_cards_than_the_strictest_of_its_trials_allows(
    limits: tuple[int, ...], shown: str
) -> None:
    offered = {
        trial: TrialOffer(trial, policy=Policy(cards_per_response=limit))
        for trial, limit in zip("ABCD", limits, strict=True)
    }
    decisions = decide([candidate(trial) for trial in "DBCA"], History(), offered, NOW, NOW.date())
    assert "".join(one.trial for one in decisions if one.shown) == shown
    assert {one.silenced for one in decisions if not one.shown} <= {"cards_per_response"}
    assert [one.trial for one in decisions] == list("ABCD")


def test_a_silenced_candidate_takes_no_place_in_the_response() -> None:
    past = history(answer("patient-declined", trial="A"))
    decisions = decided([candidate("A"), candidate("B")], past, policy=Policy(cards_per_response=1))
    assert [one.silenced for one in decisions] == ["declined", ""]


# --- closed, silent, enrolled


@pytest.mark.parametrize(
    ("made", "past", "word"),
    [
        (candidate(closed="paused", silent=True), history(answer("patient-declined")), "paused"),
        (candidate(closed="full"), history(), "full"),
        (candidate(enrolled=True), history(), "enrolled"),
        (candidate(silent=True), history(), "silent_trial"),
        (candidate(silent=True), history(answer("not-now")), "silent_trial"),  # no reason for study staff
        (candidate(silent=True), history(today={TRIAL: 50}), "silent_trial"),
        (candidate(silent=True), history(answer("patient-declined")), "declined"),  # a no to them as well
        (candidate(silent=True), history(accepted(referred=True)), "referred"),
        (candidate(silent=True), history(answer("not-eligible")), "not_eligible"),
        (candidate(silent=True), history(by_a_colleague(answer("other-study"))), "other_study"),
    ],
)
def test_the_first_reason_that_holds_is_told(made: Candidate, past: History, word: str) -> None:
    (decision,) = decided(made, past)
    assert (decision.shown, decision.silenced) == (False, word)


def test_an_offer_may_be_silent_as_well() -> None:
    assert one_decision(History(), silent=True).silenced == "silent_trial"


def test_a_trial_that_the_client_is_not_offered_is_not_shown() -> None:
    for decisions in (
        decide([candidate()], History(), {}, NOW, NOW.date()),
        safe_default([candidate()], {}),
        without_policy([candidate()], {}, {}, NOW),
    ):
        assert [one.silenced for one in decisions] == ["not_offered"]


def test_a_client_is_offered_what_its_registration_lists_and_everything_if_it_lists_nothing() -> None:
    listed = TrialOffer("A", contact="ext. 5")
    assert offers_for(Client("c", trials=(listed, TrialOffer("Z"))), ["A", "B"]) == {"A": listed}
    assert list(offers_for(Client("c"), ["A", "B"])) == ["A", "B"]
    assert offers_for(Client("c", trials=()), ["A"]) == {}


# --- without a history, and without a policy


def test_while_the_database_is_away_one_card_is_shown_and_silent_trials_stay_silent() -> None:
    given = [candidate("A", closed="paused"), candidate("B", silent=True), candidate("C"), candidate("D")]
    words = [(one.trial, one.silenced) for one in safe_default(given, offers("A", "B", "C", "D"))]
    assert words == [("A", "paused"), ("B", "silent_trial"), ("C", ""), ("D", "no_history")]


@pytest.mark.parametrize("policy", [Policy(cards_per_response=0), Policy(patients_per_user_and_day=0)])
def test_while_the_database_is_away_a_trial_that_may_never_show_does_not(policy: Policy) -> None:
    assert [one.shown for one in safe_default([candidate()], offers(policy=policy))] == [False]


def test_without_a_policy_all_but_closed_and_silent_trials_are_shown() -> None:
    given = [candidate(trial) for trial in "ABCDEF"] + [
        candidate("X", closed="full"),
        candidate("Y", silent=True),
    ]
    decisions = without_policy(given, offers(*"ABCDEFXY"), {}, NOW)
    assert [one.trial for one in decisions if one.shown] == list("ABCDEF")


# --- words, and how candidates are made


def test_every_word_is_in_the_closed_list_once() -> None:
    assert len(set(SILENCE_WORDS)) == len(SILENCE_WORDS)
    assert {meaning.word for meaning in REASONS.values()} <= set(SILENCE_WORDS)


@pytest.mark.parametrize(
    ("outcome", "enrolment", "state", "expected"),
    [
        ("possible-candidate", "", TrialState(True, "", None), ("", False, False)),
        ("possible-candidate", "", TrialState(True, "", None, silent=True), ("", True, False)),
        ("possible-candidate", "", TrialState(False, "full", None), ("full", False, False)),
        ("possible-candidate", "on-study", TrialState(True, "", None), ("", False, True)),
        ("needs-data", "", TrialState(True, "", None), None),
        ("ruled-out", "", TrialState(True, "", None), None),
    ],
)
def test_only_a_possible_candidate_becomes_one(
    outcome: str, enrolment: str, state: TrialState, expected: tuple[str, bool, bool] | None
) -> None:
    made = candidate_of(assessed(outcome=outcome, enrolment=enrolment), SAME, state)
    assert (made and (made.closed, made.silent, made.enrolled)) == expected
