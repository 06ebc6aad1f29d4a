"""The table of audit events: rows are added, read, and deleted past retention. None is ever changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.audit.events import AuditEvent, new_event
from cds_service.storage.tables import audit_event as table

PAGE = 1000
PURGED_AT_ONCE = 1000

_ADDS: dict[str, Any] = {
    "sqlite": sqlite.insert(table).on_conflict_do_nothing(index_elements=["id"]),
    "postgresql": postgresql.insert(table).on_conflict_do_nothing(index_elements=["id"]),
}


class Durable(Protocol):
    """The database: a block commits when it ends without an error, and raises StorageAwayError in time."""

    def durable(self) -> AbstractContextManager[Connection]:
        """A transaction that is on disk once committed."""


class Readable(Durable, Protocol):
    """The database, for reading too."""

    def autocommit(self) -> AbstractContextManager[Connection]:
        """For queries: no transaction stays open."""


def add_events(database: Durable, events: Sequence[AuditEvent]) -> None:
    """Adds events durably, in one transaction; those that are there already stay as they are."""
    rows = [event._asdict() for event in events]
    with database.durable() as connection:
        connection.execute(_ADDS[connection.dialect.name], rows)


def read_events(
    database: Readable,
    since: datetime | None = None,
    until: datetime | None = None,
    mentioning: Sequence[str] = (),
) -> Iterator[AuditEvent]:
    """Events from ``since`` to before ``until``, oldest first, in pages: no transaction stays open meanwhile.

    ``mentioning``: only those whose body holds one of these texts.
    """
    query = select(table.c.id, table.c.at, table.c.kind, table.c.body).order_by(table.c.at, table.c.id)
    if since is not None:
        query = query.where(table.c.at >= since)
    if until is not None:
        query = query.where(table.c.at < until)
    if mentioning:
        query = query.where(or_(*(table.c.body.contains(text, autoescape=True) for text in mentioning)))
    last: AuditEvent | None = None
    while True:
        page = query if last is None else query.where(tuple_(table.c.at, table.c.id) > (last.at, last.id))
        with database.autocommit() as connection:
            events = [AuditEvent(*row) for row in connection.execute(page.limit(PAGE))]
        yield from events
        if len(events) < PAGE:
            return
        last = events[-1]


def purge_audit(database: Durable, before: datetime, now: datetime | None = None) -> int:
    """Deletes events older than ``before``, a thousand at a time; says how many, also in the trail."""
    old = select(table.c.id).where(table.c.at < before).limit(PURGED_AT_ONCE)
    purged = 0
    while True:
        with database.durable() as connection:
            deleted = connection.execute(delete(table).where(table.c.id.in_(old))).rowcount
        purged += deleted
        if deleted < PURGED_AT_ONCE:
            break
    if purged:
        facts = {"before": before.astimezone(UTC).isoformat(timespec="seconds"), "times": purged}
        add_events(database, [new_event(now or datetime.now(UTC), "purge", facts)])
    return purged
