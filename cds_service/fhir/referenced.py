"""Resources that a record refers to and that no search by patient finds: drugs, and studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cds_service.fhir.allow_list import FhirBase
from mappings.needs import LONGEST_ID, URL_LIMIT, Query
from mappings.reading.references import local_reference, reference_of

_MEMBER = {
    "MedicationRequest": ("medicationReference", "Medication"),
    "MedicationStatement": ("medicationReference", "Medication"),
    "MedicationAdministration": ("medicationReference", "Medication"),
    "MedicationDispense": ("medicationReference", "Medication"),
    "ResearchSubject": ("study", "ResearchStudy"),
}
_TARGETS = frozenset(target for _, target in _MEMBER.values())
REFERRING = frozenset(_MEMBER)
_IDS_IN_A_URL = URL_LIMIT // (LONGEST_ID + 1)
_MOST = 400


class References:
    """What a record refers to on one server, told batch by batch, each resource once."""

    def __init__(self, base: FhirBase) -> None:
        self._base = base
        self._known: set[str] = set()
        self._queries = 0

    def missing(self, resources: Iterable[object]) -> Iterator[Query]:
        """Reads by ``_id`` lists for what is referred to on this server and has not come yet."""
        wanted: dict[str, list[str]] = {}
        rows = [resource for resource in resources if isinstance(resource, dict)]
        self._known.update(reference_of(row) for row in rows if row.get("resourceType") in _TARGETS)
        for row in rows:
            kind, identity = _target(row, self._base)
            if identity and f"{kind}/{identity}" not in self._known and len(self._known) < _MOST:
                self._known.add(f"{kind}/{identity}")
                wanted.setdefault(kind, []).append(identity)
        for kind, identities in wanted.items():
            for part in _parts(identities):
                self._queries += 1
                parameters = (("_id", ",".join(part)),)
                yield Query(f"referenced-{self._queries}", kind, parameters, by_patient=False)


def _target(resource: dict[str, Any], base: FhirBase) -> tuple[str, str]:
    """Type and id of what the resource refers to; no id if that is not for us to read."""
    kind = resource.get("resourceType")
    member, wanted = _MEMBER.get(kind, ("", "")) if isinstance(kind, str) else ("", "")
    reference = resource.get(member)
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str) or ("://" in text and base.own(text) is None):
        return "", ""
    found, _, identity = local_reference(text).partition("/")
    return (wanted, identity) if found == wanted and _is_id(identity) else ("", "")


def _is_id(text: str) -> bool:
    """Whether a server may have it: not the name of what is on another one."""
    return 0 < len(text) <= LONGEST_ID and text not in (".", "..") and "@" not in text


def _parts(identities: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(identities), _IDS_IN_A_URL):
        yield identities[start : start + _IDS_IN_A_URL]
