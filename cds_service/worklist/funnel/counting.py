"""Counts and times of the funnel, from when referrals entered their states. Pure: no database, no words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import NamedTuple

Entered = Mapping[str, datetime]
"""When a referral first entered each of its states."""


class Course(NamedTuple):
    """How one referral went. ``left``: the state in which it ended, "" while it is open or enrolled."""

    trial: str
    site: str
    entered: Entered
    left: str = ""
    reason: str = ""


class Took(NamedTuple):
    """How many went from one state to another, and after how many days: the median, and 10 to 90 per cent."""

    start: str
    end: str
    count: int
    median: float | None = None
    low: float | None = None
    high: float | None = None


class Left(NamedTuple):
    """How many ended in a state for a reason."""

    state: str
    reason: str
    count: int


class Funnel(NamedTuple):
    """``reached`` has a count for each state of the path: of those who came there, or further."""

    total: int
    reached: Mapping[str, int]
    took: tuple[Took, ...]
    left: tuple[Left, ...]


def funnel_of(courses: Sequence[Course], path: Sequence[str]) -> Funnel:
    """The funnel of some referrals along a path of states, the first first."""
    furthest = Counter(_furthest(course.entered, path) for course in courses)
    left = Counter((course.left, course.reason) for course in courses if course.left)
    pairs = [*zip(path, path[1:], strict=False), *([(path[0], path[-1])] if len(path) > 2 else [])]
    return Funnel(
        total=len(courses),
        reached={
            state: sum(count for rank, count in furthest.items() if rank >= number)
            for number, state in enumerate(path)
        },
        took=tuple(_took(start, end, courses) for start, end in pairs),
        left=tuple(Left(*key, count) for key, count in sorted(left.items(), key=lambda one: (-one[1], one[0]))),
    )


def by_place(courses: Iterable[Course], path: Sequence[str]) -> dict[tuple[str, str], Mapping[str, int]]:
    """What was reached, for each trial and site."""
    places: dict[tuple[str, str], list[Course]] = {}
    for course in courses:
        places.setdefault((course.trial, course.site), []).append(course)
    return {place: funnel_of(some, path).reached for place, some in sorted(places.items())}


def _furthest(entered: Entered, path: Sequence[str]) -> int:
    """The number of the furthest state of the path; -1 if none was entered."""
    return max((number for number, state in enumerate(path) if state in entered), default=-1)


def _took(start: str, end: str, courses: Sequence[Course]) -> Took:
    """Only who was in both counts; who came back to the first one later went the other way."""
    days = sorted(
        (course.entered[end] - course.entered[start]) / timedelta(days=1)
        for course in courses
        if start in course.entered and end in course.entered and course.entered[end] >= course.entered[start]
    )
    if not days:
        return Took(start, end, 0)
    tenths = quantiles(days, n=10, method="inclusive") if len(days) > 1 else days * 9
    return Took(start, end, len(days), median(days), tenths[0], tenths[-1])
