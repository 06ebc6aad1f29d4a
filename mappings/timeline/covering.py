"""Which days a drug record covers, for sure and at most, and which gaps between records are no break.

Days are ordinals. A record covers an interval of days; a partial or doubtful one covers fewer days for
sure than it may cover.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from mappings.dates import BEGINNING
from mappings.facts import Exposure
from mappings.reading.drugs.denials import Denial, denies
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


class Covered(NamedTuple):
    """A record with the days that it may cover and those that it surely covers, looked at once.

    ``surely`` ends where a later statement says that the drug is not taken.
    """

    exposure: Exposure
    may: Span | None
    surely: Span | None


def covered(exposure: Exposure, day: int, denials: Sequence[Denial] = ()) -> Covered:
    """What a record says of the days up to ``day``, beside statements that the drug is not taken."""
    surely = surely_covers(exposure, day)
    for denial in denials:
        if surely is not None and denies(denial, exposure):
            last = min(surely.last, denial.sure_until)
            surely = Span(surely.first, last) if surely.first <= last else None
    return Covered(exposure, may_cover(exposure, day), surely)


def surely_covers(exposure: Exposure, today: int) -> Span | None:
    """The days up to ``today`` that a record covers whatever its dates mean; None without one."""
    start, end = exposure.start, exposure.end
    if start.first > today or exposure.problem not in (None, IMPRECISE):
        return None
    over = _is_over(exposure)
    if end is None and not over:
        return Span(min(start.last, today), today)
    first = start.last
    last = today if end is None else min(end.first, today)
    if over and last == today:
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


def unbroken_since(spans: Iterable[Span | None], today: int) -> int | None:
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


def joined(spans: Iterable[Span | None], gap: int = 0) -> list[Span]:
    """The spans, oldest first, those in one that overlap, touch or lie no more than ``gap`` days apart."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span is not None):
        if found and span.first - found[-1].last - 1 <= gap:
            found[-1] = Span(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return found


def between(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The days between spans that are in order and apart."""
    return tuple(Span(one.last + 1, other.first - 1) for one, other in pairwise(spans))
