"""Is what an assessment shows really on the server?

Compared with the resources themselves, in code that shares nothing with the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import requests

from mappings.results import Assessment, Evidence
from tests.hapi.run_data import FHIR_JSON, TIMEOUT, Json

HOW_RECORDED = {
    "MedicationRequest": "ordered",
    "MedicationStatement": "stated",
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
}
DATES = ("effectiveDateTime", "onsetDateTime", "recordedDate", "authoredOn", "whenHandedOver")
COMPUTED = {"egfr-ckd-epi-2021": "Creatinine"}
"""What is calculated from a result, and a word in that result's code."""
OUT_OF = {"nih-activity-index": "/24", "nih-chronicity-index": "/12"}
"""Indices are shown with the end of their scale, which a record may leave out."""


def evidence_of(assessment: Assessment) -> set[Evidence]:
    """All that refers to a resource: of criteria, gate, scores and what is only shown."""
    scores = assessment.scores
    everything = (
        *(e for criterion in assessment.criteria for e in criterion.evidence),
        *assessment.gate_evidence,
        *assessment.shown,
        *(score.recorded for score in scores if score.recorded is not None),
        *(e for score in scores for item in score.items for e in item.evidence),
    )
    return {evidence for evidence in everything if evidence.reference}


class Holdings:
    """What a FHIR server holds."""

    def __init__(self, base_url: str) -> None:
        self.read = cache(lambda reference: _read(f"{base_url}/{reference}"))

    def faults(self, assessment: Assessment) -> list[str]:
        """What is wrong with the evidence: not there, another patient's, or not what the resource says."""
        return sorted(
            f"{one.concept} {one.text!r} {one.date} {one.reference}: {fault}"
            for one in evidence_of(assessment)
            for fault in self.faults_of(one, assessment.patient, assessment.as_of)
        )

    def faults_of(self, evidence: Evidence, patient: str, today: date) -> list[str]:
        """What is wrong with one piece of evidence that is to be about this patient."""
        return list(self._faults(evidence, patient, today))

    def _faults(self, evidence: Evidence, patient: str, today: date) -> Iterator[str]:
        resource = self.read(evidence.reference)
        if resource is None:
            yield "not on the server"
            return
        if owner(resource) != patient:
            yield f"is about {owner(resource)}"
        if evidence.date and evidence.date not in _days(resource):
            yield f"is dated {sorted(_days(resource))}"
        if not self._says(resource, evidence, today):
            yield f"says {sorted(self._texts(resource, today))}"
        measured = resource.get("valueQuantity", {})
        same_unit = isinstance(evidence.value, float | int) and evidence.unit == measured.get("unit")
        if same_unit and evidence.value != measured["value"]:
            yield f"measured {measured['value']}"

    def _says(self, resource: Json, evidence: Evidence, today: date) -> bool:
        if word := COMPUTED.get(evidence.concept):
            return word in str(resource["code"])
        if resource["resourceType"] == "DiagnosticReport":
            number = f"{evidence.value:g}" if isinstance(evidence.value, float) else evidence.text
            return number in evidence.text and evidence.text.rstrip("…") in resource["conclusion"]
        shown = evidence.text.removesuffix(OUT_OF.get(evidence.concept, ""))
        return bool({shown, evidence.text} & self._texts(resource, today))

    def _texts(self, resource: Json, today: date) -> set[str]:
        """The ways in which a clinician may write what the resource says."""
        kind = resource["resourceType"]
        if kind == "Patient":
            return {f"{_age(resource['birthDate'], today)} years", str(resource.get("gender"))}
        if kind in HOW_RECORDED:
            return {f"{name}, {HOW_RECORDED[kind]}" for name in _names(self._drug(resource))}
        if kind == "Observation":
            values = [resource, *resource.get("component", [])]
            return {text for value in values for text in _value_texts(value)}
        return _names(resource.get("code", {}))

    def _drug(self, resource: Json) -> Json:
        if "medicationCodeableConcept" in resource:
            return dict(resource["medicationCodeableConcept"])
        reference = resource["medicationReference"]["reference"]
        inside = {f"#{one['id'].lstrip('#')}": one for one in resource.get("contained", [])}
        medication = inside.get(reference) or self.read(reference)
        return dict(medication["code"]) if medication else {}


def owner(resource: Json) -> str:
    """The patient whom a resource is about, as a reference."""
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    for member in ("subject", "patient", "individual"):
        if member in resource:
            return str(resource[member]["reference"])
    return "nobody"


def references_in(node: Any) -> Iterator[str]:
    """Every literal reference anywhere in a piece of JSON."""
    if isinstance(node, list):
        for item in node:
            yield from references_in(item)
    elif isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from references_in(value)


def _read(url: str) -> Json | None:
    headers = {"Accept": FHIR_JSON, "Cache-Control": "no-cache"}
    answer = requests.get(url, headers=headers, timeout=TIMEOUT)
    return dict(answer.json()) if answer.ok else None


def _days(resource: Json) -> set[str]:
    moments = [resource[name] for name in DATES if name in resource]
    for period in ("effectivePeriod", "performedPeriod"):
        moments += resource.get(period, {}).values()
    return {moment[:10] for moment in moments}


def _age(born: str, today: date) -> str:
    if len(born) == len("1986"):
        most = today.year - int(born)
        return f"{most - 1} or {most}"
    birth = date.fromisoformat(born)
    return str(today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)))


def _names(concept: Json) -> set[str]:
    codings = concept.get("coding", [])
    return {concept.get("text", ""), *(coding.get("display", "") for coding in codings)} - {""}


def _value_texts(element: Json) -> Iterator[str]:
    """The value of an Observation or of one of its components, as it may be written."""
    for name, value in element.items():
        if name == "valueQuantity":
            yield from _quantity_texts(value)
        elif name == "valueRatio":
            yield f"{value['numerator']['value']:g}:{value['denominator']['value']:g}"
        elif name == "valueBoolean":
            yield "yes" if value else "no"
        elif name == "valueCodeableConcept":
            yield from _names(value)
        elif name in ("valueInteger", "valueString"):
            yield str(value)


def _quantity_texts(quantity: Json) -> Iterator[str]:
    number = f"{quantity.get('comparator', '')}{quantity['value']:.10g}"
    yield f"{number} {quantity['unit']}"
    if quantity["unit"].startswith("{"):
        yield number
