"""Ids that work once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from cds_service.audit.key_ring import KeyRing
from cds_service.signing_in.one_time import OneTime
from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import one_time
from tests.storage.test_privacy import everything_in

NOW = datetime(2026, 6, 15, 14, 30, tzinfo=UTC)
MINUTES = timedelta(minutes=10)


@pytest.fixture
def values(database: Database, ring: KeyRing) -> OneTime:
    return OneTime(database, ring)


def test_what_was_given_is_taken_once(values: OneTime) -> None:
    ident = values.give("launch", {"patient": "p1", "é": [1]}, MINUTES, NOW)
    assert values.peek("launch", ident, NOW) == {"patient": "p1", "é": [1]}
    assert values.take("launch", ident, NOW) == {"patient": "p1", "é": [1]}
    assert values.take("launch", ident, NOW) is None
    assert values.peek("launch", ident, NOW) is None


def test_of_many_who_take_at_once_one_gets_it(values: OneTime) -> None:
    ident = values.give("launch", {"patient": "p1"}, MINUTES, NOW)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: values.take("launch", ident, NOW), range(16)))
    assert [one for one in taken if one] == [{"patient": "p1"}]


@pytest.mark.parametrize(
    ("purpose", "change", "at"),
    [
        ("sign-in", "", NOW),
        ("launch", "x", NOW),
        ("launch", "", NOW + MINUTES),
    ],
    ids=["for another purpose", "under another id", "when its time is over"],
)
def test_nothing_is_taken(values: OneTime, purpose: str, change: str, at: datetime) -> None:
    ident = values.give("launch", {"patient": "p1"}, MINUTES, NOW)
    asked = change + ident[len(change) :]
    assert values.peek(purpose, asked, at) is None
    assert values.take(purpose, asked, at) is None
    assert values.take("launch", ident, NOW + MINUTES - timedelta(seconds=1)) is not None


@pytest.mark.parametrize("ident", ["", "short", "ü" * 43, "x" * 100_000, "../../../etc/passwd", "\0" * 43])
def test_what_is_no_id_of_ours_takes_nothing(values: OneTime, ident: str) -> None:
    assert values.take("launch", ident, NOW) is None
    assert values.peek("launch", ident, NOW) is None


def test_neither_the_id_nor_what_it_stands_for_is_in_the_database(
    values: OneTime, database: Database
) -> None:
    ident = values.give("launch", {"patient": "MARKED"}, MINUTES, NOW)
    written = everything_in(database)
    assert "launch" in written, "nothing was read"
    assert "MARKED" not in written
    assert ident not in written


def test_who_lost_the_key_cannot_read_it(values: OneTime, database: Database) -> None:
    ident = values.give("launch", {"patient": "p1"}, MINUTES, NOW)
    assert OneTime(database, KeyRing.random()).peek("launch", ident, NOW) is None


def test_what_is_over_is_deleted_now_and_then(values: OneTime, database: Database) -> None:
    values.give("launch", {}, MINUTES, NOW)
    later = NOW + timedelta(days=1)
    for _ in range(63):
        values.give("launch", {}, MINUTES, later)
    with database.autocommit() as connection:
        left = connection.execute(select(one_time.c.expires)).scalars().all()
    assert len(left) == 63
    assert min(left) > NOW + MINUTES


# --- one at a time


def test_of_many_who_want_to_hold_it_at_once_one_does(values: OneTime) -> None:
    with ThreadPoolExecutor(8) as threads:
        held = list(threads.map(lambda _: values.hold("renewal", "w1", MINUTES, NOW), range(16)))
    assert [one for one in held if one] == [NOW + MINUTES]
    assert values.held("renewal", "w1", NOW)
    assert not values.held("renewal", "w2", NOW)
    assert values.hold("renewal", "w2", MINUTES, NOW) is not None


def test_what_was_let_go_can_be_held_again(values: OneTime) -> None:
    until = values.hold("renewal", "w1", MINUTES, NOW)
    assert until is not None
    values.let_go("renewal", "w1", until)
    assert not values.held("renewal", "w1", NOW)
    assert values.hold("renewal", "w1", MINUTES, NOW) is not None


def test_what_the_dead_hold_passes_on_and_is_not_given_back_by_them(values: OneTime) -> None:
    first = values.hold("renewal", "w1", MINUTES, NOW)
    later = NOW + MINUTES
    assert first is not None
    assert not values.held("renewal", "w1", later)
    assert values.hold("renewal", "w1", MINUTES, later) is not None
    values.let_go("renewal", "w1", first)
    assert values.held("renewal", "w1", later)
