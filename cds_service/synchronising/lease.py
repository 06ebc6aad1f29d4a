"""One process at a time does the synchronising.

Whoever holds the row of a lease does the work, renews it while it works, and gives it back at the end. A
process that dies or hangs is replaced when its time is over. The time is the database's where there may be
several machines (PostgreSQL), and this machine's with SQLite, whose file they cannot share.

A holder that hangs for longer than its lease and then goes on does no harm: every write to a FHIR server
names the version that it changes, and every note of what was seen is made under the same condition.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import uuid4

from sqlalchemy import Connection, delete, or_, text

from cds_service.storage.database import Database
from cds_service.storage.engines.inserts import insert_or
from cds_service.storage.workflow_tables import lease

SECONDS = 60.0
"""How long a lease lasts without being renewed. Ours: longer than any single exchange with a FHIR server."""

NAME = "synchronising"

Clock = Callable[[Connection], datetime]


def database_time(connection: Connection) -> datetime:
    """The time by which leases run."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


class Lease:
    """One contender for a lease. Not for several threads."""

    def __init__(
        self, database: Database, name: str = NAME, *, seconds: float = SECONDS, clock: Clock = database_time
    ) -> None:
        self._database, self._name, self._clock = database, name, clock
        self._seconds = seconds
        self._holder = uuid4().hex
        self._renew_at = 0.0

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self._seconds

    def take(self) -> bool:
        """Takes or renews it; False if another process has it. ``StorageAwayError`` as for any statement."""
        asked = monotonic()
        with self._database.relaxed() as connection:
            now = self._clock(connection)
            mine = insert_or(connection.dialect.name, lease).values(
                name=self._name, holder=self._holder, until=now + timedelta(seconds=self._seconds)
            )
            free = or_(lease.c.holder == self._holder, lease.c.until <= now)
            taken = mine.on_conflict_do_update(
                index_elements=[lease.c.name],
                set_={"holder": mine.excluded.holder, "until": mine.excluded.until},
                where=free,
            ).returning(lease.c.holder)
            ours = connection.execute(taken).scalar() is not None
        self._renew_at = asked + self._seconds / 3 if ours else 0.0
        return ours

    def still_ours(self) -> bool:
        """Whether we may go on. Renews it when a third of its time is over."""
        return monotonic() < self._renew_at or self.take()

    def give_back(self) -> None:
        """Lets another process take it at once. Nothing happens if it is not ours."""
        self._renew_at = 0.0
        with self._database.relaxed() as connection:
            connection.execute(
                delete(lease).where(lease.c.name == self._name, lease.c.holder == self._holder)
            )
