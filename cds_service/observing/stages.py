"""The stages of a call: each is timed for the metrics, and a span of the trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from cds_service.observing import metrics, tracing

_TIMED = {
    name: metrics.STAGE_SECONDS.labels(name)
    for name in ("authenticate", "read", "gather", "assess", "decide", "compose", "record")
}


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Times the block under one of the names above."""
    started = perf_counter()
    with tracing.span(name):
        try:
            yield
        finally:
            _TIMED[name].observe(perf_counter() - started)
