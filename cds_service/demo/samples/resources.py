"""FHIR R4 resources, one function each: complete, valid, and marked as test data."""

from __future__ import annotations

from datetime import date
from typing import Any

from cds_service.demo.samples.codes import Concept

Resource = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
TEST_DATA = {"system": HL7 + "v3-ActReason", "code": "HTEST", "display": "test health data"}
PRESCRIBER = {"display": "Dr Shen, Rheumatology"}


def resource(kind: str, ident: str, **elements: Any) -> Resource:
    """A resource of this type; elements given as None are left out."""
    present = {name: value for name, value in elements.items() if value is not None}
    return {"resourceType": kind, "id": ident, "meta": {"security": [TEST_DATA]}, **present}


def coded(system: str, code: str, display: str) -> Resource:
    """A CodeableConcept of one coding from an HL7 code system."""
    return {"coding": [{"system": HL7 + system, "code": code, "display": display}]}


def reference(kind: str, ident: str) -> dict[str, str]:
    """A relative reference."""
    return {"reference": f"{kind}/{ident}"}


def at(day: date, hour: int = 8) -> str:
    """A dateTime in the morning of this day, with its zone."""
    return f"{day.isoformat()}T{hour:02d}:30:00+08:00"


def quantity(value: float, unit: str, comparator: str | None = None) -> Resource:
    """A Quantity in UCUM."""
    base: Resource = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    return base | {"comparator": comparator} if comparator else base


def titre(dilution: int) -> Resource:
    """A titre as a Ratio: 1 to `dilution`."""
    return {"numerator": {"value": 1}, "denominator": {"value": dilution}}


CATEGORIES = {
    "laboratory": "Laboratory",
    "survey": "Survey",
    "exam": "Exam",
    "social-history": "Social History",
    "vital-signs": "Vital Signs",
}


def observation(
    ident: str, patient: str, what: Concept, on: date, category: str, **elements: Any
) -> Resource:
    """A final Observation; the value, range and so on come as elements."""
    settled = {"status": "final", **elements}
    return resource(
        "Observation",
        ident,
        category=[coded("observation-category", category, CATEGORIES[category])],
        code=what.as_fhir(),
        subject=reference("Patient", patient),
        effectiveDateTime=at(on),
        **settled,
    )


def limits(value: float, unit: str, low: float | None, high: float | None) -> Resource:
    """`referenceRange` and the `interpretation` that follows from it; nothing when no limit is known."""
    if low is None and high is None:
        return {}
    code, display = "N", "Normal"
    if low is not None and value < low:
        code, display = "L", "Low"
    if high is not None and value > high:
        code, display = "H", "High"
    ends = {name: quantity(end, unit) for name, end in (("low", low), ("high", high)) if end is not None}
    return {
        "interpretation": [coded("v3-ObservationInterpretation", code, display)],
        "referenceRange": [ends],
    }


def condition(
    ident: str, patient: str, what: Concept, clinical: str, verification: str, **dates: str | None
) -> Resource:
    """A problem-list Condition."""
    return resource(
        "Condition",
        ident,
        clinicalStatus=coded("condition-clinical", clinical, clinical.capitalize()),
        verificationStatus=coded("condition-ver-status", verification, verification.capitalize()),
        category=[coded("condition-category", "problem-list-item", "Problem List Item")],
        code=what.as_fhir(),
        subject=reference("Patient", patient),
        **dates,
    )


def medication_request(ident: str, patient: str, drug: Resource, since: date, dose: str) -> Resource:
    """An active order without end; `drug` is the medication[x] element."""
    return resource(
        "MedicationRequest",
        ident,
        status="active",
        intent="order",
        category=[coded("medicationrequest-category", "outpatient", "Outpatient")],
        **drug,
        subject=reference("Patient", patient),
        authoredOn=since.isoformat(),
        requester=PRESCRIBER,
        dosageInstruction=[{"text": dose}],
    )


def medication_statement(
    ident: str, patient: str, drug: Concept, since: date, until: date | None
) -> Resource:
    """What the patient takes or took, as told in the history."""
    period = {"start": since.isoformat()} | ({"end": until.isoformat()} if until else {})
    return resource(
        "MedicationStatement",
        ident,
        status="completed" if until else "active",
        medicationCodeableConcept=drug.as_fhir(),
        subject=reference("Patient", patient),
        effectivePeriod=period,
    )


def medication_administration(ident: str, patient: str, drug: Concept, on: date, dose: str) -> Resource:
    """One infusion, given."""
    return resource(
        "MedicationAdministration",
        ident,
        status="completed",
        medicationCodeableConcept=drug.as_fhir(),
        subject=reference("Patient", patient),
        effectiveDateTime=at(on),
        dosage={"text": dose},
    )


def medication_dispense(ident: str, patient: str, drug: Concept, on: date, days: int) -> Resource:
    """Handed over at the pharmacy, to last so many days."""
    return resource(
        "MedicationDispense",
        ident,
        status="completed",
        medicationCodeableConcept=drug.as_fhir(),
        subject=reference("Patient", patient),
        whenHandedOver=at(on, 15),
        daysSupply=quantity(days, "d"),
    )
