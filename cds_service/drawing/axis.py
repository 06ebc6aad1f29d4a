"""The time axis of a drawing: which days it shows, where a day lies on it, and its ticks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from mappings.dates import add_months
from mappings.language import ENGLISH, Language, message

LONGEST_YEARS = 5
"""A drawing choice: what lies further back is said in words and not drawn."""

_LEAST_MONTHS = 12
_MONTHS = (
    *(message("Jan"), message("Feb"), message("Mar"), message("Apr"), message("May"), message("Jun")),
    *(message("Jul"), message("Aug"), message("Sep"), message("Oct"), message("Nov"), message("Dec")),
)
_MOST_TICKS = 18
_MOST_LABELS_ON_A_PHONE = 6
_STEPS = (1, 2, 3, 6, 12)


class Tick(NamedTuple):
    """A first day of a month. ``narrow``: its label has room on a phone too."""

    x: float
    label: str
    is_year: bool
    narrow: bool


class Axis(NamedTuple):
    """Days from ``first`` to ``last``, drawn between ``left`` and ``right`` per cent of the width."""

    first: int
    last: int
    left: float = 2.0
    right: float = 98.0

    def x(self, day: int) -> float:
        """Where the day begins, in per cent of the width; a day outside lies on the edge."""
        inside = min(max(day, self.first), self.last + 1)
        part = (inside - self.first) / (self.last + 1 - self.first)
        return round(self.left + (self.right - self.left) * part, 3)

    def width(self, first: int, last: int) -> float:
        """How wide the days from first to last, both in, are drawn."""
        return round(self.x(last + 1) - self.x(first), 3)

    def ticks(self, language: Language = ENGLISH) -> tuple[Tick, ...]:
        """Months at steps that leave room for their labels; a January bears its year."""
        months = _first_days(date.fromordinal(self.first), date.fromordinal(self.last))
        step = next((n for n in _STEPS if len(months) / n <= _MOST_TICKS), _STEPS[-1])
        phone = next((n for n in _STEPS if n >= step and len(months) / n <= _MOST_LABELS_ON_A_PHONE), 12)
        return tuple(
            Tick(self.x(day.toordinal()), _label(day, language), day.month == 1, (day.month - 1) % phone == 0)
            for day in months
            if (day.month - 1) % step == 0 and day.toordinal() >= self.first
        )


def axis_for(starts: Sequence[int], day: date) -> Axis:
    """From the first month of the earliest start to the day: a year at least, LONGEST_YEARS at most."""
    earliest, latest = add_months(day, -12 * LONGEST_YEARS), add_months(day, -_LEAST_MONTHS)
    known = [start for start in starts if start > earliest.toordinal()]
    first = min([*known, latest.toordinal()])
    if any(start <= earliest.toordinal() for start in starts):
        first = earliest.toordinal()
    return Axis(date.fromordinal(first).replace(day=1).toordinal(), day.toordinal())


def day_words(day: int, language: Language = ENGLISH) -> str:
    """1 Mar 2025."""
    return language.short_date(date.fromordinal(day))


def _label(day: date, language: Language) -> str:
    return str(day.year) if day.month == 1 else language.text(_MONTHS[day.month - 1])


def _first_days(first: date, last: date) -> Sequence[date]:
    days = []
    day = first.replace(day=1)
    while day <= last:
        days.append(day)
        day = add_months(day, 1)
    return days
