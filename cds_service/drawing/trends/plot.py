"""A trend as SVG inside a page: no style and no script of its own, classes of the page's style sheet.

Positions across are per cents of the width and those down are pixels, so that letters have one size on a
phone and on a screen. The same axis lies under all trends of a page.

pygal and matplotlib were looked at. pygal 3.1 writes a style element and, unless told otherwise, a script
into each chart, which the Content-Security-Policy of the pages refuses; it scales letters with the picture,
and has no value that is an interval. matplotlib adds 57 MB with numpy and draws letters as outlines. What is
left to do here is one axis each way, and the drug timeline had one already.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal, NamedTuple

from cds_service.drawing.axis import Axis, Tick
from cds_service.drawing.templating import template
from cds_service.drawing.trends import words
from cds_service.drawing.trends.trend import Point, Trend
from mappings.language import Language

_TOP, _BOTTOM, _AXIS = 20, 180, 22
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_GRID_LINES = 5
_ROOM_ABOVE = 1.12
_LEAST = 1e-9
"""Below this all is drawn as zero."""
_ABOVE_A_LIMIT = 2.0
"""How far above the highest line an interval is drawn before it is cut: a drawing choice."""


class Mark(NamedTuple):
    """One point as it is drawn: a dot, or a bar from ``top`` to ``bottom``; ``open``: it goes on that way."""

    x: float
    top: float
    bottom: float
    open_above: bool
    open_below: bool
    aside: bool
    words: str

    @property
    def form(self) -> Literal["dot", "bar"]:
        exact = self.top == self.bottom and not (self.open_above or self.open_below)
        return "dot" if exact else "bar"


class Segment(NamedTuple):
    """A line from one exact value to the next."""

    x1: float
    y1: float
    x2: float
    y2: float


class GridLine(NamedTuple):
    """A height, and what it is called."""

    y: float
    label: str


class Plot(NamedTuple):
    """Everything in the picture, placed."""

    trend: Trend
    marks: tuple[Mark, ...]
    segments: tuple[Segment, ...]
    grid: tuple[GridLine, ...]
    levels: tuple[GridLine, ...]
    ticks: tuple[Tick, ...]


def svg_of_trend(trend: Trend, axis: Axis, language: Language) -> str:
    """The picture, to be put into a page as it is; nothing if there is nothing to draw."""
    if not trend.drawn:
        return ""
    plot = placed(trend, axis, language)
    name = language.text(words.PICTURE_OF).format(title=trend.title)
    return template("trend.svg").render(
        plot=plot,
        name=name,
        top=_TOP,
        bottom=_BOTTOM,
        height=_BOTTOM + _AXIS,
    )


def placed(trend: Trend, axis: Axis, language: Language) -> Plot:
    """Where everything lies."""
    points = [point for point in trend.drawn if point.day and axis.first <= point.day.toordinal()]
    scale = _Scale(points, [level.value for level in trend.levels])
    marks = tuple(_mark(point, axis, scale, language) for point in points)
    line = [mark for mark in marks if mark.form == "dot" and not mark.aside]
    return Plot(
        trend,
        marks,
        tuple(Segment(a.x, a.top, b.x, b.top) for a, b in pairwise(line)),
        tuple(GridLine(scale.y(value), f"{value:g}") for value in scale.grid()),
        tuple(GridLine(scale.y(level.value), level.words) for level in trend.levels),
        axis.ticks(language),
    )


class _Scale:
    """From zero to a round number above all that is to be seen."""

    def __init__(self, points: list[Point], levels: list[float]) -> None:
        least = [point.low for point in points if math.isfinite(point.low)]
        exact = [point.high for point in points if point.low == point.high]
        wide = [point.high for point in points if math.isfinite(point.high) and point.high > point.low]
        highest = max([*least, *exact, *levels, 0.0])
        # An open score may reach 105 points: drawn to scale, nothing else could be seen.
        cut = max([highest, *(level * _ABOVE_A_LIMIT for level in levels)])
        highest = max([highest, *(min(each, cut) for each in wide)])
        top = (highest if highest > _LEAST else 1.0) * _ROOM_ABOVE
        self.step = _step(top)
        self.most = self.step * math.ceil(top / self.step)

    def y(self, value: float) -> float:
        """How far down; what lies outside lies on the edge."""
        part = min(max(value, 0.0), self.most) / self.most
        return round(_BOTTOM - (_BOTTOM - _TOP) * part, 2)

    def grid(self) -> list[float]:
        """The heights of the lines across."""
        return [number * self.step for number in range(round(self.most / self.step) + 1)]


def _step(most: float) -> float:
    """The least round distance of lines across that leaves few enough of them."""
    size = 10.0 ** math.floor(math.log10(most / _MOST_GRID_LINES))
    return next((size * step for step in _STEPS if most / (size * step) <= _MOST_GRID_LINES), size * 10)


def _mark(point: Point, axis: Axis, scale: _Scale, language: Language) -> Mark:
    day = point.day
    assert day is not None  # noqa: S101 -- only points of a known day are drawn
    said = language.text(words.POINT).format(day=language.short_date(day), value=point.words)
    if point.note:
        said = language.text(words.POINT_NOTE).format(point=said, note=point.note)
    return Mark(
        axis.x(day.toordinal()),
        scale.y(point.high),
        scale.y(point.low),
        point.high > scale.most,
        point.low < 0,
        point.aside,
        said,
    )
