"""What is drawn: one trend with its points, and the lines that they are compared with."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

UNBOUNDED = float("inf")


class Point(NamedTuple):
    """A value of a day, or all that it may be: from ``low`` to ``high``, either of which may be infinite.

    ``words`` is the value as it is written, ``note`` what is said beside it. ``aside``: known in another way
    than the rest, so that it is no part of their line. ``drawn`` False: it stands in the table alone.
    """

    day: date | None
    low: float
    high: float
    words: str
    when: str = ""
    note: str = ""
    reference: str = ""
    aside: bool = False
    drawn: bool = True


class Level(NamedTuple):
    """A line across: a limit of the trial, or an end of the laboratory's own range."""

    value: float
    words: str


class Trend(NamedTuple):
    """One plot. Points are in the order of their days; ``remarks`` are whole sentences about it."""

    id: str
    title: str
    unit: str
    points: tuple[Point, ...]
    levels: tuple[Level, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def drawn(self) -> tuple[Point, ...]:
        """The points that have a place in the plot."""
        return tuple(point for point in self.points if point.drawn and point.day is not None)
