"""Parsed JSON to Assessment, in this process: against reading the JSON at all, and as the record grows."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import thread_time
from typing import NamedTuple

import orjson

from bench.charts import PATIENT, bundle, candidate
from bench.results import Part, Row, prose
from bench.synthea_shape import as_synthea_writes
from bench.timing import ratios, spread
from mappings.assessment import assess
from mappings.reading.bundles import unwrap
from mappings.reading.record import read_record
from mappings.results import Assessment
from mappings.trial_definition import Catalog

TRIAL = "NCT06920433"
AT_MOST = 3.0
_SIZES = (300, 500)
_ROUNDS = 250
_WARM_UP = 10
_BETWEEN_COLLECTIONS = 25


_METHOD = prose(
    f"""
    CPU time of the thread. Each round parses the body anew (`orjson.loads`), then takes that fresh
    document from its Bundle to the Assessment: `unwrap`, `read_record`, and `assess` for the full
    trial with both scores. {_ROUNDS} rounds, and {_WARM_UP} before them that do not count. Python's
    garbage collector is off for both, as in `timeit`, except where it says that it is on for both.
    The body is the clear candidate of the samples with years of laboratory results: half of the
    Observations are of concepts that the trial asks for. They take about 500 bytes each, and 800
    with all the members that Synthea writes.
    """
)


class Times(NamedTuple):
    """Seconds for reading the JSON, and for what follows, of the same rounds."""

    loads: list[float]
    assessment: list[float]


def against_orjson(catalog: Catalog, today: date) -> Part:
    """From parsed JSON to the Assessment, against parsing it."""
    rows = []
    for size in _SIZES:
        lean, full = body_of(size, today), _full_body_of(size, today)
        rows += [
            _row(f"{size} Observations", lean, timed(catalog, lean, today, _ROUNDS), AT_MOST),
            _row(f"{size}, in Synthea's form", full, timed(catalog, full, today, _ROUNDS), AT_MOST),
            _row(f"{size}, collector on", lean, timed(catalog, lean, today, _ROUNDS, collector=True), None),
        ]
    return Part("Parsed JSON to Assessment", _METHOD, rows)


def body_of(observations: int, today: date) -> bytes:
    """The candidate's record as a Bundle."""
    return orjson.dumps(bundle(candidate(observations, today)))


def _full_body_of(observations: int, today: date) -> bytes:
    return orjson.dumps(bundle(as_synthea_writes(candidate(observations, today))))


def timed(catalog: Catalog, body: bytes, today: date, rounds: int, *, collector: bool = False) -> Times:
    """CPU seconds of each round."""
    times = Times([], [])
    with _collector(collector):
        for number in range(-_WARM_UP, rounds):
            if number % _BETWEEN_COLLECTIONS == 0:
                gc.collect()
            loads, assessment = _one_round(catalog, body, today)
            if number >= 0:
                times.loads.append(loads)
                times.assessment.append(assessment)
    return times


@contextmanager
def _collector(on: bool) -> Iterator[None]:
    if not on:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _one_round(catalog: Catalog, body: bytes, today: date) -> tuple[float, float]:
    started = thread_time()
    document = orjson.loads(body)
    parsed = thread_time()
    result = to_assessment(catalog, document, today)
    ended = thread_time()
    if result.outcome != "possible-candidate":
        raise RuntimeError(f"the candidate of the bench is {result.outcome}")
    return parsed - started, ended - parsed


def to_assessment(catalog: Catalog, document: object, today: date) -> Assessment:
    """A parsed Bundle to what the full trial makes of it."""
    entries = unwrap([document])
    record = read_record(entries.resources, catalog, patient_id=PATIENT, full_urls=entries.full_urls)
    return assess(catalog.trial(TRIAL), record, today, catalog)


def _row(what: str, body: bytes, times: Times, bar: float | None) -> Row:
    ratio = ratios(times.assessment, times.loads)
    return Row(
        f"{what}, {len(body) / 1000:.0f} kB",
        f"{spread(times.assessment).shown(2, 1000)} ms",
        f"orjson.loads {spread(times.loads).shown(2, 1000)} ms",
        ratio.shown(),
        f"at most {bar:g}" if bar else "",
        ratio.median <= bar if bar else None,
    )
