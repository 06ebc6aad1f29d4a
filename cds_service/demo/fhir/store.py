"""The resources of the demo's FHIR server, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

Resource = dict[str, Any]
Matching = Callable[[Iterable[Resource]], list[Resource]]


class ConflictError(Exception):
    """A write that what is there forbids: another version, or more than one match."""


class Kept(NamedTuple):
    """A resource as it is kept now, and whether it is new."""

    resource: Resource
    new: bool


class FhirStore:
    """The current version of each resource, by type and id. Safe from several threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_type: dict[str, dict[str, Resource]] = {}
        self._lock = Lock()

    @classmethod
    def from_folder(cls, folder: Path) -> FhirStore:
        """Everything in the folder's Bundles (`*.json`); two resources of one type and id are an error."""
        store, now = cls(), datetime.now(UTC)
        for path in sorted(folder.glob("*.json")):
            bundle = orjson.loads(path.read_bytes())
            if bundle.get("resourceType") != "Bundle":
                raise ValueError(f"{path.name}: expected a Bundle, found {bundle.get('resourceType')}")
            for entry in bundle.get("entry", []):
                store._keep(_version(entry["resource"], 1, now), path.name)
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

    def create(self, resource: Resource, now: datetime, unless: Matching | None = None) -> Kept:
        """Keep a copy under a new id, as FHIR asks of a create; whatever id was sent is not used.

        If something matches `unless`, that is the answer and nothing is created; ConflictError if more than
        one does.
        """
        kept = _version({**resource, "id": str(uuid4())}, 1, now)
        with self._lock:
            there = unless(self._by_type.get(resource["resourceType"], {}).values()) if unless else []
            if len(there) > 1:
                raise ConflictError(f"{len(there)} resources match the condition.")
            if there:
                return Kept(there[0], new=False)
            self._keep(kept, "create")
        return Kept(kept, new=True)

    def update(self, resource: Resource, now: datetime, expected: str = "") -> Resource:
        """Put this in the place of the one with its type and id; KeyError if there is none.

        ConflictError if `expected` is given and is not the version that is there.
        """
        kind, ident = resource["resourceType"], resource["id"]
        with self._lock:
            version = str(self._by_type[kind][ident]["meta"]["versionId"])
            if expected and expected != version:
                raise ConflictError(f"{kind}/{ident} is at version {version}, not {expected}.")
            kept = _version(resource, int(version) + 1, now)
            self._by_type[kind][ident] = kept
        return kept


def _version(resource: Resource, number: int, now: datetime) -> Resource:
    """A copy that says which version it is, and since when."""
    stamp = now.isoformat(timespec="milliseconds")
    return {**resource, "meta": {**resource.get("meta", {}), "versionId": str(number), "lastUpdated": stamp}}
