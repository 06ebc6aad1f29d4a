"""Worked patients: reading them from YAML, and assessing them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from mappings.assessment import assess
from mappings.definitions.faults import Report
from mappings.definitions.parsing.source import read_text, report_yaml_error
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
_NOT_UNDERSTOOD = "cannot be understood; compare it with the head of tests/trials/NCT06920433.yaml"
_OUTCOMES = ("possible-candidate", "needs-data", "ruled-out")
_SHAPES: Mapping[type, str] = {
    str: "a text on the line of its key",
    list: "a list, each entry begun with '-'",
    dict: "a mapping, its keys indented below it, each with ': ' and its value",
}
_SHAPES_OF_KEYS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("trial", "patient", "because", "who", "as_of"), (str,)),
    **dict.fromkeys(("outcome", "record_reason", "gate", "enrolment"), (str,)),
    **dict.fromkeys(("more_in", "patients", "chart", "not_read", "other_studies"), (list,)),
    **dict.fromkeys(("shown", "unreadable", "not_retrieved"), (list,)),
    **dict.fromkeys(("unless_said_otherwise", "charts", "expect", "evidence", "scores"), (dict,)),
    "begins_with": (str, list),
}
_SHAPES_WITHIN: Mapping[str, tuple[type, ...]] = {
    "unless_said_otherwise": (str,),
    "charts": (list,),
    "expect": (str,),
    "evidence": (list,),
    "scores": (dict,),
}


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


def read_document(path: Path, needed: Sequence[str]) -> Mapping[str, Any]:
    """A file of patients that has the needed keys; what is wrong with it is told in one line."""
    report = Report(path.as_posix())
    text = read_text(path, report)
    document: dict[str, Any] = {}
    try:
        document = read_yaml(text or "")
        if not report.faults:
            _check_document(document, needed)
    except yaml.YAMLError as error:
        report_yaml_error(error, text or "", report)
    except PatientError as error:
        raise PatientError(f"{path}: {error}") from error
    if report.faults:
        raise PatientError(str(report.faults[0]))
    return document


def _check_document(document: Any, needed: Sequence[str]) -> None:
    if not isinstance(document, dict) or any(key not in document for key in needed):
        raise PatientError(f"needs {' and '.join(map(repr, needed))}")
    _check_shapes(document)
    if not document["patients"] and not document.get("more_in"):
        raise PatientError("'patients' is empty; begin each patient with '- patient: ' and a title")


def _check_shapes(given: Mapping[str, Any]) -> None:
    """Every key that stands there holds what it must; one with nothing under it is for others to judge."""
    for key, value in given.items():
        _check_shape(repr(key), value, _SHAPES_OF_KEYS.get(key, ()))
        for name, inner in value.items() if key in _SHAPES_WITHIN and isinstance(value, dict) else ():
            _check_shape(f"{name!r} under {key!r}", inner, _SHAPES_WITHIN[key])


def _check_shape(name: str, value: Any, wanted: tuple[type, ...]) -> None:
    if wanted and value and not isinstance(value, wanted):
        raise PatientError(f"{name} must be {' or '.join(_SHAPES[one] for one in wanted)}")


def load_patients(path: Path, criteria: Sequence[str]) -> list[WorkedPatient]:
    """All worked patients of a trial, from its main file and the files that it lists."""
    main = read_document(path, ("unless_said_otherwise", "patients"))
    said = main["unless_said_otherwise"] or {}
    if not all(said.get(key) for key in ("as_of", "who")):
        raise PatientError(f"{path}: 'unless_said_otherwise' needs 'as_of' and 'who'")
    defaults = Defaults(said["as_of"], said["who"], main.get("charts") or {})
    patients = list(patients_of(main, path.name, defaults, criteria))
    for name in main.get("more_in") or ():
        more = read_document(path.parent / name, ("patients",))
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
        if not isinstance(given, dict):
            raise PatientError(f"{file}: a patient begins with '- patient: ' and a title, not with {given!r}")
        try:
            yield worked_patient(given, file, defaults, criteria)
        except (ChartError, KeyError, ValueError) as error:
            raise PatientError(f"{file}: patient {given.get('patient', '')!r}: {error}") from error


def worked_patient(
    given: Mapping[str, Any], file: str, defaults: Defaults, criteria: Sequence[str]
) -> WorkedPatient:
    """One patient; an error for a misspelt key, an unknown criterion, or one that asserts nothing."""
    for key in given:
        find(key, PATIENT_KEYS, "key")
    _check_shapes(given)
    if len(given.get("patient", "").split()) < 2:
        raise PatientError("the title must be a sentence")
    expected = {key: given[key] for key in ASSERTING if key in given}
    _check_expected(expected, criteria)
    return WorkedPatient(
        title=given["patient"],
        file=file,
        as_of=_day(given.get("as_of", defaults.as_of)),
        who=given.get("who", defaults.who),
        chart=tuple(_chart(given, defaults)),
        expected=expected,
        because=given.get("because", ""),
        not_read=tuple(given.get("not_read", ())),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PatientError(f"'as_of' is {text!r}; write the day as 2026-06-15") from None


def _chart(given: Mapping[str, Any], defaults: Defaults) -> Iterator[tuple[str, Line]]:
    begins = given.get("begins_with", [])
    names = [begins] if isinstance(begins, str) else begins
    charts = [defaults.charts[find(name, defaults.charts, "chart")] for name in names]
    for line in (line for chart in (*charts, given.get("chart", ())) for line in chart):
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
    with _told(patient) as place:
        place.line = "not_read"
        gaps = [gap_of(text, catalog) for text in patient.not_read]
    record = read_record(chart_of(patient, catalog).bundle(), catalog, gaps=gaps)
    return assess(catalog.trial(trial), record, patient.as_of, catalog)


def chart_of(patient: WorkedPatient, catalog: Catalog) -> Chart:
    """The chart as FHIR; an error names the patient and the line."""
    with _told(patient) as place:
        chart = Chart(patient.who, catalog)
        for key, place.line in patient.chart:
            chart.add(key, place.line)
    return chart


@dataclass(slots=True)
class _Place:
    line: object


@contextmanager
def _told(patient: WorkedPatient) -> Iterator[_Place]:
    """What cannot be understood in a block is told with the patient and the line that was read last."""
    place = _Place(patient.who)
    try:
        yield place
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        what = str(error) if isinstance(error, ValueError) else _NOT_UNDERSTOOD
        raise PatientError(f"{patient.file}: patient {patient.title!r}: {place.line!r}: {what}") from error
