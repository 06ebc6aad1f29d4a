"""Records as a hospital with codes of its own has them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
LAB, DRUGS, ANSWERS = "urn:oid:2.999.1", "urn:oid:2.999.2", "urn:oid:2.999.3"
Json = dict[str, Any]


def patient(identity: str = "p1") -> Json:
    return {"resourceType": "Patient", "id": identity, "gender": "female", "birthDate": "1990-05-01"}


def coded(system: str, code: str, display: str = "", text: str = "") -> Json:
    """A CodeableConcept; without a code only its text."""
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {**({"coding": [coding]} if code else {}), **({"text": text} if text else {})}


def result(code: Json, whose: str = "p1", day: str = "2026-06-01", **value: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": uuid4().hex,
        "status": "final",
        "subject": {"reference": f"Patient/{whose}"},
        "code": code,
        "effectiveDateTime": day,
        **(value or {"valueQuantity": {"value": 98.25, "unit": "g/g"}}),
    }


def condition(code: Json, whose: str = "p1") -> Json:
    return {
        "resourceType": "Condition",
        "id": uuid4().hex,
        "subject": {"reference": f"Patient/{whose}"},
        "recordedDate": "2025-03-02",
        "code": code,
    }


def order(code: Json, whose: str = "p1") -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": uuid4().hex,
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{whose}"},
        "authoredOn": "2026-01-02",
        "medicationCodeableConcept": code,
    }


def bundle(*resources: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit}
