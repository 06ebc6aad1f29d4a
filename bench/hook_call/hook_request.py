"""A hook call as an EHR sends it, with every key of discovery prefetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from bench.charts import PATIENT, Json, bundle
from cds_service.assessing import served_trials
from mappings.needs import Query, needs_of
from mappings.trial_definition import Catalog

INSTANCE = "6e3b8a52-93f1-4d27-8c1e-0a7d5b9f4c60"
_CATEGORIES = frozenset({"survey", "exam", "social-history"})
_BESIDE = {"Medication": "MedicationRequest", "Specimen": "DiagnosticReport"}
"""Resources that come along with those that refer to them."""


def queries_of(catalog: Catalog) -> tuple[Query, ...]:
    """What the service asks for, as its discovery lists it."""
    return needs_of(served_trials(catalog, serve_drafts=True), catalog).queries()


def body(**members: Any) -> Json:
    """A patient-view call; ``prefetch`` or ``fhirServer`` come as members."""
    context = {"userId": "Practitioner/bench", "patientId": PATIENT}
    return {"hook": "patient-view", "hookInstance": INSTANCE, "context": context, **members}


def prefetched(resources: Sequence[Json], queries: Sequence[Query]) -> bytes:
    """The call with these resources, each under the first key that asks for it."""
    rows: dict[str, list[Json]] = {query.key: [] for query in queries if not query.is_read}
    (patient,) = (one for one in resources if one["resourceType"] == "Patient")
    for resource in resources:
        if resource is not patient:
            rows[_key(resource, queries)].append(resource)
    found = {key: bundle(some) for key, some in rows.items()}
    return orjson.dumps(body(prefetch={"patient": patient, **found}))


def _key(resource: Json, queries: Sequence[Query]) -> str:
    kind = _BESIDE.get(resource["resourceType"], resource["resourceType"])
    asking = [query for query in queries if query.resource_type == kind]
    return next((query.key for query in asking if _asks(query, resource)), asking[0].key)


def _asks(query: Query, resource: Json) -> bool:
    if "category" in dict(query.parameters):
        return any(coding["code"] in _CATEGORIES for coding in resource["category"][0]["coding"])
    codings = resource.get("code", {}).get("coding", [])
    return query.covers is None or any(f"{c['system']}|{c['code']}" in query.covers for c in codings)
