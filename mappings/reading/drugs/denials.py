"""Statements that a drug is not taken, or no longer, against older records by which it still would be.

Such a record is sure up to the statement only. Nobody knows which of the two is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mappings.dates import LAST_DAY, When
from mappings.facts import Exposure
from mappings.reading.drugs.statuses import (
    DENIED,
    ENDED_NOTES,
    NO_STATUS,
    NOT_TAKEN,
    ON_HOLD,
    STATUS_NOT_KNOWN,
)

_DOUBTING = frozenset({DENIED, NOT_TAKEN, ON_HOLD, STATUS_NOT_KNOWN, NO_STATUS})


class Denial(NamedTuple):
    """``by`` says that the drug is not taken, or may not be, on a day that may be as late as ``latest``.

    Records that began before that day, or ``at_once`` on it, are sure up to ``sure_until`` only.
    """

    by: Exposure
    latest: int
    sure_until: int
    at_once: bool


def denial_in(exposure: Exposure, day: int) -> Denial | None:
    """What a statement denies, as known on a day; None if it is no statement or denies nothing."""
    if exposure.source != "stated" or not exposure.note:
        return None
    notes = frozenset(exposure.note.split("; "))
    if not notes.isdisjoint(ENDED_NOTES):
        return _ended(exposure, day)
    if notes.isdisjoint(_DOUBTING):
        return None
    start, end = exposure.start, exposure.end
    if is_not_taken(exposure) and end is not None:
        return Denial(exposure, end.last, end.first - 1, True)
    latest = LAST_DAY if notes.isdisjoint((DENIED, STATUS_NOT_KNOWN)) else start.last
    return Denial(exposure, latest if end is None else max(end.last, start.last), start.first - 1, True)


def _ended(exposure: Exposure, day: int) -> Denial:
    start, end = exposure.start, exposure.end or exposure.start
    last = end.first if end.first < day else start.last
    sure_until = last if start.last <= last else start.first - 1
    return Denial(exposure, end.last if end.last < LAST_DAY else start.last, sure_until, False)


def denies(denial: Denial, exposure: Exposure) -> bool:
    """Whether a statement speaks against an older record: an order, a statement or a supply that goes on."""
    if exposure.source == "given" or exposure is denial.by or is_not_taken(exposure):
        return False
    end, began = exposure.end, exposure.start.first
    goes_on = end is None or end.last > denial.sure_until
    return goes_on and (began <= denial.latest if denial.at_once else began < denial.latest)


def is_not_taken(exposure: Exposure) -> bool:
    """Whether a record is kept only because it says that the drug is not taken."""
    return NOT_TAKEN in exposure.note.split("; ")


def begins(exposure: Exposure) -> int:
    """The first day on which a record can be known: that of the statement, where it says "not taken"."""
    return exposure.end.first if exposure.end is not None and is_not_taken(exposure) else exposure.start.first


def contradicting(not_taken: Iterable[Exposure], known: Sequence[Exposure]) -> list[Exposure]:
    """Those of the statements "not taken" that speak against a record of the drug.

    Each spans from the begin of such a record to the day of the statement: it tells of no other dose.
    """
    found = []
    for statement in not_taken:
        said = statement.start
        denial = Denial(statement, said.last, said.first - 1, True)
        against = [one for one in known if denies(denial, one)]
        if against:
            latest = max(against, key=lambda one: (one.start.first, one.start.last, one.reference))
            found.append(_spanning(statement, latest))
    return found


def _spanning(statement: Exposure, record: Exposure) -> Exposure:
    said, began = statement.start, record.start.first
    last = said.last if record.end is None else min(said.last, record.end.last)
    start = When(began, began, said.text)
    return statement._replace(start=start, end=When(min(said.first, last), last, ""))
