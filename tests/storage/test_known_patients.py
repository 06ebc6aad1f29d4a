"""Silent candidates and referrals: encrypted, once for each patient and trial, read with the ring only."""

from __future__ import annotations

from datetime import datetime

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cds_service.audit.key_ring import KeyRing
from cds_service.storage import sealing
from cds_service.storage.database import Database
from cds_service.storage.past import KnownPatient, KnownPatients
from cds_service.storage.records import Subject
from cds_service.storage.store import Store
from tests.storage.samples import (
    NEW_RING,
    NOW,
    OLD_RING,
    OTHER_TRIAL,
    ROTATED_RING,
    TRIAL,
    accepted,
    assessed,
    call,
    days,
    overridden,
    subject,
)


def silent(*trials: str, about: Subject | None = None, at: datetime = NOW) -> object:
    return call(assessed(card=False, silenced="silent"), about=about, at=at, candidates=trials)


def record(store: Store, *records: object) -> None:
    store.record_shown(records)  # type: ignore[arg-type]


def test_a_silent_candidate_can_be_found_again(store: Store) -> None:
    record(store, silent(TRIAL))
    assert store.silent_candidates() == KnownPatients((KnownPatient(TRIAL, subject(), NOW, NOW),), 0)


def test_a_patient_is_one_candidate_of_a_trial_however_often_seen(store: Store) -> None:
    record(store, silent(TRIAL, at=NOW - days(3)), silent(TRIAL, at=NOW - days(2)))
    record(store, silent(TRIAL, OTHER_TRIAL, TRIAL))
    found = store.silent_candidates().patients
    assert {(one.trial, one.first_seen, one.last_seen) for one in found} == {
        (TRIAL, NOW - days(3), NOW),
        (OTHER_TRIAL, NOW, NOW),
    }


def test_those_seen_last_come_first(store: Store) -> None:
    for patient, days_ago in (("p1", 2), ("p2", 1), ("p3", 3)):
        record(store, silent(TRIAL, about=subject(patient), at=NOW - days(days_ago)))
    assert [one.subject.patient_id for one in store.silent_candidates().patients] == ["p2", "p1", "p3"]


@pytest.mark.parametrize(
    ("client", "trial", "found"),
    [
        (None, None, 3),
        ("ehr", None, 2),
        ("other", None, 1),
        (None, TRIAL, 2),
        ("ehr", TRIAL, 1),
        ("third", None, 0),
    ],
)
def test_candidates_of_one_client_and_trial(
    store: Store, client: str | None, trial: str | None, found: int
) -> None:
    record(store, silent(TRIAL, OTHER_TRIAL), silent(TRIAL, about=subject(client="other")))
    assert len(store.silent_candidates(client, trial).patients) == found


def test_a_candidate_outlives_the_rotation_of_keys_and_stays_one(database: Database) -> None:
    old, rotated, new = (Store(database, ring) for ring in (OLD_RING, ROTATED_RING, NEW_RING))
    record(old, silent(TRIAL, about=subject("p1")), silent(TRIAL, about=subject("p2")))
    assert len(rotated.silent_candidates().patients) == 2
    record(rotated, silent(TRIAL, about=subject("p1")))
    assert len(rotated.silent_candidates().patients) == 2
    found = new.silent_candidates()
    assert [one.subject.patient_id for one in found.patients] == ["p1"]
    assert found.unreadable == 1


def test_a_known_patient_is_not_told_by_its_repr(store: Store) -> None:
    record(store, silent(TRIAL, about=subject("MARKED")))
    assert "MARKED" not in repr(store.silent_candidates())


# --- referrals


def test_a_referral_is_known_once_it_is_accepted(store: Store) -> None:
    card = assessed()
    record(store, call(card, at=NOW - days(1)))
    assert store.referrals() == ((), 0)
    store.add_feedback("ehr", "north", [accepted(card, "refer")], "", NOW)
    assert store.referrals() == ((KnownPatient(TRIAL, subject(), NOW, NOW),), 0)


def test_accepting_another_suggestion_refers_nobody(store: Store) -> None:
    card = assessed()
    record(store, call(card))
    store.add_feedback("ehr", "north", [accepted(card, "order")], "", NOW)
    assert store.referrals() == ((), 0)


def test_a_referral_stays_whatever_is_done_with_the_card_later(store: Store) -> None:
    """The study team has the case in hand; a card that is dismissed afterwards does not take it from them."""
    card = assessed()
    record(store, call(card))
    found = []
    for hours, item in enumerate(
        (
            accepted(card, "refer", at=NOW),
            overridden(card, at=NOW + days(1)),
            accepted(card, "refer", at=NOW + days(2)),
        )
    ):
        store.add_feedback("ehr", "north", [item], "", NOW + days(hours))
        found.append(len(store.referrals().patients))
    assert found == [1, 1, 1]


def test_a_patient_referred_on_two_cards_is_listed_once(store: Store) -> None:
    cards = [assessed(), assessed()]
    record(store, *map(call, cards))
    store.add_feedback("ehr", "north", [accepted(card, "refer") for card in cards], "", NOW)
    assert len(store.referrals().patients) == 1


def test_referrals_of_one_client_and_trial(store: Store) -> None:
    card = assessed()
    record(store, call(card))
    store.add_feedback("ehr", "north", [accepted(card, "refer")], "", NOW)
    assert [
        len(store.referrals(*asked).patients)
        for asked in (("ehr", TRIAL), ("other", TRIAL), ("ehr", OTHER_TRIAL))
    ] == [1, 0, 0]


def test_a_card_shown_before_a_rotation_can_be_accepted_after_it(database: Database) -> None:
    card = assessed()
    record(Store(database, OLD_RING), call(card))
    Store(database, ROTATED_RING).add_feedback("ehr", "north", [accepted(card, "refer")], "", NOW)
    assert [one.subject for one in Store(database, NEW_RING).referrals().patients] == [subject()]


# --- sealing


def test_what_is_sealed_opens_with_the_uuid_of_the_suggestion_and_the_ring_only(ring: KeyRing) -> None:
    uuid = "0b5c8f0e-6d0f-4a43-9f0b-6a7a3c0d9a11"
    secret = sealing.sealed(ring, subject(), uuid)
    assert sealing.opened(ring, secret, uuid.upper()) == subject()
    assert sealing.opened(ring, secret, uuid.replace("0", "1")) is None
    assert sealing.opened(KeyRing.random(), secret, uuid) is None
    assert sealing.decrypted(ring, sealing.encrypted(ring, subject())) == subject()
    assert sealing.decrypted(KeyRing.random(), sealing.encrypted(ring, subject())) is None


def test_by_what_a_suggestion_is_found_does_not_open_it(ring: KeyRing) -> None:
    uuid = "0b5c8f0e-6d0f-4a43-9f0b-6a7a3c0d9a11"
    kept, secret = sealing.suggestion_digest(uuid), sealing.sealed(ring, subject(), uuid)
    assert sealing.opened(ring, secret, kept) is None
    inner = ring.decrypt(secret)
    with pytest.raises(InvalidTag):
        AESGCM(bytes.fromhex(kept)).decrypt(inner[:12], inner[12:], None)


def test_any_text_can_be_sealed(ring: KeyRing) -> None:
    odd = Subject("\0", "\ud800", "é", "x" * 10_000)
    assert sealing.opened(ring, sealing.sealed(ring, odd, "\ud800"), "\ud800") == odd
