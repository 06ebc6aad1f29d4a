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
REFERRING = frozenset(_MEMBER)
_IDS_IN_A_URL = URL_LIMIT // (LONGEST_ID + 1)
_MOST = 200


def queries(resources: Iterable[object], base: FhirBase) -> Iterator[Query]:
    """Reads by ``_id`` lists for what is referred to, on this server, and not among the resources."""
    present: set[str] = set()
    missing: dict[str, set[str]] = {}
    for resource in resources:
        if isinstance(resource, dict):
            present.add(reference_of(resource))
            kind, identity = _target(resource, base)
            if identity:
                missing.setdefault(kind, set()).add(identity)
    for kind in sorted(missing):
        identities = sorted(one for one in missing[kind] if f"{kind}/{one}" not in present)[:_MOST]
        for number, part in enumerate(_parts(identities), 1):
            yield Query(f"{kind}-{number}", kind, (("_id", ",".join(part)),), by_patient=False)


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
    return 0 < len(text) <= LONGEST_ID and text not in (".", "..")


def _parts(identities: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(identities), _IDS_IN_A_URL):
        yield identities[start : start + _IDS_IN_A_URL]
