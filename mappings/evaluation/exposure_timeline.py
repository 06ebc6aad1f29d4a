"""Since when drugs have been given without a break up to a day, alone or two groups together.

Days are ordinals. A record covers an interval of days; a partial or doubtful one covers fewer days for
sure than it may cover. What is sure answers "since this day at the latest", what may be answers "since
this day at the earliest".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from mappings.dates import BEGINNING
from mappings.facts import Exposure
from mappings.reading.drugs.statuses import ENDED_NOTES
from mappings.verdicts import IMPRECISE

LONGEST_GAP_DAYS = 30
"""Interpretation: up to 30 days without cover between two records of one group (a refill fetched late, an
infusion postponed, a change of drug) do not break the course. No gap is allowed at its end: the drug has to
be covered on the day itself."""


class Span(NamedTuple):
    """Days from ``first`` to ``last``, both in."""

    first: int
    last: int


class CommonExposure(NamedTuple):
    """Since when the groups have run together without a break up to the day.

    ``earliest`` is the first day possible if every doubt fell in favour, ``latest`` the day since which
    they have run together for sure, None if it is not even sure that they do on the day.
    ``carried_by`` holds the records that cover that time: the sure ones, or, where ``latest`` is None,
    the possible ones. ``doubtful`` holds the records that could move the answer: partial dates, an
    unknown end, a status that does not confirm; empty when ``earliest == latest``.
    """

    earliest: int
    latest: int | None
    carried_by: tuple[Exposure, ...]
    doubtful: tuple[Exposure, ...] = ()


class _Covered(NamedTuple):
    """A record with the days that it may cover and those that it surely covers, looked at once."""

    exposure: Exposure
    may: Span | None
    surely: Span | None


def _covered(exposure: Exposure, day: int) -> _Covered:
    return _Covered(exposure, may_cover(exposure, day), surely_covers(exposure, day))


def common_exposure(
    exposures_a: Sequence[Exposure], exposures_b: Sequence[Exposure] | None, today: date
) -> CommonExposure | None:
    """The time that ends on the day, without a break, in which something of A and something of B was covered.

    ``exposures_b`` None asks for A alone; an empty B is a group of which the patient has nothing. A change
    between drugs of a group is no break. None if they certainly do not run together on the day. The order
    of the records does not matter.
    """
    day = today.toordinal()
    asked = [exposures_a] if exposures_b is None else [exposures_a, exposures_b]
    groups = [[_covered(exposure, day) for exposure in group] for group in asked]
    earliest = _together_since([[each.may for each in group] for group in groups], day)
    if earliest is None:
        return None
    latest = _together_since([[each.surely for each in group] for group in groups], day)
    once = {each.exposure: each for group in groups for each in group}
    records = [once[exposure] for exposure in sorted(once, key=_order)]
    possible = [each for each in records if each.may is not None and each.may.last >= earliest]
    if latest is None:
        carried_by = possible
    else:
        carried_by = [each for each in records if each.surely is not None and each.surely.last >= latest]
    doubtful = [each.exposure for each in possible if each.may != each.surely] if latest != earliest else []
    return CommonExposure(earliest, latest, tuple([each.exposure for each in carried_by]), tuple(doubtful))


def surely_covers(exposure: Exposure, today: int) -> Span | None:
    """The days up to ``today`` that a record covers whatever its dates mean; None without one."""
    start, end = exposure.start, exposure.end
    if start.first > today or exposure.problem not in (None, IMPRECISE):
        return None
    if end is None:
        return Span(min(start.last, today), today)
    first = start.last
    last = min(end.first, today)
    if _is_over(exposure) and end.first >= today:
        last = min(first, today - 1)
    return Span(first, last) if first <= last else None


def may_cover(exposure: Exposure, today: int) -> Span | None:
    """The days up to ``today`` that a record covers if every doubt falls in favour; None without one."""
    start, end = exposure.start, exposure.end
    if start.first > today or (exposure.source in ("given", "dispensed") and start.first == BEGINNING):
        return None
    last = today if end is None else min(end.last, today)
    if _is_over(exposure):
        last = min(last, today - 1)
    return Span(start.first, last) if start.first <= last else None


def _is_over(exposure: Exposure) -> bool:
    """An order or statement whose status says that it ended, whatever end was planned: not ongoing today."""
    return exposure.note != "" and not ENDED_NOTES.isdisjoint(exposure.note.split("; "))


def _together_since(groups: Sequence[Sequence[Span | None]], today: int) -> int | None:
    starts = [_unbroken_since(spans, today) for spans in groups]
    known = [start for start in starts if start is not None]
    return max(known) if len(known) == len(starts) else None


def _unbroken_since(spans: Iterable[Span | None], today: int) -> int | None:
    """The first day of the cover that reaches ``today`` without a gap longer than allowed."""
    since = None
    for first, last in sorted((span for span in spans if span is not None), key=lambda span: -span.last):
        if since is None:
            if last < today:
                return None
            since = first
        elif since - last - 1 > LONGEST_GAP_DAYS:
            break
        since = min(since, first)
    return since


def _order(exposure: Exposure) -> tuple[object, ...]:
    """By date; whatever two records of one date differ in keeps their order from being an accident."""
    concept, reference, text, _, start, end, _, problem, note = exposure
    days = (start.first, end.last if end else 0)
    doubts = (start.last, end.first if end else 0, problem.value if problem else "", note)
    return (*days, concept, reference, text, *doubts)
