"""Which records speak of the same biopsy, and when its tissue was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from mappings.dates import BEGINNING, LAST_DAY, When
from mappings.reading.pathology.records import PERFORMED, BiopsyRecord

SAME_BIOPSY_DAYS = 14
"""Interpretation: records that nothing links are of one biopsy if collected within 14 days."""


class Episode(NamedTuple):
    """One biopsy: its day of collection, the year if known, and its records in the order of the input.

    ``written_earlier``: its texts name a day of collection well before that of its records.
    """

    when: When
    records: tuple[BiopsyRecord, ...]
    year: int | None
    written_earlier: bool = False


def episodes_of(records: Sequence[BiopsyRecord]) -> list[Episode]:
    """Records as biopsies: those linked to one another, then those collected about the same day.

    In time about linear in the number of records, however many of them are of one biopsy.
    """
    if len(records) == 1:
        return [_episode(_Dates(records).collected(), records)]
    dates_of = [(_Dates([records[i] for i in group]), group) for group in _linked(records)]
    dated = [(dates.collected(), dates, group) for dates, group in dates_of]
    biopsies: list[_Biopsy] = []
    near: list[_Biopsy] = []
    for when, dates, group in sorted(dated, key=lambda each: each[0][:2]):
        near = [each for each in near if each.when.first >= when.first - SAME_BIOPSY_DAYS]
        into = next((each for each in near if _about_the_same_day(each.when, when)), None)
        if into is None:
            near.append(_Biopsy(when, dates, group))
            biopsies.append(near[-1])
        else:
            into.join(dates, group)
    return [_episode(each.when, [records[i] for i in sorted(each.members)]) for each in biopsies]


def _episode(when: When, records: Sequence[BiopsyRecord]) -> Episode:
    since = _written_before(when, records)
    if since is not None:
        when = When(since, when.last, when.text)
    first, last = date.fromordinal(when.first).year, date.fromordinal(when.last).year
    return Episode(when, tuple(records), first if first == last else None, since is not None)


def _written_before(when: When, records: Sequence[BiopsyRecord]) -> int | None:
    """The earliest day on which texts say that the tissue was taken, if all they name are well before.

    A Procedure that took place tells the day itself: its reports may name other biopsies.
    """
    days = [day for record in records for day in record.written]
    if not days or any(record.confirmed and _is_performed(record) for record in records):
        return None
    if any(meant.last + SAME_BIOPSY_DAYS >= when.first for day in days for meant in day):
        return None
    return min(meant.first for day in days for meant in day)


def _is_performed(record: BiopsyRecord) -> bool:
    return any(rank == PERFORMED for rank, _ in record.dates)


def _linked(records: Sequence[BiopsyRecord]) -> list[list[int]]:
    """Groups of records that name one another, or one specimen, order or procedure; by their last member."""
    group_of: dict[str, int] = {}
    groups: dict[int, list[int]] = {}
    names_of: dict[int, list[str]] = {}
    for number, record in enumerate(records):
        joined = {group_of[name] for name in record.links if name in group_of}
        into = number
        if joined:
            into = max(joined, key=lambda each: len(groups[each])) if len(joined) > 1 else min(joined)
        members, names = groups.setdefault(into, []), names_of.setdefault(into, [])
        for other in joined - {into}:
            members += groups.pop(other)
            group_of.update(dict.fromkeys(names_of[other], into))
            names += names_of.pop(other)
        members.append(number)
        fresh = [name for name in record.links if name not in group_of]
        group_of.update(dict.fromkeys(fresh, into))
        names += fresh
    return sorted(map(sorted, groups.values()), key=lambda members: members[-1])


class _Best:
    """The best date of some records: by collection before report; of a month and a day in it, the day."""

    def __init__(self, records: Sequence[BiopsyRecord]) -> None:
        self._dates: dict[tuple[int, int, int], When] = {}
        self._issued = LAST_DAY
        for record in records:
            for rank, when in record.dates:
                self._take((rank, when.first, when.last), when)
            if record.issued is not None:
                self._issued = min(self._issued, record.issued.last)

    def join(self, other: _Best) -> None:
        for key, when in other._dates.items():
            self._take(key, when)
        self._issued = min(self._issued, other._issued)

    def _take(self, key: tuple[int, int, int], when: When) -> None:
        """Of dates of the same days one is kept: there may be thousands of records, but not of days."""
        known = self._dates.get(key)
        if known is None or (when.text, bool(when.moment)) < (known.text, bool(known.moment)):
            self._dates[key] = when

    def date(self) -> When:
        """Without a date not after the first was issued."""
        if not self._dates:
            return When(BEGINNING, self._issued, "")
        best = min(self._dates)
        if len(self._dates) == 1:
            return self._dates[best]
        # What does not count now will not count when more dates come.
        self._dates = {key: when for key, when in self._dates.items() if key[0] == best[0]}
        if len(self._dates) > 1:
            self._dates = _narrowest(self._dates)
        return self._dates[min(self._dates)]


def _narrowest(dates: Mapping[tuple[int, int, int], When]) -> dict[tuple[int, int, int], When]:
    """Of dates of one rank those in which no other lies that says more."""
    found, earliest_end = {}, LAST_DAY + 1
    for rank, first, last in sorted(dates, key=lambda key: (-key[1], key[2])):
        if last < earliest_end:
            found[rank, first, last] = dates[rank, first, last]
            earliest_end = last
    return found


class _Dates:
    """What some records say of when tissue was taken: all of them, and those that are confirmed.

    The confirmed ones are told apart only where others are among them; mostly none are.
    """

    def __init__(self, records: Sequence[BiopsyRecord]) -> None:
        confirmed = [record for record in records if record.confirmed]
        self._are_confirmed = bool(confirmed), len(confirmed) < len(records)
        self._any = _Best(records)
        self._confirmed = _Best(confirmed) if self._are_confirmed[1] else self._any

    def join(self, other: _Dates) -> None:
        if self._are_confirmed[1] or other._are_confirmed[1]:
            if self._confirmed is self._any:
                self._confirmed = _Best(())
                self._confirmed.join(self._any)
            self._confirmed.join(other._confirmed)
        self._any.join(other._any)
        (confirmed, rest), (more_confirmed, more_rest) = self._are_confirmed, other._are_confirmed
        self._are_confirmed = confirmed or more_confirmed, rest or more_rest

    def collected(self) -> When:
        """The best date of collection that the records give; else not after the first was issued.

        What is not confirmed to have happened may date it or not: then it was on one of the days between.
        """
        when = self._any.date()
        if all(self._are_confirmed):
            other = self._confirmed.date()
            if when[:2] != other[:2]:
                return When(min(when.first, other.first), max(when.last, other.last), other.text)
        return when


class _Biopsy:
    """A biopsy while its records are being put together."""

    def __init__(self, when: When, dates: _Dates, members: list[int]) -> None:
        self.when, self.members, self._dates = when, list(members), dates

    def join(self, dates: _Dates, members: list[int]) -> None:
        self._dates.join(dates)
        self.when = self._dates.collected()
        self.members += members


def _about_the_same_day(one: When, other: When) -> bool:
    if BEGINNING in (one.first, other.first):
        return False
    if one[:2] == other[:2]:
        return True
    return max(one.last - other.first, other.last - one.first) <= SAME_BIOPSY_DAYS
