"""A compact notation for charts, and its translation to FHIR R4.

A physician writes ``- UPCR: 1.4 g/g on 2026-06-01``; the service gets an Observation with the LOINC code of
the concept file. The notation is explained at the top of NCT06920433.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from mappings.concept import SYSTEMS, Concept
from mappings.results import Gap
from mappings.trial_definition import Catalog
from tests.trials.chart_drugs import DRUG_DATES, administration, dispense, prescription, statement
from tests.trials.chart_parts import (
    DATE,
    HL7,
    PATIENT,
    SUBJECT,
    Line,
    Resource,
    add_dates,
    clauses_of,
    code_of,
    coding,
    dated,
    mapping_of,
    text_of,
)
from tests.trials.chart_results import biopsy_report, biopsy_results, result
from tests.trials.chart_words import CONDITIONS, NOT_READ, PROCEDURES, RESULTS, Word, find

_PEOPLE = {
    "woman": "female",
    "man": "male",
    "person of other gender": "other",
    "person of unknown gender": "unknown",
    "person of unstated gender": "",
}


class Chart:
    """The resources of one patient, made line by line."""

    def __init__(self, who: str, catalog: Catalog) -> None:
        self.catalog = catalog
        self.resources: list[Resource] = [patient(who)]
        self.literal: list[Resource] = []
        """Resources written out as FHIR, which need not be valid."""

    def add(self, key: str, line: Line) -> None:
        """Adds one line of the chart; ChartError if it cannot be understood."""
        if key in _MAKERS:
            _MAKERS[key](self, line)
        elif key in RESULTS or key in self.catalog.concepts:
            word = self._word(key, RESULTS, "result")
            self._keep(result(self._concept(word), word, text_of(key, line)))
        else:
            find(key, [*_MAKERS, *RESULTS], "line of a chart")

    def bundle(self) -> list[Resource]:
        """All resources, written ones first."""
        return [*self.resources, *self.literal]

    def _concept(self, word: Word) -> Concept:
        return self.catalog.concepts[word.concept]

    def _word(self, name: str, known: Mapping[str, Word], what: str) -> Word:
        """A word of ours, or the id of any concept: other trials have concepts for which we have no word."""
        if name not in known and name in self.catalog.concepts:
            return Word(name)
        return known[find(name, known, what)]

    def _keep(self, resource: Resource) -> str:
        kind = resource["resourceType"]
        number = 1 + sum(known["resourceType"] == kind for known in self.resources)
        resource["id"] = f"{kind.lower()}-{number}"
        self.resources.append(resource)
        return f"{kind}/{resource['id']}"

    def _condition(self, line: Line) -> None:
        what, clauses = clauses_of(text_of("condition", line))
        name, dates = dated(what)
        word = self._word(name, CONDITIONS, "condition")
        condition: Resource = {
            "resourceType": "Condition",
            "subject": SUBJECT,
            "code": code_of(self._concept(word), word.code),
            **clinical_statuses(clauses),
        }
        add_dates(condition, dates, start="onsetDateTime", end="abatementDateTime")
        for clause in clauses:
            match = re.fullmatch(rf"recorded (?P<day>{DATE})", clause)
            if match:
                condition["recordedDate"] = match["day"]
            elif clause not in _CONDITION_CLAUSES:
                find(clause, [*_CONDITION_CLAUSES, "recorded DATE"], "clause of a condition")
        self._keep(condition)

    def _procedure(self, line: Line) -> None:
        what, clauses = clauses_of(text_of("procedure", line))
        name, dates = dated(what)
        word = self._word(name, PROCEDURES, "procedure")
        statuses = ["preparation", "in-progress", "not-done", "completed"]
        status = find(clauses[0], statuses, "status") if clauses else "completed"
        code = code_of(self._concept(word), word.code) if word.concept else {"text": name}
        procedure: Resource = {
            "resourceType": "Procedure",
            "status": status,
            "subject": SUBJECT,
            "code": code,
        }
        add_dates(procedure, dates, start="performedDateTime")
        self._keep(procedure)

    def _biopsy(self, line: Line) -> None:
        biopsy = mapping_of("biopsy", line, _BIOPSY_KEYS)
        made = [self._keep(each) for each in biopsy_results(biopsy)]
        if biopsy.get("procedure") != "no":
            self._procedure(f"kidney biopsy on {biopsy['on']}" if "on" in biopsy else "kidney biopsy")
        report = biopsy_report(biopsy, made, self._concept(Word("kidney-biopsy-report")))
        if biopsy.get("report") == "no":
            return
        if "collected" in biopsy:
            collected = {"collectedDateTime": biopsy["collected"]}
            specimen = self._keep({"resourceType": "Specimen", "subject": SUBJECT, "collection": collected})
            report["specimen"] = [{"reference": specimen}]
        self._keep(report)

    def _drug(self, make: Callable[[str, list[str]], Resource], line: Line) -> None:
        what, clauses = clauses_of(text_of("drug", line))
        name, dates = dated(re.sub(r" for \d+ days$", "", what))
        by_name = "by name" in clauses
        resource = make(what, [clause for clause in clauses if clause not in _DRUG_FORMS])
        code = self._drug_code(name, by_name=by_name)
        resource |= self._medication(code, clauses)
        DRUG_DATES[resource["resourceType"]](resource, dates)
        self._keep(resource)

    def _drug_code(self, name: str, *, by_name: bool) -> Resource:
        """The product's code where the concept file has it under just this name, else its ingredient's."""
        drugs = [concept for concept in self.catalog.concepts.values() if concept.kind == "drug"]
        named = [(len(n), c) for c in drugs for n in c.names if re.search(rf"\b{re.escape(n)}\b", name, re.I)]
        if by_name or not named:
            return {"text": name}
        concept = max(named, key=lambda pair: pair[0])[1]
        products = [code for code in concept.codes if code.display.lower() == name.lower()]
        codes = [code for code in (*products, *concept.codes) if code.system == SYSTEMS["rxnorm"]]
        return {"text": name, "coding": [coding(codes[0])]} if codes else {"text": name}

    def _medication(self, code: Resource, clauses: Sequence[str]) -> Resource:
        medication = {"resourceType": "Medication", "code": code}
        if "referenced" in clauses:
            return {"medicationReference": {"reference": self._keep(medication)}}
        if "contained" in clauses:
            return {"contained": [{**medication, "id": "m"}], "medicationReference": {"reference": "#m"}}
        if "reference not sent" in clauses:
            return {"medicationReference": {"reference": "Medication/elsewhere", "display": code["text"]}}
        return {"medicationCodeableConcept": code}

    def _consent(self, line: Line) -> None:
        what, clauses = clauses_of(text_of("consent", line))
        named, dates = dated(what)
        scope, _, study = named.partition(" for ")
        statuses = ["active", "inactive", "proposed", "rejected"]
        status = [find(clause, [*statuses, "denied"], "consent status") for clause in clauses]
        consent: Resource = {
            "resourceType": "Consent",
            "status": next((s for s in status if s in statuses), "active"),
            "scope": {"coding": [{"system": f"{HL7}/consentscope", "code": scope}]},
            "category": [{"text": "consent to take part"}],
            "patient": SUBJECT,
            "policyRule": {"text": "of the study site"},
            "sourceReference": {"display": f"Signed form {study}".strip()},
            "provision": {"type": "deny" if "denied" in clauses else "permit"},
        }
        add_dates(consent, dates, start="dateTime")
        self._keep(consent)

    def _study(self, line: Line) -> None:
        what, clauses = clauses_of(text_of("study", line))
        number = re.search(r"NCT\d{8}", what)
        study: Resource = {"resourceType": "ResearchStudy", "status": "active", "title": what}
        if number:
            study["identifier"] = [{"system": "https://clinicaltrials.gov", "value": number[0]}]
        reference = self._keep(study)
        self._keep(
            {
                "resourceType": "ResearchSubject",
                "status": clauses[0] if clauses else "on-study",
                "study": {"reference": reference, "display": what},
                "individual": SUBJECT,
            }
        )

    def _other_result(self, line: Line) -> None:
        given = mapping_of("other result", line, ("name", "loinc", "value"))
        nothing_known = Concept("other", given["name"], "measurement")
        made = result(nothing_known, Word(""), given["value"])
        made["code"] = {"text": given["name"]}
        if "loinc" in given:
            made["code"]["coding"] = [{"system": SYSTEMS["loinc"], "code": given["loinc"]}]
        self._keep(made)

    def _raw(self, line: Line) -> None:
        resource = json.loads(text_of("raw", line))
        self.literal.append(resource)


_MAKERS: Mapping[str, Callable[[Chart, Line], None]] = {
    "condition": Chart._condition,
    "procedure": Chart._procedure,
    "biopsy": Chart._biopsy,
    "prescribed": lambda chart, line: chart._drug(prescription, line),
    "takes": lambda chart, line: chart._drug(statement, line),
    "given": lambda chart, line: chart._drug(administration, line),
    "dispensed": lambda chart, line: chart._drug(dispense, line),
    "consent": Chart._consent,
    "study": Chart._study,
    "other result": Chart._other_result,
    "raw": Chart._raw,
}
_BIOPSY_KEYS = (
    "on",
    "collected",
    "issued",
    "conclusion",
    "class",
    "AI",
    "CI",
    "WHO code",
    "status",
    "report",
    "procedure",
)
_CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved", "no clinical status")
_VERIFICATION = (
    "confirmed",
    "provisional",
    "differential",
    "unconfirmed",
    "refuted",
    "entered-in-error",
    "verification not said",
)
_CONDITION_CLAUSES = (*_CLINICAL, *_VERIFICATION)
_DRUG_FORMS = ("by name", "referenced", "contained", "reference not sent")


def patient(who: str) -> Resource:
    """The Patient of "woman born 1990-03-01, died 2026-06-01"."""
    person, *clauses = who.split(", ")
    kind, _, birth = person.partition(" born ")
    resource: Resource = {"resourceType": "Patient", "id": PATIENT.partition("/")[2]}
    gender = _PEOPLE[find(kind, _PEOPLE, "person")]
    if gender:
        resource["gender"] = gender
    if birth and birth != "on an unrecorded day":
        resource["birthDate"] = birth
    for clause in clauses:
        resource |= _patient_clause(clause)
    return resource


def _patient_clause(clause: str) -> Resource:
    died = re.fullmatch(rf"died(?: on)? (?P<day>{DATE})", clause)
    if died:
        return {"deceasedDateTime": died["day"]}
    known: Mapping[str, Resource] = {
        "deceased": {"deceasedBoolean": True},
        "alive": {"deceasedBoolean": False},
        "record inactive": {"active": False},
        "merged into another record": {
            "link": [{"other": {"reference": "Patient/other"}, "type": "replaced-by"}]
        },
        "replaces another record": {"link": [{"other": {"reference": "Patient/other"}, "type": "replaces"}]},
    }
    return known[find(clause, known, "clause about the person")]


def clinical_statuses(clauses: Sequence[str]) -> Resource:
    """Active and confirmed unless the line says otherwise."""
    clinical = next((clause for clause in clauses if clause in _CLINICAL), "active")
    verified = next((clause for clause in clauses if clause in _VERIFICATION), "confirmed")
    found: Resource = {}
    if clinical != "no clinical status" and verified != "entered-in-error":
        found["clinicalStatus"] = {"coding": [{"system": f"{HL7}/condition-clinical", "code": clinical}]}
    if verified != "verification not said":
        system = f"{HL7}/condition-ver-status"
        found["verificationStatus"] = {"coding": [{"system": system, "code": verified}]}
    return found


def gap_of(text: str, catalog: Catalog) -> Gap:
    """The gap that "results", or "results of UPCR", stands for."""
    kind, _, of = text.partition(" of ")
    resource_type, newest_first = NOT_READ[find(kind, NOT_READ, "kind of record")]
    codes = None
    if of:
        concept = catalog.concepts[RESULTS[find(of, RESULTS, "result")].concept]
        codes = frozenset(code.token for code in concept.codes)
    return Gap(resource_type, f"{resource_type}: {text} not read", codes, newest_first)
