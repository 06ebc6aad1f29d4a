"""The tables: made, upgraded, and never mistaken for another program's."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest
from alembic import command as alembic_command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from cds_service.storage import schema
from cds_service.storage.database import Database
from cds_service.storage.engines.backend import UnusableDatabaseError
from cds_service.storage.records import StorageAwayError
from cds_service.storage.store import Store
from cds_service.storage.tables import metadata
from tests.storage.conftest import ON_POSTGRES, PATIENCE, sqlite_url
from tests.storage.samples import NEW_RING, NOW, assessed, call


@pytest.fixture
def empty(url: str) -> Iterator[Database]:
    """A database that nobody has upgraded yet."""
    ours = Database(url, wait=PATIENCE)
    yield ours
    ours.close()


def differences(database: Database) -> list[object]:
    with database.autocommit() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def constraints(database: Database) -> dict[str, object]:
    """What Alembic does not compare: cascades, and the names of keys."""
    with database.autocommit() as connection:
        inspector = inspect(connection)
        return {
            name: (
                inspector.get_pk_constraint(name)["name"],
                {key["name"]: key["options"].get("ondelete") for key in inspector.get_foreign_keys(name)},
                {key["name"] for key in inspector.get_unique_constraints(name)},
            )
            for name in metadata.tables
        }


def test_the_migrations_make_the_tables_that_the_code_declares(empty: Database) -> None:
    empty.upgrade()
    assert differences(empty) == []


def test_the_migrations_make_the_constraints_that_the_code_declares(empty: Database) -> None:
    empty.upgrade()
    migrated = constraints(empty)
    with empty.durable() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == constraints(empty)


def test_a_difference_would_be_seen(empty: Database) -> None:
    empty.upgrade()
    with empty.durable() as connection:
        connection.execute(text("DROP INDEX ix_shown_at"))
        connection.execute(text("ALTER TABLE audit_event DROP COLUMN kind"))
    assert len(differences(empty)) == 2


def test_upgrading_again_changes_nothing(empty: Database) -> None:
    empty.upgrade()
    store = Store(empty, NEW_RING)
    store.record_shown([call(assessed())])
    empty.upgrade()
    assert store.purge(NOW.replace(year=2027), NOW).shown == 1


def test_what_the_first_version_recorded_is_kept_without_a_site(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = alembic_command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr("alembic.command.upgrade", lambda config, _head: upgrade(config, "0001"))
        empty.upgrade()
    engine = empty._backend.upgrading(wait=PATIENCE)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO pseudonym (kind, key_id, digest) VALUES ('patient', 'k', 'd')"))
        connection.execute(text(FIRST_ROW))
    engine.dispose()
    empty.upgrade()
    assert differences(empty) == []
    Store(empty, NEW_RING).record_shown([call(replace(assessed(), site_digest="sha256:1"))])
    with empty.autocommit() as connection:
        rows = connection.execute(text("SELECT trial, site_digest FROM shown ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [("NCT9", None), ("NCT1", "sha256:1")]


FIRST_ROW = """
INSERT INTO shown (call_id, at, client, tenant, hook, hook_instance, service, milliseconds, patient_id, trial,
                   version, digest, outcome, silenced, traces)
SELECT 'c', '2026-01-01 00:00:00', 'ehr', '', 'h', 'i', 's', 1.0, id, 'NCT9', '1', 'd', 'ruled-out', '', '[]'
FROM pseudonym
"""

UPGRADE = """
import sys
from cds_service.storage.database import Database
database = Database(sys.argv[1], wait=20)
sys.stdin.readline()
database.upgrade()
assert database.check()
"""


def test_four_processes_that_start_at_once_make_the_tables_once(empty: Database, url: str) -> None:
    workers = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", UPGRADE, url], stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"now\n")
        worker.stdin.close()
    assert [worker.wait(60) for worker in workers] == [0, 0, 0, 0]
    assert differences(empty) == []


def test_a_database_that_was_never_upgraded_is_upgraded_when_it_is_first_used(url: str) -> None:
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir()
        path.touch()
    ours = Database(url, wait=PATIENCE, pause=0.0)
    try:
        with pytest.raises(StorageAwayError):
            Store(ours, NEW_RING).record_shown([call(assessed())])
        eventually(ours)
        Store(ours, NEW_RING).record_shown([call(assessed())])
    finally:
        ours.close()


def eventually(database: Database) -> None:
    """Returns as soon as the database can be used."""
    until = monotonic() + PATIENCE
    while not database.check():
        assert monotonic() < until, database.trouble
        sleep(0.02)


# --- not ours


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty: Database) -> None:
    empty.upgrade()
    with empty.durable() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(UnusableDatabaseError, match=r"revision 9999.*newer.*restore the backup"):
        empty.upgrade()
    assert not empty.available
    assert empty.trouble == "unusable"


def test_a_newer_database_met_while_running_is_away_and_not_an_accident(url: str) -> None:
    first, second = Database(url, wait=PATIENCE), Database(url, wait=PATIENCE)
    try:
        first.upgrade()
        with first.durable() as connection:
            connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
        with pytest.raises(StorageAwayError), second.autocommit():
            pass
        assert second.trouble == "unusable"
    finally:
        first.close()
        second.close()


@ON_POSTGRES
def test_tables_of_another_program_with_our_names_are_refused(empty: Database) -> None:
    engine = empty._backend.upgrading(wait=PATIENCE)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE feedback (stars integer)"))
    engine.dispose()
    with pytest.raises(UnusableDatabaseError, match=r"named like ours \(feedback\)"):
        empty.upgrade()


@ON_POSTGRES
def test_a_schema_may_be_shared_with_other_tables(empty: Database) -> None:
    engine = empty._backend.upgrading(wait=PATIENCE)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
    engine.dispose()
    empty.upgrade()
    assert empty.check()


def made_by_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def marked_by_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 7")
    connection.close()


def no_database(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7 nothing that we know" * 100)


@pytest.mark.parametrize("make", [made_by_another_program, marked_by_another_program, no_database])
def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path, make: object) -> None:
    path = tmp_path / "theirs.db"
    make(path)  # type: ignore[operator]
    before = path.read_bytes()
    ours = Database(sqlite_url(path), wait=PATIENCE)
    with pytest.raises(UnusableDatabaseError, match=r"theirs\.db"):
        ours.upgrade()
    assert path.read_bytes() == before


# --- what an upgrade leaves


def test_only_the_owner_may_read_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "trialhook.db"
    ours = Database(sqlite_url(path), wait=PATIENCE)
    ours.upgrade()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_migration_that_fails_leaves_nothing_behind(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_after_a_table(config: object, _revision: str) -> None:
        connection = config.attributes["connection"]  # type: ignore[attr-defined]
        connection.execute(text("CREATE TABLE half_made (id integer)"))
        raise RuntimeError("a bug in a migration")

    monkeypatch.setattr("alembic.command.upgrade", fail_after_a_table)
    with pytest.raises(RuntimeError):
        empty.upgrade()
    engine = empty._backend.upgrading(wait=PATIENCE)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    engine.dispose()
    monkeypatch.undo()
    empty.upgrade()
    assert empty.check()
