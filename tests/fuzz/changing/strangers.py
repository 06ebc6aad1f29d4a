"""Resources that say nothing about the patient of a chart: of somebody else, other codes, other types."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.fuzz.changing.damage import copied
from tests.fuzz.charts import WHOSE, Chart, Json, about, grafts

SOMEBODY_ELSE = "somebody-else"
_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_DAY = "2026-06-10"


def _coded(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def unrelated(chart: Chart) -> Sequence[Json]:
    """What no definition asks about: height, blood pressure, a sprained ankle, an allergy, an appointment.

    One of them has no id and none refers to anything of the chart.
    """
    mine = {"subject": {"reference": f"Patient/{chart.patient_id}"}}
    cm = {"value": 168, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}
    parts = [
        {"code": _coded(_LOINC, "8480-6", "Systolic blood pressure"), "valueQuantity": {**cm, "value": 120}},
        {"code": _coded(_LOINC, "8462-4", "Diastolic blood pressure"), "valueQuantity": {**cm, "value": 70}},
    ]
    height = {"status": "final", "effectiveDateTime": _DAY, **mine, "resourceType": "Observation"}
    return (
        {**height, "id": "s-height", "code": _coded(_LOINC, "8302-2", "Body height"), "valueQuantity": cm},
        {**height, "code": _coded(_LOINC, "8302-2", "Body height"), "valueQuantity": cm},
        {**height, "id": "s-bp", "code": _coded(_LOINC, "85354-9", "Blood pressure"), "component": parts},
        {
            "resourceType": "Condition",
            "id": "s-ankle",
            **mine,
            "onsetDateTime": _DAY,
            "code": _coded(_SNOMED, "44465007", "Sprain of ankle"),
            "clinicalStatus": {"coding": [{"code": "active"}]},
        },
        {
            "resourceType": "Procedure",
            "id": "s-appendix",
            "status": "completed",
            **mine,
            "code": _coded(_SNOMED, "80146002", "Appendectomy"),
            "performedDateTime": "2010-01-01",
        },
        {
            "resourceType": "MedicationRequest",
            "id": "s-drug",
            "status": "active",
            "intent": "order",
            "authoredOn": _DAY,
            **mine,
            "medicationCodeableConcept": _coded(_RXNORM, "161", "acetaminophen"),
        },
        {
            "resourceType": "DiagnosticReport",
            "id": "s-xray",
            "status": "final",
            **mine,
            "code": _coded(_LOINC, "36643-5", "XR Chest 2 Views"),
            "conclusion": "No acute finding.",
        },
        {"resourceType": "Medication", "id": "s-medication", "code": _coded(_RXNORM, "161", "acetaminophen")},
        {"resourceType": "AllergyIntolerance", "id": "s-allergy", "patient": mine["subject"]},
        {"resourceType": "Immunization", "id": "s-shot", "status": "completed", "patient": mine["subject"]},
        {"resourceType": "Encounter", "id": "s-visit", "status": "finished", **mine},
        {"resourceType": "Practitioner", "id": "s-doctor"},
        {"resourceType": "Appointment", "id": "s-appointment", "status": "booked"},
        {"resourceType": "NoSuchType", "id": "s-new"},
        {"resourceType": "Specimen", "id": "s-blood", "type": _coded(_SNOMED, "119297000", "Blood"), **mine},
        {"resourceType": "Patient", "id": SOMEBODY_ELSE, "gender": "male", "birthDate": "1940-01-01"},
    )


LOOKED_AT = frozenset(
    {
        *("Condition", "Procedure", "DiagnosticReport", "MedicationRequest", "Medication", "Specimen"),
        *("Patient", "ResearchStudy"),
    }
)
"""Types that are counted as read whatever they say, if they are not somebody else's."""


def counted_as(resource: Json) -> str:
    """Under which name a stranger is to be counted."""
    kind = resource["resourceType"]
    of_others = {"reference": f"Patient/{SOMEBODY_ELSE}"}
    if of_others in (resource.get("subject"), resource.get(WHOSE.get(kind, "subject"))):
        return "other_patient"
    return "read" if kind in LOOKED_AT else "irrelevant"


def of_somebody_else(random: Random) -> list[Json]:
    """All that another chart says, as somebody else's; some under ids that this chart may have too."""
    donor = random.choice(grafts())
    return [about(copied(resource), SOMEBODY_ELSE) for resource in donor]
