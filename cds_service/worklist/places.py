"""The trials and sites that somebody may choose from, and what was granted to them in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from cards.wording import NAMES, PHRASES
from cds_service.deployment import Deployment
from cds_service.referrals.places import word_of
from cds_service.storage.tables import silent_candidate
from cds_service.storage.workflow_tables import trial_referral
from cds_service.worklist import words
from cds_service.worklist.listing import Closed
from cds_service.worklist.scope import Part, Scope
from mappings.language import Language


class Places(NamedTuple):
    """In the order in which they are offered."""

    trials: tuple[str, ...]
    sites: tuple[str, ...]


def places_of(connection: Connection, deployment: Deployment, scope: Scope) -> Places:
    """What a client is offered now, and what anybody was found for before, as far as it may be seen."""
    used = [
        (row.trial, row.client)
        for table in (trial_referral, silent_candidate)
        for row in connection.execute(
            select(table.c.trial, table.c.client).where(scope.condition(table)).distinct()
        )
    ]
    offered = [
        (one.id, client)
        for client, offers in deployment.offers.items()
        for one in offers.offered
        if scope.holds(one.id, client)
    ]
    pairs = {(trial, site) for trial, site in [*used, *offered]}
    return Places(_sorted(trial for trial, _ in pairs), _sorted(site for _, site in pairs))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def grants_in_words(scope: Scope, language: Language) -> str:
    """NCT06920433 at hospital; all trials at north."""
    return language.between(PHRASES).join(_part_in_words(part, language) for part in scope.parts)


def _part_in_words(part: Part, language: Language) -> str:
    say = language.text
    trials = _names(part.trials, language) or say(words.ALL_TRIALS)
    sites = _names(part.sites, language) or say(words.ALL_SITES)
    return say(words.TRIALS_AT_SITES).format(trials=trials, sites=sites)


def _names(names: frozenset[str] | None, language: Language) -> str:
    return language.between(NAMES).join(sorted(names or ()))


def closed_trials(deployment: Deployment, now: datetime) -> Closed:
    """Which trials take nobody now. One that is served no more is as good as closed."""
    trials = {one.id: word_of(deployment.states.of(one, now.date())) for one in deployment.catalog.trials}
    return Closed(trials)
