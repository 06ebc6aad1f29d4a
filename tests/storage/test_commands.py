"""``trialhook database upgrade`` and ``trialhook purge``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from cds_service.storage.command_line.maintenance import database, purge_command
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from cds_service.storage.tables import audit_event, seen_token
from cds_service.synchronising.commands import sync
from tests.storage.conftest import PATIENCE, sqlite_url
from tests.storage.samples import NEW_RING, assessed, call


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("TRIALHOOK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRIALHOOK_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "trialhook.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    ours = Database(sqlite_url(path), wait=PATIENCE)
    ours.upgrade()
    yield Store(ours, NEW_RING)
    ours.close()


def run(*arguments: str) -> Result:
    command = {"database": database, "purge": purge_command, "sync": sync}[arguments[0]]
    return CliRunner().invoke(command, arguments[1:])


def test_upgrade_makes_the_database(path: Path) -> None:
    for _ in range(2):
        result = run("database", "upgrade")
        assert (result.exit_code, result.output) == (0, f"SQLite file {path}: ready\n")


def test_upgrade_says_what_is_wrong(path: Path) -> None:
    path.parent.write_text("a file where the folder should be", encoding="utf-8")
    result = run("database", "upgrade")
    assert result.exit_code == 1
    assert f"Error: SQLite file {path} cannot be used now (cannot_open)." in result.output
    assert "TRIALHOOK_STATE_DIR" in result.output


@pytest.mark.parametrize("value", ["mysql://u:MARKED@h/x", "sqlite://"])
def test_a_setting_that_names_no_database_is_refused(
    path: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALHOOK_DATABASE", value)
    result = run("purge")
    assert result.exit_code in {1, 2}
    assert "TRIALHOOK_DATABASE must be" in result.output
    assert "MARKED" not in result.output


def counted(output: str) -> dict[str, int]:
    """Counts by name."""
    lines = [line.split(maxsplit=1) for line in output.splitlines() if not line.endswith(":")]
    return {name: int(count.replace(",", "")) for count, name in lines}


def test_purge_deletes_what_is_past_retention(store: Store) -> None:
    now = datetime.now(UTC)
    for age in (731, 800, 729, 0):
        store.record_shown([call(assessed(), at=now - timedelta(days=age))])
    before = run("purge", "--dry-run")
    assert "to be deleted" in before.output
    assert counted(before.output)["shown"] == 2
    after = run("purge")
    assert counted(after.output) == {
        "tokens": 0,
        "shown": 2,
        "feedback": 0,
        "referrals": 0,
        "candidates": 0,
        "people": 0,
        "early_feedback": 0,
        "trial_referrals": 0,
        "worksheet_answers": 0,
        "sessions": 0,
        "audit events": 0,
    }
    assert counted(run("purge", "--older-than", "1").output)["shown"] == 1
    assert counted(run("purge", "--older-than", "0").output)["people"] == 2


def test_what_has_expired_is_not_said_to_be_older_than_the_retention_time(store: Store) -> None:
    now = datetime.now(UTC)
    with store.database.durable() as connection:
        token = {"issuer": "a", "jti": "1", "expires": now - timedelta(minutes=1)}
        connection.execute(insert(seen_token), token)
    runs: list[tuple[str, list[str]]] = [("to be deleted", ["--dry-run"]), ("deleted", [])]
    for said, arguments in runs:
        told = run("purge", *arguments).output
        old, _, expired = told.partition(f"Of no more use by now, whenever recorded, {said}:\n")
        assert old.startswith("Recorded before ")
        assert counted(expired) == {"tokens": 1, "early_feedback": 0, "sessions": 0}
        assert "shown" in counted(old)
        assert "tokens" not in counted(old)


def test_purge_deletes_old_audit_events_too(store: Store) -> None:
    old = datetime.now(UTC) - timedelta(days=731)
    with store.database.durable() as connection:
        connection.execute(insert(audit_event), {"id": "1", "at": old, "kind": "call", "body": "{}"})
    assert counted(run("purge", "--dry-run").output)["audit events"] == 1
    assert counted(run("purge").output)["audit events"] == 1
    assert counted(run("purge", "--dry-run").output)["audit events"] == 0


@pytest.mark.parametrize("days", ["-1", "x", "36501"])
def test_days_are_a_whole_number(path: Path, days: str) -> None:
    assert run("purge", "--older-than", days).exit_code == 2


def test_more_days_than_there_were_are_all_of_them(store: Store) -> None:
    assert counted(run("purge", "--older-than", "36500").output)["shown"] == 0


@pytest.mark.parametrize(
    "arguments", [["purge"], ["purge", "--dry-run"], ["sync", "status"], ["sync", "retry"]]
)
def test_a_database_that_is_not_there_is_told_and_not_made(path: Path, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert f"There is no database {path}. Set TRIALHOOK_DATABASE or TRIALHOOK_STATE_DIR" in ran.stderr
    assert not path.exists()


def test_only_upgrade_makes_a_database(path: Path) -> None:
    assert run("database", "upgrade").exit_code == 0
    assert counted(run("purge", "--dry-run").output)["shown"] == 0
