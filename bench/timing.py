"""Times of things that are measured in turns, so that a busy moment of the machine meets all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import NamedTuple


class Spread(NamedTuple):
    """The median of some measurements, the least and the greatest."""

    median: float
    least: float
    most: float

    def shown(self, digits: int = 2, times: float = 1.0) -> str:
        """``1.20 (1.10-1.90)``, each number multiplied first."""
        middle, least, most = (f"{value * times:,.{digits}f}" for value in self)
        return f"{middle} ({least}-{most})"


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def ratios(values: Sequence[float], others: Sequence[float]) -> Spread:
    """Each value against the one that was measured beside it."""
    return spread([value / other for value, other in zip(values, others, strict=True)])


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    started = perf_counter()
    action()
    return perf_counter() - started
