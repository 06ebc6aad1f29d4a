"""GET /cds-services: what this service offers, always the same bytes for the same definitions."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson
from flask import Request, Response

from mappings.needs import Query

SERVICE_ID = "trial-match-patient-view"
HOOK = "patient-view"


def service_entry(queries: Sequence[Query]) -> dict[str, Any]:
    """The patient-view service as discovery lists it."""
    return {
        "hook": HOOK,
        "id": SERVICE_ID,
        "title": "Clinical trial matching",
        "description": "Flags possible candidates for open clinical trials: which published criteria the "
        "record meets, which still need to be checked, and the evidence for each.",
        "usageRequirements": "FHIR R4. Works from prefetch, from FHIR read access, or from both; what is not "
        "supplied leaves criteria unknown. Only the Patient is required.",
        "prefetch": {query.key: query.template for query in queries},
    }


class DiscoveryDocument:
    """The document with its entity tag, made once."""

    def __init__(self, entries: Sequence[dict[str, Any]]) -> None:
        self.body = orjson.dumps({"services": list(entries)})
        self.etag = sha256(self.body).hexdigest()[:32]

    def answer(self, request: Request) -> Response:
        """The document, or 304 if the client has it already."""
        response = Response(self.body, mimetype="application/json")
        response.set_etag(self.etag)
        response.cache_control.max_age = 300
        response.make_conditional(request)
        return response
