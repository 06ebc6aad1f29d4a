"""What of a referral is in the EHR, what waits to be written, and why it was not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from cds_service.storage.workflow_tables import outbox


class Writing(NamedTuple):
    """One kind of resource. ``waits``: something is to be written; ``fault``: why the last attempt failed.

    ``done``: when it was last written.
    """

    kind: str
    waits: bool
    fault: str
    attempts: int
    next_at: datetime | None
    done: datetime | None


def writings_of(connection: Connection, referral: str) -> tuple[Writing, ...]:
    """By kind of resource, in the order of their names."""
    column = outbox.c
    written = connection.execute(
        select(column.kind, func.max(column.done))
        .where(column.referral_id == referral, column.done.is_not(None))
        .group_by(column.kind)
    )
    done: Mapping[str, datetime] = {row[0]: row[1] for row in written}
    waiting = {
        row.kind: row
        for row in connection.execute(
            select(column.kind, column.fault, column.attempts, column.next_at)
            .where(column.referral_id == referral, column.done.is_(None))
            .order_by(column.id)
        )
    }
    return tuple(
        Writing(
            kind,
            kind in waiting,
            waiting[kind].fault if kind in waiting else "",
            waiting[kind].attempts if kind in waiting else 0,
            waiting[kind].next_at if kind in waiting else None,
            done.get(kind),
        )
        for kind in sorted({*done, *waiting})
    )
