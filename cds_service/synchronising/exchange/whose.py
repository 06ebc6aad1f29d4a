"""Whose record a resource stands in. Pure.

What bears our identifier need not be about our patient: an order is copied into another chart, filed in the
wrong one, or handed over when two patients are merged. Nothing of that is taken for ours, or written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.storage.records import Subject

_WHOSE = {
    "ServiceRequest": "subject",
    "Task": "for",
    "ResearchSubject": "individual",
    "QuestionnaireResponse": "subject",
}


class AnotherPatientError(Exception):
    """What bears our identifier, and would be written to, is about another patient: a person has to look."""


def names_patient(resource: Mapping[str, Any], subject: Subject | None) -> bool:
    """Whether it says that it is about this patient. What names nobody does not."""
    return subject is not None and _is_of(_reference(resource), subject)


def names_another(resource: Mapping[str, Any], subject: Subject | None) -> bool:
    """Whether it says that it is about somebody else than this patient, who is known."""
    said = _reference(resource)
    return bool(said) and subject is not None and not _is_of(said, subject)


def query_of(subject: Subject) -> str:
    """What narrows a search to the patient; every kind above knows this parameter."""
    return f"patient=Patient/{subject.patient_id}"


def _reference(resource: Mapping[str, Any]) -> str:
    """As it names the patient; "" where it names nobody."""
    whose = resource.get(_WHOSE.get(str(resource.get("resourceType")), ""))
    reference = whose.get("reference") if isinstance(whose, dict) else None
    return reference if isinstance(reference, str) else ""


def _is_of(reference: str, subject: Subject) -> bool:
    path = reference.partition("/_history/")[0]
    return f"/{path}".endswith(f"/Patient/{subject.patient_id}")
