"""The resources of the demo's FHIR server, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import orjson

Resource = dict[str, Any]


class FhirStore:
    """Resources by type and id. Reading and creating are safe from several threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_type: dict[str, dict[str, Resource]] = {}
        self._lock = Lock()

    @classmethod
    def from_folder(cls, folder: Path) -> FhirStore:
        """Everything in the folder's Bundles (`*.json`); two resources of one type and id are an error."""
        store = cls()
        for path in sorted(folder.glob("*.json")):
            bundle = orjson.loads(path.read_bytes())
            if bundle.get("resourceType") != "Bundle":
                raise ValueError(f"{path.name}: expected a Bundle, found {bundle.get('resourceType')}")
            for entry in bundle.get("entry", []):
                store._keep(entry["resource"], path.name)
        return store

    def _keep(self, resource: Resource, origin: str) -> None:
        kind, ident = resource["resourceType"], resource["id"]
        known = self._by_type.setdefault(kind, {})
        if ident in known:
            raise ValueError(f"{origin}: {kind}/{ident} is there twice")
        known[ident] = resource

    def read(self, kind: str, ident: str) -> Resource | None:
        """The resource, if there is one."""
        return self._by_type.get(kind, {}).get(ident)

    def all(self, kind: str) -> Iterator[Resource]:
        """Every resource of the type, in the order they came."""
        with self._lock:
            found = list(self._by_type.get(kind, {}).values())
        return iter(found)

    def create(self, resource: Resource, now: datetime) -> Resource:
        """Keep a copy under a new id, as FHIR asks of a create; whatever id was sent is not used."""
        meta = {
            **resource.get("meta", {}),
            "versionId": "1",
            "lastUpdated": now.isoformat(timespec="seconds"),
        }
        kept = {**resource, "id": str(uuid4()), "meta": meta}
        with self._lock:
            self._keep(kept, "create")
        return kept
