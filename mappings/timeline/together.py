"""Since when drugs have been given without a break up to a day, alone or two groups together.

What is sure answers "since this day at the latest", what may be answers "since this day at the earliest".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mappings.facts import Exposure
from mappings.timeline.courses import DrugTimeline, records_of
from mappings.timeline.covering import Span, unbroken_since


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


def common_exposure(
    group_a: Sequence[DrugTimeline], group_b: Sequence[DrugTimeline] | None, day: int
) -> CommonExposure | None:
    """The time that ends on the day, without a break, in which something of A and something of B was covered.

    The timelines were made for this day. ``group_b`` None asks for A alone; an empty B is a group of which
    the patient has nothing. A change between drugs of a group is no break. None if they certainly do not run
    together on the day.
    """
    groups = [group_a] if group_b is None else [group_a, group_b]
    earliest = _together_since([[r.may for one in group for r in one.records] for group in groups], day)
    if earliest is None:
        return None
    latest = _together_since([[r.surely for one in group for r in one.records] for group in groups], day)
    records = records_of([timeline for group in groups for timeline in group])
    possible = [each for each in records if each.may is not None and each.may.last >= earliest]
    if latest is None:
        carried_by = possible
    else:
        carried_by = [each for each in records if each.surely is not None and each.surely.last >= latest]
    doubtful = [each.exposure for each in possible if each.may != each.surely] if latest != earliest else []
    return CommonExposure(earliest, latest, tuple([each.exposure for each in carried_by]), tuple(doubtful))


def _together_since(groups: Sequence[Sequence[Span | None]], today: int) -> int | None:
    starts = [unbroken_since(spans, today) for spans in groups]
    known = [start for start in starts if start is not None]
    return max(known) if len(known) == len(starts) else None
