"""Thousands of changed charts, in parallel: which cases fail, and how fast it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import NamedTuple

from tests.fuzz.changing.damage import damaged
from tests.fuzz.changing.variation import varied
from tests.fuzz.charts import Chart, beginnings
from tests.fuzz.invariants import fault, faults
from tests.fuzz.shrinking import shrunk

BATCH = 250


class Failure(NamedTuple):
    """A chart that violates an invariant, as small as it would go."""

    invariant: str
    found: str
    seed: int
    number: int
    chart: Chart


def changed_chart(seed: int, number: int) -> tuple[Chart, Random]:
    """The chart of one case, the same for the same seed and number, and the randomness that goes on from it.

    A third are only varied, as true charts vary; a third are damaged too; a third are only damaged.
    """
    random = Random(f"{seed}/{number}")
    chart = random.choice(beginnings())
    kind = random.randrange(3)
    if kind < 2:
        for _ in range(random.randint(1, 6)):
            chart = varied(chart, random)
    if kind > 0:
        for _ in range(random.randint(1, 4)):
            chart = damaged(chart, random)
    return chart, random


def run_batch(seed: int, numbers: Sequence[int]) -> list[Failure]:
    """The failures among some cases, one for each invariant at most, shrunk."""
    found: dict[str, Failure] = {}
    for number in numbers:
        chart, random = changed_chart(seed, number)
        for invariant, what in faults(chart, random):
            if invariant not in found:
                found[invariant] = _shrunk(Failure(invariant, what, seed, number, chart))
    return list(found.values())


def _shrunk(failure: Failure) -> Failure:
    """Shrunk with all changes tried; as it is if it fails only with the changes that chance chose."""
    invariant = failure.invariant
    if not fault(invariant, failure.chart):
        return failure
    small = shrunk(failure.chart, lambda chart: bool(fault(invariant, chart)))
    return failure._replace(chart=small, found=fault(invariant, small))


def run(seed: int, cases: int, processes: int, first: int = 0) -> Iterator[tuple[int, list[Failure]]]:
    """Batches as they end: how many cases are done, and the failures of the batch."""
    end = first + cases
    batches = [range(start, min(start + BATCH, end)) for start in range(first, end, BATCH)]
    if processes < 2:
        yield from ((len(numbers), run_batch(seed, numbers)) for numbers in batches)
        return
    with ProcessPoolExecutor(processes) as pool:
        done = pool.map(run_batch, [seed] * len(batches), batches)
        try:
            yield from zip(map(len, batches), done, strict=True)
        finally:
            pool.shutdown(cancel_futures=True)
