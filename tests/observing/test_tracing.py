"""Tracing is off unless a collector is named; then it sends spans, and nothing of a chart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from cds_service.observing import tracing

ONE_STAGE = """
import time
from cds_service.observing.stages import stage
with stage("assess"):
    pass
time.sleep(1.0)
"""


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector that keeps the bodies it is sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        server.server_close()


def test_nothing_is_traced_where_no_collector_is_named() -> None:
    with tracing.span("assess") as span:
        assert span is None


def test_a_stage_arrives_at_the_collector() -> None:
    with collector() as (url, bodies):
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        subprocess.run([sys.executable, "-c", ONE_STAGE], env=environment, check=True, timeout=30)
    assert bodies
    assert b"assess" in bodies[0]
    assert b"trialhook" in bodies[0]
