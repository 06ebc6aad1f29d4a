"""The funnel as a bar plot: where its bars and words lie. Pure; the template draws it as SVG.

Across is in per cents of the width and down in pixels, so that a phone and a screen show the same plot with
letters of the same size. Each bar has its own line of words above it: nothing is told by length alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LINE, BAR, SPACE = 18, 14, 12
"""Pixels: a line of words, a bar, what lies between two steps."""


class Step(NamedTuple):
    """One step of the funnel, in words, and how many reached it."""

    name: str
    patients: int
    share: str = ""


class Bar(NamedTuple):
    """A step as it is drawn. ``width`` in per cent; 0 where nobody got there."""

    step: Step
    text_y: int
    y: int
    width: float


class Plot(NamedTuple):
    """All bars from top to bottom."""

    bars: tuple[Bar, ...]
    height: int


def plot_of(steps: Sequence[Step]) -> Plot:
    """Bars against the greatest count; whoever is there at all is seen."""
    most = max((step.patients for step in steps), default=0)
    bars, y = [], 0
    for step in steps:
        bars.append(Bar(step, y + LINE - 6, y + LINE, _width(step.patients, most)))
        y += LINE + BAR + SPACE
    return Plot(tuple(bars), max(y - SPACE, 0))


def _width(count: int, most: int) -> float:
    return max(round(100 * count / most, 2), 0.6) if count else 0.0
