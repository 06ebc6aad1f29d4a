"""Whose record is it: a data set sorted by patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.screening.files import DataSet, UnusableInputError
from cds_service.screening.searches import READ
from mappings.reading.references import local_reference, reference_of

_SUBJECT_MEMBERS = ("subject", "patient", "individual")
_SHARED = {"Medication": "medicationReference", "ResearchStudy": "study"}
_CLINICAL = READ - _SHARED.keys()


@dataclass(slots=True)
class PatientResources:
    """One patient's resources, with what they refer to."""

    patient_id: str
    resources: list[Any]
    full_urls: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Sorted:
    """The patients of a data set in the order in which they come, and the records that are nobody's."""

    patients: list[PatientResources]
    without_patient: int = 0
    not_resources: int = 0


def sort_by_patient(data: DataSet) -> Sorted:
    """Every patient with a record of their own; UnusableInputError if there is no patient."""
    of_patient: dict[str, list[Any]] = {}
    for resource in data.resources:
        if _kind(resource) == "Patient" and isinstance(resource.get("id"), str) and resource["id"]:
            of_patient.setdefault(reference_of(resource), []).append(resource)
    if not of_patient:
        raise UnusableInputError("there is no Patient resource with an id in these files")
    shared = {reference_of(one): one for one in data.resources if _kind(one) in _SHARED}
    result = Sorted([])
    for resource in data.resources:
        _sort(resource, data.full_urls, of_patient, result)
    urls = _by_reference(data.full_urls)
    for reference, resources in of_patient.items():
        resources.extend(_referred(resources, shared, data.full_urls))
        identity = reference.partition("/")[2]
        result.patients.append(PatientResources(identity, resources, _urls_of(resources, urls)))
    return result


def _kind(resource: Any) -> str:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else ""


def _sort(
    resource: Any, full_urls: Mapping[str, str], of_patient: Mapping[str, list[Any]], result: Sorted
) -> None:
    kind = _kind(resource)
    if not kind:
        result.not_resources += 1
    elif kind in _CLINICAL:
        owner = of_patient.get(_subject(resource, full_urls))
        if owner is None:
            result.without_patient += 1
        else:
            owner.append(resource)
    elif kind == "Patient" and not resource.get("id"):
        result.without_patient += 1


def _subject(resource: Mapping[str, Any], full_urls: Mapping[str, str]) -> str:
    """``Patient/x`` of whom the resource is about; empty if it does not say."""
    for member in _SUBJECT_MEMBERS:
        subject = resource.get(member)
        text = subject.get("reference") if isinstance(subject, dict) else None
        if isinstance(text, str):
            return _resolved(text, "Patient", full_urls)
    return ""


def _resolved(text: str, kind: str, full_urls: Mapping[str, str]) -> str:
    if text in full_urls:
        return full_urls[text]
    if text.startswith("urn:uuid:"):
        return f"{kind}/{text.removeprefix('urn:uuid:')}"
    return local_reference(text)


def _referred(resources: list[Any], shared: Mapping[str, Any], full_urls: Mapping[str, str]) -> list[Any]:
    """The drugs and studies that a patient's resources refer to."""
    found: dict[str, Any] = {}
    for resource in resources if shared else ():
        for kind, member in _SHARED.items():
            value = resource.get(member)
            text = value.get("reference") if isinstance(value, dict) else None
            reference = _resolved(text, kind, full_urls) if isinstance(text, str) else ""
            if reference in shared:
                found[reference] = shared[reference]
    return list(found.values())


def _by_reference(full_urls: Mapping[str, str]) -> Mapping[str, list[str]]:
    urls: dict[str, list[str]] = defaultdict(list)
    for url, reference in full_urls.items():
        urls[reference].append(url)
    return urls


def _urls_of(resources: list[Any], urls: Mapping[str, list[str]]) -> dict[str, str]:
    references = {reference_of(resource) for resource in resources}
    return {url: reference for reference in references for url in urls.get(reference, ())}
