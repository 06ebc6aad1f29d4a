"""The worked patients of each trial, what they cover, and that a wrong expectation is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from mappings.definitions import load_catalog
from mappings.results import Assessment
from tests.trials.chart_words import ChartError
from tests.trials.expectations import coverage_faults, mismatches
from tests.trials.worked_patients import (
    Defaults,
    Pair,
    PatientError,
    WorkedPatient,
    assessment_of,
    chart_of,
    load_patients,
    patients_of,
    read_yaml,
    worked_patient,
)

TRIAL = "NCT06920433"
FOLDER = Path(__file__).parent

MET: Pair = ("met", "value")
NOT_MET: Pair = ("not-met", "value")
NOT_APPLICABLE: Pair = ("met", "not_applicable")


def unknown(*reasons: str) -> set[Pair]:
    return {("unknown", reason) for reason in reasons}


LATEST_RESULT = (
    "not_found",
    "not_retrieved",
    "unreadable",
    "too_old",
    "imprecise",
    "not_confirmed",
    "conflicting",
)
"""What the latest result of anything may be, if it cannot decide."""

COVERAGE: Mapping[str, set[Pair]] = {
    # Complete years on the day; a birth date may be partial, missing, or no date at all.
    "age": {MET, NOT_MET, *unknown("imprecise", "not_found", "unreadable")},
    # Met by the score or a recorded statement. Not met only by negative ANA without a diagnosis of lupus;
    # with one it needs judgement. Immunofluorescence without titre is imprecise. Where the points suffice,
    # ANA may be missing, preliminary or unreadable.
    "sle-classification": {
        MET,
        NOT_MET,
        *unknown("score_undecided", "needs_judgement", "imprecise", "not_found", "not_retrieved"),
        *unknown("not_confirmed", "unreadable"),
    },
    # The latest biopsy decides. A class known only by the WHO scheme needs judgement.
    "lupus-nephritis-biopsy": {MET, NOT_MET, *unknown(*LATEST_RESULT, "needs_judgement")},
    # Never not met: anything but (a) and (b) needs judgement; drugs that were not read are said to be so.
    "refractory-or-relapsed": {MET, *unknown("needs_judgement", "not_retrieved")},
    # Not met only by a recorded total; conflicting if the items contradict it.
    "sledai-2k": {MET, NOT_MET, *unknown("score_undecided", "conflicting", "not_retrieved")},
    "nih-activity-index": {MET, NOT_MET, *unknown(*LATEST_RESULT)},
    # Never computed.
    "nih-chronicity-index": unknown("needs_judgement"),
    # Either limb; a unit may not be comparable, a value censored.
    "proteinuria": {MET, NOT_MET, *unknown(*LATEST_RESULT, "unit_not_comparable", "censored")},
    "b-cell-target": {MET, NOT_MET, *unknown(*LATEST_RESULT, "unit_not_comparable")},
    # The list is missing from the source.
    "organ-function": unknown("needs_judgement"),
    "ecog": {MET, NOT_MET, *unknown(*LATEST_RESULT)},
    # An agreement; not applicable only to women who cannot conceive.
    "contraception": {NOT_APPLICABLE, *unknown("needs_judgement")},
    "pregnancy-test": {MET, NOT_APPLICABLE, NOT_MET, *unknown(*LATEST_RESULT)},
    "lactation": {MET, NOT_APPLICABLE, NOT_MET, *unknown(*LATEST_RESULT)},
    # Never not met: a refusal in one form is still for the study team to ask.
    "consent": {MET, *unknown("needs_judgement", "not_retrieved")},
}
"""Every verdict and reason that each criterion can have, by the page of the trial. Worked patients must
show them all, and no others."""


CATALOG = load_catalog()
"""Loaded here, so that a definition that cannot be used fails once and not for each patient."""

CRITERIA = tuple(COVERAGE)
PATIENTS = load_patients(FOLDER / f"{TRIAL}.yaml", CRITERIA)
TITLES = {patient.title: patient for patient in PATIENTS}


@cache
def assessed(title: str) -> Assessment:
    return assessment_of(TITLES[title], TRIAL, CATALOG)


@pytest.mark.parametrize("title", TITLES)
def test_a_worked_patient_gets_what_a_physician_expects(title: str) -> None:
    found = mismatches(TITLES[title], assessed(title))
    assert not found, "\n".join(found)


# --- what the patients cover


def test_the_table_names_the_criteria_of_the_definition_in_their_order() -> None:
    assert tuple(criterion.id for criterion in CATALOG.trial(TRIAL).criteria) == CRITERIA


def test_every_verdict_and_reason_has_a_worked_patient_and_no_patient_shows_another() -> None:
    results = [(patient, assessed(patient.title).criteria) for patient in PATIENTS]
    faults = coverage_faults(COVERAGE, PATIENTS, results)
    assert not faults, "\n".join(faults)


def test_a_listed_pair_without_patient_and_a_shown_pair_not_listed_are_seen() -> None:
    patient = TITLES["She turns 18 on the day after the assessment"]
    results = [(patient, assessed(patient.title).criteria[:1])]
    assert coverage_faults({"age": {NOT_MET}}, [patient], results) == []
    assert coverage_faults({"age": {MET, NOT_MET}}, [patient], results) == [
        "no worked patient expects 'age' to be met"
    ]
    assert coverage_faults({"age": set()}, [patient], results) == [
        f"patient {patient.title!r} shows 'age' not met, which the table lacks"
    ]


def test_every_file_of_patients_is_listed() -> None:
    listed = read_yaml((FOLDER / f"{TRIAL}.yaml").read_text(encoding="utf-8"))["more_in"]
    assert sorted(listed) == sorted(f"{TRIAL}/{path.name}" for path in (FOLDER / TRIAL).iterdir())


@pytest.mark.parametrize("title", TITLES)
def test_no_patient_is_told_that_there_are_no_exclusions(title: str) -> None:
    assessment = assessed(title)
    if not assessment.record_reason:
        assert any("exclusion" in line for line in assessment.not_encoded)
        assert any("organs" in line for line in assessment.not_encoded)


@pytest.mark.parametrize("title", TITLES)
def test_a_chart_in_another_order_gets_the_same_answers(title: str) -> None:
    patient = TITLES[title]
    turned = assessment_of(replace(patient, chart=patient.chart[::-1]), TRIAL, CATALOG)
    assert [(c.id, c.verdict, c.reason) for c in turned.criteria] == [
        (c.id, c.verdict, c.reason) for c in assessed(title).criteria
    ]
    assert turned.outcome == assessed(title).outcome


@pytest.mark.parametrize("title", TITLES)
def test_the_notation_makes_valid_fhir(title: str) -> None:
    """As ``fhir.resources`` checks it; a birth date that is none, and literal FHIR, are meant to be wrong."""
    for resource in chart_of(TITLES[title], CATALOG).resources:
        if resource["resourceType"] == "Patient" and "February" in resource.get("birthDate", ""):
            continue
        module = import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
        getattr(module, resource["resourceType"]).model_validate(resource)


# --- the harness itself

DEFAULTS = Defaults("2026-06-15", "woman born 1990-03-01", {"ECOG 2": [{"ECOG": "2 on 2026-06-01"}]})
ECOG_2 = {"patient": "A planted patient with ECOG 2", "chart": [{"ECOG": "2 on 2026-06-01"}]}


def planted(**keys: object) -> WorkedPatient:
    return worked_patient({**ECOG_2, **keys}, "planted.yaml", DEFAULTS, CRITERIA)


def said_of(patient: WorkedPatient) -> list[str]:
    return mismatches(patient, assessment_of(patient, TRIAL, CATALOG))


def test_a_planted_right_expectation_passes() -> None:
    right = planted(expect={"ecog": "not met"}, outcome="ruled-out", evidence={"ecog": ["2 on 2026-06-01"]})
    assert said_of(right) == []


def test_a_planted_wrong_verdict_fails_and_names_patient_criterion_expected_got_and_evidence() -> None:
    [message] = said_of(planted(expect={"ecog": "met"}))
    for part in ("planted.yaml", "A planted patient with ECOG 2", "'ecog'", "expected met", "got not met"):
        assert part in message
    assert "ECOG: 2" in message
    assert "2026-06-01" in message


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        (
            {"expect": {"proteinuria": "unknown (too old)"}},
            "expected unknown (too old), got unknown (not found)",
        ),
        ({"expect": {"pregnancy-test": "met (not applicable)"}}, "got unknown (not found)"),
        ({"evidence": {"ecog": ["1 on 2026-06-01"]}}, "expected to show '1 on 2026-06-01'"),
        ({"evidence": {"ecog": ["2 on 2026-06-02"]}}, "expected to show '2 on 2026-06-02'"),
        ({"evidence": {"ecog": ["2, counts until 2026-07-01"]}}, "expected to show"),
        ({"outcome": "needs-data"}, "outcome: expected 'needs-data', got 'ruled-out'"),
        ({"gate": "met"}, "gate: expected 'met', got 'unknown'"),
        ({"record_reason": "deceased"}, "record_reason: expected 'deceased'"),
        ({"scores": {"sledai-2k": {"at_least": "1"}}}, "expected at_least 1, got 0"),
        ({"scores": {"sledai-2k": {"holds": ["fever"]}}}, "expected holds ['fever']"),
        ({"scores": {"sledai-2k": {"undecided_first": ["fever"]}}}, "expected undecided_first"),
        ({"scores": {"sledai-2k": {"absent": ["fever"]}}}, "expected absent"),
        ({"scores": {"das28": {"at_least": "1"}}}, "score 'das28': not computed"),
        ({"shown": ["CAR T-cell"]}, "shown: expected"),
        ({"enrolment": "on-study"}, "enrolment: expected"),
        ({"other_studies": ["Blood pressure"]}, "other_studies: expected"),
        ({"unreadable": ["Observation/1"]}, "unreadable: expected"),
        ({"not_retrieved": ["Observation"]}, "not_retrieved: expected"),
    ],
)
def test_each_kind_of_planted_wrong_expectation_fails(keys: Mapping[str, object], part: str) -> None:
    [message] = said_of(planted(**keys))
    assert part in message


def test_a_criterion_expected_of_a_patient_who_is_not_assessed_fails() -> None:
    [message] = said_of(planted(who="woman born 1990-03-01, deceased", expect={"ecog": "not met"}))
    assert "got no verdict at all" in message


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({}, "asserts nothing"),
        ({"expect": {}}, "'expect' is empty"),
        ({"evidence": {}}, "'evidence' is empty"),
        ({"scores": {}}, "'scores' is empty"),
        ({"outcome": ""}, "'outcome' is empty"),
        ({"expcet": {"ecog": "met"}}, "unknown key 'expcet'; did you mean 'expect'?"),
        ({"expect": {"ecogg": "met"}}, "unknown criterion 'ecogg'; did you mean 'ecog'?"),
        ({"evidence": {"upcr": ["1"]}}, "unknown criterion 'upcr'"),
        ({"expect": {"ecog": "passes"}}, "'passes' is not 'met', 'not met' or 'unknown'"),
        ({"expect": {"ecog": "unknown (to old)"}}, "did you mean 'too_old'?"),
        ({"outcome": "eligible"}, "unknown outcome 'eligible'"),
        ({"scores": {"sledai-2k": {"atleast": "1"}}}, "did you mean 'at_least'?"),
        ({"outcome": "ruled-out", "patient": "ECOG"}, "the title must be a sentence"),
        ({"outcome": "ruled-out", "begins_with": "ECOG 3"}, "did you mean 'ECOG 2'?"),
        ({"outcome": "ruled-out", "chart": ["ECOG 2"]}, "a line of a chart is 'name: value'"),
        ({"outcome": "ruled-out", "as_of": "15 June"}, "'as_of' is '15 June'; write the day as 2026-06-15"),
    ],
)
def test_a_patient_that_cannot_mean_what_it_says_is_refused(keys: Mapping[str, object], part: str) -> None:
    with pytest.raises((PatientError, ChartError, ValueError)) as error:
        planted(**keys)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ({"UPCRR": "1 g/g on 2026-06-01"}, "did you mean 'UPCR'?"),
        ({"UPCR": "1 g/g"}, "says neither 'on DATE' nor 'undated'"),
        ({"UPCR": "on 2026-06-01"}, "has no value; write it before the date"),
        ({"UPCR": "undated"}, "has no value"),
        ({"sle": "on 2026-06-01"}, "'sle' is a condition: write 'condition: sle on DATE'"),
        ({"other result": {"value": "1 on 2026-06-01"}}, "cannot be understood; compare it with the head of"),
        ({"biopsy": {"class": ["IV"]}}, "cannot be understood"),
        ({"UPCR": "1 g/g on 2026-06-01, prelim"}, "did you mean 'preliminary'?"),
        ({"condition": "SLEE since 2019"}, "did you mean 'SLE'?"),
        ({"condition": "SLE since 2019, relapsed"}, "did you mean 'relapse'?"),
        ({"procedure": "hysterectomie on 2019"}, "did you mean 'hysterectomy'?"),
        ({"biopsy": {"conclusions": "class IV"}}, "did you mean 'conclusion'?"),
        ({"biopsy": "class IV"}, "'biopsy' takes keys"),
        ({"UPCR": {"value": "1"}}, "'UPCR' takes one line of text"),
        ({"prescribed": "prednisone since 2025, stoped"}, "did you mean 'stopped'?"),
        ({"raw": "{"}, "Expecting property name"),
    ],
)
def test_a_line_of_a_chart_that_cannot_be_understood_is_refused(
    line: Mapping[str, object], part: str
) -> None:
    patient = planted(outcome="ruled-out", chart=[line])
    with pytest.raises(PatientError, match="A planted patient") as error:
        chart_of(patient, CATALOG)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("who", "part"),
    [
        ("lady born 1990", "unknown person 'lady'"),
        ("woman born 1990, dead", "unknown clause about the person"),
    ],
)
def test_a_person_that_cannot_be_understood_is_refused(who: str, part: str) -> None:
    with pytest.raises(PatientError, match=part):
        chart_of(planted(outcome="ruled-out", who=who), CATALOG)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(PatientError, match="repeated key expect"):
        read_yaml("patients:\n  - {patient: One two three, expect: {ecog: met}, expect: {age: met}}")


def test_scalars_stay_what_is_written() -> None:
    assert read_yaml("{on: 2026-03-01, report: no, AI: 010}") == {
        "on": "2026-03-01",
        "report": "no",
        "AI": "010",
    }


def test_a_fault_in_a_file_names_file_and_patient() -> None:
    document = {"patients": [{"patient": "A patient of a file", "expect": {"ecogg": "met"}}]}
    with pytest.raises(PatientError, match=r"worked\.yaml: patient 'A patient of a file': unknown criterion"):
        list(patients_of(document, "worked.yaml", DEFAULTS, CRITERIA))


def test_a_title_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    patient = "  - {patient: The same words twice, expect: {ecog: met}}\n"
    path.write_text(
        f"unless_said_otherwise: {{as_of: 2026-06-15, who: woman}}\npatients:\n{patient}{patient}"
    )
    with pytest.raises(PatientError, match="the same title twice"):
        load_patients(path, CRITERIA)


def test_every_worked_patient_asserts_something() -> None:
    def counted(patient: WorkedPatient) -> int:
        return sum(len(v) if isinstance(v, Sequence | Mapping) else 1 for v in patient.expected.values())

    assert [patient.title for patient in PATIENTS if counted(patient) == 0] == []


@pytest.mark.parametrize("title", [patient.title for patient in PATIENTS if patient.pairs])
def test_each_worked_patient_fails_when_one_of_its_verdicts_is_turned(title: str) -> None:
    """The planted fault, for every patient: no expectation may be one that cannot fail."""
    patient = TITLES[title]
    turn = {"met": "unknown (censored)", "not-met": "met", "unknown": "not met (absent by rule)"}
    for name, (verdict, _) in patient.pairs.items():
        wrong = replace(patient, expected={"expect": {name: turn[verdict]}})
        assert len(mismatches(wrong, assessed(title))) == 1
