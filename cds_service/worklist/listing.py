"""The rows of the worklist: read for who may see them, one page at a time. Nothing here decrypts anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.states import LEFT, OPEN, State
from cds_service.storage.database import Database
from cds_service.storage.shown import read_traces
from cds_service.storage.tables import storable
from cds_service.storage.workflow_tables import trial_referral
from cds_service.worklist.filters import ANY_ATTENTION, PAGE_SIZE, Asked, Show, Sort, page_within
from cds_service.worklist.scope import Scope

EXPORTED_AT_ONCE = 500
_SERVED_NO_MORE = "trial-closed"

_table = trial_referral.c
_STATE_NUMBER = case(
    {state.value: number for number, state in enumerate(State)}, value=_table.state, else_=99
)
_ORDERS: Mapping[Sort, Sequence[ColumnElement[Any]]] = {
    Sort.WAITING: (_table.changed,),
    Sort.CHANGED: (_table.changed.desc(),),
    Sort.OLDEST: (_table.opened,),
    Sort.NEWEST: (_table.opened.desc(),),
    Sort.STATE: (_STATE_NUMBER, _table.changed),
    Sort.TRIAL: (_table.trial, _table.changed),
    Sort.SITE: (_table.client, _table.changed),
}
_COLUMNS = (
    _table.id,
    _table.client,
    _table.trial,
    _table.state,
    _table.source,
    _table.opened,
    _table.entered,
    _table.changed,
    _table.reason,
    _table.attention,
    _table.assessed,
    _table.traces,
)
_SHOWN: Mapping[Show, Sequence[State]] = {
    Show.OPEN: sorted({*OPEN, State.SUGGESTED}),
    Show.ENROLLED: [State.ENROLLED],
    Show.LEFT: sorted(LEFT),
}


class Closed(NamedTuple):
    """For each trial that is served, why it takes nobody now: a word of attention, or "" if it does."""

    trials: Mapping[str, str]

    def why(self, trial: str) -> str:
        """The word for a trial, "" for none."""
        return self.trials.get(trial, _SERVED_NO_MORE)


class Row(NamedTuple):
    """One referral without its patient. ``entered``: when it came into its state."""

    id: str
    client: str
    trial: str
    state: str
    source: str
    opened: datetime
    changed: datetime
    reason: str
    attention: tuple[str, ...]
    assessed: datetime | None
    traces: tuple[CriterionTrace, ...]
    entered: datetime


class Page(NamedTuple):
    """``total`` rows in all, of which these are page number ``page``."""

    rows: tuple[Row, ...]
    total: int
    page: int


def page_of(connection: Connection, which: Sequence[ColumnElement[bool]], asked: Asked) -> Page:
    """One page of what ``narrowed`` gives; the last one if so many are not there."""
    count = count_of(connection, which)
    page = page_within(asked.page, count)
    return Page(_rows(connection, page_query(which, asked.sort, page)), count, page)


def count_of(connection: Connection, which: Sequence[ColumnElement[bool]]) -> int:
    """How many rows there are of what ``narrowed`` gives."""
    return connection.execute(select(func.count()).select_from(trial_referral).where(*which)).scalar_one()


def page_query(which: Sequence[ColumnElement[bool]], sort: Sort, page: int) -> Select[Any]:
    """The query of a page: in the order asked for, and by id where that leaves it open."""
    ordered = select(*_COLUMNS).where(*which).order_by(*_ORDERS[sort], _table.id)
    return ordered.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)


def narrowed(scope: Scope, asked: Asked, closed: Closed, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a filter, the first of which is what may be seen at all."""
    which = [scope.condition(trial_referral)]
    if asked.state:  # says more than the part of the list does
        which.append(_table.state == asked.state)
    elif asked.show in _SHOWN:
        which.append(_table.state.in_(_SHOWN[asked.show]))
    if asked.trial:
        which.append(_table.trial == asked.trial)
    if asked.site:
        which.append(_table.client == storable(asked.site))
    if asked.attention:
        which.append(_needs_a_look(asked.attention, closed))
    if asked.age:
        which.append(_table.opened < now - timedelta(days=asked.age))
    return which


def _needs_a_look(word: str, closed: Closed) -> ColumnElement[bool]:
    """What is stored with a referral, and what its trial's recruitment says of all that are open."""
    any_word = word == ANY_ATTENTION
    trials = sorted(trial for trial, why in closed.trials.items() if why and (any_word or why == word))
    of_trial: ColumnElement[bool] = _table.trial.in_(trials)
    if any_word or word == _SERVED_NO_MORE:
        of_trial = or_(of_trial, _table.trial.not_in(sorted(closed.trials)))
    of_trial = and_(of_trial, _table.state.in_(sorted(OPEN)))
    stored = _table.attention != "[]" if any_word else _table.attention.contains(f'"{word}"', autoescape=True)
    return or_(stored, of_trial)


def rows_with(
    connection: Connection, scope: Scope, which: ColumnElement[bool], limit: int
) -> tuple[Row, ...]:
    """The rows for which something holds, of those that may be seen, changed last first."""
    found = select(*_COLUMNS).where(scope.condition(trial_referral), which)
    return _rows(connection, found.order_by(_table.changed.desc(), _table.id).limit(limit))


def all_rows(database: Database, which: Sequence[ColumnElement[bool]]) -> Iterator[Row]:
    """Every row of a filter, those referred first before the others; read in parts, none of which is long."""
    ordered = select(*_COLUMNS).where(*which).order_by(_table.opened, _table.id)
    last: Row | None = None
    while True:
        part = ordered if last is None else ordered.where(_after(last))
        with database.autocommit() as connection:
            rows = _rows(connection, part.limit(EXPORTED_AT_ONCE))
        yield from rows
        if len(rows) < EXPORTED_AT_ONCE:
            return
        last = rows[-1]


def _after(row: Row) -> ColumnElement[bool]:
    return (_table.opened > row.opened) | ((_table.opened == row.opened) & (_table.id > row.id))


def _rows(connection: Connection, query: Select[Any]) -> tuple[Row, ...]:
    return tuple(
        Row(
            row.id,
            row.client,
            row.trial,
            row.state,
            row.source,
            row.opened,
            row.changed,
            row.reason,
            tuple(orjson.loads(row.attention)),
            row.assessed,
            read_traces(row.traces) if row.traces else (),
            row.entered,
        )
        for row in connection.execute(query)
    )
