"""Missing facts that come in: a patient's FHIR resources, changed so that each fact says what is wanted.

What was not in the chart comes in as a new result of the day. What was there and could not be used (unread,
unreadable, in conflict, not confirmed) is looked up: what said so gives way to one that can be used.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from mappings.assessment import assess
from mappings.concept import Code, Concept
from mappings.dates import parse_when
from mappings.facts import PatientRecord, Result
from mappings.reading.record import read_record
from mappings.results import Assessment, Gap, MissingFact, Want
from mappings.trial_definition import Catalog

Resource = dict[str, Any]
HL7 = "http://terminology.hl7.org/CodeSystem"
SNOMED = "http://snomed.info/sct"
TRIAL = "NCT06920433"
_ANSWERS = {"positive": "10828004", "negative": "260385009"}
_FLAGS = {"low": "L", "high": "H", "normal": "N"}
_AMOUNTS: Mapping[str, float] = {"greater_than": 1, "at_least": 0, "less_than": -1, "at_most": 0}


@dataclass(frozen=True)
class Case:
    """A patient's resources and what of the record was not read."""

    name: str
    resources: Sequence[Resource]
    today: date
    catalog: Catalog
    gaps: Sequence[Gap] = ()

    def record(self) -> PatientRecord:
        return read_record(self.resources, self.catalog, gaps=self.gaps)

    def assessed(self) -> Assessment:
        return assess(self.catalog.trial(TRIAL), self.record(), self.today, self.catalog)

    def after(self, facts: Sequence[MissingFact], of: Sequence[MissingFact] = ()) -> Assessment:
        """The assessment once the facts have come in as they are wanted; ``of``: all that were asked for.

        A biopsy says of what class it is, unless just that is left out.
        """
        told = any("class" in fact.concept for fact in (*facts, *of))
        return replace(self, resources=list(_with(self, facts, told)), gaps=_left(self, facts)).assessed()


def _left(case: Case, facts: Sequence[MissingFact]) -> Sequence[Gap]:
    """A look at the chart reads what was not read."""
    return () if any(fact.how == "chart" for fact in facts) else case.gaps


def _with(case: Case, facts: Sequence[MissingFact], class_is_told: bool) -> Iterator[Resource]:
    record = case.record()
    biopsy = [fact for fact in facts if _is_pathology(fact, case.catalog)]
    others = [fact for fact in facts if fact not in biopsy and fact.concept not in ("age", "sex")]
    replaced = {reference for fact in facts if fact.how == "chart" for reference in _unusable(fact, record)}
    for resource in case.resources:
        if f"{resource.get('resourceType')}/{resource.get('id')}" not in replaced:
            yield _of_age(resource, facts, case.today) if resource["resourceType"] == "Patient" else resource
    if biopsy:
        yield from _biopsy(biopsy, case, record, class_is_told)
    for number, fact in enumerate(others):
        if fact.concept == "treatment":
            yield from _treated(case, record)
        elif Want("absent") not in fact.wanted:
            yield _coded(fact, case, f"new-{number}")


def _of_age(patient: Resource, facts: Sequence[MissingFact], today: date) -> Resource:
    """The patient with the age and sex that are wanted."""
    for fact in facts:
        if fact.concept == "age":
            limit = int(float(fact.wanted[0].limit.split()[0]) + 5 * _AMOUNTS[fact.wanted[0].kind])
            patient = {**patient, "birthDate": f"{today.year - limit - 1}-01-01"}
        elif fact.concept == "sex":
            other = fact.wanted[0].kind == "none_of"
            patient = {**patient, "gender": "male" if other else fact.wanted[0].answers[0]}
    return patient


def _treated(case: Case, record: PatientRecord) -> Iterator[Resource]:
    """Prednisone and mycophenolate for 20 months, still going on."""
    for drug in ("prednisone", "mycophenolate"):
        yield {
            "resourceType": "MedicationRequest",
            "id": f"new-{drug}",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": _code(case.catalog.concepts[drug]),
            "subject": {"reference": record.patient.reference},
            "authoredOn": (case.today - timedelta(days=600)).isoformat(),
        }


def _is_pathology(fact: MissingFact, catalog: Catalog) -> bool:
    concept = catalog.concepts.get(fact.concept)
    return concept is not None and concept.pathology


def _unusable(fact: MissingFact, record: PatientRecord) -> set[str]:
    """The resources that could not be used, of which the newest say so."""
    results, diagnoses = record.results.get(fact.concept, ()), record.diagnoses.get(fact.concept, ())
    return {*(one.reference for one in results), *(one.reference for one in diagnoses)}


# --- one fact


def _coded(fact: MissingFact, case: Case, name: str) -> Resource:
    concept = case.catalog.concepts[fact.concept]
    subject = {"reference": case.record().patient.reference}
    if concept.kind == "condition":
        return _condition(concept, fact, subject, case.today, name)
    if concept.kind == "procedure":
        return _procedure(concept, subject, case.today, name)
    ways = _observations(concept, fact.wanted, case.today)
    found = next((one for one in ways if _says(one, concept, fact, case)), None)
    assert found is not None, f"no Observation says {fact.concept} {fact.wanted}"
    return {**found, "id": name, "subject": subject}


def _condition(concept: Concept, fact: MissingFact, subject: Resource, today: date, name: str) -> Resource:
    status = next((want.answers[0] for want in fact.wanted if want.answers), "active")
    over = {"abatementDateTime": (today - timedelta(days=400)).isoformat()} if status == "remission" else {}
    return {
        **over,
        "resourceType": "Condition",
        "id": name,
        "subject": subject,
        "code": _code(concept),
        "clinicalStatus": {"coding": [{"system": f"{HL7}/condition-clinical", "code": status}]},
        "verificationStatus": {"coding": [{"system": f"{HL7}/condition-ver-status", "code": "confirmed"}]},
        "onsetDateTime": (today - timedelta(days=500 if over else 0)).isoformat(),
        "recordedDate": today.isoformat(),
    }


def _procedure(concept: Concept, subject: Resource, today: date, name: str) -> Resource:
    done = {"status": "completed", "performedDateTime": today.isoformat()}
    return {"resourceType": "Procedure", "id": name, "subject": subject, "code": _code(concept), **done}


def _code(concept: Concept, code: Code | None = None) -> Resource:
    chosen = code or (concept.codes[0] if concept.codes else None)
    if chosen is None:
        return {"text": concept.names[0]}
    return {"coding": [{"system": chosen.system, "code": chosen.code}]}


def _says(observation: Resource, concept: Concept, fact: MissingFact, case: Case) -> bool:
    """Whether the service itself reads from it what is wanted."""
    patient = {"resourceType": "Patient", "id": "x", "gender": "female", "birthDate": "1990-01-01"}
    alone = {**observation, "id": "o", "subject": {"reference": "Patient/x"}}
    results = read_record([patient, alone], case.catalog).results.get(concept.id, ())
    return len(results) == 1 and not results[0].problem and all(_agrees(results[0], w) for w in fact.wanted)


def _agrees(result: Result, want: Want) -> bool:
    if want.kind == "one_of":
        return any(answer in result.tokens for answer in want.answers)
    if want.kind == "none_of":
        return bool(result.tokens) and not any(answer in result.tokens for answer in want.answers)
    if want.kind == "present":
        return True
    assert result.amount is not None
    value, limit = float(result.amount.low), float(want.limit.split()[0])
    return {
        "greater_than": value > limit,
        "at_least": value >= limit,
        "less_than": value < limit,
        "at_most": value <= limit,
    }[want.kind]


def _observations(concept: Concept, wanted: Sequence[Want], today: date) -> Iterator[Resource]:
    """Ways in which a laboratory could report it, the plainest first."""
    for code in (*concept.codes, None) if concept.codes else (None,):
        coded = _code(concept, code) if code is not None or not concept.names else {"text": concept.names[0]}
        base = {
            "resourceType": "Observation",
            "status": "final",
            "code": coded,
            "effectiveDateTime": today.isoformat(),
        }
        for value in _values(concept, wanted):
            yield {**base, **value}


def _values(concept: Concept, wanted: Sequence[Want]) -> Iterator[Resource]:
    unit = concept.unit
    for want in wanted:
        if want.limit:
            number = round(float(want.limit.split()[0]) + _AMOUNTS[want.kind], 6)
            whole = unit in ("", "{score}") and number == int(number)
            yield {"valueInteger": int(number)} if whole else {"valueQuantity": _quantity(number, unit)}
    answers = [a for want in wanted if want.kind == "one_of" for a in want.answers]
    if any(want.kind == "none_of" for want in wanted):
        answers = ["negative", "positive", "normal"]
    for answer in answers:
        if answer in concept.answers:
            for token in sorted(concept.answers[answer]):
                system, bar, code = token.partition("|")
                yield {"valueCodeableConcept": _answered(system, code) if bar else {"text": token}}
        if answer in _ANSWERS:
            yield {"valueCodeableConcept": _answered(SNOMED, _ANSWERS[answer])}
            yield {"valueQuantity": _quantity(640 if answer == "positive" else 1, unit or "1")}
        if answer in _FLAGS:
            flag = [{"coding": [{"system": f"{HL7}/v3-ObservationInterpretation", "code": _FLAGS[answer]}]}]
            yield {"valueQuantity": _quantity(0.4, "g/L"), "interpretation": flag}


def _answered(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _quantity(number: float, unit: str) -> Resource:
    return {"value": number, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


# --- a biopsy


def _biopsy(
    facts: Sequence[MissingFact], case: Case, record: PatientRecord, class_is_told: bool
) -> Iterator[Resource]:
    """A new one of today, or the report of the latest, which now says what was looked up."""
    again = all(fact.how == "chart" for fact in facts)
    known = record.results.get("kidney-biopsy-class", ())
    taken = max((one.when.text for one in known), default="") if again else ""
    when = parse_when(taken)
    day = (when.day() if when is not None else None) or case.today
    known_class = next((token for one in known if not one.problem for token in sorted(one.tokens)), "IV")
    restated = "" if class_is_told else f"Lupus nephritis, ISN/RPS class {known_class}."
    conclusion = " ".join(filter(None, (_class_words(facts) or restated, _index_words(facts))))
    subject = {"reference": record.patient.reference}
    if not again:
        yield {
            "resourceType": "Procedure",
            "id": "new-biopsy",
            "status": "completed",
            "code": _answered(SNOMED, "7246002"),
            "subject": subject,
            "performedDateTime": day.isoformat(),
        }
    yield {
        "resourceType": "DiagnosticReport",
        "id": "new-report",
        "status": "final",
        "code": _answered("http://loinc.org", "65757-7"),
        "subject": subject,
        "effectiveDateTime": day.isoformat(),
        "issued": f"{(day + timedelta(days=1)).isoformat()}T08:00:00Z",
        "conclusion": conclusion,
    }


def _class_words(facts: Sequence[MissingFact]) -> str:
    """ "class IV" where it is wanted, "class I" where anything else is; nothing of a class left out."""
    wanted = [want for fact in facts if "class" in fact.concept for want in fact.wanted]
    if not wanted:
        return ""
    refused = {answer for want in wanted if want.kind == "none_of" for answer in want.answers}
    names = ["I"] if refused else [want.answers[-1] for want in wanted]
    return f"Lupus nephritis, ISN/RPS class {' + '.join(dict.fromkeys(names))}."


def _index_words(facts: Sequence[MissingFact]) -> str:
    wanted = [want for fact in facts if fact.concept == "nih-activity-index" for want in fact.wanted]
    return "".join(f"NIH activity index {int(want.limit) + int(_AMOUNTS[want.kind])}/24." for want in wanted)


def resources_of(bundle: Mapping[str, Any]) -> list[Resource]:
    """The resources of a sample's Bundle, to change at will."""
    return [copy.deepcopy(entry["resource"]) for entry in bundle["entry"]]


def is_for_a_person(assessment: Assessment) -> set[str]:
    """The ids of the criteria that sets of next steps leave out."""
    steps = assessment.next_steps
    return {*steps.needs_a_person, *steps.not_yet}
