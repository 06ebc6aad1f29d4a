"""How far the changes on each FHIR server are known, and when to look again.

What is due is in the database: a notification that reaches one process makes another one look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Row, select, update

from cds_service.storage.database import Database
from cds_service.storage.engines.inserts import insert_or
from cds_service.storage.workflow_tables import sync_cursor

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing is known yet."""

WRITING = "writing"
"""The kind of the cursor that says whether a server is written to, or left alone for a while."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is looked at: a kind of resource on one FHIR server of a client."""

    client: str
    server: str
    kind: str

    @classmethod
    def at(cls, client: str, fhir_base: str, kind: str) -> Place:
        """The place of a kind at a FHIR base."""
        return cls(client, sha256(fhir_base.encode()).hexdigest()[:32], kind)

    def __repr__(self) -> str:
        return f"Place({self.client}, {self.kind})"


@dataclass(frozen=True, slots=True)
class Cursor:
    """``since``: the server's time up to which all is known. ``attempts`` failed since one did not."""

    place: Place
    due: datetime
    since: datetime = BEGINNING
    attempts: int = 0
    fault: str = ""
    note: Mapping[str, Any] = field(default_factory=dict)


class Cursors:
    """The rows of ``sync_cursor``. ``StorageAwayError`` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, place: Place, now: datetime) -> Cursor:
        """The cursor of a place; a new one is due now."""
        with self._database.autocommit() as connection:
            row = connection.execute(select(sync_cursor).where(*_is(place))).first()
        return _cursor(row) if row else Cursor(place, now)

    def keep(self, cursor: Cursor, was: Cursor | None = None) -> None:
        """Writes a cursor. If somebody asked for a look since ``was`` was read, it stays due."""
        values = {
            "since": cursor.since,
            "due": cursor.due,
            "attempts": cursor.attempts,
            "fault": cursor.fault,
            "note": orjson.dumps(cursor.note).decode(),
        }
        place = cursor.place
        with self._database.relaxed() as connection:
            if was is not None:
                asked = select(sync_cursor.c.due).where(*_is(place)).with_for_update()
                meanwhile = connection.execute(asked).scalar()
                if meanwhile is not None and meanwhile != was.due:
                    values["due"] = min(cursor.due, meanwhile)
            row = insert_or(connection.dialect.name, sync_cursor).values(
                client=place.client, server=place.server, kind=place.kind, **values
            )
            keys = [sync_cursor.c.client, sync_cursor.c.server, sync_cursor.c.kind]
            connection.execute(row.on_conflict_do_update(index_elements=keys, set_=values))

    def poke(self, client: str, kinds: Sequence[str], now: datetime) -> int:
        """Makes a client's places due now; how many there are.

        A place that failed of late keeps its pause: whoever sends notifications must not decide how often
        a server in trouble is asked.
        """
        with self._database.autocommit() as connection:
            asked = (
                update(sync_cursor)
                .where(
                    sync_cursor.c.client == client,
                    sync_cursor.c.kind.in_(kinds),
                    sync_cursor.c.attempts == 0,
                )
                .values(due=now)
            )
            return connection.execute(asked).rowcount

    def all(self) -> list[Cursor]:
        """Every cursor, for those who look after the service."""
        with self._database.autocommit() as connection:
            order = (sync_cursor.c.client, sync_cursor.c.server, sync_cursor.c.kind)
            return [_cursor(row) for row in connection.execute(select(sync_cursor).order_by(*order))]


def _is(place: Place) -> tuple[Any, ...]:
    return (
        sync_cursor.c.client == place.client,
        sync_cursor.c.server == place.server,
        sync_cursor.c.kind == place.kind,
    )


def _cursor(row: Row[Any]) -> Cursor:
    place = Place(row.client, row.server, row.kind)
    return Cursor(place, row.due, row.since, row.attempts, row.fault, orjson.loads(row.note))
