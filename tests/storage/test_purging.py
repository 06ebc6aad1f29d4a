"""What is older than the retention time goes, and all about one patient if asked."""

from __future__ import annotations

import pytest

from cds_service.storage import purging
from cds_service.storage.database import Database
from cds_service.storage.purging import ForgetCounts, PurgeCounts, due
from cds_service.storage.store import Store
from tests.storage.samples import (
    DAY_BEGAN,
    NEW_RING,
    NOW,
    OLD_RING,
    POLICIES,
    ROTATED_RING,
    TRIAL,
    USER,
    accepted,
    assessed,
    call,
    days,
    left,
    overridden,
    subject,
)

BEFORE = NOW - days(730)
OLD, YOUNG = BEFORE - days(1), BEFORE + days(1)


def fill(store: Store) -> None:
    """One patient of each age: a card that was answered, a silent candidate, a token."""
    for patient, at in (("old", OLD), ("young", YOUNG)):
        card = assessed()
        store.record_shown([call(card, about=subject(patient), user=patient, at=at, candidates=[TRIAL])])
        store.add_feedback("ehr", "north", [accepted(card, "refer", at=at)], "", at)
        store.first_use("https://ehr.example", patient, at.timestamp())


HALF = {
    "seen_token": 1,
    "pseudonym": 2,
    "shown": 1,
    "suggestion": 2,
    "feedback": 1,
    "answer": 1,
    "referral": 1,
    "silent_candidate": 1,
}


FOLLOWED = {"trial_referral": 1, "referral_event": 1}


def test_what_is_old_goes_and_what_is_young_stays(store: Store) -> None:
    fill(store)
    assert left(store.database) == {name: count * 2 for name, count in (HALF | FOLLOWED).items()}
    assert store.purge(BEFORE, BEFORE) == PurgeCounts(
        tokens=1, shown=1, feedback=1, referrals=1, candidates=1
    )
    still_open = {"trial_referral": 2, "referral_event": 2, "pseudonym": 4}
    assert left(store.database) == HALF | still_open
    assert [one.subject.patient_id for one in store.referrals().patients] == ["young"]
    assert store.purge(BEFORE, BEFORE) == PurgeCounts()


def test_a_token_goes_when_it_has_expired_and_not_when_it_is_past_retention(store: Store) -> None:
    fill(store)
    assert store.purge(BEFORE - days(10), YOUNG + days(1)) == PurgeCounts(tokens=2)


def test_a_dry_run_counts_the_same_and_deletes_nothing(store: Store) -> None:
    fill(store)
    before = left(store.database)
    with store.database.autocommit() as connection:
        counted = due(connection, BEFORE, BEFORE)
    assert left(store.database) == before
    assert counted == store.purge(BEFORE, BEFORE)._replace(people=0)


def test_an_old_card_that_was_answered_since_stays_with_its_answer(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card, at=OLD)])
    store.add_feedback("ehr", "north", [overridden(card)], "", YOUNG)
    assert store.purge(BEFORE, NOW) == PurgeCounts()
    assert len(store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers) == 1


def test_people_stay_while_anything_refers_to_them(store: Store) -> None:
    store.record_shown([call(assessed(), at=OLD), call(assessed(), at=YOUNG)])
    assert store.purge(BEFORE, NOW) == PurgeCounts(shown=1)
    assert left(store.database)["pseudonym"] == 2


def test_who_only_gave_feedback_goes_with_it(store: Store) -> None:
    card = assessed()
    store.record_shown([call(card, at=OLD)])
    store.add_feedback("ehr", "north", [overridden(card)], "Practitioner/9", OLD)
    assert store.purge(BEFORE, NOW).people == 3
    assert left(store.database) == {}


def test_much_is_deleted_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "BATCH", 3)
    for number in range(10):
        store.record_shown([call(assessed(), about=subject(f"p{number}"), at=OLD, candidates=[TRIAL])])
        store.first_use("https://ehr.example", str(number), OLD.timestamp())
    counts = store.purge(BEFORE, NOW)
    assert counts == PurgeCounts(tokens=10, shown=10, candidates=10, people=11)
    assert left(store.database) == {}


# --- forgetting a patient


def test_a_patient_is_forgotten_wherever_recorded_and_nobody_else_is(store: Store) -> None:
    fill(store)
    store.record_shown([call(assessed(card=False), about=subject("old"), user="young")])
    assert store.forget(subject("old")) == ForgetCounts(
        shown=2, feedback=1, referrals=1, candidates=1, trial_referrals=1
    )
    assert left(store.database) == HALF | FOLLOWED | {"seen_token": 2}
    assert store.forget(subject("old")) == ForgetCounts()


def test_a_patient_is_forgotten_under_every_key(database: Database) -> None:
    rotated, old = Store(database, ROTATED_RING), Store(database, OLD_RING)
    rotated.record_shown([call(assessed())])
    old.record_shown([call(assessed())])
    assert rotated.forget(subject()) == ForgetCounts(shown=2)
    assert left(database) == {}


def test_a_patient_under_a_key_that_was_taken_out_cannot_be_found(database: Database) -> None:
    Store(database, OLD_RING).record_shown([call(assessed())])
    assert Store(database, NEW_RING).forget(subject()) == ForgetCounts()


def test_forgetting_leaves_the_same_patient_id_elsewhere_alone(store: Store) -> None:
    store.record_shown([call(assessed()), call(assessed(), about=subject(tenant="south"))])
    assert store.forget(subject()).shown == 1
    assert left(store.database)["shown"] == 1


def test_a_forgotten_patient_can_be_recorded_again(store: Store) -> None:
    record = call(assessed())
    store.record_shown([record])
    store.forget(subject())
    store.record_shown([record])
    assert left(store.database)["shown"] == 1
