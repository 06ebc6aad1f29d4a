"""A record that somebody else wrote, given to the service in both ways; and where it all went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import orjson
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.assessing import assess_resources, definitions
from cds_service.settings import Settings
from mappings.facts import PatientRecord, ReadCounts
from mappings.reading.bundles import unwrap
from mappings.reading.record import read_record
from mappings.results import Assessment

Resource = dict[str, Any]
TODAY = date(2026, 6, 15)
SERVICE = "trial-match-patient-view"
LARGEST_BODY = 1 << 30
SUBJECT_MEMBERS = ("subject", "patient", "individual")
ABOUT_SOMEBODY = frozenset(
    (
        *("Observation", "Condition", "Procedure", "DiagnosticReport", "Consent", "ResearchSubject"),
        *("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
    )
)
BESIDE_THEM = frozenset({"Patient", "Medication", "ResearchStudy", "Specimen"})
"""What the service reads at all; every other resource is irrelevant."""


class Faults(NamedTuple):
    """What went wrong with a record; nothing, if it is empty."""

    name: str
    what: list[str]


def patient(identity: str) -> Resource:
    """An adult, so that age alone rules nobody out."""
    return {"resourceType": "Patient", "id": identity, "gender": "female", "birthDate": "1980-01-01"}


def subject_of(document: Any) -> str:
    """The id of the patient that a resource is about; "" if it names none."""
    for member in SUBJECT_MEMBERS:
        subject = document.get(member) if isinstance(document, dict) else None
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if isinstance(reference, str) and reference.startswith("Patient/"):
            return reference.removeprefix("Patient/")
    return ""


def received(documents: Sequence[Any]) -> int:
    """How many resources came in, counted in a way of our own: OperationOutcomes are none."""
    return sum(1 for _ in _leaves(documents))


def _leaves(documents: Sequence[Any]) -> Iterator[Any]:
    for document in documents:
        kind = document.get("resourceType") if isinstance(document, dict) else None
        if kind == "Bundle":
            yield from _leaves([_resource_of(entry) for entry in document.get("entry", [])])
        elif kind != "OperationOutcome":
            yield document


def _resource_of(entry: Any) -> Any:
    return entry.get("resource") if isinstance(entry, dict) else entry


def read(documents: Sequence[Any], identity: str) -> PatientRecord:
    """The record as the service reads it."""
    taken = unwrap(documents)
    return read_record(taken.resources, definitions(), patient_id=identity, full_urls=taken.full_urls)


def faults_of(name: str, documents: Sequence[Any], identity: str) -> Faults:
    """Whether all that came in is counted once, what cannot be read is named, and nobody is flagged."""
    record = read(documents, identity)
    counts, came = record.counts, received(documents)
    found = []
    if counts.received != came:
        found.append(f"{came} resources came in, {counts.received} were received")
    if counts.read + counts.irrelevant + counts.unreadable + counts.other_patient != came:
        found.append(f"{came} resources came in, and the counts do not add up: {counts}")
    if min(counts.read, counts.irrelevant, counts.unreadable, counts.other_patient) < 0:
        found.append(f"a count below zero: {counts}")
    found += _misplaced(documents, identity, counts)
    if counts.unreadable > len(record.unreadable):
        found.append(f"{counts.unreadable} could not be read, {len(record.unreadable)} are named")
    candidates = [one for one in assessments(documents, identity) if one.outcome == "possible-candidate"]
    found += [f"a possible candidate for {one.trial.id}" for one in candidates]
    return Faults(name, found)


def _misplaced(documents: Sequence[Any], identity: str, counts: ReadCounts) -> list[str]:
    """Where the counts are not what the types and subjects allow: ``read`` alone would hide what is lost."""
    leaves = [leaf for leaf in _leaves(documents) if isinstance(leaf, dict)]
    kinds = [leaf.get("resourceType") for leaf in leaves]
    no_concern = sum(isinstance(k, str) and k not in ABOUT_SOMEBODY | BESIDE_THEM for k in kinds)
    others = sum(
        leaf.get("resourceType") in ABOUT_SOMEBODY | {"Specimen"} and not _may_be_about(leaf, identity)
        for leaf in leaves
    )
    found = []
    if not no_concern <= counts.irrelevant <= no_concern + kinds.count("Observation"):
        found.append(f"{no_concern} of types that are not read, {counts.irrelevant} irrelevant")
    if counts.other_patient > others:
        found.append(f"{others} may be about others, {counts.other_patient} are said to be")
    return found


def _may_be_about(resource: Resource, identity: str) -> bool:
    """Whether the subject is given by a reference that ends in the patient's id."""
    subjects = [resource.get(member) for member in SUBJECT_MEMBERS]
    references = [subject.get("reference") for subject in subjects if isinstance(subject, dict)]
    return any(isinstance(reference, str) and reference.endswith(identity) for reference in references)


def assessments(documents: Sequence[Any], identity: str) -> list[Assessment]:
    return assess_resources(documents, TODAY, patient_id=identity)


@cache
def client() -> FlaskClient:
    """The service in demo mode, with room for records of any size and any number of calls."""
    settings = Settings(max_body=LARGEST_BODY, calls_per_minute=1_000_000, deadline=60.0)
    return create_app(settings, today=lambda: TODAY).test_client()


@cache
def prefetch_keys() -> dict[str, str]:
    """The keys of the prefetch under which the service wants what it reads, with their resource types."""
    services = client().get("/cds-services").get_json()["services"]
    templates = next(one["prefetch"] for one in services if one["id"] == SERVICE)
    return {key: template.split("?")[0].split("/")[0] for key, template in templates.items()}


def cards_for(documents: Sequence[Any], of: Resource) -> list[Any]:
    """The cards of a patient-view with everything prefetched; RuntimeError with what was said if it fails.

    Entries keep their fullUrl. Each goes under a key of its type; what has no key goes with the diagnoses, as
    an EHR that answers with more than it was asked for would send it.
    """
    entries: dict[str, list[Any]] = {key: [] for key in prefetch_keys()}
    by_type = {kind: key for key, kind in reversed(prefetch_keys().items())}
    for entry in _entries(documents):
        resource = _resource_of(entry)
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        key = by_type.get(kind, "conditions") if isinstance(kind, str) else "conditions"
        entries["conditions" if key == "patient" else key].append(entry)
    body = {
        "hook": "patient-view",
        "hookInstance": "6a1d0a8e-2f0f-4a57-8d55-6b4c2f7a9f10",
        "context": {"userId": "Practitioner/reader", "patientId": of["id"]},
        "prefetch": {key: _searchset(found) for key, found in entries.items()} | {"patient": of},
    }
    answer = client().post(
        f"/cds-services/{SERVICE}", data=orjson.dumps(body), content_type="application/json"
    )
    if answer.status_code != 200:
        raise RuntimeError(f"patient-view: {answer.status_code} {answer.text[:500]}")
    cards: list[Any] = answer.get_json()["cards"]
    return cards


def _entries(documents: Sequence[Any]) -> Iterator[Any]:
    for document in documents:
        if isinstance(document, dict) and document.get("resourceType") == "Bundle":
            entries = document.get("entry", [])
            yield from entries if isinstance(entries, list) else ()
        else:
            yield {"resource": document}


def _searchset(entries: Sequence[Any]) -> Resource:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries)}


def made_about(node: Any, identity: str) -> Any:
    """A copy in which every reference to a Patient is to this one."""
    if isinstance(node, list):
        return [made_about(each, identity) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {key: made_about(value, identity) for key, value in node.items()}
    reference = copy.get("reference")
    if isinstance(reference, str) and "Patient/" in reference:
        copy["reference"] = f"Patient/{identity}"
    return copy


def types_in(documents: Sequence[Any]) -> Counter[str]:
    """How many resources of each type came in."""
    kinds = (leaf.get("resourceType") if isinstance(leaf, dict) else None for leaf in _leaves(documents))
    return Counter(kind for kind in kinds if isinstance(kind, str))
