"""Feedback: kept once, counted only from who got the card, and the newest decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from cards import wording
from cds_service.audit.key_ring import KeyRing
from cds_service.storage.database import Database
from cds_service.storage.records import FeedbackItem
from cds_service.storage.store import Store
from cds_service.storage.tables import early_feedback, feedback
from tests.storage.samples import (
    DAY_BEGAN,
    NEW_RING,
    NOW,
    OLD_RING,
    POLICIES,
    ROTATED_RING,
    USER,
    accepted,
    assessed,
    call,
    days,
    overridden,
    subject,
)


def send(
    store: Store, *items: FeedbackItem, client: str = "ehr", tenant: str = "north", at: datetime = NOW
) -> tuple[int, ...]:
    return tuple(store.add_feedback(client, tenant, items, "", at))


def outcomes(store: Store) -> list[str]:
    return [one.outcome for one in store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers]


def rows(store: Store) -> int:
    with store.database.autocommit() as connection:
        return connection.execute(select(func.count()).select_from(feedback)).scalar_one()


CARD = assessed()


@pytest.mark.parametrize(
    ("again", "counts"),
    [
        (overridden(CARD), (0, 1, 0)),
        (replace(overridden(CARD), at=NOW.astimezone(timezone(timedelta(hours=5)))), (0, 1, 0)),
        (replace(overridden(CARD), card=CARD.card.upper()), (0, 1, 0)),
        (overridden(CARD, comment="second thoughts"), (0, 1, 0)),
        (overridden(CARD, "patient-declined"), (1, 0, 0)),
        (overridden(CARD, at=NOW + timedelta(milliseconds=1)), (1, 0, 0)),
        (accepted(CARD, "refer"), (1, 0, 0)),
        (replace(overridden(CARD), reason_system="urn:other"), (1, 0, 0)),
    ],
    ids=[
        "same",
        "same instant",
        "upper case",
        "other comment",
        "other reason",
        "other time",
        "other outcome",
        "other system",
    ],
)
def test_what_is_the_same_item_again(store: Store, again: FeedbackItem, counts: tuple[int, ...]) -> None:
    store.record_shown([call(CARD)])
    assert send(store, overridden(CARD)) == (1, 0, 0)
    assert send(store, again) == counts
    assert rows(store) == 1 + counts[0]


def test_other_suggestions_are_another_item_and_their_order_is_none(store: Store) -> None:
    store.record_shown([call(CARD)])
    both = accepted(CARD, "refer", "order")
    assert send(store, both, accepted(CARD, "refer")) == (2, 0, 0)
    assert send(store, replace(both, suggestions=both.suggestions[::-1])) == (0, 1, 0)


def test_an_item_twice_in_one_body_is_kept_once(store: Store) -> None:
    store.record_shown([call(CARD)])
    assert send(store, overridden(CARD), overridden(CARD)) == (1, 1, 0)


@pytest.mark.parametrize(("client", "tenant"), [("other", "north"), ("ehr", "south"), ("ehr", "")])
def test_feedback_counts_only_from_who_got_the_card(store: Store, client: str, tenant: str) -> None:
    store.record_shown([call(CARD)])
    assert send(store, overridden(CARD), client=client, tenant=tenant) == (0, 0, 1)
    assert outcomes(store) == []


@pytest.mark.parametrize(
    "card",
    ["0b5c8f0e-6d0f-4a43-9f0b-6a7a3c0d9a11", "", "\0", "\ud800", "x" * 10_000, "'; DROP TABLE feedback; --"],
    ids=["uuid", "empty", "NUL", "surrogate", "long", "SQL"],
)
def test_an_unknown_card_is_counted_and_the_others_are_kept(store: Store, card: str) -> None:
    store.record_shown([call(CARD)])
    assert send(store, replace(overridden(CARD), card=card), overridden(CARD)) == (1, 0, 1)


def test_suggestions_of_other_cards_are_ignored_and_counted(store: Store) -> None:
    stranger = assessed()
    store.record_shown([call(CARD), call(stranger)])
    mixed = replace(
        accepted(CARD, "order"),
        suggestions=(accepted(CARD, "order").suggestions[0], stranger.suggestions[0][0], "?"),
    )
    assert send(store, mixed) == (1, 0, 2)
    assert [one.referred for one in store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers] == [
        False
    ]


def test_nothing_is_accepted_on_a_card_that_was_overridden(store: Store) -> None:
    store.record_shown([call(CARD)])
    assert send(store, replace(accepted(CARD, "refer"), outcome="overridden")) == (1, 0, 0)
    assert [one.referred for one in store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers] == [
        False
    ]
    assert store.referrals() == ((), 0)


# --- changes of mind

LATER, LATEST = NOW - days(1), NOW - timedelta(hours=1)
SAID = [
    overridden(CARD, at=NOW - days(2)),
    accepted(CARD, "order", at=LATER),
    overridden(CARD, "patient-declined", at=LATEST),
]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_newest_answer_decides_in_whichever_order_they_come(store: Store, order: tuple[int, ...]) -> None:
    store.record_shown([call(CARD)])
    for number in order:
        assert send(store, SAID[number]) == (1, 0, 0)
    found = store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN)
    assert [one.reason for one in found.answers] == ["patient-declined"]
    assert rows(store) == 3


def test_of_two_answers_at_one_time_the_one_received_last_decides(store: Store) -> None:
    store.record_shown([call(CARD)])
    send(store, overridden(CARD), accepted(CARD, "order"))
    assert outcomes(store) == ["accepted"]


def test_a_clock_in_the_future_does_not_silence_later_answers(store: Store) -> None:
    store.record_shown([call(CARD)])
    send(store, overridden(CARD, at=NOW + days(10_000)), at=NOW)
    send(store, accepted(CARD, "order", at=NOW + timedelta(minutes=1)), at=NOW + timedelta(minutes=1))
    assert outcomes(store) == ["accepted"]


@pytest.mark.parametrize(
    "at",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
    ],
)
def test_a_time_that_has_no_utc_is_kept_as_the_time_of_receipt(store: Store, at: datetime) -> None:
    store.record_shown([call(CARD)])
    assert send(store, overridden(CARD, at=at)) == (1, 0, 0)
    assert send(store, overridden(CARD, at=at)) == (0, 1, 0)


HOURS = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
ITEMS = st.lists(
    st.tuples(st.sampled_from(["not-now", "not-eligible", "other-study"]), HOURS), min_size=1, max_size=6
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=ITEMS)
def test_any_feedback_in_any_order_ends_with_the_newest(
    store: Store, said: list[tuple[str, datetime]]
) -> None:
    card, about = assessed(), subject(str(uuid4()))
    store.record_shown([call(card, about=about)])
    kept: list[tuple[datetime, int, str]] = []
    for number, (code, at) in enumerate(said):
        new = (code, at) not in said[:number]
        assert send(store, overridden(card, code, at=at)) == (int(new), int(not new), 0)
        if new:
            kept.append((min(at, NOW), number, code))
    answers = store.history(about, USER, POLICIES, NOW, DAY_BEGAN).answers
    assert [one.reason for one in answers] == [max(kept)[2]]


# --- reasons and comments


@pytest.mark.parametrize(
    ("system", "code", "kept"),
    [
        (wording.OVERRIDE_SYSTEM, "patient-declined", "patient-declined"),
        ("", "patient-declined", "patient-declined"),
        ("urn:of-the-ehr", "patient-declined", "other"),
        (wording.OVERRIDE_SYSTEM, "mrn-1234567", "other"),
        ("", "", ""),
    ],
)
def test_a_reason_that_is_not_ours_is_kept_secret(
    store: Store, ring: KeyRing, system: str, code: str, kept: str
) -> None:
    store.record_shown([call(CARD)])
    send(store, FeedbackItem(CARD.card, "overridden", NOW, (), system, code, "said so"))
    with store.database.autocommit() as connection:
        reason, secret = connection.execute(select(feedback.c.reason, feedback.c.secret)).one()
    assert reason == kept
    private = orjson.loads(ring.decrypt(secret))
    assert private.pop("comment") == "said so"
    assert private == ({"system": system, "code": code} if kept == "other" else {})


def test_feedback_without_a_comment_has_no_secret(store: Store) -> None:
    store.record_shown([call(CARD)])
    send(store, overridden(CARD))
    with store.database.autocommit() as connection:
        assert connection.execute(select(feedback.c.secret)).scalar_one() is None


def test_every_reason_of_our_cards_is_told_to_the_policy(store: Store) -> None:
    for code, _ in wording.OVERRIDE_REASONS:
        card = assessed()
        store.record_shown([call(card)])
        send(store, overridden(card, code))
    answers = store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers
    assert {one.reason for one in answers} == {code for code, _ in wording.OVERRIDE_REASONS}


def test_many_items_are_all_kept(store: Store) -> None:
    cards = [assessed() for _ in range(250)]
    store.record_shown([call(card, about=subject(f"p{number}")) for number, card in enumerate(cards)])
    assert send(store, *map(overridden, cards)) == (250, 0, 0)
    assert send(store, *map(overridden, cards)) == (0, 250, 0)


def test_what_was_received_is_in_utc(store: Store) -> None:
    store.record_shown([call(CARD)])
    send(store, overridden(CARD), at=NOW.astimezone(timezone(timedelta(hours=-7))))
    (answer,) = store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers
    assert (answer.at, answer.at.tzinfo) == (NOW, UTC)


def test_an_accepted_referral_is_not_forgotten_by_what_is_done_with_the_card_afterwards(store: Store) -> None:
    """The EHR sends one feedback per button: "Refer", then "Order", then the card is dismissed."""
    store.record_shown([call(CARD)])
    send(store, accepted(CARD, "refer"))
    send(store, accepted(CARD, "order", at=NOW + timedelta(seconds=5)))
    send(store, overridden(CARD, at=NOW + timedelta(seconds=9)))
    answers = store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers
    assert [answer.referred for answer in answers].count(True) == 1
    assert len(store.referrals().patients) == 1


def test_an_answer_says_which_card_it_is_about_and_when_that_was_shown(store: Store) -> None:
    store.record_shown([call(CARD, at=NOW - timedelta(days=1))])
    send(store, overridden(CARD))
    [answer] = store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers
    assert (answer.card, answer.shown_at) == (CARD.card, NOW - timedelta(days=1))


def test_feedback_that_comes_before_the_record_of_its_card_is_counted_when_that_comes(store: Store) -> None:
    """As when the process that showed the card still waits for the database to be back."""
    assert send(store, overridden(CARD, "patient-declined", comment="secret")) == (0, 0, 1)
    assert send(store, overridden(CARD, "patient-declined", comment="secret")) == (0, 0, 1)
    assert outcomes(store) == []
    store.record_shown([call(CARD)])
    [answer] = store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers
    assert (answer.outcome, answer.reason, answer.by_this_user) == ("overridden", "patient-declined", True)
    assert rows(store) == 1


def everything_early(store: Store) -> list[object]:
    """The rows of feedback that waits for the record of its card."""
    with store.database.autocommit() as connection:
        return list(connection.execute(select(early_feedback)))


def test_feedback_on_what_cannot_be_a_card_of_ours_does_not_wait(store: Store) -> None:
    for odd in ("John Doe, MRN 12345", "", f"{CARD.card}0"):
        assert send(store, replace(overridden(CARD), card=odd)) == (0, 0, 1)
    assert everything_early(store) == []


def test_feedback_that_waits_and_can_no_longer_be_read_goes_when_its_card_comes(database: Database) -> None:
    send(Store(database, OLD_RING), overridden(CARD))
    store = Store(database, NEW_RING)
    store.record_shown([call(CARD)])
    assert everything_early(store) == []
    assert outcomes(store) == []
    assert send(store, overridden(CARD)) == (1, 0, 0)


def test_a_repeat_is_one_after_the_keys_were_rotated(database: Database) -> None:
    old, rotated = Store(database, OLD_RING), Store(database, ROTATED_RING)
    old.record_shown([call(CARD)])
    assert send(old, overridden(CARD)) == (1, 0, 0)
    assert send(rotated, overridden(CARD), overridden(CARD, "patient-declined")) == (1, 1, 0)
    assert rows(rotated) == 2


def test_what_tells_a_repeat_tells_nothing_without_the_keys(store: Store) -> None:
    """The same item about the same card, kept under another key: nobody can try out what the reason was."""
    kept: list[str] = []
    for ring in (OLD_RING, NEW_RING):
        mine = Store(store.database, ring)
        mine.record_shown([call(CARD)])
        send(mine, overridden(CARD, "mrn-1234567"))
        with store.database.autocommit() as connection:
            kept += connection.execute(select(feedback.c.fingerprint)).scalars().all()
        mine.forget(subject())
    assert len(set(kept)) == 2


@pytest.mark.parametrize(("client", "tenant"), [("other", "north"), ("ehr", "south")])
def test_early_feedback_from_anybody_else_never_counts(store: Store, client: str, tenant: str) -> None:
    send(store, overridden(CARD, "patient-declined"), client=client, tenant=tenant)
    store.record_shown([call(CARD)])
    assert outcomes(store) == []
