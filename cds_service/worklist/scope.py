"""Which trials and sites somebody may see, as a condition of every query."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, and_, false, or_, true

from cds_service.signing_in.staff import Account, Right
from cds_service.storage.tables import storable


class Part(NamedTuple):
    """Trials at sites that one grant gives. None: all of them."""

    trials: frozenset[str] | None
    sites: frozenset[str] | None

    def holds(self, trial: str, site: str) -> bool:
        """Whether a trial at a site is in it."""
        return (self.trials is None or trial in self.trials) and (self.sites is None or site in self.sites)


class Scope(NamedTuple):
    """All that an account may see; without parts it is nothing."""

    parts: tuple[Part, ...]

    def holds(self, trial: str, site: str) -> bool:
        """Whether a trial at a site may be seen."""
        return any(part.holds(trial, site) for part in self.parts)

    def condition(self, table: Table) -> ColumnElement[bool]:
        """For the WHERE of a query on a table with the columns ``trial`` and ``client``."""
        return or_(false(), *(_of_part(part, table) for part in self.parts))


def scope_of(account: Account, right: Right = Right.SEE) -> Scope:
    """Where an account has a right."""
    given = (Part(grant.trials, grant.clients) for grant in account.grants_with(right))
    return Scope(tuple(dict.fromkeys(given)))


def _of_part(part: Part, table: Table) -> ColumnElement[bool]:
    return and_(
        true() if part.trials is None else table.c.trial.in_(sorted(part.trials)),
        true() if part.sites is None else table.c.client.in_(sorted(map(storable, part.sites))),
    )
