"""Waiting for SQLite's write lock. SQLite's own pauses grow to 100 ms, and whoever came first starves.

For the lock that it takes to turn a file to WAL it does not wait at all.
"""

from __future__ import annotations

import sqlite3
from random import uniform
from time import monotonic, sleep
from typing import Any

BEGIN = "BEGIN IMMEDIATE"
WAL = "PRAGMA journal_mode = WAL"
_WAITED_FOR = frozenset({BEGIN, WAL})
_PAUSE = (0.0003, 0.0015)
"""Seconds between two tries, by chance, so that two that wait do not keep in step."""


class PatientConnection(sqlite3.Connection):
    """Asks for a lock about every millisecond, for ``patience`` seconds at most."""

    patience = 0.0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """As in the base class, but for the statements that take a lock."""
        if sql not in _WAITED_FOR:
            return super().execute(sql, *parameters)
        super().execute("PRAGMA busy_timeout = 0")
        until = monotonic() + self.patience
        try:
            while True:
                try:
                    return super().execute(sql)
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= until:
                        raise
                sleep(uniform(*_PAUSE))  # noqa: S311 -- not a secret
        finally:
            super().execute(f"PRAGMA busy_timeout = {round(self.patience * 1000)}")
