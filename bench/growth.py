"""How the cost of an assessment grows with the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import linear_regression

from bench.library import body_of, timed
from bench.results import Part, Row, prose
from bench.timing import Spread, spread
from mappings.trial_definition import Catalog

_SIZES = (100, 200, 500, 1000, 2000, 5000)
_PASSES = 6
_OBSERVATIONS_A_PASS = 10_000
_LINEAR_WITHIN = 1.25


_METHOD = prose(
    f"""
    As above with the collector off, the sizes in turn, {_PASSES} times. The line is fitted by least
    squares through the medians. Linear means here that a further Observation costs at most
    {_LINEAR_WITHIN:g} times as much between 2,000 and 5,000 as it does between 500 and 2,000.
    """
)


def as_the_record_grows(catalog: Catalog, today: date) -> Part:
    """Time by number of Observations, a line through it, and whether large records cost more for each."""
    bodies = {size: body_of(size, today) for size in _SIZES}
    times: dict[int, list[float]] = {size: [] for size in _SIZES}
    for _ in range(_PASSES):
        for size, body in bodies.items():
            rounds = max(4, _OBSERVATIONS_A_PASS // size // 2)
            times[size] += timed(catalog, body, today, rounds).assessment
    spreads = {size: spread(values) for size, values in times.items()}
    return Part("As the record grows", _METHOD, [*map(_row, spreads.items()), *_line(spreads)])


def _row(item: tuple[int, Spread]) -> Row:
    size, seconds = item
    each = seconds.median / size * 1e6
    return Row(f"{size:,} Observations", f"{seconds.shown(2, 1000)} ms", f"{each:.2f} µs for each")


def _line(spreads: dict[int, Spread]) -> Sequence[Row]:
    middles = {size: each.median * 1e6 for size, each in spreads.items()}
    slope, fixed = linear_regression(list(middles), list(middles.values()))
    early, late = _slope(middles, 500, 2000), _slope(middles, 2000, 5000)
    many, few = middles[5000] / 5000, middles[500] / 500
    return [
        Row("slope", f"{slope:.2f} µs for each Observation", f"and {fixed / 1000:.2f} ms for any record"),
        Row(
            "all of 5,000, against all of 500",
            f"{many:.2f} µs each",
            f"{few:.2f} µs each",
            f"{many / few:.2f}",
        ),
        Row(
            "slope from 2,000 to 5,000, against 500 to 2,000",
            f"{late:.2f} µs",
            f"{early:.2f} µs",
            f"{late / early:.2f}",
            f"at most {_LINEAR_WITHIN:g}",
            late / early <= _LINEAR_WITHIN,
        ),
    ]


def _slope(middles: dict[int, float], small: int, large: int) -> float:
    return (middles[large] - middles[small]) / (large - small)
