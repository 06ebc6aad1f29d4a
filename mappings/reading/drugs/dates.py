"""From when to when a drug record speaks of the drug."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mappings.dates import BEGINNING, LAST_DAY, SOME_DAY, When, parse_when
from mappings.reading.drugs.dosages import Dosage, Lasting, days_of, lasting, regular, timing_of
from mappings.reading.fhir_elements import mapping, tokens_and_texts


class Course(NamedTuple):
    """``end`` is None while open. ``note`` says which end is not known.

    ``last_given``: the last dose of what was given over some time; None if all was given at the start.
    """

    start: When
    end: When | None
    note: str = ""
    last_given: When | None = None


class _Period(NamedTuple):
    start: When | None
    end: When | None
    end_unreadable: bool = False


_NO_PERIOD = _Period(None, None)


def course_of_request(
    resource: Mapping[str, Any], dosages: Sequence[Dosage], over: bool, short: bool, faults: list[str]
) -> Course:
    """An order: from the start it asks for, or else its date, to its end; without an end it goes on.

    Doses that are counted, a short course and a supply without refills end too, but nobody knows when.
    ``short``: the product holds one course.
    """
    dosages = regular(dosages)
    start, end, unreadable = _joined(_bounds(dosages, faults))
    start = start or _date(resource, "authoredOn", faults)
    dispensing = mapping(resource.get("dispenseRequest"))
    if end is None and not unreadable:
        end, unreadable = _after(start, _with_refills(lasting(dosages, faults), dispensing, faults))
    if _is_open(end) and not unreadable and "validityPeriod" in dispensing:
        end, unreadable = _within(end, _period(dispensing["validityPeriod"], "validityPeriod", faults))
    if end is None and not unreadable and not _is_continuous(resource):
        end, unreadable = _after(start, _supply(dispensing, faults))
    return _course(start, end, over or short or unreadable or _is_short(resource))


def course_of_statement(
    resource: Mapping[str, Any], dosages: Sequence[Dosage], over: bool, short: bool, faults: list[str]
) -> Course:
    """A statement: its effective period, or from its effective day on, or the bounds of its doses; else on
    the day it was made.

    One that says that it is over was so by the day on which it was made.
    """
    if "effectivePeriod" in resource:
        start, end, unreadable = _period(resource["effectivePeriod"], "effectivePeriod", faults)
    elif "effectiveDateTime" in resource:
        start, end, unreadable = _date(resource, "effectiveDateTime", faults), None, False
    else:
        start, end, unreadable = _joined(_bounds(regular(dosages), faults))
    undated = start is None and end is None and not unreadable
    made = "dateAsserted" if resource.get("resourceType") == "MedicationStatement" else "authoredOn"
    asserted = _date(resource, made, faults) if undated or over else None
    if undated and asserted is not None:
        start = When(BEGINNING, asserted.last, "")
    if end is None and not unreadable:
        end, unreadable = _after(start, lasting(regular(dosages), faults))
    course = _course(start, end, over or short or unreadable)
    if over and end is None and asserted is not None and course.start.first <= asserted.last:
        return course._replace(end=When(course.start.first, asserted.last, ""))
    return course


def course_of_administration(
    resource: Mapping[str, Any], covers_days: int | None, faults: list[str]
) -> Course:
    """One administration: its day or period, and the days that an infusion of the drug covers after it.

    One that is in progress without an end, or whose end cannot be read, may go on.
    """
    if "effectivePeriod" not in resource:
        return _spanning(_date(resource, "effectiveDateTime", faults), None, covers_days or 0)
    start, end, unreadable = _period(resource["effectivePeriod"], "effectivePeriod", faults)
    course = _spanning(start or end, end, covers_days or 0)
    if start is None or end is not None or not (unreadable or resource.get("status") == "in-progress"):
        return course
    covered = course.end or start
    last = When(start.first, LAST_DAY, "")
    return Course(start, last._replace(first=covered.first), "end not known", last)


def course_of_dispense(resource: Mapping[str, Any], faults: list[str]) -> Course:
    """A dispense: from the day it was handed over for as many days as it supplies; else that day."""
    start = _date(resource, "whenHandedOver", faults) or _date(resource, "whenPrepared", faults)
    supply = days_of(resource["daysSupply"]) if "daysSupply" in resource else 1
    if supply is None:
        faults.append("daysSupply is not a number of days")
    return _spanning(start, None, (supply or 1) - 1)


def sure_before(course: Course, day: When) -> Course:
    """The course as far as it is sure if, on a day, somebody says that the drug is not taken."""
    end, before = course.end or When(LAST_DAY, LAST_DAY, ""), max(day.first - 1, BEGINNING)
    if end.last < day.first:
        return course
    return course._replace(
        end=When(min(end.first, before), end.last, ""), note=course.note or "end not known"
    )


def _spanning(start: When | None, end: When | None, further_days: int) -> Course:
    if start is None:
        return Course(SOME_DAY, SOME_DAY, "date not known")
    last = end or start
    given_over_days = (last.first, last.last) != (start.first, start.last)
    covered = _later(last, further_days) if further_days else last
    return Course(start, covered, last_given=last if given_over_days else None)


def _course(start: When | None, end: When | None, over: bool) -> Course:
    """A course with what is not known of it; ``over``: it ended, if no end says when."""
    notes = []
    if start is None:
        start = When(BEGINNING, end.last if end else LAST_DAY, "")
    if not start.text:
        notes.append("start not known")
    if end is None and over:
        end = When(start.first, LAST_DAY, "")
    if end is not None and _is_open(end):
        notes.append("end not known")
    return Course(start, end, ", ".join(notes))


def _after(start: When | None, lasting: Lasting | None) -> tuple[When | None, bool]:
    """The last day of a course of some days, and whether it ends nobody knows when."""
    if lasting is None or start is None:
        return None, lasting is not None
    least = max(_later(start, lasting.least - 1).first, lasting.until)
    most = LAST_DAY if lasting.most is None else _later(start, lasting.most - 1).last
    return When(least, most, ""), False


def _is_open(end: When | None) -> bool:
    """Whether a course may go on for ever."""
    return end is None or end.last == LAST_DAY


def _within(end: When | None, period: _Period) -> tuple[When | None, bool]:
    """The end of a course that may go on, but not after a period."""
    if end is None or period.end is None:
        return end or period.end, end is None and period.end_unreadable
    return When(min(end.first, period.end.first), period.end.last, ""), False


def _supply(dispensing: Mapping[str, Any], faults: list[str]) -> Lasting | None:
    """The days that an order and its refills supply; nobody knows whether another order followed."""
    if "expectedSupplyDuration" not in dispensing:
        return None
    days, repeats = days_of(dispensing["expectedSupplyDuration"]), dispensing.get("numberOfRepeatsAllowed")
    if days is None:
        faults.append("expectedSupplyDuration is not a number of days")
    refills = repeats if type(repeats) is int and repeats > 0 else 0
    return Lasting((days or 1) * (refills + 1), None)


def _with_refills(told: Lasting | None, dispensing: Mapping[str, Any], faults: list[str]) -> Lasting | None:
    """Days in words that are those of one fill, as some systems add them to the instruction, are refilled."""
    if told is None or not told.of_a_fill or "expectedSupplyDuration" not in dispensing:
        return told
    one_fill = days_of(dispensing["expectedSupplyDuration"])
    return _supply(dispensing, faults) if one_fill == told.least else told


def _is_continuous(resource: Mapping[str, Any]) -> bool:
    """Expected to go on beyond the order, and to be taken unless explicitly stopped (FHIR)."""
    return "continuous" in _course_of_therapy(resource)


def _is_short(resource: Mapping[str, Any]) -> bool:
    return not _course_of_therapy(resource).isdisjoint(("acute", "seasonal"))


def _course_of_therapy(resource: Mapping[str, Any]) -> frozenset[str]:
    """Codes of FHIR's medicationrequest-course-of-therapy, whatever system they stand in."""
    tokens, _ = tokens_and_texts(resource.get("courseOfTherapyType"))
    return frozenset([token.rpartition("|")[2] for token in tokens])


def _later(when: When, days: int) -> When:
    return When(min(when.first + days, LAST_DAY), min(when.last + days, LAST_DAY), "")


def _bounds(dosages: Sequence[Dosage], faults: list[str]) -> list[_Period]:
    """The periods that dosages are bounded by; doses on certain days only run from the first to the last."""
    found = []
    for dosage in dosages:
        timing = timing_of(dosage)
        repeat, events = mapping(timing.get("repeat")), timing.get("event")
        if "boundsPeriod" in repeat:
            found.append(_period(repeat["boundsPeriod"], "boundsPeriod", faults))
        elif isinstance(events, list) and not repeat:
            days = [when for when in map(parse_when, events) if when is not None]
            if days and len(days) == len(events):
                found.append(_Period(min(days, key=_by_day), max(days, key=_by_day)))
    return found


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
