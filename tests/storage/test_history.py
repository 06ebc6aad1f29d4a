"""What the fatigue policy is told: answers about a patient, patients of a user today, rates of a client."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import Answer, History, Rate
from cds_service.fatigue.policy import Policy
from cds_service.storage.database import Database
from cds_service.storage.purging import PurgeCounts
from cds_service.storage.records import CallRecord, Subject
from cds_service.storage.store import Store
from tests.storage.conftest import ON_SQLITE
from tests.storage.samples import (
    DAY_BEGAN,
    NEW_RING,
    NOW,
    OLD_RING,
    OTHER_TRIAL,
    POLICIES,
    ROTATED_RING,
    TRACES,
    TRIAL,
    USER,
    accepted,
    assessed,
    call,
    days,
    overridden,
    subject,
)


def past(store: Store, about: Subject | None = None, user: str = USER) -> History:
    return store.history(about or subject(), user, POLICIES, NOW, DAY_BEGAN)


def answer(
    store: Store, *feedback: object, user: str = "", client: str = "ehr", tenant: str = "north"
) -> None:
    store.add_feedback(client, tenant, feedback, user, NOW)  # type: ignore[arg-type]


def test_of_someone_never_seen_there_is_no_history(store: Store) -> None:
    assert past(store) == History()


# --- answers


def test_an_answer_says_what_was_answered_when_and_on_which_evidence(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card)])
    answer(store, overridden(card, "not-now", at=NOW - days(1)))
    expected = Answer(TRIAL, "overridden", "not-now", NOW, True, False, TRACES, card.card, NOW)
    assert past(store).answers == (expected,)


def test_answers_are_those_of_this_patient_at_this_tenant_of_this_client(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card)])
    answer(store, overridden(card))
    others = [
        subject("p2"),
        subject(tenant="south"),
        subject(client="other"),
        subject()._replace(fhir_base="https://ehr.example/other"),
    ]
    assert [len(past(store, other).answers) for other in [subject(), *others]] == [1, 0, 0, 0, 0]


def test_parts_of_a_patient_s_name_are_not_run_together(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card, about=Subject("ehr", "nor", "th", "p1"))])
    answer(store, overridden(card), tenant="nor")
    assert past(store, Subject("ehr", "nort", "h", "p1")).answers == ()
    assert len(past(store, Subject("ehr", "nor", "th", "p1")).answers) == 1


def test_the_newest_answer_comes_first(store: Store) -> None:
    cards = [assessed() for _ in range(3)]
    store.record_shown([call(card) for card in cards])
    for days_ago, card in ((20, cards[0]), (5, cards[1]), (9, cards[2])):
        store.add_feedback("ehr", "north", [overridden(card)], "", NOW - days(days_ago))
    assert [NOW - one.at for one in past(store).answers] == [days(5), days(9), days(20)]


@pytest.mark.parametrize(
    ("given_by", "asking", "by_this_user"),
    [
        ("", USER, True),  # the client does not say: whoever was shown the card
        ("", "Practitioner/8", False),
        ("Practitioner/8", "Practitioner/8", True),
        ("Practitioner/8", USER, False),
        ("", "", False),
    ],
)
def test_an_answer_is_by_this_user(store: Store, given_by: str, asking: str, by_this_user: bool) -> None:
    card = assessed()
    store.record_shown([call(card)])
    answer(store, overridden(card), user=given_by)
    assert [one.by_this_user for one in past(store, user=asking).answers] == [by_this_user]


def test_a_card_that_was_shown_to_nobody_we_know_can_be_answered(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card, user="")])
    answer(store, overridden(card))
    assert [one.by_this_user for one in past(store, user="").answers] == [False]


@pytest.mark.parametrize(
    ("kinds", "referred"), [(("refer",), True), (("refer", "order"), True), (("order",), False), ((), False)]
)
def test_a_patient_is_referred_if_the_suggestion_to_refer_was_accepted(
    store: Store, kinds: tuple[str, ...], referred: bool
) -> None:
    card = assessed()
    store.record_shown([call(card)])
    answer(store, accepted(card, *kinds))
    assert [one.referred for one in past(store).answers] == [referred]


# --- patients of today


def shown_today(store: Store) -> dict[str, int]:
    return dict(past(store).patients_today)


def test_other_patients_are_counted_and_not_renders(store: Store) -> None:
    for patient in ("p2", "p2", "p3", "p1"):
        store.record_shown([call(assessed(), about=subject(patient))])
    assert shown_today(store) == {TRIAL: 2}


def test_each_trial_has_its_count(store: Store) -> None:
    store.record_shown([call(assessed(), assessed(OTHER_TRIAL), about=subject("p2"))])
    store.record_shown([call(assessed(OTHER_TRIAL), about=subject("p3"))])
    assert shown_today(store) == {TRIAL: 1, OTHER_TRIAL: 2}


@pytest.mark.parametrize(
    "record",
    [
        call(assessed(card=False), about=subject("p2")),
        call(assessed(card=False, silenced="snoozed"), about=subject("p2")),
        call(assessed(), about=subject("p2"), user="Practitioner/8"),
        call(assessed(), about=subject("p2"), at=DAY_BEGAN - timedelta(seconds=1)),
        call(assessed(), about=subject("p2", client="other")),
        call(assessed(), about=subject("p2", tenant="south")),
        call(assessed("NCT-that-is-not-asked-for"), about=subject("p2")),
    ],
    ids=[
        "ruled out",
        "held back",
        "another user",
        "yesterday",
        "another client",
        "another tenant",
        "another trial",
    ],
)
def test_what_does_not_count_as_a_patient_of_today(store: Store, record: CallRecord) -> None:
    store.record_shown([record])
    assert shown_today(store) == {}


def test_the_day_begins_when_the_client_says(store: Store) -> None:
    store.record_shown([call(assessed(), about=subject("p2"), at=DAY_BEGAN)])
    assert shown_today(store) == {TRIAL: 1}


def test_without_a_user_no_patients_are_counted(store: Store) -> None:
    store.record_shown([call(assessed(), about=subject("p2"), user="")])
    assert past(store, user="").patients_today == {}


# --- rates


def test_a_rate_counts_the_cards_of_the_policy_s_days_that_were_answered(store: Store) -> None:
    cards = [assessed() for _ in range(5)]
    for number, card in enumerate(cards):
        store.record_shown([call(card, about=subject(f"p{number}"), at=NOW - days(89 if number else 91))])
    answer(store, *(overridden(card) for card in cards[:3]), accepted(cards[3], "refer"))
    assert past(store).rates == {TRIAL: Rate(answered=3, overridden=2)}


def test_each_trial_is_counted_over_the_days_of_its_own_policy(store: Store) -> None:
    cards = {trial: assessed(trial) for trial in POLICIES}
    store.record_shown([call(*cards.values(), at=NOW - days(50))])
    answer(store, *(overridden(card) for card in cards.values()))
    policies = {TRIAL: Policy(back_off_days=49), OTHER_TRIAL: Policy(back_off_days=51)}
    assert store.history(subject(), USER, policies, NOW, DAY_BEGAN).rates == {OTHER_TRIAL: Rate(1, 1)}


def test_a_card_counts_once_and_by_its_last_answer(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card)])
    answer(store, overridden(card, at=NOW - days(2)), accepted(card, "refer", at=NOW - days(1)))
    assert past(store).rates == {TRIAL: Rate(1, 0)}


def test_rates_are_those_of_the_client_at_all_its_tenants(store: Store) -> None:
    for client, tenant in (("ehr", "north"), ("ehr", "south"), ("other", "north")):
        card = assessed()
        store.record_shown([call(card, about=subject(client=client, tenant=tenant))])
        answer(store, overridden(card), client=client, tenant=tenant)
    assert past(store).rates == {TRIAL: Rate(2, 2)}


def test_a_rate_is_at_most_half_a_minute_old_and_never_older_than_our_own_feedback(
    database: Database, ring: KeyRing
) -> None:
    here, elsewhere = Store(database, ring), Store(database, ring)

    def rates(seconds: float) -> Mapping[str, Rate]:
        return here.history(subject(), USER, POLICIES, NOW + timedelta(seconds=seconds), DAY_BEGAN).rates

    cards = [assessed(), assessed()]
    here.record_shown([call(card) for card in cards])
    assert rates(0) == {}
    answer(elsewhere, overridden(cards[0]))
    assert rates(29) == {}
    assert rates(30) == {TRIAL: Rate(1, 1)}
    answer(here, overridden(cards[1]))
    assert rates(31) == {TRIAL: Rate(2, 2)}


# --- keys are rotated


def test_answers_outlive_the_rotation_of_keys(database: Database) -> None:
    old, rotated, new = (Store(database, ring) for ring in (OLD_RING, ROTATED_RING, NEW_RING))
    card = assessed()
    old.record_shown([call(card)])
    answer(old, overridden(card))
    assert [one.by_this_user for one in past(rotated).answers] == [True]
    assert past(new).answers == (), "the old key was taken out too early"
    rotated.record_shown([call(assessed(card=False))])
    assert [one.by_this_user for one in past(new).answers] == [True], "seen again: the new key suffices"


def test_a_patient_seen_before_and_after_a_rotation_counts_once(database: Database) -> None:
    old, rotated = Store(database, OLD_RING), Store(database, ROTATED_RING)
    for patient in ("p2", "p3"):
        old.record_shown([call(assessed(), about=subject(patient))])
    for patient in ("p3", "p4"):
        rotated.record_shown([call(assessed(), about=subject(patient))])
    assert shown_today(rotated) == {TRIAL: 3}


def test_during_a_rotation_this_patient_is_still_not_another_one(database: Database) -> None:
    old, rotated = Store(database, OLD_RING), Store(database, ROTATED_RING)
    rotated.record_shown([call(assessed())])
    old.record_shown([call(assessed())])  # a process that has not been restarted yet: a second row
    assert shown_today(rotated) == {}


# --- what is recorded


def test_recording_the_same_call_again_changes_nothing(store: Store) -> None:
    card = assessed()
    record = call(card, assessed(OTHER_TRIAL, card=False), about=subject("p2"))
    store.record_shown([record])
    answer(store, overridden(card))
    store.record_shown([record, call(assessed(), about=subject("p3")), record])
    assert shown_today(store) == {TRIAL: 2}
    assert len(past(store, subject("p2")).answers) == 1
    assert store.purge(NOW + days(1), NOW).shown == 3


def test_a_call_that_assessed_nothing_leaves_nothing(store: Store) -> None:
    store.record_shown([])
    store.record_shown([call()])
    assert store.purge(NOW + days(1), NOW) == PurgeCounts()


def test_any_text_from_a_client_can_be_recorded(store: Store) -> None:
    for odd in ("\0", "\ud800", "é" * 5000, "'", "%s"):
        about = Subject("ehr", odd, odd, odd)
        card = assessed()
        store.record_shown([call(card, about=about, user=odd or "u")])
        counts = store.add_feedback("ehr", odd, [overridden(card, comment=odd)], odd, NOW)
        assert counts == (1, 0, 0), ascii(odd[:5])
        assert len(past(store, about).answers) == 1


def test_patients_may_be_recorded_and_forgotten_in_any_order_at_once(store: Store) -> None:
    """Two transactions neither wait for each other in a circle nor refer to whom the other has deleted."""

    def record(seed: int) -> None:
        order = Random(seed)
        for turn in range(12):
            patients = [f"p{turn}-{number}" for number in range(15)]
            order.shuffle(patients)
            store.record_shown(
                [call(assessed(), about=subject(patient), user=patient) for patient in patients]
            )

    def forget(seed: int) -> None:
        order = Random(seed)
        for _ in range(60):
            store.forget(subject(f"p{order.randrange(12)}-{order.randrange(15)}"))

    with ThreadPoolExecutor(6) as pool:
        everything = [pool.submit(record, seed) for seed in range(4)]
        everything += [pool.submit(forget, seed) for seed in range(2)]
        for one in everything:
            one.result()
    assert store.database.available


# --- its cost


def steps_of_the_history(store: Store) -> int:
    """Of SQLite's machine."""
    steps = count()
    with store.database.autocommit() as connection:
        raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(lambda: next(steps) < 0, 1)
    past(store, user="")
    raw.set_progress_handler(None, 0)
    return next(steps)


@ON_SQLITE
def test_the_history_of_a_patient_whose_card_is_shown_every_day_costs_no_more(store: Store) -> None:
    store.record_shown([call(assessed(), at=NOW - days(1))])
    steps_of_the_history(store)  # asks for the rates, which are remembered
    once = steps_of_the_history(store)
    store.record_shown([call(assessed(), at=NOW - days(number)) for number in range(2, 200)])
    assert steps_of_the_history(store) == once > 0
