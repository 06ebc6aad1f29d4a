"""Worked patients: reading them from YAML, and assessing them."""

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
from mappings.results import Assessment
from mappings.trial_definition import Catalog
from mappings.verdicts import Reason
from tests.trials.chart_language import Chart, gap_of
from tests.trials.chart_parts import Line
from tests.trials.chart_words import ChartError, find

Pair = tuple[str, str]
"""A verdict and its reason, as their values: ("unknown", "too_old")."""

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
PATIENT_KEYS = (
    "patient",
    "because",
    "who",
    "as_of",
    "begins_with",
    "chart",
    "not_read",
    *ASSERTING,
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
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
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
    """Verdict and reason of "unknown (too old)"; met and not met rest on a value, "unknown" on anything."""
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
