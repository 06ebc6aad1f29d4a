"""Results and biopsies: the Observation of "1.4 g/g on 2026-06-01", the report of a conclusion."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mappings.concept import SYSTEMS, Concept
from tests.trials.chart_parts import DATE, HL7, SUBJECT, Resource, add_dates, clauses_of, code_of, dated
from tests.trials.chart_words import UNITS, ChartError, Word, find

_NUMBER = re.compile(r"(?P<sign><=|>=|<|>)?\s*(?P<number>\d+(?:\.\d+)?)(?:\s+(?P<unit>\S+))?")
_RANGE = re.compile(r"(?P<low>\d+(?:\.\d+)?) to (?P<high>\d+(?:\.\d+)?)(?:\s+(?P<unit>\S+))?")
_TITRE = re.compile(r"(?P<sign><|>)?1:(?P<titre>\d+)")
_NORMAL = re.compile(
    r"normal (?:(?P<low>[\d.]+) to (?P<high>[\d.]+)|below (?P<below>[\d.]+)|above (?P<above>[\d.]+))"
)
_ONLY_DATED = re.compile(rf"(?:on|since) {DATE}|undated")
_FLAGS = {"low": "L", "high": "H", "normal": "N", "positive": "POS", "negative": "NEG", "abnormal": "A"}
_GENERAL_ANSWERS = {"positive": "10828004", "negative": "260385009"}
_STATUSES = ("preliminary", "amended", "corrected", "cancelled", "entered-in-error", "no status")
_OTHER_CLAUSES = ("flagged ...", "normal ...", "by name", "as text", "as number")


def result(concept: Concept, word: Word, line: str) -> Resource:
    """The Observation of "1.4 g/g on 2026-06-01, preliminary"."""
    what, clauses = clauses_of(line)
    value, dates = dated(what)
    made: Resource = {"resourceType": "Observation", "status": "final", "subject": SUBJECT}
    if word.concept:
        made["code"] = code_of(concept, word.code)
    if _ONLY_DATED.fullmatch(what):
        raise ChartError(f"{line!r} has no value; {_where_a_value_goes(concept)}")
    if not dates[0] and not what.endswith("undated"):
        raise ChartError(f"{line!r} says neither 'on DATE' nor 'undated'")
    add_dates(made, dates, start="effectiveDateTime")
    made |= value_of(value, concept, as_text="as text" in clauses, as_number="as number" in clauses)
    for clause in clauses:
        _result_clause(clause, made, concept)
    return made


def _where_a_value_goes(concept: Concept) -> str:
    if concept.kind in ("condition", "procedure"):
        return f"{concept.id!r} is a {concept.kind}: write '{concept.kind}: {concept.id} on DATE'"
    return "write it before the date, or 'no value' if none was sent"


def _result_clause(clause: str, made: Resource, concept: Concept) -> None:
    normal = _NORMAL.fullmatch(clause)
    if normal:
        made["referenceRange"] = [_reference_range(normal, made)]
    elif clause.startswith("flagged "):
        flag = find(clause.removeprefix("flagged "), _FLAGS, "flag")
        system = f"{HL7}/v3-ObservationInterpretation"
        made["interpretation"] = [{"coding": [{"system": system, "code": _FLAGS[flag]}]}]
    elif clause == "by name":
        made["code"] = {"text": concept.names[0]}
    elif clause == "no status":
        del made["status"]
    elif clause not in ("as text", "as number"):
        made["status"] = find(clause, [*_STATUSES, *_OTHER_CLAUSES], "clause of a result")


def _reference_range(normal: re.Match[str], made: Resource) -> Resource:
    like = {
        key: value
        for key, value in made.get("valueQuantity", {}).items()
        if key in ("unit", "system", "code")
    }
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
        return {"valueRange": {end: quantity(span[end], span["unit"] or "") for end in ("low", "high")}}
    return _answer(value, concept)


def _titre(match: re.Match[str], as_number: bool) -> Resource:
    sign = {"comparator": match["sign"]} if match["sign"] else {}
    if as_number:
        return {"valueQuantity": {**quantity(match["titre"], "{titer}"), **sign}}
    below = {"value": int(match["titre"]), **sign}
    return {"valueRatio": {"numerator": {"value": 1}, "denominator": below}}


def _number(match: re.Match[str], concept: Concept) -> Resource:
    unit, bare = match["unit"] or "", match["number"].isdigit() and not match["sign"]
    if bare and not unit and concept.unit == "{score}":
        return {"valueInteger": int(match["number"])}
    read = quantity(match["number"], unit or ("{score}" if concept.unit == "{score}" else ""))
    return {"valueQuantity": read | ({"comparator": match["sign"]} if match["sign"] else {})}


def quantity(number: str, unit: str) -> Resource:
    """A Quantity with its unit in words and in UCUM; without unit only the number."""
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
        answer_code = {
            "system": SYSTEMS["snomed"],
            "code": _GENERAL_ANSWERS[name],
            "display": value.capitalize(),
        }
        return {"valueCodeableConcept": {"coding": [answer_code], "text": value}}
    return {"valueString": value}


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
