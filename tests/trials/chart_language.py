"""A compact notation for charts, and its translation to FHIR R4.

A physician writes ``- UPCR: 1.4 g/g on 2026-06-01``; the service gets an Observation with the LOINC code of
the concept file. The notation is explained at the top of NCT06920433.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mappings.concept import SYSTEMS, Code, Concept
from mappings.results import Gap
from mappings.trial_definition import Catalog
from tests.trials.chart_words import CONDITIONS, NOT_READ, PROCEDURES, RESULTS, UNITS, ChartError, Word, find

Resource = dict[str, Any]
Line = str | Mapping[str, str]

PATIENT = "Patient/worked"
SUBJECT = {"reference": PATIENT}
_DATE = r"\d{4}(?:-\d\d(?:-\d\d(?:T\S+)?)?)?"
_DATED = re.compile(rf"(?P<what>.*?)(?: (?P<word>on|since) (?P<day>{_DATE}))?(?: until (?P<end>{_DATE}))?")
_NUMBER = re.compile(r"(?P<sign><=|>=|<|>)?\s*(?P<number>\d+(?:\.\d+)?)(?:\s+(?P<unit>\S+))?")
_RANGE = re.compile(r"(?P<low>\d+(?:\.\d+)?) to (?P<high>\d+(?:\.\d+)?)(?:\s+(?P<unit>\S+))?")
_TITRE = re.compile(r"(?P<sign><|>)?1:(?P<titre>\d+)")
_NORMAL = re.compile(r"normal (?:(?P<low>[\d.]+) to (?P<high>[\d.]+)|below (?P<below>[\d.]+)|above (?P<above>[\d.]+))")
_FLAGS = {"low": "L", "high": "H", "normal": "N", "positive": "POS", "negative": "NEG", "abnormal": "A"}
_GENERAL_ANSWERS = {"positive": "10828004", "negative": "260385009"}
_HL7 = "http://terminology.hl7.org/CodeSystem"
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
        if key in RESULTS:
            self._keep(result(self._concept(RESULTS[key]), RESULTS[key], text_of(key, line)))
        elif key in _MAKERS:
            _MAKERS[key](self, line)
        else:
            find(key, [*_MAKERS, *RESULTS], "line of a chart")

    def bundle(self) -> list[Resource]:
        """All resources, written ones first."""
        return [*self.resources, *self.literal]

    def _concept(self, word: Word) -> Concept:
        return self.catalog.concepts[word.concept]

    def _keep(self, resource: Resource) -> str:
        kind = resource["resourceType"]
        number = 1 + sum(known["resourceType"] == kind for known in self.resources)
        resource["id"] = f"{kind.lower()}-{number}"
        self.resources.append(resource)
        return f"{kind}/{resource['id']}"

    def _condition(self, line: Line) -> None:
        what, clauses = clauses_of(text_of("condition", line))
        name, dates = dated(what)
        word = CONDITIONS[find(name, CONDITIONS, "condition")]
        condition: Resource = {
            "resourceType": "Condition",
            "subject": SUBJECT,
            "code": code_of(self._concept(word), word.code),
            **clinical_statuses(clauses),
        }
        add_dates(condition, dates, start="onsetDateTime", end="abatementDateTime")
        for clause in clauses:
            match = re.fullmatch(rf"recorded (?P<day>{_DATE})", clause)
            if match:
                condition["recordedDate"] = match["day"]
            elif clause not in _CONDITION_CLAUSES:
                find(clause, [*_CONDITION_CLAUSES, "recorded DATE"], "clause of a condition")
        self._keep(condition)

    def _procedure(self, line: Line) -> None:
        what, clauses = clauses_of(text_of("procedure", line))
        name, dates = dated(what)
        word = PROCEDURES[find(name, PROCEDURES, "procedure")]
        status = find(clauses[0], ["in-progress", "not-done", "completed"], "status") if clauses else "completed"
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
        _DRUG_DATES[resource["resourceType"]](resource, dates)
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
            "scope": {"coding": [{"system": f"{_HL7}/consentscope", "code": scope}]},
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
_RESULT_STATUSES = ("preliminary", "amended", "corrected", "cancelled", "entered-in-error", "no status")


# --- parts of a line


def text_of(key: str, line: Line) -> str:
    if not isinstance(line, str):
        raise ChartError(f"{key!r} takes one line of text, not {line!r}")
    return " ".join(line.split())


def mapping_of(key: str, line: Line, known: Sequence[str]) -> Mapping[str, str]:
    if isinstance(line, str):
        raise ChartError(f"{key!r} takes keys ({', '.join(known)}), not {line!r}")
    for name in line:
        find(name, known, f"key of {key!r}")
    return line


def clauses_of(line: str) -> tuple[str, list[str]]:
    """What a line says first, and the clauses after it, each set off by a comma."""
    what, *clauses = line.split(", ")
    return what, clauses


def dated(what: str) -> tuple[str, tuple[str, str]]:
    """The words before "on DATE" or "since DATE until DATE", and the two dates ("" where not given)."""
    match = _DATED.fullmatch(what)
    assert match is not None, "the expression takes any text"
    return match["what"].strip().removesuffix(" undated"), (match["day"] or "", match["end"] or "")


def add_dates(resource: Resource, dates: tuple[str, str], *, start: str, end: str = "") -> None:
    if dates[0]:
        resource[start] = dates[0]
    if dates[1]:
        if not end:
            raise ChartError(f"'until {dates[1]}' makes no sense here")
        resource[end] = dates[1]


def coding(code: Code) -> Resource:
    return {"system": code.system, "code": code.code, "display": code.display}


def code_of(concept: Concept, code: str = "") -> Resource:
    """The CodeableConcept of a concept: the code asked for, else its first, else its first name."""
    if not concept.codes:
        return {"text": concept.names[0]}
    wanted = [known for known in concept.codes if known.code == code] if code else list(concept.codes)
    if not wanted:
        raise ChartError(f"the concept {concept.id!r} has no code {code!r}")
    return {"coding": [coding(wanted[0])], "text": concept.display}


# --- people


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
    died = re.fullmatch(rf"died(?: on)? (?P<day>{_DATE})", clause)
    if died:
        return {"deceasedDateTime": died["day"]}
    known: Mapping[str, Resource] = {
        "deceased": {"deceasedBoolean": True},
        "alive": {"deceasedBoolean": False},
        "record inactive": {"active": False},
        "merged into another record": {"link": [{"other": {"reference": "Patient/other"}, "type": "replaced-by"}]},
        "replaces another record": {"link": [{"other": {"reference": "Patient/other"}, "type": "replaces"}]},
    }
    return known[find(clause, known, "clause about the person")]


def clinical_statuses(clauses: Sequence[str]) -> Resource:
    """Active and confirmed unless the line says otherwise."""
    clinical = next((clause for clause in clauses if clause in _CLINICAL), "active")
    verified = next((clause for clause in clauses if clause in _VERIFICATION), "confirmed")
    found: Resource = {}
    if clinical != "no clinical status" and verified != "entered-in-error":
        found["clinicalStatus"] = {"coding": [{"system": f"{_HL7}/condition-clinical", "code": clinical}]}
    if verified != "verification not said":
        system = f"{_HL7}/condition-ver-status"
        found["verificationStatus"] = {"coding": [{"system": system, "code": verified}]}
    return found


# --- results


def result(concept: Concept, word: Word, line: str) -> Resource:
    """The Observation of "1.4 g/g on 2026-06-01, preliminary"."""
    what, clauses = clauses_of(line)
    value, dates = dated(what)
    made: Resource = {"resourceType": "Observation", "status": "final", "subject": SUBJECT}
    if word.concept:
        made["code"] = code_of(concept, word.code)
    if not dates[0] and not what.endswith("undated"):
        raise ChartError(f"{line!r} says neither 'on DATE' nor 'undated'")
    add_dates(made, dates, start="effectiveDateTime")
    made |= value_of(value, concept, as_text="as text" in clauses, as_number="as number" in clauses)
    for clause in clauses:
        _result_clause(clause, made, concept)
    return made


def _result_clause(clause: str, made: Resource, concept: Concept) -> None:
    normal = _NORMAL.fullmatch(clause)
    if normal:
        made["referenceRange"] = [_reference_range(normal, made)]
    elif clause.startswith("flagged "):
        flag = find(clause.removeprefix("flagged "), _FLAGS, "flag")
        system = f"{_HL7}/v3-ObservationInterpretation"
        made["interpretation"] = [{"coding": [{"system": system, "code": _FLAGS[flag]}]}]
    elif clause == "by name":
        made["code"] = {"text": concept.names[0]}
    elif clause == "no status":
        del made["status"]
    elif clause not in ("as text", "as number"):
        made["status"] = find(clause, [*_RESULT_STATUSES, "flagged ...", "by name", "as text"], "clause of a result")


def _reference_range(normal: re.Match[str], made: Resource) -> Resource:
    like = {key: value for key, value in made.get("valueQuantity", {}).items() if key in ("unit", "system", "code")}
    low, high = normal["low"] or normal["above"], normal["high"] or normal["below"]
    ends = {"low": low, "high": high}
    return {end: {"value": _numeral(number), **like} for end, number in ends.items() if number}


def value_of(value: str, concept: Concept, *, as_text: bool = False, as_number: bool = False) -> Resource:
    """value[x] of what a physician writes: a number with unit, a titre, a range, an answer, or words."""
    if value == "no value":
        return {"dataAbsentReason": {"text": "not known"}}
    if as_text:
        return {"valueString": value}
    titre, number, span = _TITRE.fullmatch(value), _NUMBER.fullmatch(value), _RANGE.fullmatch(value)
    if titre:
        return _titre(titre, as_number)
    if number:
        return _number(number, concept)
    if span:
        return {"valueRange": {end: _quantity(span[end], span["unit"] or "") for end in ("low", "high")}}
    return _answer(value, concept)


def _titre(match: re.Match[str], as_number: bool) -> Resource:
    sign = {"comparator": match["sign"]} if match["sign"] else {}
    if as_number:
        return {"valueQuantity": {**_quantity(match["titre"], "{titer}"), **sign}}
    below = {"value": int(match["titre"]), **sign}
    return {"valueRatio": {"numerator": {"value": 1}, "denominator": below}}


def _number(match: re.Match[str], concept: Concept) -> Resource:
    unit, bare = match["unit"] or "", match["number"].isdigit() and not match["sign"]
    if bare and not unit and concept.unit == "{score}":
        return {"valueInteger": int(match["number"])}
    quantity = _quantity(match["number"], unit or ("{score}" if concept.unit == "{score}" else ""))
    return {"valueQuantity": quantity | ({"comparator": match["sign"]} if match["sign"] else {})}


def _quantity(number: str, unit: str) -> Resource:
    if not unit:
        return {"value": _numeral(number)}
    ucum = UNITS.get(unit, unit)
    return {"value": _numeral(number), "unit": unit, "system": "http://unitsofmeasure.org", "code": ucum}


def _numeral(number: str) -> int | float:
    return int(number) if number.isdigit() else float(number)


def _answer(value: str, concept: Concept) -> Resource:
    """An answer by the code that the concept file gives it, else positive or negative, else words."""
    name = value.lower()
    for answer, tokens in concept.answers.items():
        if name in tokens or name == answer:
            coded = sorted(token for token in tokens if "|" in token)
            if coded:
                system, _, code = coded[0].partition("|")
                return {"valueCodeableConcept": {"coding": [{"system": system, "code": code}], "text": value}}
            return {"valueCodeableConcept": {"text": value}}
    if name in _GENERAL_ANSWERS:
        answer_code = {"system": SYSTEMS["snomed"], "code": _GENERAL_ANSWERS[name], "display": value.capitalize()}
        return {"valueCodeableConcept": {"coding": [answer_code], "text": value}}
    return {"valueString": value}


# --- biopsies


def biopsy_results(biopsy: Mapping[str, str]) -> list[Resource]:
    """Class and indices that the laboratory sends as results of their own."""
    names = {"class": "ISN/RPS class", "AI": "NIH activity index", "CI": "NIH chronicity index"}
    made = []
    for key, name in names.items():
        if key in biopsy:
            value = biopsy[key]
            read = {"valueInteger": int(value)} if value.isdigit() else {"valueString": value}
            resource = {"resourceType": "Observation", "status": biopsy.get("status", "final"), **read}
            when = {"effectiveDateTime": biopsy["on"]} if "on" in biopsy else {}
            made.append({**resource, "code": {"text": name}, "subject": SUBJECT, **when})
    return made


def biopsy_report(biopsy: Mapping[str, str], results: Sequence[str], concept: Concept) -> Resource:
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "status": biopsy.get("status", "final"),
        "subject": SUBJECT,
        "code": code_of(concept),
    }
    if "on" in biopsy:
        report["effectiveDateTime"] = biopsy["on"]
    if "issued" in biopsy:
        report["issued"] = f"{biopsy['issued']}T10:00:00Z"
    if "conclusion" in biopsy:
        report["conclusion"] = biopsy["conclusion"]
    if "WHO code" in biopsy:
        report["conclusionCode"] = [{"coding": [{"system": SYSTEMS["snomed"], "code": biopsy["WHO code"]}]}]
    if results:
        report["result"] = [{"reference": reference} for reference in results]
    return report


# --- drugs


def prescription(what: str, clauses: Sequence[str]) -> Resource:
    statuses = ("active", "completed", "stopped", "on-hold", "cancelled", "draft", "entered-in-error")
    status = find(clauses[0], statuses, "status of a prescription") if clauses else "active"
    return {"resourceType": "MedicationRequest", "status": status, "intent": "order", "subject": SUBJECT}


def statement(what: str, clauses: Sequence[str]) -> Resource:
    statuses = ("active", "completed", "stopped", "on-hold", "not-taken", "intended", "unknown")
    status = find(clauses[0], statuses, "status of a statement") if clauses else "active"
    return {"resourceType": "MedicationStatement", "status": status, "subject": SUBJECT}


def administration(what: str, clauses: Sequence[str]) -> Resource:
    status = find(clauses[0], ("completed", "not-done", "stopped"), "status") if clauses else "completed"
    return {"resourceType": "MedicationAdministration", "status": status, "subject": SUBJECT}


def dispense(what: str, clauses: Sequence[str]) -> Resource:
    resource = {"resourceType": "MedicationDispense", "status": "completed", "subject": SUBJECT}
    supply = re.search(r" for (\d+) days$", what)
    return resource | ({"daysSupply": _quantity(supply[1], "d")} if supply else {})


def _date_prescription(resource: Resource, dates: tuple[str, str]) -> None:
    add_dates(resource, (dates[0], ""), start="authoredOn")
    if dates[1]:
        bounds = {"boundsPeriod": {"start": dates[0], "end": dates[1]}}
        resource["dosageInstruction"] = [{"timing": {"repeat": bounds}}]


def _date_statement(resource: Resource, dates: tuple[str, str]) -> None:
    period = {key: day for key, day in zip(("start", "end"), dates, strict=True) if day}
    if period:
        resource["effectivePeriod"] = period


_DRUG_DATES: Mapping[str, Callable[[Resource, tuple[str, str]], None]] = {
    "MedicationRequest": _date_prescription,
    "MedicationStatement": _date_statement,
    "MedicationAdministration": lambda made, dates: add_dates(made, dates, start="effectiveDateTime"),
    "MedicationDispense": lambda made, dates: add_dates(made, dates, start="whenHandedOver"),
}


# --- what was not read


def gap_of(text: str, catalog: Catalog) -> Gap:
    """The gap that "results", or "results of UPCR", stands for."""
    kind, _, of = text.partition(" of ")
    resource_type, newest_first = NOT_READ[find(kind, NOT_READ, "kind of record")]
    codes = None
    if of:
        concept = catalog.concepts[RESULTS[find(of, RESULTS, "result")].concept]
        codes = frozenset(code.token for code in concept.codes)
    return Gap(resource_type, f"{resource_type}: {text} not read", codes, newest_first)
