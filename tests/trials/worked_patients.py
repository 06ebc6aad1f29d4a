"""Worked patients: reading them from YAML, assessing them, and saying where the service disagrees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from mappings.assessment import assess
from mappings.reading.record import read_record
from mappings.results import Assessment, CriterionResult, Evidence, ScoreResult
from mappings.trial_definition import Catalog
from mappings.verdicts import Reason, Verdict
from tests.trials.chart_language import Chart, Line, gap_of
from tests.trials.chart_words import ChartError, find

Pair = tuple[str, str]
"""A verdict and its reason, as their values: ("unknown", "too_old")."""

PATIENT_KEYS = (
    "patient",
    "because",
    "who",
    "as_of",
    "begins_with",
    "chart",
    "not_read",
    "expect",
    "evidence",
    "outcome",
    "record_reason",
    "gate",
    "scores",
    "enrolment",
    "other_studies",
    "shown",
    "unreadable",
    "not_retrieved",
)
ASSERTING = (
    "expect",
    "evidence",
    "outcome",
    "record_reason",
    "gate",
    "scores",
    "enrolment",
    "other_studies",
    "shown",
    "unreadable",
    "not_retrieved",
)
SCORE_KEYS = (
    "at_least",
    "at_most",
    "basis",
    "entry",
    "holds",
    "absent",
    "undecided",
    "settled",
    "undecided_first",
    "may_have_other_cause",
)
_OUTCOMES = ("possible-candidate", "needs-data", "ruled-out")


class PatientError(ValueError):
    """A worked patient that cannot be used; the message names file, patient and fault."""


@dataclass(frozen=True, slots=True)
class WorkedPatient:
    """One patient of the YAML, checked: who, what the chart says, and what must be answered."""

    title: str
    file: str
    as_of: date
    who: str
    chart: tuple[tuple[str, Line], ...]
    expected: Mapping[str, Any]
    because: str = ""
    not_read: tuple[str, ...] = ()

    @property
    def pairs(self) -> Mapping[str, tuple[str, str | None]]:
        """The verdict and reason expected of each criterion; no reason where any will do."""
        return {name: pair_of(text) for name, text in self.expected.get("expect", {}).items()}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds unless a patient says otherwise, and the charts that several patients begin with."""

    as_of: str
    who: str
    charts: Mapping[str, Sequence[Mapping[str, Line]]] = field(default_factory=dict)


# --- reading


class _TextLoader(yaml.BaseLoader):
    """Every scalar as text, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        repeated = {str(key) for key in keys if keys.count(key) > 1}
        if repeated:
            raise PatientError(f"line {node.start_mark.line + 1}: repeated key {', '.join(sorted(repeated))}")
        return super().construct_mapping(node, deep=deep)


def read_yaml(text: str) -> Any:
    """A document with every scalar as it is written."""
    return yaml.load(text, Loader=_TextLoader)


def load_patients(path: Path, criteria: Sequence[str]) -> list[WorkedPatient]:
    """All worked patients of a trial, from its main file and the files that it lists."""
    main = read_yaml(path.read_text(encoding="utf-8"))
    said = main["unless_said_otherwise"]
    defaults = Defaults(said["as_of"], said["who"], main.get("charts", {}))
    patients = list(patients_of(main, path.name, defaults, criteria))
    for name in main.get("more_in", ()):
        more = read_yaml((path.parent / name).read_text(encoding="utf-8"))
        patients += patients_of(more, name, defaults, criteria)
    titles = [patient.title for patient in patients]
    repeated = {title for title in titles if titles.count(title) > 1}
    if repeated:
        raise PatientError(f"{path.name}: the same title twice: {sorted(repeated)}")
    return patients


def patients_of(
    document: Mapping[str, Any], file: str, defaults: Defaults, criteria: Sequence[str]
) -> Iterator[WorkedPatient]:
    """The patients of one document."""
    for given in document["patients"]:
        title = given.get("patient", "") if isinstance(given, dict) else ""
        try:
            yield worked_patient(given, file, defaults, criteria)
        except (ChartError, KeyError, ValueError) as error:
            raise PatientError(f"{file}: patient {title!r}: {error}") from error


def worked_patient(
    given: Mapping[str, Any], file: str, defaults: Defaults, criteria: Sequence[str]
) -> WorkedPatient:
    """One patient; an error for a misspelt key, an unknown criterion, or one that asserts nothing."""
    for key in given:
        find(key, PATIENT_KEYS, "key")
    if len(given.get("patient", "").split()) < 2:
        raise PatientError("the title must be a sentence")
    expected = {key: given[key] for key in ASSERTING if key in given}
    _check_expected(expected, criteria)
    return WorkedPatient(
        title=given["patient"],
        file=file,
        as_of=date.fromisoformat(given.get("as_of", defaults.as_of)),
        who=given.get("who", defaults.who),
        chart=tuple(_chart(given, defaults)),
        expected=expected,
        because=given.get("because", ""),
        not_read=tuple(given.get("not_read", ())),
    )


def _chart(given: Mapping[str, Any], defaults: Defaults) -> Iterator[tuple[str, Line]]:
    begins = given.get("begins_with", [])
    for name in [begins] if isinstance(begins, str) else begins:
        for line in defaults.charts[find(name, defaults.charts, "chart")]:
            yield from line.items()
    for line in given.get("chart", ()):
        if not isinstance(line, dict) or len(line) != 1:
            raise ChartError(f"a line of a chart is 'name: value', not {line!r}")
        yield from line.items()


def _check_expected(expected: Mapping[str, Any], criteria: Sequence[str]) -> None:
    if not expected:
        raise PatientError(f"asserts nothing; give one of {', '.join(ASSERTING)}")
    for key, value in expected.items():
        if not value:
            raise PatientError(f"{key!r} is empty")
    for criterion, text in expected.get("expect", {}).items():
        find(criterion, criteria, "criterion")
        pair_of(text)
    for criterion in expected.get("evidence", {}):
        find(criterion, criteria, "criterion")
    for score in expected.get("scores", {}).values():
        for key in score:
            find(key, SCORE_KEYS, "key of a score")
    if "outcome" in expected:
        find(expected["outcome"], _OUTCOMES, "outcome")
    if "gate" in expected:
        pair_of(expected["gate"])


def pair_of(text: str) -> tuple[str, str | None]:
    """ "unknown (too old)" as verdict and reason; "met" and "not met" rest on a value; "unknown" on anything."""
    match = re.fullmatch(r"(?P<verdict>met|not met|unknown)(?: \((?P<reason>[a-z ]+)\))?", text)
    if match is None:
        raise PatientError(f"{text!r} is not 'met', 'not met' or 'unknown', with a reason in parentheses")
    verdict = match["verdict"].replace(" ", "-")
    if match["reason"] is None:
        return verdict, None if verdict == "unknown" else Reason.VALUE.value
    return verdict, find(match["reason"].replace(" ", "_"), [reason.value for reason in Reason], "reason")


# --- assessing


def assessment_of(patient: WorkedPatient, trial: str, catalog: Catalog) -> Assessment:
    """What the service says: the chart as FHIR, read and assessed as any other."""
    gaps = [gap_of(text, catalog) for text in patient.not_read]
    record = read_record(chart_of(patient, catalog).bundle(), catalog, gaps=gaps)
    return assess(catalog.trial(trial), record, patient.as_of, catalog)


def chart_of(patient: WorkedPatient, catalog: Catalog) -> Chart:
    """The chart as FHIR; an error names the patient and the line."""
    line: object = patient.who
    try:
        chart = Chart(patient.who, catalog)
        for key, line in patient.chart:
            chart.add(key, line)
    except (ChartError, ValueError) as error:
        raise PatientError(f"{patient.file}: patient {patient.title!r}: {line!r}: {error}") from error
    return chart


def said(verdict: Verdict | str, reason: Reason | str | None) -> str:
    """A verdict and its reason in the words of the YAML."""
    verdict = verdict.value if isinstance(verdict, Verdict) else verdict
    reason = reason.value if isinstance(reason, Reason) else reason
    words = verdict.replace("-", " ")
    silent = reason is None or (reason == Reason.VALUE.value and verdict != Verdict.UNKNOWN.value)
    return words if silent else f"{words} ({str(reason).replace('_', ' ')})"


# --- comparing


def mismatches(patient: WorkedPatient, assessment: Assessment) -> list[str]:
    """Every expectation that is not met, with patient, criterion, what was expected and got, and evidence."""
    expected = patient.expected
    found = [
        *_criteria(patient, assessment),
        *_evidence(expected.get("evidence", {}), assessment),
        *_scores(expected.get("scores", {}), assessment),
        *_whole(expected, assessment),
    ]
    why = f" ({patient.because})" if patient.because else ""
    return [f"{patient.file}: patient {patient.title!r}{why}: {each}" for each in found]


def _criteria(patient: WorkedPatient, assessment: Assessment) -> Iterator[str]:
    results = {result.id: result for result in assessment.criteria}
    for name, (verdict, reason) in patient.pairs.items():
        got = results.get(name)
        if got is None:
            yield f"criterion {name!r}: expected {said(verdict, reason)}, got no verdict at all"
        elif got.verdict.value != verdict or reason not in (None, got.reason.value):
            wanted, given = said(verdict, reason), said(got.verdict, got.reason)
            yield f"criterion {name!r}: expected {wanted}, got {given}; evidence: {shown(got.evidence)}"


def shown(evidence: Sequence[Evidence]) -> str:
    """The evidence in short."""
    parts = [f"{e.label}: {e.text or '-'} {e.date} {e.note} [{e.reason.value}]" for e in evidence[:6]]
    return "; ".join(" ".join(part.split()) for part in parts) or "none"


def _evidence(expected: Mapping[str, Sequence[str]], assessment: Assessment) -> Iterator[str]:
    results = {result.id: result for result in assessment.criteria}
    for name, wanted in expected.items():
        for text in wanted:
            if not any(_matches(text, evidence) for evidence in results[name].evidence):
                yield f"criterion {name!r}: expected to show {text!r}, got {shown(results[name].evidence)}"


def _matches(wanted: str, evidence: Evidence) -> bool:
    """ "1.4 g/g on 2026-06-01, counts until 2026-08-30": words of the evidence, its date, its last day."""
    wanted, _, until = wanted.partition(", counts until ")
    words, _, day = wanted.partition(" on ")
    everything = " ".join((evidence.label, evidence.text, evidence.note)).lower()
    counts_until = evidence.counts_until.isoformat() if evidence.counts_until else ""
    in_words = all(word in everything for word in words.lower().split())
    return in_words and (not day or day == evidence.date) and (not until or until == counts_until)


def _scores(expected: Mapping[str, Mapping[str, Any]], assessment: Assessment) -> Iterator[str]:
    scores = {score.id: score for score in assessment.scores}
    for name, wanted in expected.items():
        if name not in scores:
            yield f"score {name!r}: not computed"
            continue
        facts = _facts_of(scores[name])
        for key, value in wanted.items():
            if not _agrees(key, value, facts):
                yield f"score {name!r}: expected {key} {value}, got {facts[key]}; holds: {facts['holds']}"


def _facts_of(score: ScoreResult) -> dict[str, Any]:
    items = {verdict: [i.id for i in score.items if i.verdict is verdict] for verdict in Verdict}
    return {
        "at_least": str(score.at_least),
        "at_most": str(score.at_most),
        "basis": score.basis,
        "entry": score.entry.value.replace("-", " ") if score.entry else "none",
        "holds": items[Verdict.MET],
        "absent": items[Verdict.NOT_MET],
        "undecided": items[Verdict.UNKNOWN],
        "settled": [*items[Verdict.MET], *items[Verdict.NOT_MET]],
        "undecided_first": list(score.undecided),
        "may_have_other_cause": [i.id for i in score.items if i.may_have_other_cause],
    }


def _agrees(key: str, value: Any, facts: Mapping[str, Any]) -> bool:
    """Numbers and words must be equal; "holds" names all that hold; the other lists name some."""
    got = facts[key]
    if key == "holds":
        return sorted(value) == sorted(got)
    if key == "undecided_first":
        return list(value) == got[: len(value)]
    return set(value) <= set(got) if isinstance(value, list) else bool(value == got)


def _whole(expected: Mapping[str, Any], assessment: Assessment) -> Iterator[str]:
    got: dict[str, Any] = {
        "outcome": assessment.outcome,
        "record_reason": assessment.record_reason,
        "gate": said(assessment.gate, None),
        "enrolment": assessment.enrolment,
        "other_studies": list(assessment.other_studies),
        "shown": [f"{evidence.label} {evidence.text}" for evidence in assessment.shown],
        "unreadable": [f"{each.reference} {each.what}" for each in assessment.unreadable],
        "not_retrieved": list(assessment.not_retrieved),
    }
    for key, value in got.items():
        if key in expected and not _holds(expected[key], value):
            verdicts = ", ".join(f"{c.id} {said(c.verdict, c.reason)}" for c in assessment.criteria)
            yield f"{key}: expected {expected[key]!r}, got {value!r}; {verdicts}"


def _holds(wanted: Any, got: Any) -> bool:
    if isinstance(got, list):
        return all(any(str(text).lower() in each.lower() for each in got) for text in wanted)
    return bool(wanted == got)


# --- coverage


def coverage_faults(
    table: Mapping[str, set[Pair]],
    patients: Sequence[WorkedPatient],
    results: Sequence[tuple[WorkedPatient, Sequence[CriterionResult]]],
) -> list[str]:
    """Pairs of the table that no patient expects, and pairs that a patient shows but the table lacks."""
    expected = {(name, *pair) for patient in patients for name, pair in patient.pairs.items()}
    faults = [
        f"no worked patient expects {name!r} to be {said(*pair)}"
        for name, pairs in table.items()
        for pair in sorted(pairs)
        if (name, *pair) not in expected
    ]
    for patient, criteria in results:
        for got in criteria:
            if (got.verdict.value, got.reason.value) not in table.get(got.id, set()):
                words = said(got.verdict, got.reason)
                faults.append(f"patient {patient.title!r} shows {got.id!r} {words}, which the table lacks")
    return faults
