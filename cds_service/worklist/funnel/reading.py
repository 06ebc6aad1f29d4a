"""What the funnel counts, from the database: cards that were shown, and when referrals entered states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from cds_service.referrals.states import LEFT
from cds_service.storage.tables import shown, storable
from cds_service.storage.workflow_tables import referral_event, trial_referral
from cds_service.worklist.funnel.counting import Course, Moved, entered_by
from cds_service.worklist.scope import Scope

MOVING = ("moved", "learned")
"""The kinds of events after which a referral is in another state: others name one that it did not come to."""


class Cohort(NamedTuple):
    """Which referrals are counted: of what may be seen, of one trial and site or of all, since a moment."""

    scope: Scope
    trial: str = ""
    site: str = ""
    since: datetime | None = None


def courses_of(connection: Connection, cohort: Cohort) -> list[Course]:
    """How each referral of a cohort went so far."""
    referral, event = trial_referral.c, referral_event.c
    which = _which(cohort)
    moves: dict[str, list[Moved]] = {}
    made = (
        select(event.referral_id, event.from_state, event.to_state, event.at)
        .join(trial_referral, referral.id == event.referral_id)
        .where(*which, event.kind.in_(MOVING), event.to_state != event.from_state)
        .order_by(event.referral_id, event.number)
    )
    for ident, *moved in connection.execute(made):
        moves.setdefault(ident, []).append(Moved(*moved))
    found = connection.execute(
        select(
            referral.id, referral.trial, referral.client, referral.state, referral.reason, referral.opened
        ).where(*which)
    )
    return [
        Course(
            row.trial,
            row.client,
            entered_by(moves.get(row.id, ())) or {row.state: row.opened},
            row.state if row.state in LEFT else "",
            row.reason if row.state in LEFT else "",
        )
        for row in found
    ]


def shown_to(connection: Connection, cohort: Cohort) -> Mapping[tuple[str, str], int]:
    """For how many patients a card was shown since, by trial and site."""
    column = shown.c
    which = [cohort.scope.condition(shown), column.card.is_not(None)]
    if cohort.trial:
        which.append(column.trial == cohort.trial)
    if cohort.site:
        which.append(column.client == storable(cohort.site))
    if cohort.since is not None:
        which.append(column.at >= cohort.since)
    counted = connection.execute(
        select(column.trial, column.client, func.count(column.patient_id.distinct()))
        .where(*which)
        .group_by(column.trial, column.client)
    )
    return {(trial, site): patients for trial, site, patients in counted}


def _which(cohort: Cohort) -> list[ColumnElement[bool]]:
    referral = trial_referral.c
    which = [cohort.scope.condition(trial_referral)]
    if cohort.trial:
        which.append(referral.trial == cohort.trial)
    if cohort.site:
        which.append(referral.client == storable(cohort.site))
    if cohort.since is not None:
        which.append(referral.opened >= cohort.since)
    return which
