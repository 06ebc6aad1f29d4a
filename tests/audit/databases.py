"""A small SQLite database that can be told to be away, to hang, or to break a promise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, func, select, text
from sqlalchemy.pool import NullPool

from cds_service.storage.records import StorageAwayError
from cds_service.storage.tables import audit_event, metadata


class TrialDatabase:
    """Counts its durable commits. ``away``, ``hang_for`` (seconds) and ``broken`` say how it behaves."""

    def __init__(self, folder: Path, *, synchronous: str = "FULL") -> None:
        self.engine = create_engine(f"sqlite:///{folder / 'audit.db'}", poolclass=NullPool)

        @event.listens_for(self.engine, "connect")
        def _settings(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute("PRAGMA busy_timeout=5000")

        metadata.create_all(self.engine, tables=[audit_event], checkfirst=True)
        self.away = False
        self.hang_for = 0.0
        self.broken: Exception | None = None
        self.commits = 0

    @contextmanager
    def durable(self) -> Iterator[Connection]:
        """A transaction, unless the database is told to be away."""
        time.sleep(self.hang_for)
        if self.away:
            raise StorageAwayError
        if self.broken:
            raise self.broken
        with self.engine.begin() as connection:
            yield connection
        self.commits += 1

    autocommit = durable

    def rows(self) -> list[tuple[str, str]]:
        """Kind and body of all events as they came in, however the database behaves."""
        with self.engine.connect() as connection:
            found = connection.execute(select(audit_event.c.kind, audit_event.c.body).order_by(text("rowid")))
            return [(kind, body) for kind, body in found]

    def count(self) -> int:
        """How many events there are."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(audit_event)) or 0
