"""What is to be written, as it waits in the database.

Rows are put there in the transaction that changed a referral. Here all rows of one referral and kind are one
writing: what is sent is the state of now, so that the last row is right and the others are superseded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, select, update

from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import outbox
from cds_service.synchronising.back_off import NEVER

GONE = "gone"
"""The fault of what was deleted at the EHR: it is made again only if a person asks for it."""
_AGAIN = "again"
"""Somebody did."""


@dataclass(frozen=True, slots=True)
class Writing:
    """One resource to be written. ``rows`` are those that are done with it. ``anew``: it was deleted at the
    EHR, and a person wants it there again.
    """

    client: str
    referral_id: str
    kind: str
    rows: tuple[int, ...]
    attempts: int = 0
    anew: bool = False

    def __repr__(self) -> str:
        return f"Writing({self.client}, {self.kind})"


class Waiting(NamedTuple):
    """Of one client: what waits, what was given up, and since when the oldest of all waits."""

    queued: int = 0
    failed: int = 0
    oldest: datetime | None = None


_OPEN = outbox.c.done.is_(None)
_OF_REFERRAL = and_(_OPEN, outbox.c.referral_id.is_not(None))


class Outbox:
    """The rows of ``outbox``. ``StorageAwayError`` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime, limit: int) -> list[Writing]:
        """What should be written now, oldest first; all that waits of it goes along, due or not."""
        first = (
            select(outbox.c.referral_id, outbox.c.kind, func.min(outbox.c.id).label("first"))
            .where(_OF_REFERRAL, outbox.c.next_at <= now)
            .group_by(outbox.c.referral_id, outbox.c.kind)
            .order_by(func.min(outbox.c.id))
            .limit(limit)
        )
        with self._database.autocommit() as connection:
            return [
                _writing(connection, row.referral_id, row.kind) for row in connection.execute(first).all()
            ]

    def done(self, writing: Writing, now: datetime) -> None:
        """It is written, or there is nothing to write any more."""
        self._set(writing.rows, {"done": now, "fault": ""})

    def failed(self, writing: Writing, fault: str, next_at: datetime) -> None:
        """It is tried again then."""
        values = {"attempts": writing.attempts + 1, "fault": fault, "next_at": next_at}
        self._set(writing.rows, values)

    def _set(self, rows: Sequence[int], values: Mapping[str, object]) -> None:
        with self._database.relaxed() as connection:
            connection.execute(update(outbox).where(outbox.c.id.in_(rows), _OPEN).values(**values))

    def retry(self, now: datetime, *, row: int | None = None, client: str | None = None) -> int:
        """Has one row, or all of a client or of everybody, tried again at once; how many there were.

        For a person who has mended what was wrong.
        """
        asked = [_OPEN, outbox.c.fault != ""]
        if row is not None:
            asked.append(outbox.c.id == row)
        if client is not None:
            asked.append(outbox.c.client == client)
        with self._database.durable() as connection:
            fault = case((outbox.c.fault == GONE, _AGAIN), else_=outbox.c.fault)
            values = {"next_at": now, "attempts": 0, "fault": fault}
            return connection.execute(update(outbox).where(*asked).values(**values)).rowcount

    def waiting(self) -> dict[str, Waiting]:
        """How much waits, by client."""
        given_up = func.sum(case((outbox.c.next_at >= NEVER, 1), else_=0))
        asked = (
            select(outbox.c.client, func.count().label("queued"), func.min(outbox.c.made).label("oldest"))
            .add_columns(given_up.label("failed"))
            .where(_OPEN)
            .group_by(outbox.c.client)
        )
        with self._database.autocommit() as connection:
            return {
                row.client: Waiting(row.queued - row.failed, row.failed, row.oldest)
                for row in connection.execute(asked)
            }


def _writing(connection: Connection, referral_id: str, kind: str) -> Writing:
    asked = select(outbox.c.id, outbox.c.client, outbox.c.attempts, outbox.c.fault).where(
        _OPEN, outbox.c.referral_id == referral_id, outbox.c.kind == kind
    )
    rows = connection.execute(asked).all()
    return Writing(
        rows[0].client if rows else "",
        referral_id,
        kind,
        tuple(row.id for row in rows),
        max((row.attempts for row in rows), default=0),
        any(row.fault == _AGAIN for row in rows),
    )
