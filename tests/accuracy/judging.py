"""What the service answers to each case: verdicts from the assessment, the card from a hook call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from cds_service.assessing import definitions
from mappings.assessment import assess
from mappings.concept import SYSTEMS, Concept
from mappings.reading.record import read_record
from mappings.results import Assessment
from tests.accuracy.cohort import Case, cases, day
from tests.accuracy.expected import expected_gate, expected_outcome, expects_card
from tests.records.whole_records import cards_for
from tests.trials.chart_language import Chart, clinical_statuses, gap_of
from tests.trials.chart_parts import SUBJECT, Line, Resource, add_dates, clauses_of, dated, text_of
from tests.trials.chart_results import result
from tests.trials.chart_words import Word

TRIAL = "NCT06920433"
_CODE = re.compile(r"(?P<system>LOINC|SNOMED|ICD-10-CM) (?P<code>[\w.-]+)[, ]*(?P<rest>.*)")
_SYSTEMS = {"LOINC": "loinc", "SNOMED": "snomed", "ICD-10-CM": "icd10cm"}


class Judged(NamedTuple):
    """A case with the service's answers."""

    case: Case
    verdicts: Mapping[str, str]
    gate: str
    outcome: str
    card: bool


@cache
def judged_cohort() -> tuple[Judged, ...]:
    """Every case, answered."""
    return tuple(judged(case) for case in cases())


def judged(case: Case) -> Judged:
    resources = resources_of(case)
    gaps = [gap_of(text, definitions()) for text in case.not_read]
    record = read_record(resources, definitions(), gaps=gaps)
    assessment = assess(definitions().trial(TRIAL), record, day(), definitions())
    return Judged(
        case,
        {each.id: each.verdict.value.replace("-", " ") for each in assessment.criteria},
        assessment.gate.value.replace("-", " "),
        assessment.outcome,
        _has_card(case, resources, assessment),
    )


def _has_card(case: Case, resources: Sequence[Resource], assessment: Assessment) -> bool:
    """By a hook call; where something could not be read, which a prefetch cannot say, by the outcome."""
    if case.not_read:
        return assessment.outcome == "possible-candidate" and not assessment.enrolment
    return bool(cards_for(resources[1:], resources[0]))


def resources_of(case: Case) -> list[Resource]:
    """The chart as FHIR."""
    return resources(case.who, case.chart)


def resources(who: str, lines: Sequence[tuple[str, Line]]) -> list[Resource]:
    """A chart as FHIR, the Patient first."""
    chart = Chart(who, definitions())
    for number, (key, line) in enumerate(lines):
        if key in _CODED:
            chart.literal.append({**_CODED[key](text_of(key, line)), "id": f"coded-{number}"})
        else:
            chart.add(key, line)
    return chart.bundle()


def _coded_diagnosis(line: str) -> Resource:
    code, rest = _code(line)
    what, clauses = clauses_of(rest)
    _, dates = dated(f" {what}")
    made: Resource = {"resourceType": "Condition", "subject": SUBJECT, **code, **clinical_statuses(clauses)}
    add_dates(made, dates, start="onsetDateTime", end="abatementDateTime")
    return made


def _coded_result(line: str) -> Resource:
    code, rest = _code(line)
    return {**result(Concept("", "", "measurement"), Word(""), rest), **code}


def _code(line: str) -> tuple[Resource, str]:
    match = _CODE.fullmatch(line)
    assert match, line
    coding = {"system": SYSTEMS[_SYSTEMS[match["system"]]], "code": match["code"]}
    return {"code": {"coding": [coding]}}, match["rest"]


_CODED: Mapping[str, Any] = {"coded diagnosis": _coded_diagnosis, "coded result": _coded_result}


def differences(one: Judged) -> list[str]:
    """Where the service's answers are not those expected, in words."""
    case = one.case
    pairs = [
        ("outcome", expected_outcome(case), one.outcome),
        ("card", expects_card(case), one.card),
    ]
    if one.verdicts:
        pairs.append(("gate", expected_gate(case), one.gate))
        pairs += [(name, verdict, one.verdicts[name]) for name, verdict in case.verdicts.items()]
    return [f"{name}: expected {wanted}, got {got}" for name, wanted, got in pairs if wanted != got]
