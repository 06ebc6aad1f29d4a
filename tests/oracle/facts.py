"""What a chart says about one patient, as plain facts, and the same facts written as FHIR R4.

The naive scores read the facts; the service reads the FHIR. Nothing here knows the service's definitions:
codes are those of the clinical reference, sections 4 and 5, and the few that ``drawing`` names with a source.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Resource = dict[str, Any]

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
UCUM, HL7 = "http://unitsofmeasure.org", "http://terminology.hl7.org/CodeSystem"
SUBJECT = {"reference": "Patient/drawn"}


class Lab(NamedTuple):
    """One result. ``number`` is the decimal as it is written; ``answer`` is a word instead of a number.

    ``low`` and ``high`` are the laboratory's limits in the result's unit, ``flag`` its interpretation (L, N,
    H, A). ``day`` is a FHIR date, "" if undated; ``instant`` is added to a day. ``form`` is how the value is
    sent; ``in_panel``: as a component of another Observation.
    """

    what: str
    code: str
    number: str = ""
    unit: str = ""
    sign: str = ""
    answer: str = ""
    low: str = ""
    high: str = ""
    flag: str = ""
    status: str = "final"
    day: str = ""
    instant: str = ""
    form: str = "quantity"
    in_panel: bool = False


class Illness(NamedTuple):
    """One Condition. ``verified`` and ``status`` are "" where nothing is said; so are the dates."""

    what: str
    system: str
    code: str
    status: str = "active"
    verified: str = "confirmed"
    onset: str = ""
    recorded: str = ""


class Biopsy(NamedTuple):
    """One kidney biopsy report: the classes that it names, by ISN/RPS or WHO, and its day."""

    classes: tuple[str, ...]
    scheme: str
    day: str
    status: str = "final"


class Chart(NamedTuple):
    """All that is on record of a patient, and the day of the assessment (ISO)."""

    today: str
    labs: tuple[Lab, ...]
    illnesses: tuple[Illness, ...]
    biopsies: tuple[Biopsy, ...]


def as_fhir(chart: Chart) -> list[Resource]:
    """The chart as the resources that a FHIR server would send."""
    patient = {"resourceType": "Patient", "id": "drawn", "gender": "female", "birthDate": "1990-02-03"}
    made = [
        *map(_observation, chart.labs),
        *map(_condition, chart.illnesses),
        *map(_report, chart.biopsies),
    ]
    for number, resource in enumerate(made):
        resource["id"] = f"r{number}"
    return [patient, *made]


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)


def _quantity(number: str, unit: str, sign: str = "") -> Resource:
    made: Resource = {"value": _number(number)}
    if unit:
        made |= {"unit": unit, "system": UCUM, "code": unit}
    return made | ({"comparator": sign} if sign else {})


_ANSWERS = {"positive": ("10828004", "Positive"), "negative": ("260385009", "Negative")}


def _value(lab: Lab) -> Resource:
    if lab.form == "absent":
        return {"dataAbsentReason": {"coding": [{"system": f"{HL7}/data-absent-reason", "code": "unknown"}]}}
    if lab.form == "flag only":
        return {}
    if lab.form == "ratio":
        below = {"value": _number(lab.number)} | ({"comparator": lab.sign} if lab.sign else {})
        return {"valueRatio": {"numerator": {"value": 1}, "denominator": below}}
    if lab.form == "coded":
        code, display = _ANSWERS[lab.answer]
        return {"valueCodeableConcept": {"coding": [{"system": SNOMED, "code": code, "display": display}]}}
    if lab.form == "string":
        return {"valueString": lab.answer or f"{lab.sign}{lab.number} {lab.unit}".strip()}
    if lab.form == "titre in words":
        return {"valueString": f"{lab.sign}1:{lab.number}"}
    whole = lab.form == "integer"
    return (
        {"valueInteger": int(lab.number)}
        if whole
        else {"valueQuantity": _quantity(lab.number, lab.unit, lab.sign)}
    )


def _observation(lab: Lab) -> Resource:
    code = {"coding": [{"system": LOINC, "code": lab.code}]} if lab.code else {"text": lab.what}
    made: Resource = {"resourceType": "Observation", "subject": SUBJECT}
    part: Resource = {"code": code, **_value(lab)}
    if lab.status:
        made["status"] = lab.status
    if lab.day:
        made["effectiveDateTime"] = lab.day + lab.instant
    if lab.flag:
        system = f"{HL7}/v3-ObservationInterpretation"
        part["interpretation"] = [{"coding": [{"system": system, "code": lab.flag}]}]
    limits = {"low": lab.low, "high": lab.high}
    if lab.low or lab.high:
        part["referenceRange"] = [{end: _quantity(n, lab.unit) for end, n in limits.items() if n}]
    if lab.in_panel:
        return {**made, "code": {"text": "Results of one visit"}, "component": [part]}
    return made | part


def _condition(illness: Illness) -> Resource:
    made: Resource = {
        "resourceType": "Condition",
        "subject": SUBJECT,
        "code": {"coding": [{"system": illness.system, "code": illness.code}]},
    }
    if illness.status:
        made["clinicalStatus"] = {"coding": [{"system": f"{HL7}/condition-clinical", "code": illness.status}]}
    if illness.verified:
        system = f"{HL7}/condition-ver-status"
        made["verificationStatus"] = {"coding": [{"system": system, "code": illness.verified}]}
    if illness.onset:
        made["onsetDateTime"] = illness.onset
    if illness.recorded:
        made["recordedDate"] = illness.recorded
    return made


def _report(biopsy: Biopsy) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "status": biopsy.status,
        "subject": SUBJECT,
        "code": {"coding": [{"system": LOINC, "code": "65757-7"}], "text": "Kidney Pathology biopsy report"},
        "effectiveDateTime": biopsy.day,
        "conclusion": f"Lupus nephritis, {biopsy.scheme} class {' + '.join(biopsy.classes)}.",
    }
