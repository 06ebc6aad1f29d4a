"""Counts and times of the funnel, from when referrals entered their states. Pure: no database, no words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median, quantiles
from typing import NamedTuple

from cds_service.referrals.states import Kind, State, moves

Entered = Mapping[str, datetime]
"""When a referral first entered each of its states."""

_DAY = 86400.0
_KINDS = {(state.value, move.to.value): move.kind for state in State for move in moves(state)}


class Moved(NamedTuple):
    """One move of a referral. ``start``: the state that it left, "" when it was opened."""

    start: str
    end: str
    at: datetime


def entered_by(course: Iterable[Moved]) -> Entered:
    """When a referral first entered each of its states, from its moves in order.

    A step that was taken back as entered by mistake never was; one before the referral was reopened was.
    """
    before: dict[str, datetime] = {}
    here: dict[str, datetime] = {}
    for start, end, at in course:
        kind = _KINDS.get((start, end))
        if kind is Kind.CORRECT:
            here.pop(start, None)
        elif kind is Kind.REOPEN:
            before, here = here | before, {}
        here.setdefault(end, at)
    return here | before


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
    number: int
    median: float | None = None
    low: float | None = None
    high: float | None = None


class Left(NamedTuple):
    """How many ended in a state for a reason."""

    state: str
    reason: str
    number: int


class Funnel(NamedTuple):
    """``reached`` has a count for each state of the path: of those who came there, or further. ``left`` is of
    those who came onto the path; ``set_aside`` of those who never did.
    """

    total: int
    reached: Mapping[str, int]
    took: tuple[Took, ...]
    left: tuple[Left, ...]
    set_aside: tuple[Left, ...] = ()


def funnel_of(courses: Sequence[Course], path: Sequence[str]) -> Funnel:
    """The funnel of some referrals along a path of states, the first first."""
    pairs = [*pairwise(path), *([(path[0], path[-1])] if len(path) > 2 else [])]
    return Funnel(
        total=len(courses),
        reached=reached_in(courses, path),
        took=tuple(_took(start, end, courses) for start, end in pairs),
        left=_left(course for course in courses if _furthest(course.entered, path) >= 0),
        set_aside=_left(course for course in courses if _furthest(course.entered, path) < 0),
    )


def reached_in(courses: Iterable[Course], path: Sequence[str]) -> Mapping[str, int]:
    """For each state of a path, how many came there or further."""
    furthest = Counter(_furthest(course.entered, path) for course in courses)
    return {
        state: sum(count for rank, count in furthest.items() if rank >= number)
        for number, state in enumerate(path)
    }


def by_place(courses: Iterable[Course], path: Sequence[str]) -> dict[tuple[str, str], Mapping[str, int]]:
    """What was reached, for each trial and site."""
    places: dict[tuple[str, str], list[Course]] = {}
    for course in courses:
        places.setdefault((course.trial, course.site), []).append(course)
    return {place: reached_in(some, path) for place, some in sorted(places.items())}


def _left(courses: Iterable[Course]) -> tuple[Left, ...]:
    """Those who left, by state and reason: the most frequent first."""
    counted = Counter((course.left, course.reason) for course in courses if course.left)
    return tuple(Left(*key, number) for key, number in sorted(counted.items(), key=_most_first))


def _most_first(counted: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -counted[1], counted[0]


def _furthest(entered: Entered, path: Sequence[str]) -> int:
    """The number of the furthest state of the path; -1 if none was entered."""
    return max((number for number, state in enumerate(path) if state in entered), default=-1)


def _took(start: str, end: str, courses: Sequence[Course]) -> Took:
    """Only who was in both counts; who was in the second one before went the other way."""
    days = [
        (then - first).total_seconds() / _DAY
        for course in courses
        if (first := course.entered.get(start)) and (then := course.entered.get(end)) and then >= first
    ]
    if not days:
        return Took(start, end, 0)
    tenths = quantiles(days, n=10, method="inclusive") if len(days) > 1 else days * 9
    return Took(start, end, len(days), median(days), tenths[0], tenths[-1])
