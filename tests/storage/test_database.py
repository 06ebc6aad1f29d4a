"""One database by its URL: what may be written there, how safe it is, and who may know of it."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy import make_url, text

from cds_service.settings import Settings
from cds_service.storage.database import Database
from cds_service.storage.engines.backend import UnusableDatabaseError, parse_url
from cds_service.storage.engines.bounded import Connector, TooSlowError
from cds_service.storage.engines.location import database_url
from cds_service.storage.records import StorageAwayError
from cds_service.storage.store import Store
from tests.storage.conftest import ON_POSTGRES, ON_SQLITE, PATIENCE
from tests.storage.samples import NOW, assessed, call

SECRET = "MARKED-pa55word"


# --- URLs


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:////var/lib/trialhook/x.db", "sqlite"),
        ("postgresql://u:p@db.example/trialhook", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@db.example:6432/trialhook?sslmode=verify-full", "postgresql+psycopg"),
        ("postgres://u@db.example/trialhook", "postgresql+psycopg"),
        ("postgresql://u:p%40ss/w:r?d@db.example/trialhook", "postgresql+psycopg"),
        ("postgresql://u@there:p@db.example/trialhook", "postgresql+psycopg"),  # a user of Azure's
        ("postgresql://u%40there:p@db.example/trialhook?sslmode=require", "postgresql+psycopg"),
    ],
)
def test_a_url_names_a_database(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    [
        "",
        "trialhook.db",
        "sqlite://",
        "sqlite:///:memory:",
        f"sqlite://{SECRET}@host/x.db",
        f"mysql://root:{SECRET}@db.example/trialhook",
        f"postgresql+asyncpg://u:{SECRET}@db.example/x",
        f"postgresql://u:{SECRET}@db.example",
        f"postgresql://u:{SECRET}@db.example:99999/x",
        f"postgresql://u:{SECRET}@db.example:port/x",
        f"postgresql://u:p@{SECRET}@db.example/x",
        f"postgresql://u:p@{SECRET}/@db.example/x",
        f"postgresql://u:p@s/{SECRET}@db.example/x",
        f"postgresql://u:p@s/x?{SECRET}@db.example/x",
        f"postgresql://u%40here:p@{SECRET}@db.example/x",
    ],
)
def test_a_url_that_names_none_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(UnusableDatabaseError, match="TRIALHOOK_DATABASE must be") as caught:
        Database(url, wait=1)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgresql://u:p@ss@db.example/x", "write @ as %40"),
        ("sqlite:///x.db", "as in sqlite:////FOLDER/FILE"),
        ("sqlite:///./state/x.db", "as in sqlite:////FOLDER/FILE"),
    ],
)
def test_what_is_often_mistaken_is_said_how_to_write(url: str, hint: str) -> None:
    with pytest.raises(UnusableDatabaseError, match=hint):
        Database(url, wait=1)


def test_the_password_is_nowhere_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ours = Database(f"postgresql://{SECRET}:{SECRET}@127.0.0.1:1/trialhook", wait=0.5)
    assert ours.name == "PostgreSQL database trialhook at 127.0.0.1:1"
    with pytest.raises(StorageAwayError) as at_start:
        ours.upgrade()
    said = [repr(ours), *map(str, traceback.format_exception(at_start.value)), caplog.text]
    assert [text for text in said if SECRET in text] == []
    assert "the database is away: refused" in caplog.text


@pytest.mark.postgres
def test_a_wrong_password_is_reported_as_what_it_is(postgres_server: str) -> None:
    wrong = make_url(postgres_server).set(password=SECRET).render_as_string(hide_password=False)
    ours = Database(wrong, wait=PATIENCE)
    with pytest.raises(StorageAwayError, match=r"\(authentication\)") as caught:
        ours.upgrade()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_reported_as_what_it_is(postgres_server: str) -> None:
    absent = make_url(postgres_server).set(database="absent").render_as_string(hide_password=False)
    with pytest.raises(StorageAwayError, match=r"\(no_such_database\)"):
        Database(absent, wait=PATIENCE).upgrade()


def test_the_database_is_in_the_state_folder_unless_set(tmp_path: Path) -> None:
    folder = tmp_path / "a folder? 100%"
    by_default = database_url(Settings(state_dir=str(folder)))
    assert Database(by_default, wait=1).name == f"SQLite file {folder / 'trialhook.db'}"
    assert database_url(Settings(database="sqlite:////x.db", state_dir="y")) == "sqlite:////x.db"


def test_any_folder_can_hold_the_file(tmp_path: Path) -> None:
    ours = Database(database_url(Settings(state_dir=str(tmp_path / "a folder? 100% #1"))), wait=PATIENCE)
    ours.upgrade()
    assert ours.check()
    assert (tmp_path / "a folder? 100% #1" / "trialhook.db").exists()
    ours.close()


# --- how safe what is written is


def one(database: Database, durable: bool, query: str) -> object:
    with database.durable() if durable else database.relaxed() as connection:
        return connection.execute(text(query)).scalar()


@ON_SQLITE
@pytest.mark.parametrize(
    ("pragma", "durable", "relaxed"),
    [
        ("synchronous", 2, 1),  # FULL, NORMAL
        ("journal_mode", "wal", "wal"),
        ("foreign_keys", 1, 1),
        ("busy_timeout", PATIENCE * 1000, PATIENCE * 1000),
        ("secure_delete", 1, 1),
    ],
)
def test_what_sqlite_is_set_to(database: Database, pragma: str, durable: object, relaxed: object) -> None:
    assert one(database, True, f"PRAGMA {pragma}") == durable
    assert one(database, False, f"PRAGMA {pragma}") == relaxed


@ON_POSTGRES
@pytest.mark.parametrize(
    ("setting", "durable", "relaxed"),
    [
        ("synchronous_commit", "on", "off"),
        ("statement_timeout", "18s", "18s"),
        ("lock_timeout", "18s", "18s"),
        ("TimeZone", "UTC", "UTC"),
        ("application_name", "trialhook", "trialhook"),
    ],
)
def test_what_postgresql_is_set_to(database: Database, setting: str, durable: str, relaxed: str) -> None:
    assert one(database, True, f"SHOW {setting}") == durable
    assert one(database, False, f"SHOW {setting}") == relaxed


@ON_POSTGRES
def test_a_dead_network_is_noticed(database: Database) -> None:
    with database.autocommit() as connection:
        info = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert {"keepalives_idle", "tcp_user_timeout", "connect_timeout"} <= info.keys()


@ON_POSTGRES
def test_options_of_the_url_are_kept(ready_url: str) -> None:
    given = make_url(ready_url).update_query_dict({"options": "-c work_mem=7MB"})
    ours = Database(given.render_as_string(hide_password=False), wait=PATIENCE)
    assert one(ours, True, "SHOW work_mem") == "7MB"
    assert one(ours, False, "SHOW synchronous_commit") == "off"
    ours.close()


# --- threads and processes


def test_threads_write_side_by_side(store: Store) -> None:
    def write(number: int) -> None:
        for _ in range(5):
            store.record_shown([call(assessed(), user=f"Practitioner/{number % 3}")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert store.purge(NOW.replace(year=2027), NOW).shown == 40


FORK = """
import os, sys
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from tests.storage.samples import NEW_RING, assessed, call
store = Store(Database(sys.argv[1], wait=20), NEW_RING)
store.record_shown([call(assessed())])   # connections are open when it forks
children = []
for _ in range(3):
    child = os.fork()
    if not child:
        assert not store.database._engines, "the child has connections of its parent"
        for _ in range(20):
            store.record_shown([call(assessed())])
        store.database.close()
        sys.exit(0)
    children.append(child)
for _ in range(20):
    store.record_shown([call(assessed())])
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
store.record_shown([call(assessed())])
store.database.close()
"""


def test_a_process_that_forks_shares_no_connection_with_its_children(ready_url: str, store: Store) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK, ready_url], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert store.purge(NOW.replace(year=2027), NOW).shown == 82


# --- connecting takes long


@pytest.mark.postgres
def test_a_connection_that_comes_too_late_is_for_the_next(postgres_server: str) -> None:
    connector, go_on, made = Connector(), Event(), []

    def slow() -> psycopg.Connection[object]:
        assert go_on.wait(PATIENCE)
        made.append(psycopg.connect(postgres_server))
        return made[0]

    began = monotonic()
    with pytest.raises(TooSlowError):
        connector.connect(slow, 0.1)
    assert monotonic() - began < 1
    go_on.set()
    while connector._late.empty():
        assert monotonic() - began < PATIENCE
        sleep(0.01)
    assert connector.connect(cannot_connect, PATIENCE) is made[0]
    made[0].close()


@pytest.mark.postgres
def test_a_late_connection_that_was_closed_meanwhile_is_nobody_s(postgres_server: str) -> None:
    connector, closed = Connector(), psycopg.connect(postgres_server)
    closed.close()
    connector._late.put(closed)
    with pytest.raises(psycopg.OperationalError, match="no"):
        connector.connect(cannot_connect, PATIENCE)


def cannot_connect() -> psycopg.Connection[object]:
    raise psycopg.OperationalError("no")


def test_what_goes_wrong_in_connecting_is_raised() -> None:
    with pytest.raises(psycopg.OperationalError, match="no"):
        Connector().connect(cannot_connect, PATIENCE)
