"""A timeline in words: what the lanes, the table and a screen reader say."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.drawing.axis import day_words
from mappings.concept import Concept
from mappings.timeline import Course, DrugTimeline, Span

_LONGEST = 160


def clean(text: str) -> str:
    """A text from a record on one line, cut, with nothing that XML or a terminal stumbles over.

    What XML 1.0 cannot hold (controls, surrogates, two non-characters) is not printable, nor are the marks
    that turn a text round.
    """
    printable = (c if c.isprintable() else " " for c in text[: _LONGEST * 4])
    line = " ".join("".join(printable).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def name_of(concept: Concept) -> str:
    """A drug's name without what stands in brackets: Mycophenolate."""
    return concept.display.partition(" (")[0]


def days_of(span: Span) -> int:
    """How many days a span has, both ends in."""
    return span.last - span.first + 1


def course_words(course: Course, day: int) -> str:
    """since 1 Mar 2025, ongoing; 2 gaps, 12 days the longest."""
    ongoing = course.ongoing(day)
    start = day_words(course.first) if course.start_known else "a day not known"
    if ongoing is False:
        words = f"{start} to {day_words(course.last)}" + _how_sure_of_the_end(course)
    else:
        words = f"since {start}, {'ongoing' if ongoing else 'perhaps ongoing'}"
    if not course.surely:
        words += ", not sure"
    elif course.start_known and course.surely[0].first > course.first:
        words += f", sure from {day_words(course.surely[0].first)}"
    gaps = course.gaps
    if gaps:
        longest = plural(max(map(days_of, gaps)), "day")
        words += f"; a gap of {longest}" if len(gaps) == 1 else f"; {len(gaps)} gaps, {longest} the longest"
    return words


def _how_sure_of_the_end(course: Course) -> str:
    if not course.surely or course.surely[-1].last == course.last:
        return ""
    return f" at the latest, sure until {day_words(course.surely[-1].last)}"


def status_words(timeline: DrugTimeline) -> str:
    """ongoing, perhaps ongoing, ended on a day, or that no day is known."""
    courses = timeline.courses
    if not courses:
        return "no day known"
    ongoing = courses[-1].ongoing(timeline.day)
    if ongoing is False:
        return f"ended by {day_words(courses[-1].last)}"
    return "ongoing" if ongoing else "perhaps ongoing"


def known_by(course: Course) -> str:
    """How a course is known, and for an order alone that nobody says it was taken."""
    words = listed(course.sources, "and")
    return f"{words} only, not known to be taken" if course.sources == ("ordered",) else words


def plural(count: int, noun: str) -> str:
    """1 day, 2 days."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Iterable[str], last: str) -> str:
    """a, b and c."""
    known = list(words)
    return f"{', '.join(known[:-1])} {last} {known[-1]}" if len(known) > 1 else "".join(known)
