"""Traces of where a call spends its time, for a collector that speaks OpenTelemetry. Optional.

They are on where ``trialhook[tracing]`` is installed and ``OTEL_EXPORTER_OTLP_ENDPOINT`` or
``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` is set; OpenTelemetry's own variables say the rest. Spans hold the
names of stages and nothing else, and a caller's ``traceparent`` is not followed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.util import find_spec
from typing import Any

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NOT_INSTALLED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, but tracing is not installed: pip install trialhook[tracing], "
    "or take the setting away"
)
Span = Callable[[str], AbstractContextManager[Any]]


def wanted() -> bool:
    """Whether a collector is named."""
    return any(os.environ.get(name) for name in _ENDPOINTS)


def check() -> None:
    """RuntimeError, with what to do, if a collector is named and tracing is not installed."""
    if wanted() and find_spec("opentelemetry.exporter") is None:
        raise RuntimeError(_NOT_INSTALLED)


def span(name: str) -> AbstractContextManager[Any]:
    """A span around a block; nothing where tracing is off."""
    return _spans(os.getpid())(name)


@cache
def _spans(_process: int) -> Span:
    """Made in each process anew: a thread that sends spans does not survive a fork."""
    return _exporting() if wanted() else lambda _name: nullcontext()


def _exporting() -> Span:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "trialhook"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("trialhook").start_as_current_span
