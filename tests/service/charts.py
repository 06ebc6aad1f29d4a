"""FHIR resources and hook requests for the tests of the service."""

from __future__ import annotations

from typing import Any

from tests.service.definitions import LOINC, RXNORM, SNOMED, UCUM

Json = dict[str, Any]
PATIENT_ID = "p1"
INSTANCE = "0b5ffb0a-6a5a-4f0f-9a4f-6f8f2b3f7c11"
SERVICE = "/cds-services/trial-match-patient-view"


def patient(identity: str = PATIENT_ID, **members: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": identity,
        "gender": "female",
        "birthDate": "1990-05-01",
        **members,
    }


def condition(code: str = "55464009", identity: str = "c1", whose: str = PATIENT_ID) -> Json:
    return {
        "resourceType": "Condition",
        "id": identity,
        "subject": {"reference": f"Patient/{whose}"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": code}]},
    }


def upcr(value: float = 1.8, day: str = "2026-06-01", identity: str = "o1", whose: str = PATIENT_ID) -> Json:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "subject": {"reference": f"Patient/{whose}"},
        "code": {"coding": [{"system": LOINC, "code": "2890-2"}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "g/g", "system": UCUM, "code": "g/g"},
    }


def order(identity: str = "m1", reference: str = "", whose: str = PATIENT_ID) -> Json:
    prednisone = {"coding": [{"system": RXNORM, "code": "8640"}]}
    drug = (
        {"medicationReference": {"reference": reference}}
        if reference
        else {"medicationCodeableConcept": prednisone}
    )
    return {
        "resourceType": "MedicationRequest",
        "id": identity,
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{whose}"},
        "authoredOn": "2026-01-02",
        **drug,
    }


def medication(identity: str = "d1") -> Json:
    coded = {"coding": [{"system": RXNORM, "code": "8640"}]}
    return {"resourceType": "Medication", "id": identity, "code": coded}


def outcome(severity: str = "error", code: str = "exception") -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def bundle(*resources: Any, following: str = "", **members: Any) -> Json:
    """A searchset page, with a next link if there is one."""
    links = [{"relation": "next", "url": following}] if following else []
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    page: Json = {"resourceType": "Bundle", "type": "searchset", "link": links, **members}
    return {**page, "entry": entries} if entries else page


def full_prefetch(**keys: Any) -> Json:
    """Every declared key of the tests' trial, for a clear candidate; None leaves a key null."""
    usual: Json = {
        "patient": patient(),
        "conditions": bundle(condition()),
        "observations-1": bundle(upcr()),
        "observations-by-category": bundle(),
        "medication-requests": bundle(order()),
        "medication-statements": None,
        "medication-administrations": None,
        "medication-dispenses": None,
        "research-subjects": None,
    }
    return {**usual, **{key.replace("_", "-"): value for key, value in keys.items()}}


def without(prefetch: Json, *keys: str) -> Json:
    return {key: value for key, value in prefetch.items() if key not in keys}


def request_body(**members: Any) -> Json:
    """A valid patient-view request. A member given as ... is left out."""
    usual: Json = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/dr1", "patientId": PATIENT_ID},
        "prefetch": full_prefetch(),
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not ...}
