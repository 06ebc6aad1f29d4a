"""What /metrics shows: counts and times with closed labels, right across the workers of one machine.

Labels hold ids of our own (clients, trials, services) and closed words. No label holds anything that a caller
may choose.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_REGISTRY = CollectorRegistry()
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("trialhook_requests", "Requests", ("service", "client", "status"), registry=_REGISTRY)
REQUEST_SECONDS = Histogram(
    "trialhook_request_seconds", "Time of a request", ("service",), buckets=_SECONDS, registry=_REGISTRY
)
STAGE_SECONDS = Histogram(
    "trialhook_stage_seconds", "Time of a stage of a call", ("stage",), buckets=_SECONDS, registry=_REGISTRY
)
OUTCOMES = Counter("trialhook_outcomes", "Assessments by outcome", ("trial", "outcome"), registry=_REGISTRY)
CARDS = Counter("trialhook_cards", "Cards shown", ("trial", "client"), registry=_REGISTRY)
SILENCED = Counter(
    "trialhook_silenced", "Candidates of whom no card was shown", ("trial", "reason"), registry=_REGISTRY
)
FEEDBACK = Counter(
    "trialhook_feedback", "Answers to cards, as received", ("client", "outcome", "reason"), registry=_REGISTRY
)
FHIR_ERRORS = Counter(
    "trialhook_fhir_errors",
    "Reads from a FHIR server that failed",
    ("client", "resource_type"),
    registry=_REGISTRY,
)
REFUSED = Counter(
    "trialhook_refused", "Calls that were not authenticated, by cause", ("cause",), registry=_REGISTRY
)
AUDIT = Counter(
    "trialhook_audit_events",
    "What became of audit events that could not be written at once",
    ("what",),
    registry=_REGISTRY,
)
DATABASE_UP = Gauge(
    "trialhook_database_up",
    "1 if the database answered last time, 0 if it did not",
    multiprocess_mode="mostrecent",
    registry=_REGISTRY,
)
RECRUITMENT_FAULT = Gauge(
    "trialhook_recruitment_fault",
    "1 if the file of recruitment states is faulty and an earlier state holds",
    multiprocess_mode="mostrecent",
    registry=_REGISTRY,
)
SYNC_WRITES = Counter(
    "trialhook_sync_writes",
    "Resources of referrals at FHIR servers: written, as they should be already, or why not",
    ("client", "kind", "outcome"),
    registry=_REGISTRY,
)
SYNC_LEARNED = Counter(
    "trialhook_sync_learned",
    "Changes that were made at an EHR, and what came of them",
    ("client", "kind", "outcome"),
    registry=_REGISTRY,
)
SYNC_LOOKS = Counter(
    "trialhook_sync_looks",
    "Looks for changes at a FHIR server, and after its Subscriptions",
    ("client", "kind", "outcome"),
    registry=_REGISTRY,
)
SYNC_QUEUED = Gauge(
    "trialhook_sync_queued",
    "Writings that wait for a FHIR server",
    ("client",),
    multiprocess_mode="mostrecent",
    registry=_REGISTRY,
)
SYNC_FAILED = Gauge(
    "trialhook_sync_failed",
    "Writings that a FHIR server refused for good: a person has to look",
    ("client",),
    multiprocess_mode="mostrecent",
    registry=_REGISTRY,
)
SYNC_OLDEST = Gauge(
    "trialhook_sync_oldest_seconds",
    "Age of the oldest writing that waits or was refused",
    ("client",),
    multiprocess_mode="mostrecent",
    registry=_REGISTRY,
)


def exposition() -> bytes:
    """Everything that was measured, in Prometheus's text format; of all workers if there are several."""
    if MULTIPROCESS_FOLDER not in os.environ:
        return generate_latest(_REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def may_read(peer: str, networks: Iterable[str]) -> bool:
    """Whether a peer's address lies in one of the networks that may read the metrics."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in ip_network(network) for network in networks)


def count_audit(word: str, times: int) -> None:
    """What became of audit events: spooled, imported, torn, late, lost, shown_lost."""
    AUDIT.labels(word).inc(times)
