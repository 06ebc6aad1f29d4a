"""SQLite's locks are waited for, also the one that SQLite itself does not wait for."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Timer

import pytest

from cds_service.storage.engines.patience import BEGIN, WAL, PatientConnection


def connection(path: Path, patience: float) -> PatientConnection:
    made = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, factory=PatientConnection
    )
    made.patience = patience
    return made


@pytest.mark.parametrize("statement", [BEGIN, WAL])
def test_a_lock_that_another_connection_holds_is_waited_for(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    holder, waiter = connection(path, 0), connection(path, 5)
    waiter.execute("SELECT 1 FROM sqlite_master").fetchall()
    holder.execute(BEGIN)
    release = Timer(0.1, lambda: holder.execute("COMMIT"))
    release.start()
    try:
        waiter.execute(statement)
    finally:
        release.join()
        holder.close()
        waiter.close()


@pytest.mark.parametrize("statement", [BEGIN, WAL])
def test_nobody_waits_longer_than_their_patience(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    holder, waiter = connection(path, 0), connection(path, 0.05)
    holder.execute(BEGIN)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        waiter.execute(statement)
    holder.close()
    waiter.close()
