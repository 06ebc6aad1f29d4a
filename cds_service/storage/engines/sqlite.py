"""SQLite: one file in WAL mode that all processes of a machine share.

Readers never wait for a writer there, and writers wait for each other at BEGIN IMMEDIATE, at most the busy
timeout. A commit does not block on others. What cannot be bounded is the disk itself.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, QueuePool

from cds_service.storage.engines.backend import UnusableDatabaseError
from cds_service.storage.engines.patience import BEGIN, WAL, PatientConnection

APPLICATION_ID = 0x74726C68
"""In the header of the file (bytes "trlh"): tells our files from others."""

_POOL = 5
_CHECKPOINT = {"FULL": 1000, "NORMAL": 8000}
"""Pages of log after which a commit also moves them into the database, which waits for the disk. Durable
connections wait for it anyhow; calls are spared it, unless nothing durable is ever written."""

_FAILURES = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_CANTOPEN: "cannot_open",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "cannot_open",
    sqlite3.SQLITE_AUTH: "cannot_open",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "disk",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "not_a_database",
    sqlite3.SQLITE_SCHEMA: "schema",
    sqlite3.SQLITE_INTERRUPT: "timeout",
}


class SqliteFile:
    """A database in a file. The file is made by ``upgrading`` only: one that vanishes is not replaced."""

    begin = BEGIN
    settle = WAL  # stays with the file; changing it needs a moment with nobody else
    tidy = "PRAGMA wal_checkpoint(TRUNCATE)"

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database or "").absolute()
        self.name = f"SQLite file {self._path}"

    def engine(self, *, wait: float, durable: bool) -> Engine:
        """See ``Backend``. Threads are never kept waiting for a connection: the pool grows with them."""
        engine = create_engine(
            "sqlite://",
            creator=lambda: self._connect(wait, "rw", "FULL" if durable else "NORMAL"),
            poolclass=QueuePool,
            pool_size=_POOL,
            max_overflow=-1,
            pool_use_lifo=True,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )
        event.listen(engine, "connect", self._remember_file)
        event.listen(engine, "checkout", self._still_the_file)
        return engine

    def upgrading(self, *, wait: float) -> Engine:
        """See ``Backend``. The folder is made as well; others than the owner cannot read either."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise _cannot_open(error) from None
        return create_engine(
            "sqlite://",
            creator=lambda: self._connect(wait, "rw", "FULL", ours=False),
            poolclass=NullPool,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )

    def lock(self, raw: Any) -> None:
        """BEGIN IMMEDIATE has the lock already. A file that something else made is refused."""
        application = raw.execute("PRAGMA application_id").fetchone()[0]
        used = raw.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
        if application != APPLICATION_ID and (used or application):
            raise UnusableDatabaseError(
                f"{self.name} belongs to another program; let TRIALHOOK_DATABASE name another file"
            )

    def claim(self, raw: Any) -> None:
        """See ``Backend``."""
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def bound(self, raw: Any, deadline: float) -> None:
        """The busy timeout that each connection has from its start is bound enough."""

    def driver_failure(self, error: BaseException) -> str:
        """See ``Backend``."""
        if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            return _FAILURES.get(code, "schema" if code == sqlite3.SQLITE_ERROR else "away")
        return "disk" if isinstance(error, OSError) else ""

    def _connect(self, wait: float, mode: str, synchronous: str, *, ours: bool = True) -> PatientConnection:
        connection = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode={mode}",
            uri=True,
            timeout=wait,
            isolation_level=None,
            check_same_thread=False,
            factory=PatientConnection,
        )
        connection.patience = wait
        try:
            if ours:
                self._set_up(connection, synchronous)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _set_up(connection: sqlite3.Connection, synchronous: str) -> None:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute(WAL)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT[synchronous]}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what was forgotten is overwritten with zeros

    def _remember_file(self, _raw: Any, record: ConnectionPoolEntry) -> None:
        record.info["file"] = self._file()

    def _still_the_file(self, _raw: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        """A file that was moved away or replaced would otherwise take what we write into nothing."""
        if record.info.get("file") != self._file():
            raise DisconnectionError

    def _file(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _cannot_open(error: OSError) -> sqlite3.OperationalError:
    failure = sqlite3.OperationalError(f"cannot be opened: {type(error).__name__}")
    failure.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return failure
