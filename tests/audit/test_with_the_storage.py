"""The trail on the real database and store: SQLite, and PostgreSQL where `-m postgres` asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from cds_service.audit import spool, writer
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.rows import purge_audit, read_events
from cds_service.audit.trail import Trail
from cds_service.storage.database import Database
from cds_service.storage.records import FeedbackItem
from cds_service.storage.store import Store
from tests.audit.conftest import soon
from tests.audit.records import AT, SHOWN, USER, call_record
from tests.storage.postgres import Cluster

RING = KeyRing.random()


class File:
    """A database that is away when its file is, as while an operator restores a backup."""

    def __init__(self, folder: Path) -> None:
        self._file, self._elsewhere = folder / "trialhook.db", folder / "elsewhere.db"
        self.url = f"sqlite:///{self._file}"

    def stop(self) -> None:
        self._file.rename(self._elsewhere)

    def start(self) -> None:
        self._elsewhere.rename(self._file)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[File | Cluster]:
    """What may be stopped and started."""
    if request.param == "sqlite":
        yield File(tmp_path)
        return
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def database(server: File | Cluster) -> Iterator[Database]:
    database = Database(server.url, wait=1.0, pause=0.02)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def trail(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trail]:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(spool, "LOOK_SECONDS", 0.0)
    trail = Trail(database, RING, tmp_path / "spool", 2.0, record_shown=Store(database, RING).record_shown)
    yield trail
    trail.close()


def instances(database: Database) -> list[str]:
    return [orjson.loads(event.body)["hookInstance"] for event in read_events(database)]


def kept(database: Database) -> int:
    """How many answers to the card are kept: none if the store does not know that it was shown."""
    answer = FeedbackItem(SHOWN.card, "overridden", AT + timedelta(minutes=1))
    return Store(database, RING).add_feedback("ehr-one", "clinic", [answer], USER, AT).kept


def test_an_acknowledged_call_is_in_the_trail_and_its_card_may_be_answered(
    trail: Trail, database: Database
) -> None:
    record = call_record()
    trail.call(record)
    assert instances(database) == [record.hook_instance]
    assert kept(database) == 1


def test_a_database_that_goes_and_comes_back_gets_everything_once(
    trail: Trail, database: Database, server: File | Cluster
) -> None:
    records = [call_record(trials=()) for _ in range(8)] + [call_record()]
    for number, record in enumerate(records):
        if number == 3:
            database.close()
            server.stop()
        trail.call(record)
    server.start()
    assert soon(lambda: database.check() and len(instances(database)) == 9)
    assert sorted(instances(database)) == sorted(record.hook_instance for record in records)
    assert soon(lambda: kept(database) == 1)
    assert trail.tally.counts == {"spooled": 6, "imported": 6}


def test_a_long_trail_is_read_page_by_page_and_purged(trail: Trail, database: Database) -> None:
    for number in range(5):
        trail.call(call_record(at=AT + timedelta(days=number), trials=()))
    days = [event.at - AT for event in read_events(database, since=AT + timedelta(days=1))]
    assert days == [timedelta(days=number) for number in (1, 2, 3, 4)]
    assert purge_audit(database, AT + timedelta(days=2), now=AT + timedelta(days=9)) == 2
    assert [event.kind for event in read_events(database)] == ["call", "call", "call", "purge"]
