"""Days, partial dates as intervals of days, and windows.

A FHIR date may be a year, a month or a day. It is kept as the interval of days it can mean, so that a
comparison may answer "cannot tell". A dateTime is the calendar date written in it.
Days are proleptic ordinals (``date.toordinal``): integers compare and subtract fast.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any, Literal, NamedTuple

WindowUnit = Literal["days", "weeks", "months", "years"]

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(T.*)?)?)?")
BEGINNING = 1
"""Ordinal used as the lower end of an unknown start."""
LAST_DAY = date.max.toordinal()
"""Ordinal used as the upper end of an unknown end."""


class When(NamedTuple):
    """An interval of days, both ends included, with the text it was read from.

    ``moment`` is the instant where the text gives time and zone; it orders results of one day. ``span`` is
    that of a period of which both ends give them. ``first == last`` when the day is known.
    """

    first: int
    last: int
    text: str
    moment: datetime | None = None
    span: tuple[datetime, datetime] | None = None

    @property
    def is_day(self) -> bool:
        return self.first == self.last

    def day(self) -> date | None:
        """The day, if it is known."""
        return date.fromordinal(self.first) if self.first == self.last else None


SOME_DAY = When(BEGINNING, LAST_DAY, "")
"""Nobody knows which."""

_WHEN: Callable[[tuple[Any, ...]], When] = partial(tuple.__new__, When)


class Window(NamedTuple):
    """A look-back such as "6 months". Both ends are in; months and years are calendar ones, clamped."""

    length: int
    unit: WindowUnit

    def __str__(self) -> str:
        return f"{self.length} {self.unit if self.length != 1 else self.unit[:-1]}"

    def after(self, day: date) -> date:
        """The day this long after ``day``: 31 August + 6 months is 28 or 29 February."""
        if self.unit in ("days", "weeks"):
            return date.fromordinal(day.toordinal() + self.length * (7 if self.unit == "weeks" else 1))
        return add_months(day, self.length * (12 if self.unit == "years" else 1))

    def start(self, today: date) -> date:
        """The earliest day that still counts on ``today``: the first d with ``after(d) >= today``."""
        if self.unit in ("days", "weeks"):
            return date.fromordinal(today.toordinal() - self.length * (7 if self.unit == "weeks" else 1))
        day = add_months(today, -self.length * (12 if self.unit == "years" else 1))
        while self.after(day) < today:
            day = date.fromordinal(day.toordinal() + 1)
        return day


def add_months(day: date, months: int) -> date:
    """Calendar months, clamped to the end of a shorter month."""
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def parse_when(text: object) -> When | None:
    """A FHIR date, dateTime or instant as an interval of days; None if it is not one."""
    if not isinstance(text, str):
        return None
    text = text.strip()
    try:
        if len(text) >= 10:
            return _full(text)
        match = _PARTIAL.fullmatch(text)
        if match is None:
            return None
        year, month = int(match[1]), match[2]
        if month is None:
            return When(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal(), text)
        first = date(year, int(month), 1)
        return When(first.toordinal(), add_months(first, 1).toordinal() - 1, text)
    except ValueError:
        return None


def _full(text: str) -> When | None:
    if not text[4] == "-" == text[7]:  # Python also reads ISO weeks, which FHIR dates never are
        return None
    if len(text) == 10:
        day = date.fromisoformat(text).toordinal()
        return _WHEN((day, day, text, None, None))
    if text[10] != "T":
        return None
    moment = datetime.fromisoformat(text)
    day = moment.toordinal()  # of the date as it is written
    return _WHEN((day, day, text[:10], moment if moment.tzinfo else None, None))


def complete_years(birth: When, today: date) -> tuple[int, int]:
    """The least and the greatest age in complete years that the birth date allows on the day."""
    return _age(date.fromordinal(birth.last), today), _age(date.fromordinal(birth.first), today)


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
