"""Dates told as a clinician tells them: so many days, months or years before the visit."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Ago:
    """Days counted back from the day of the visit."""

    today: date

    def days(self, count: int) -> date:
        """So many days before the visit."""
        return self.today - timedelta(days=count)

    def months(self, count: int) -> date:
        """So many calendar months before the visit; 31 May less three months is the last day of February."""
        year, month = divmod(self.today.year * 12 + self.today.month - 1 - count, 12)
        day = min(self.today.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day)

    def years(self, count: int) -> date:
        """So many calendar years before the visit."""
        return self.months(12 * count)

    def birth(self, age: int) -> date:
        """A birth date that gives this age on the day of the visit, and for the eight months that follow
        it."""
        return self.years(age) - timedelta(days=97)
