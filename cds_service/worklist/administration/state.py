"""How a service is doing, as far as it can be said without a patient."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from cds_service.deployment import Deployment, Records
from cds_service.referrals.changing import enrolled_by_trial
from cds_service.storage.workflow_tables import lease, web_session
from cds_service.synchronising.cursors import Cursor, Cursors
from cds_service.synchronising.lease import database_time
from cds_service.synchronising.outbox import Outbox, Stuck, Waiting

MOST_STUCK = 100
"""Failed writings that are listed: ours."""


class Lease(NamedTuple):
    """Which process has a lease, by the beginning of its random name, and until when."""

    name: str
    holder: str
    until: datetime
    expired: bool


class Trial(NamedTuple):
    """A trial and whether it takes anybody. ``why``: why not, or ""; ``places`` None: nobody has said."""

    id: str
    status: str
    why: str
    silent: bool
    as_of: str
    enrolled: int
    places: int | None


class State(NamedTuple):
    """All of it at one moment."""

    database: str
    sessions: int
    trials: tuple[Trial, ...]
    recruitment_fault: str
    waiting: dict[str, Waiting]
    stuck: tuple[Stuck, ...]
    leases: tuple[Lease, ...]
    cursors: tuple[Cursor, ...]


def state_of(deployment: Deployment, records: Records, now: datetime) -> State:
    """Raises StorageAwayError while the database is away."""
    database, outbox = records.database, Outbox(records.database)
    with database.autocommit() as connection:
        open_now = select(func.count()).select_from(web_session).where(web_session.c.expires > now)
        sessions = connection.execute(open_now).scalar_one()
        then = database_time(connection)
        leases = tuple(
            Lease(row.name, row.holder[:8], row.until, row.until <= then)
            for row in connection.execute(select(lease).order_by(lease.c.name))
        )
        enrolled = enrolled_by_trial(connection)
    return State(
        database.name,
        sessions,
        _trials(deployment, enrolled, now),
        deployment.states.fault,
        outbox.waiting(),
        _each_once(outbox.stuck(limit=MOST_STUCK)),
        leases,
        tuple(Cursors(database).all()),
    )


def _each_once(stuck: Iterable[Stuck]) -> tuple[Stuck, ...]:
    """Of several rows for one resource the last: all of them are one writing."""
    return tuple({(one.referral_id or one.row, one.kind): one for one in stuck}.values())


def _trials(deployment: Deployment, enrolled: dict[str, int], now: datetime) -> tuple[Trial, ...]:
    found = []
    for trial in deployment.catalog.trials:
        state = deployment.states.of(trial, now.date())
        recruitment = state.recruitment
        found.append(
            Trial(
                trial.id,
                recruitment.status if recruitment else "unknown",
                state.why,
                state.silent,
                recruitment.as_of if recruitment else "",
                enrolled.get(trial.id, 0),
                deployment.states.places(trial),
            )
        )
    return tuple(found)
