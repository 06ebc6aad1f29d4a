"""What is to be written, as it waits in the database.

Rows are put there in the transaction that changed a referral or kept an answer. All rows of one referral and
kind are one writing: what is sent is the state of now, so that the last row is right and the others are
superseded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select, update

from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import outbox, sync_cursor
from cds_service.synchronising.back_off import NEVER
from cds_service.synchronising.cursors import WRITING
from cds_service.synchronising.faults import GONE

_AGAIN = "again"
"""In the place of the fault ``gone``: a person wants it to be made again."""

_ANSWER = "answer/"
"""How the key of a worksheet's answer begins; its id follows."""


@dataclass(frozen=True, slots=True)
class Writing:
    """One resource to be written: a referral's, or a worksheet's ``answer``. ``rows`` are done with it.

    ``anew``: it was deleted at the EHR, and a person wants it there again.
    """

    client: str
    kind: str
    rows: tuple[int, ...]
    referral_id: str = ""
    answer: str = ""
    attempts: int = 0
    anew: bool = False

    def __repr__(self) -> str:
        return f"Writing({self.client}, {self.kind})"


class Waiting(NamedTuple):
    """Of one client: what waits, what was given up, and since when the oldest of all waits."""

    queued: int = 0
    failed: int = 0
    oldest: datetime | None = None


class Stuck(NamedTuple):
    """Something that failed, for those who look after the service: nobody is named."""

    row: int
    client: str
    kind: str
    made: datetime
    next_at: datetime
    attempts: int
    fault: str
    referral_id: str = ""

    @property
    def given_up(self) -> bool:
        """Whether it is tried again only if somebody asks for it."""
        return self.next_at >= NEVER


_OPEN = outbox.c.done.is_(None)
_WHAT = func.coalesce(outbox.c.referral_id, outbox.c.key)


class Outbox:
    """The rows of ``outbox``. ``StorageAwayError`` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime, limit: int) -> list[Writing]:
        """What should be written now, oldest first; all that waits of it goes along, due or not."""
        first = (
            select(_WHAT.label("what"), outbox.c.kind)
            .where(_OPEN, outbox.c.next_at <= now)
            .group_by(_WHAT, outbox.c.kind)
            .order_by(func.min(outbox.c.id))
            .limit(limit)
        )
        with self._database.autocommit() as connection:
            found = [_writing(connection, row.what, row.kind) for row in connection.execute(first).all()]
        return [one for one in found if one.rows]

    def done(self, writing: Writing, now: datetime) -> None:
        """It is written, or there is nothing to write any more."""
        self._set(writing.rows, {"done": now, "fault": ""})

    def failed(self, writing: Writing, fault: str, next_at: datetime) -> None:
        """It is tried again then."""
        self._set(writing.rows, {"attempts": writing.attempts + 1, "fault": fault, "next_at": next_at})

    def others_fail(self, writing: Writing) -> bool:
        """Whether something else of the same referral failed and is not written yet."""
        asked = select(outbox.c.id).where(
            _OPEN,
            outbox.c.referral_id == writing.referral_id,
            outbox.c.fault != "",
            outbox.c.id.not_in(writing.rows),
        )
        with self._database.autocommit() as connection:
            return connection.execute(asked.limit(1)).first() is not None

    def _set(self, rows: Sequence[int], values: Mapping[str, object]) -> None:
        with self._database.relaxed() as connection:
            connection.execute(update(outbox).where(outbox.c.id.in_(rows), _OPEN).values(**values))

    def retry(self, now: datetime, *, row: int | None = None, client: str | None = None) -> int:
        """Has one row, or all of a client or of everybody, tried again at once; how many there were.

        For a person who has mended what was wrong. What was deleted at the EHR is then made again. Servers
        that were left alone for a while are asked again at once.
        """
        asked = [_OPEN, outbox.c.fault != ""]
        if row is not None:
            asked.append(outbox.c.id == row)
        if client is not None:
            asked.append(outbox.c.client == client)
        fault = case((outbox.c.fault == GONE, _AGAIN), else_=outbox.c.fault)
        again = update(outbox).where(*asked).values(next_at=now, attempts=0, fault=fault)
        clients = select(outbox.c.client).where(*asked)
        left_alone = sync_cursor.c.kind == WRITING, sync_cursor.c.client.in_(clients)
        with self._database.durable() as connection:
            connection.execute(update(sync_cursor).where(*left_alone).values(due=now))
            return connection.execute(again).rowcount

    def stuck(self, client: str | None = None, limit: int = 200) -> list[Stuck]:
        """What failed and is not written yet, oldest first."""
        asked = select(outbox).where(_OPEN, outbox.c.fault != "").order_by(outbox.c.id).limit(limit)
        if client is not None:
            asked = asked.where(outbox.c.client == client)
        with self._database.autocommit() as connection:
            return [
                Stuck(
                    *(row.id, row.client, row.kind, row.made, row.next_at, row.attempts, row.fault),
                    row.referral_id or "",
                )
                for row in connection.execute(asked)
            ]

    def waiting(self) -> dict[str, Waiting]:
        """How much waits, by client."""
        given_up = func.sum(case((outbox.c.next_at >= NEVER, 1), else_=0))
        asked = (
            select(outbox.c.client, func.count().label("all"), func.min(outbox.c.made).label("oldest"))
            .add_columns(given_up.label("failed"))
            .where(_OPEN)
            .group_by(outbox.c.client)
        )
        with self._database.autocommit() as connection:
            return {
                row.client: Waiting(row[1] - int(row.failed), int(row.failed), row.oldest)
                for row in connection.execute(asked)
            }


def _writing(connection: Connection, what: str, kind: str) -> Writing:
    asked = select(outbox).where(_OPEN, _WHAT == what, outbox.c.kind == kind)  # noqa: SIM300 -- SQL
    rows = connection.execute(asked).all()
    return Writing(
        rows[0].client if rows else "",
        kind,
        tuple(row.id for row in rows),
        (rows[0].referral_id or "") if rows else "",
        what.removeprefix(_ANSWER) if what.startswith(_ANSWER) else "",
        max((row.attempts for row in rows), default=0),
        any(row.fault == _AGAIN for row in rows),
    )
