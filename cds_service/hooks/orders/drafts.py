"""The draft orders of an order hook, read leniently: real clients send drafts that are not valid FHIR.

Nothing here raises, and no draft is refused: one that cannot be understood bears on nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mappings.reading.references import PatientIdentity, local_reference, reference_of

Resource = Mapping[str, Any]

_DEPTH = 4
_NO_LONGER_ORDERED = frozenset({"entered-in-error", "cancelled", "revoked", "stopped"})
_SUBJECTS = ("subject", "patient")
"""R4's member, and that of DSTU2's MedicationOrder."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders that a call is about, and the Medications that came beside them, by reference and fullUrl.

    ``foreign`` counts drafts that were left out because they name another patient.
    """

    about: tuple[Resource, ...] = field(default=(), repr=False)
    medications: Mapping[str, Resource] = field(default_factory=dict, repr=False)
    foreign: int = 0


class _Entry(NamedTuple):
    """A resource of a Bundle, with the fullUrl that it has there."""

    resource: Resource
    full_url: str


def read_orders(drafts: object, selections: Sequence[str] | None, patient_id: str) -> Orders:
    """The orders among drafts that were selected (None: all of them).

    ``drafts``: a Bundle with or without type, a bare list of resources or of entries, or one resource. A
    draft that names another patient is left out: it says nothing about this one.
    """
    entries = list(_entries(drafts, 0))
    medications = {
        name: entry.resource
        for entry in entries
        if entry.resource.get("resourceType") == "Medication"
        for name in (reference_of(entry.resource), entry.full_url)
        if name
    }
    identity = PatientIdentity(patient_id)
    about = [
        entry.resource
        for entry in entries
        if entry.resource.get("resourceType") != "Medication"
        and _is_ordered(entry.resource)
        and (selections is None or _is_selected(entry, selections))
    ]
    ours = tuple(draft for draft in about if not _is_foreign(draft, identity))
    return Orders(ours, medications, len(about) - len(ours))


def _entries(drafts: object, depth: int) -> Iterator[_Entry]:
    """The resources in whatever was sent, each with its fullUrl if it has one."""
    if isinstance(drafts, list):
        for one in drafts:
            yield from _entry(one, depth)
    elif isinstance(drafts, dict):
        inner = drafts.get("entry")
        if drafts.get("resourceType") == "Bundle" or inner is not None:
            yield from _entries(inner if isinstance(inner, list) else [inner], depth + 1)
        elif isinstance(drafts.get("resourceType"), str):
            yield _Entry(drafts, "")


def _entry(value: object, depth: int) -> Iterator[_Entry]:
    if not isinstance(value, dict) or depth > _DEPTH:
        return
    inner = value.get("resource")
    if "resourceType" in value or not isinstance(inner, dict):
        yield from _entries(value, depth)
        return
    full_url = value.get("fullUrl")
    for entry in _entries(inner, depth):
        yield entry._replace(full_url=full_url) if isinstance(full_url, str) else entry


def _is_selected(entry: _Entry, selections: Sequence[str]) -> bool:
    """Whether a selection names the draft: by Type/id (relative or absolute), by id, or by fullUrl."""
    reference = reference_of(entry.resource)
    names = {reference, reference.partition("/")[2], entry.full_url} - {""}
    return any(one in names or local_reference(one) == reference for one in selections)


def _is_ordered(draft: Resource) -> bool:
    """Whether it orders something at all, and is not being taken back."""
    return draft.get("doNotPerform") is not True and draft.get("status") not in tuple(_NO_LONGER_ORDERED)


def _is_foreign(draft: Resource, identity: PatientIdentity) -> bool:
    return any(identity.is_subject_of(draft, member) is False for member in _SUBJECTS)
