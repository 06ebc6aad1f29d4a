"""Which records speak of the same biopsy, and when its tissue was taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from mappings.dates import BEGINNING, LAST_DAY, When
from mappings.reading.pathology.records import BiopsyRecord

SAME_BIOPSY_DAYS = 14
"""Interpretation: records that nothing links are of one biopsy if collected within 14 days."""


class Episode(NamedTuple):
    """One biopsy: its day of collection, the year if known, and its records in the order of the input."""

    when: When
    records: tuple[BiopsyRecord, ...]
    year: int | None


def episodes_of(records: Sequence[BiopsyRecord]) -> list[Episode]:
    """Records as biopsies: those linked to one another, then those collected about the same day."""
    if len(records) == 1:
        return [_episode(_collected(records), records)]
    merged: list[list[int]] = []
    whens: list[When] = []
    dated = [(_collected([records[i] for i in group]), group) for group in _linked(records)]
    for when, group in sorted(dated, key=lambda pair: pair[0][:2]):
        into = next((i for i, other in enumerate(whens) if _about_the_same_day(other, when)), None)
        if into is None:
            merged.append(group)
            whens.append(when)
        else:
            merged[into] = sorted(merged[into] + group)
            whens[into] = _collected([records[i] for i in merged[into]])
    return [_episode(when, [records[i] for i in group]) for when, group in zip(whens, merged, strict=True)]


def _episode(when: When, records: Sequence[BiopsyRecord]) -> Episode:
    first, last = date.fromordinal(when.first).year, date.fromordinal(when.last).year
    return Episode(when, tuple(records), first if first == last else None)


def _linked(records: Sequence[BiopsyRecord]) -> list[list[int]]:
    """Groups of records that name one another, or one specimen, order or procedure."""
    groups: list[tuple[set[str], list[int]]] = []
    for number, record in enumerate(records):
        names, members = set(record.links), [number]
        apart = []
        for group in groups:
            if names.isdisjoint(group[0]):
                apart.append(group)
            else:
                names |= group[0]
                members = sorted(group[1] + members)
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _collected(records: Sequence[BiopsyRecord]) -> When:
    """The best date of collection that the records give; else not after the first was issued.

    What is not confirmed to have happened may date it or not: then the biopsy was on one of the days between.
    """
    when = _best_date(records)
    confirmed = [record for record in records if record.confirmed]
    if 0 < len(confirmed) < len(records):
        other = _best_date(confirmed)
        if when[:2] != other[:2]:
            return When(min(when.first, other.first), max(when.last, other.last), other.text)
    return when


def _best_date(records: Sequence[BiopsyRecord]) -> When:
    """By collection before report; of a month and a day in it, the day."""
    dates = [dated for record in records for dated in record.dates]
    if len(dates) == 1:
        return dates[0][1]
    if dates:
        best = min(rank for rank, _ in dates)
        whens = [when for rank, when in dates if rank == best]
        narrow = [when for when in whens if not any(_holds(when, other) for other in whens)]
        return min(narrow, key=lambda when: (when.first, when.last, when.text))
    issued = [record.issued.last for record in records if record.issued is not None]
    return When(BEGINNING, min(issued, default=LAST_DAY), "")


def _holds(when: When, other: When) -> bool:
    """Whether another date lies in a partial one and says more."""
    return when.first <= other.first and other.last <= when.last and when[:2] != other[:2]


def _about_the_same_day(one: When, other: When) -> bool:
    if BEGINNING in (one.first, other.first):
        return False
    if one[:2] == other[:2]:
        return True
    return max(one.last - other.first, other.last - one.first) <= SAME_BIOPSY_DAYS
