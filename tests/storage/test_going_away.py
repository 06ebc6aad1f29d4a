"""The database goes away and comes back: nobody waits longer than set, and nothing needs a restart."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError
from cds_service.storage.store import Store
from tests.storage.conftest import ON_SQLITE, sqlite_url, upgraded
from tests.storage.postgres import Cluster
from tests.storage.samples import (
    DAY_BEGAN,
    NEW_RING,
    NOW,
    POLICIES,
    USER,
    assessed,
    call,
    overridden,
    subject,
)

WAIT = 0.3
SLACK = 0.1
BACK_WITHIN = 8.0

CARD = assessed()
READ, WRITE = "read", "write"
USES: dict[str, tuple[str, Callable[[Store], object]]] = {
    "first_use": (
        WRITE,
        lambda store: store.first_use("https://ehr.example", os.urandom(8).hex(), NOW.timestamp()),
    ),
    "record_shown": (WRITE, lambda store: store.record_shown([call(assessed())])),
    "history": (READ, lambda store: store.history(subject(), USER, POLICIES, NOW, DAY_BEGAN)),
    "add_feedback": (WRITE, lambda store: store.add_feedback("ehr", "north", [overridden(CARD)], "", NOW)),
    "silent_candidates": (READ, lambda store: store.silent_candidates()),
    "purge": (WRITE, lambda store: store.purge(NOW, NOW)),
}


def refused_after(store: Store, use: Callable[[Store], object]) -> float:
    """Seconds until ``StorageAwayError``; the shortest of three, for the machine may be busy."""
    taken = []
    for _ in range(3):
        began = monotonic()
        with pytest.raises(StorageAwayError):
            use(store)
        taken.append(monotonic() - began)
    return min(taken)


def back_after(store: Store) -> float:
    """Seconds until it can be read and written again."""
    began = monotonic()
    while True:
        try:
            for _, use in USES.values():
                use(store)
        except StorageAwayError:
            assert monotonic() - began < BACK_WITHIN, store.database.trouble
            sleep(0.05)
        else:
            return monotonic() - began


@pytest.fixture
def file(tmp_path: Path, sqlite_template: Path) -> Path:
    path = tmp_path / "trialhook.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


def opened(url: str, pause: float = 0.0) -> Iterator[Store]:
    ours = Database(url, wait=WAIT, pause=pause)
    yield Store(ours, NEW_RING)
    ours.close()


@pytest.fixture
def here(file: Path) -> Iterator[Store]:
    """On SQLite. Every use is a probe, so that each is seen to be refused in time."""
    yield from opened(sqlite_url(file))


# --- SQLite


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("warm", [True, False], ids=["connected", "not connected"])
def test_a_locked_file_refuses_writers_in_time_and_readers_not_at_all(
    here: Store, file: Path, name: str, warm: bool
) -> None:
    if warm:
        back_after(here)
    kind, use = USES[name]
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    if kind == READ:
        use(here)
    else:
        assert refused_after(here, use) < WAIT + SLACK
        assert here.database.trouble == "locked"
        assert not here.database.available
    locker.execute("ROLLBACK")
    locker.close()
    use(here)
    assert here.database.available


def test_a_file_that_is_locked_even_for_readers_refuses_them_in_time(here: Store, file: Path) -> None:
    """As while it is put back from a backup."""
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("PRAGMA journal_mode = DELETE")
    locker.execute("PRAGMA locking_mode = EXCLUSIVE")
    locker.execute("BEGIN EXCLUSIVE")
    for name, (_, use) in USES.items():
        assert refused_after(here, use) < WAIT + SLACK, name
    locker.close()
    back_after(here)


def test_a_file_that_is_moved_away_is_missed_and_found_again(here: Store, file: Path) -> None:
    back_after(here)
    moved = [(path, path.with_name(f"moved-{path.name}")) for path in file.parent.glob("trialhook.db*")]
    for path, to in moved:
        path.rename(to)
    for name, (_, use) in USES.items():
        assert refused_after(here, use) < WAIT + SLACK, name
    assert here.database.trouble == "cannot_open"
    assert not file.exists(), "a file that vanished must not be replaced by an empty one"
    for path, to in moved:
        to.rename(path)
    back_after(here)


def test_a_file_that_is_replaced_is_used_from_then_on(here: Store, file: Path, tmp_path: Path) -> None:
    here.record_shown([call(CARD)])
    other = tmp_path / "backup.db"
    upgraded(sqlite_url(other))
    for log in file.parent.glob("trialhook.db-*"):
        log.unlink()
    other.replace(file)
    assert here.add_feedback("ehr", "north", [overridden(CARD)], "", NOW).unknown == 1


def test_a_file_that_may_not_be_read_refuses_in_time(here: Store, file: Path) -> None:
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("we may read anything here: we are root")
    for name, (_, use) in USES.items():
        assert refused_after(here, use) < WAIT + SLACK, name
    file.chmod(0o600)
    back_after(here)


def test_a_damaged_file_is_away(here: Store, file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(b"x" * len(whole))
    assert refused_after(here, USES["history"][1]) < WAIT + SLACK
    assert here.database.trouble == "not_a_database"
    file.write_bytes(whole)
    back_after(here)


def test_a_folder_that_cannot_be_made_is_reported_at_the_start_and_mended_later(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be", encoding="utf-8")
    ours = Database(sqlite_url(tmp_path / "state" / "trialhook.db"), wait=WAIT, pause=0.0)
    with pytest.raises(StorageAwayError, match=r"trialhook\.db cannot be used now \(cannot_open\)"):
        ours.upgrade()
    assert refused_after(Store(ours, NEW_RING), USES["history"][1]) < WAIT + SLACK
    (tmp_path / "state").unlink()
    back_after(Store(ours, NEW_RING))
    ours.close()


# --- the breaker


@ON_SQLITE
def test_after_a_failure_nobody_waits_and_one_probes(ready_url: str) -> None:
    ours = Database(ready_url, wait=WAIT, pause=1.0)
    store = Store(ours, NEW_RING)
    locker = sqlite3.connect(ready_url.removeprefix("sqlite:///"), isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageAwayError):
        USES["record_shown"][1](store)

    def refused(_: int) -> float:
        began = monotonic()
        with pytest.raises(StorageAwayError):
            USES["record_shown"][1](store)
        return monotonic() - began

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(refused, range(200)))[100] < WAIT / 10
        sleep(1.0)
        taken = sorted(pool.map(refused, range(8)))
    assert taken[-1] >= WAIT * 0.9, "nobody probed"
    assert taken[-2] < WAIT * 0.9, "two probed at once"
    locker.execute("ROLLBACK")
    locker.close()
    back_after(store)
    ours.close()


class OurFaultError(Exception):
    """Stands for a bug."""


def audit_then_fail(database: Database) -> None:
    with database.durable() as connection:
        connection.execute(INSERT)
        raise OurFaultError


INSERT = text("INSERT INTO audit_event (id, at, kind, body) VALUES ('1', '2026-01-01', 'k', '{}')")
COUNT = text("SELECT count(*) FROM audit_event")


def test_a_fault_of_ours_is_not_one_of_the_database(database: Database) -> None:
    with pytest.raises(OurFaultError):
        audit_then_fail(database)
    with pytest.raises(StatementError, match="zone"):
        Store(database, NEW_RING).record_shown([call(assessed(), at=NOW.replace(tzinfo=None))])
    assert database.available
    assert database.check()


def test_what_was_begun_and_not_finished_is_undone(database: Database) -> None:
    with pytest.raises(OurFaultError):
        audit_then_fail(database)
    with database.durable() as connection:
        assert connection.execute(COUNT).scalar() == 0
        connection.execute(INSERT)
    with database.autocommit() as connection:
        assert connection.execute(COUNT).scalar() == 1


# --- PostgreSQL: a server of its own for each test, for it is stopped


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as ours:
        yield ours


@pytest.fixture
def there(cluster: Cluster) -> Iterator[Store]:
    upgraded(cluster.url)
    yield from opened(cluster.url)


@pytest.mark.postgres
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_stopped_refuses_in_time_and_is_used_again(
    cluster: Cluster, there: Store, mode: str
) -> None:
    back_after(there)
    cluster.stop(mode)
    for name, (_, use) in USES.items():
        assert refused_after(there, use) < WAIT + SLACK, name
    assert there.database.trouble == "refused"
    cluster.start()
    back_after(there)


@pytest.mark.postgres
def test_a_server_that_was_restarted_meanwhile_is_not_noticed(cluster: Cluster, there: Store) -> None:
    back_after(there)
    cluster.stop()
    cluster.start()
    for _, use in USES.values():
        use(there)


@pytest.mark.postgres
@pytest.mark.parametrize("warm", [True, False], ids=["connected", "not connected"])
def test_a_server_that_stands_still_refuses_in_time_and_is_used_again(
    cluster: Cluster, there: Store, warm: bool
) -> None:
    if warm:
        back_after(there)
    cluster.freeze()
    try:
        for name, (_, use) in USES.items():
            assert refused_after(there, use) < WAIT + SLACK, name
        assert there.database.trouble == "timeout"
    finally:
        cluster.thaw()
    back_after(there)


@pytest.mark.postgres
def test_a_server_that_is_away_at_the_start_is_reported_and_upgraded_later(cluster: Cluster) -> None:
    cluster.stop()
    ours = Database(cluster.url, wait=WAIT, pause=0.0)
    place = r"PostgreSQL database postgres at 127\.0\.0\.1:\d+"
    with pytest.raises(StorageAwayError, match=rf"{place} cannot be used now \(refused\)"):
        ours.upgrade()
    cluster.start()
    back_after(Store(ours, NEW_RING))
    ours.close()


@pytest.mark.postgres
def test_a_table_that_is_locked_refuses_in_time(cluster: Cluster, there: Store) -> None:
    back_after(there)
    other = Database(cluster.url, wait=20)
    with other.durable() as connection:
        connection.execute(text("LOCK TABLE shown IN ACCESS EXCLUSIVE MODE"))
        for name in ("record_shown", "history", "add_feedback"):
            assert refused_after(there, USES[name][1]) < WAIT + SLACK, name
        assert there.database.trouble in {"locked", "timeout"}
    other.close()
    back_after(there)


@pytest.mark.postgres
def test_a_deadline_is_for_all_statements_together(cluster: Cluster) -> None:
    upgraded(cluster.url)
    ours = Database(cluster.url, wait=WAIT, pause=0.0)
    ours.check()

    def many_slow_ones() -> None:
        with ours.autocommit() as connection:
            for _ in range(20):
                connection.execute(text(f"SELECT pg_sleep({WAIT / 3})"))

    began = monotonic()
    with pytest.raises(StorageAwayError):
        many_slow_ones()
    assert monotonic() - began < WAIT + SLACK * 3
    assert ours.check()
    ours.close()


def test_threads_that_wait_for_a_connection_are_not_left_over(here: Store) -> None:
    back_after(here)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("trialhook")] == []
