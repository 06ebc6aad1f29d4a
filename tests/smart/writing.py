"""A Task, and a writer to a server of the tests."""

from __future__ import annotations

from typing import Any

from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access
from cds_service.oauth.exchange import Exchange, Limits
from cds_service.smart.resources import FhirWriter
from tests.oauth.scripted import HERE, Scripted

TASK: dict[str, Any] = {"resourceType": "Task", "status": "requested", "intent": "order"}
KEPT = {**TASK, "id": "t1", "meta": {"versionId": "3"}}


def writer_to(server: Scripted, seconds: float = 2.0, most_bytes: int = 1_000_000) -> FhirWriter:
    base = parse_base(f"{server.base}/fhir")
    assert base is not None
    return FhirWriter(Access(base, "the-token", HERE), Exchange(limits=Limits(seconds, most_bytes)))
