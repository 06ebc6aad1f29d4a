"""A year of chart openings: what clinicians are promised, held against every single visit of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

from cds_service.fatigue.answers import meaning_of
from cds_service.fatigue.policy import Policy
from cds_service.fatigue.silences import evidence_changed, newly_met
from tests.fatigue.hospital_year import (
    DAYS,
    FIRST_DAY,
    TRIALS,
    Hospital,
    Visit,
    Year,
    always,
    ignores,
    mixed,
)

NORTH = Hospital(
    "north",
    {"ada": mixed, "ben": mixed, "cem": always("overridden", "not-now"), "dia": ignores},
    tuple(f"p{number}" for number in range(40)),
    visits_a_day=20,
)
SOUTH = Hospital("south", {"eva": mixed, "fay": mixed}, ("p1", "p2", "p3", "s1", "s2", "s3"), visits_a_day=4)
STRICT = Policy(patients_per_user_and_day=2, cards_per_response=1)


@pytest.fixture(scope="module", params=[Policy(), STRICT], ids=["defaults", "strict"])
def year(request: pytest.FixtureRequest) -> Year:
    return Year((NORTH, SOUTH), policy=request.param).play()


def test_the_year_is_worth_looking_at(year: Year) -> None:
    """There are cards, answers of every kind, and every silence that answers and limits can cause."""
    assert len(year.visits) == DAYS * 24
    given = {meaning_of(one.answer).word for one in year.answers}
    assert given == {
        *("declined", "referred", "not_eligible", "other_study", "not_advised", "not_now"),
        *("no_reason", "tests_ordered"),
    }
    silenced = {one.silenced for visit in year.visits for one in visit.decisions}
    assert silenced >= given
    if year.policy == STRICT:
        assert silenced >= {"budget", "cards_per_response"}


def test_a_year_is_the_same_every_time_it_is_played(year: Year) -> None:
    assert year.with_policy(year.policy).play(30).visits == year.visits[: 30 * 24]


def test_nobody_sees_a_trial_for_more_patients_a_day_than_the_budget(year: Year) -> None:
    seen: dict[object, set[str]] = defaultdict(set)
    for visit in year.visits:
        for trial in TRIALS:
            if visit.shows(trial):
                seen[visit.day, visit.tenant, visit.user, trial].add(visit.patient)
    assert max(map(len, seen.values())) <= year.policy.patients_per_user_and_day


def test_no_response_holds_more_cards_than_allowed(year: Year) -> None:
    assert max(visit.cards for visit in year.visits) <= year.policy.cards_per_response


def test_who_declined_or_was_referred_is_shown_to_nobody_at_the_tenant_for_the_rest_of_the_year(
    year: Year,
) -> None:
    since: dict[tuple[str, str, str], datetime] = {}
    for stored in year.answers:
        if meaning_of(stored.answer).final:
            since.setdefault((stored.tenant, stored.patient, stored.answer.trial), stored.answer.at)
    assert len(since) > 20
    for visit in year.visits:
        for trial in TRIALS:
            final_at = since.get((visit.tenant, visit.patient, trial))
            assert final_at is None or visit.at <= final_at or not visit.shows(trial)


def test_who_declined_at_one_tenant_is_still_shown_at_another() -> None:
    """Tenants do not share answers: the other hospital's patient of that name is another chart."""
    no = {"ada": always("overridden", "patient-declined")}
    year = Year((Hospital("north", no, ("p1",), 1), Hospital("south", {"eva": ignores}, ("p1",), 1))).play(60)
    assert [visit.cards > 0 for visit in year.visits if visit.tenant == "north"] == [True] + [False] * 59
    assert all(visit.cards > 0 for visit in year.visits if visit.tenant == "south")


def test_a_declined_patient_is_asked_again_after_a_year_and_not_before() -> None:
    no = {"ada": always("overridden", "patient-declined"), "ben": always("overridden", "patient-declined")}
    year = Year((Hospital("north", no, ("p1",), 1),)).play(800)
    shown = [(visit.day - FIRST_DAY).days for visit in year.visits if visit.cards]
    assert shown == [0, 365, 730]


def test_not_now_is_for_that_user_alone_and_for_thirty_days() -> None:
    users = {"ada": always("overridden", "not-now"), "dia": ignores}
    year = Year((Hospital("north", users, ("p1",), 4),), chart_changes=False).play(100)
    of_ada = sorted({visit.day for visit in year.visits if visit.user == "ada" and visit.cards})
    assert [(day - of_ada[0]).days for day in of_ada] == [0, 30, 60, 90]
    assert all(visit.cards for visit in year.visits if visit.user == "dia")


def test_not_eligible_is_quiet_for_all_until_the_evidence_changes() -> None:
    users = {"ada": always("overridden", "not-eligible"), "ben": always("overridden", "not-eligible")}
    year = Year((Hospital("north", users, ("p1", "p2"), 2),)).play()
    last_shown: dict[str, Visit] = {}
    shown = 0
    for visit in year.visits:
        before = last_shown.get(visit.patient)
        if before is not None:
            assert bool(visit.cards) == evidence_changed(before.traces, visit.traces)
        if visit.cards:
            last_shown[visit.patient] = visit
            shown += 1
    assert 10 < shown < len(year.visits) / 10


def test_a_snoozed_card_is_back_at_the_next_visit_after_an_unknown_became_met() -> None:
    """And only then, before its days are over; it says which."""
    users = {"ada": always("overridden", "not-now")}
    year = Year((Hospital("north", users, ("p1", "p2", "p3"), 3),), policy=Policy(back_off_rate=2)).play()
    answered: dict[str, Visit] = {}
    early = 0
    for visit in year.visits:
        before = answered.get(visit.patient)
        if before is not None and visit.day < before.day + timedelta(days=30):
            became = newly_met(before.traces, visit.traces)
            assert [one.shown for one in visit.decisions] == [bool(became)] * 2
            assert {one.newly_met for one in visit.decisions} == {became}
            early += bool(became)
        if visit.cards:
            answered[visit.patient] = visit
    assert early > 3


@pytest.mark.parametrize(
    "reason", ["not-now", "not-eligible", "not-advised", "patient-declined", "", "other"]
)
def test_who_always_overrides_sees_far_fewer_cards_from_the_second_week_on(reason: str) -> None:
    """In no later week more than a third of the first."""
    stubborn = Hospital("north", {"cem": always("overridden", reason)}, NORTH.patients, visits_a_day=10)
    weeks = Counter[int]()
    for visit in Year((stubborn,)).play().visits:
        weeks[(visit.day - FIRST_DAY).days // 7] += visit.cards
    assert weeks[0] > 20
    assert max(weeks[later] for later in range(1, 53)) <= weeks[0] / 3, weeks


@pytest.mark.parametrize("reason", ["not-advised", "patient-declined"])
def test_who_always_gives_a_lasting_no_is_hardly_asked_any_more(reason: str) -> None:
    """After three months, when every patient has been answered for: only what is newly met comes back."""
    stubborn = Hospital("north", {"cem": always("overridden", reason)}, NORTH.patients, visits_a_day=10)
    visits = Year((stubborn,)).play().visits
    early = sum(visit.cards for visit in visits[:900])
    late = sum(visit.cards for visit in visits[-900:])
    assert late < early / 3


def test_repeats_of_answered_cards_are_what_the_policy_takes_away() -> None:
    """The same 60 days with every candidate shown: more than nine in ten cards are left out."""
    open_to_all = Policy(
        declined_days=0,
        not_now_days=0,
        other_study_days=0,
        patients_per_user_and_day=1000,
        back_off_after=10**6,
    )
    year = Year((Hospital("north", {"ada": always("overridden", "not-now")}, NORTH.patients, 20),)).play(60)
    shown, every = (
        sum(v.cards for v in one.visits) for one in (year, year.with_policy(open_to_all).play(60))
    )
    assert every == 60 * 20 * 2
    assert shown < every / 10


def test_a_trial_that_everybody_overrides_backs_off_and_comes_back() -> None:
    """One patient a day and user while the rate is high; all again once the answers are old."""
    users = {"ada": always("overridden", "not-advised")}
    policy = Policy(declined_days=0, not_now_days=0, patients_per_user_and_day=9, back_off_days=30)
    year = Year((Hospital("north", users, NORTH.patients, 8),), policy=policy, chart_changes=False).play(5)
    per_day = Counter(visit.day for visit in year.visits if visit.shows("LUPUS"))
    assert per_day[FIRST_DAY] > 6
    assert per_day[FIRST_DAY + timedelta(days=4)] <= 2
    year.hospitals[0].habits["ada"] = ignores
    year.answers[:] = [one._replace(day=one.day - timedelta(days=40)) for one in year.answers]
    history = year.history(FIRST_DAY + timedelta(days=5), "north", "ada", "p0")
    assert {rate.answered for rate in history.rates.values()} == {0}
