"""From when to when a drug record speaks of the drug."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from mappings.dates import BEGINNING, When, parse_when
from mappings.reading.fhir_elements import items, mapping, text_of

LAST_DAY = date.max.toordinal()
_DAYS_OF_UNIT: Mapping[str, int] = {
    **dict.fromkeys(("", "d", "day", "days"), 1),
    **dict.fromkeys(("wk", "week", "weeks"), 7),
    **dict.fromkeys(("mo", "month", "months"), 30),
    **dict.fromkeys(("a", "year", "years"), 365),
}
_LONGEST_SUPPLY = 1100


class Course(NamedTuple):
    """``end`` is None while open. ``note`` says which end is not known."""

    start: When
    end: When | None
    note: str = ""


class _Period(NamedTuple):
    start: When | None
    end: When | None
    end_unreadable: bool = False


_NO_PERIOD = _Period(None, None)


def course_of_request(resource: Mapping[str, Any], over: bool, faults: list[str]) -> Course:
    """An order: from the start it asks for, or else its date, to its end; without an end it goes on."""
    dosages = items(resource.get("dosageInstruction"))
    repeats = [mapping(mapping(dosage.get("timing")).get("repeat")) for dosage in dosages]
    bounds = [
        _period(repeat["boundsPeriod"], "boundsPeriod", faults)
        for repeat in repeats
        if "boundsPeriod" in repeat
    ]
    start, end, unreadable = _joined(bounds)
    start = start or _date(resource, "authoredOn", faults)
    if end is None and len(repeats) == 1 and "boundsDuration" in repeats[0]:
        end, unreadable = _after(start, repeats[0]["boundsDuration"], faults)
    validity = mapping(resource.get("dispenseRequest")).get("validityPeriod")
    if end is None and not unreadable and validity is not None:
        _, end, unreadable = _period(validity, "validityPeriod", faults)
    return _course(start, end, over or unreadable)


def course_of_statement(resource: Mapping[str, Any], over: bool, faults: list[str]) -> Course:
    """A statement: its effective period, or from its effective day on; else on the day it was made."""
    if "effectivePeriod" in resource:
        start, end, unreadable = _period(resource["effectivePeriod"], "effectivePeriod", faults)
    else:
        start, end, unreadable = _date(resource, "effectiveDateTime", faults), None, False
    if start is None and end is None and not unreadable:
        asserted = _date(resource, "dateAsserted", faults)
        if asserted is not None:
            return _course(When(BEGINNING, asserted.last, ""), None, over)
    return _course(start, end, over or unreadable)


def course_of_administration(
    resource: Mapping[str, Any], covers_days: int | None, faults: list[str]
) -> Course:
    """One administration: its day or period, and the days that one infusion of the drug covers."""
    if "effectivePeriod" in resource:
        start, end, _ = _period(resource["effectivePeriod"], "effectivePeriod", faults)
    else:
        start, end = _date(resource, "effectiveDateTime", faults), None
    return _spanning(start or end, end, covers_days or 0)


def course_of_dispense(resource: Mapping[str, Any], faults: list[str]) -> Course:
    """A dispense: from the day it was handed over for as many days as it supplies; else that day."""
    start = _date(resource, "whenHandedOver", faults) or _date(resource, "whenPrepared", faults)
    supply = days_of(resource["daysSupply"]) if "daysSupply" in resource else 1
    if supply is None:
        faults.append("daysSupply is not a number of days")
    return _spanning(start, None, (supply or 1) - 1)


def days_of(quantity: Any) -> int | None:
    """Whole days of a Quantity or Duration in days, weeks, months of 30 or years of 365; None if not that."""
    value = mapping(quantity).get("value")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= _LONGEST_SUPPLY:
        return None
    unit = text_of(quantity.get("code")) or text_of(quantity.get("unit"))
    days = value * _DAYS_OF_UNIT.get(unit.lower(), 0)
    return math.floor(days) if 1 <= days <= _LONGEST_SUPPLY else None


def _spanning(start: When | None, end: When | None, further_days: int) -> Course:
    if start is None:
        return Course(When(BEGINNING, LAST_DAY, ""), When(BEGINNING, LAST_DAY, ""), "date not known")
    if further_days:
        covered = _later(start, further_days)
        end = covered if end is None or end.last < covered.last else end
    return Course(start, end or start)


def _course(start: When | None, end: When | None, over: bool) -> Course:
    notes = []
    if start is None:
        start = When(BEGINNING, end.last if end else LAST_DAY, "")
    if not start.text:
        notes.append("start not known")
    if end is None and over:
        end = When(start.first, LAST_DAY, "")
        notes.append("end not known")
    return Course(start, end, ", ".join(notes))


def _after(start: When | None, duration: Any, faults: list[str]) -> tuple[When | None, bool]:
    """The last day of a course of some days, and whether the duration says no such thing."""
    days = days_of(duration)
    if days is None:
        faults.append("boundsDuration is not a number of days")
    if days is None or start is None:
        return None, True
    return _later(start, days - 1), False


def _later(when: When, days: int) -> When:
    return When(min(when.first + days, LAST_DAY), min(when.last + days, LAST_DAY), "")


def _joined(bounds: list[_Period]) -> _Period:
    """From the first start to the last end; open if one of them is open (a taper, then a fixed dose)."""
    if len(bounds) < 2:
        return bounds[0] if bounds else _NO_PERIOD
    starts = [period.start for period in bounds if period.start is not None]
    ends = [period.end for period in bounds if period.end is not None]
    unreadable = any(period.end_unreadable for period in bounds)
    all_end = len(ends) == len(bounds)
    earliest = min(starts, key=_by_day, default=None)
    return _Period(earliest, max(ends, key=_by_day) if all_end else None, unreadable)


def _by_day(when: When) -> tuple[int, int, str]:
    """Not by the moment: it cannot be compared with a date that has none."""
    return when.first, when.last, when.text


def _period(value: Any, name: str, faults: list[str]) -> _Period:
    if not isinstance(value, dict):
        faults.append(f"{name} is not a period")
        return _Period(None, None, True)
    start, end = _date(value, "start", faults), _date(value, "end", faults)
    if start is not None and end is not None and end.last < start.first:
        faults.append(f"{name} ends before it starts")
        return _Period(start, None, True)
    return _Period(start, end, end is None and value.get("end") is not None)


def _date(element: Mapping[str, Any], key: str, faults: list[str]) -> When | None:
    value = element.get(key)
    if value is None:
        return None
    when = parse_when(value)
    if when is None:
        faults.append(f"{key} is not a date")
    return when
