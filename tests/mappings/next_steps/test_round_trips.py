"""What next steps promise, held against the engine: facts come in as FHIR, and the patient is assessed again.

The patients are the samples of the demo and every worked patient of the trial who is not ruled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from cds_service.demo.samples import ALL
from mappings.definitions import load_catalog
from mappings.results import Assessment, MissingFact, NextSteps, NextStepSet
from mappings.verdicts import MET, UNKNOWN
from tests.mappings.next_steps.coming_in import TRIAL, Case, is_for_a_person, resources_of
from tests.trials.chart_language import gap_of
from tests.trials.worked_patients import WorkedPatient, chart_of, load_patients

CATALOG = load_catalog()
TODAY = date(2026, 6, 15)
CRITERIA = [criterion.id for criterion in CATALOG.trial(TRIAL).criteria]
WORKED = load_patients(Path(__file__).parents[2] / "trials" / f"{TRIAL}.yaml", CRITERIA)


def sample_case(name: str) -> Case:
    (sample,) = [sample for sample in ALL if sample.id == name]
    return Case(name, resources_of(sample.build(TODAY)), TODAY, CATALOG)


def worked_case(patient: WorkedPatient) -> Case:
    resources = chart_of(patient, CATALOG).bundle()
    gaps = [gap_of(text, CATALOG) for text in patient.not_read]
    return Case(patient.title, resources, patient.as_of, CATALOG, gaps)


def facts_of(one: NextStepSet) -> list[MissingFact]:
    return [fact for step in one.steps for fact in step.facts]


def open_after(
    case: Case, facts: list[MissingFact], before: Assessment, of: Sequence[MissingFact] = ()
) -> set[str]:
    """The criteria that are not met once the facts are there, but for those that they cannot settle."""
    left_out = is_for_a_person(before)
    return {c.id for c in case.after(facts, of).criteria if c.verdict is not MET and c.id not in left_out}


def with_its_biopsy(fact: MissingFact, steps: NextSteps) -> list[MissingFact]:
    """A biopsy says more than one thing: the rest of it comes in as it is wanted."""
    same = {f.concept: f for one in steps.sets[:1] for f in facts_of(one) if is_of_a_biopsy(f)}
    return [*({**same, fact.concept: fact}.values() if fact.concept in same else [fact])]


def is_of_a_biopsy(fact: MissingFact) -> bool:
    concept = CATALOG.concepts.get(fact.concept)
    return concept is not None and concept.pathology


SAMPLES = [sample.id for sample in ALL if sample.expected_outcome != "ruled-out"]


@pytest.mark.parametrize("name", SAMPLES)
def test_each_set_meets_every_computable_criterion_and_none_of_its_facts_is_idle(name: str) -> None:
    case = sample_case(name)
    before = case.assessed()
    for one in before.next_steps.sets:
        facts = facts_of(one)
        assert open_after(case, facts, before) == set()
        for fact in facts:
            others = [other for other in facts if other != fact]
            assert open_after(case, others, before, facts), f"{fact.concept} is not needed"


@pytest.mark.parametrize("name", SAMPLES)
def test_each_fact_that_could_rule_out_does(name: str) -> None:
    case = sample_case(name)
    steps = case.assessed().next_steps
    for fact in steps.could_rule_out:
        assert case.after(with_its_biopsy(fact, steps)).outcome == "ruled-out", fact


NOT_BROUGHT_IN = {
    "Facts dated after the day are ignored": "what comes in joins a biopsy of the days to come",
    "Class V of the WHO scheme needs judgement too, because it includes mixed forms": "it comes as class IV",
    "Nothing but the Patient could be read, so nothing is known and the gaps are named": "no consent comes",
    "Drugs in Medication resources that were not sent are recognised by the display of the reference, "
    "and marked": "a Medication that was not sent cannot be looked up in the bundle",
    "Only the month is known and the window begins within it": "it comes in dated today, inside each window",
    "A pregnancy, an end of one without any date, and a negative hCG this week": (
        "an end without a date may be that of the pregnancy that comes in"
    ),
    "Consents could not be read": "no consent comes in",
    "A consent to this study, and a refusal of which no day is known": "no consent comes in",
    "Prednisone is ordered without end, and the patient says that she does not take it any more": (
        "the order that comes in began before that statement"
    ),
    "Prednisone is ordered without end, and stated to have ended last year": (
        "the order that comes in began before that statement"
    ),
}
"""Worked patients of whom the resources of these tests cannot say what the facts say, and why."""

ASKED_TWICE = {
    "A positive hCG, and a delivery that is being prepared": (
        "a new hCG also settles what the old one leaves open, and the old one is asked for beside it"
    ),
}
"""Worked patients whose first set holds more than is needed, and why: known, and to be mended."""

FILES = sorted({patient.file for patient in WORKED})


def open_worked(file: str) -> list[tuple[Case, Assessment]]:
    """The worked patients of a file who are not ruled out, as cases and as assessed."""
    chosen = [worked_case(p) for p in WORKED if p.file == file and p.title not in NOT_BROUGHT_IN]
    assessed = [(case, case.assessed()) for case in chosen]
    return [(case, before) for case, before in assessed if before.outcome != "ruled-out"]


@pytest.mark.parametrize("file", FILES)
def test_the_first_set_meets_every_computable_criterion_of_each_worked_patient(file: str) -> None:
    for case, before in open_worked(file):
        for one in before.next_steps.sets[:1]:
            assert open_after(case, facts_of(one), before) == set(), case.name


@pytest.mark.parametrize("file", FILES)
def test_no_fact_is_idle_in_the_first_set_of_worked_patients(file: str) -> None:
    """Each fifth patient, as it takes long. One look at the chart reads all that was not read."""
    for case, before in open_worked(file)[::5]:
        facts = [fact for one in before.next_steps.sets[:1] for fact in facts_of(one)]
        for fact in facts if case.name not in ASKED_TWICE else ():
            if not (case.gaps and fact.how == "chart"):
                others = [other for other in facts if other != fact]
                assert open_after(case, others, before, facts), f"{case.name}: {fact.concept} is not needed"


@pytest.mark.parametrize("file", FILES)
def test_each_fact_that_could_rule_a_worked_patient_out_does(file: str) -> None:
    for case, before in open_worked(file):
        steps = before.next_steps
        for fact in steps.could_rule_out:
            assert case.after(with_its_biopsy(fact, steps)).outcome == "ruled-out", f"{case.name}: {fact}"


@pytest.mark.parametrize("file", FILES)
def test_unknown_criteria_are_in_the_sets_or_listed_as_left_out(file: str) -> None:
    for case, before in open_worked(file):
        steps = before.next_steps
        unknown = {c.id for c in before.criteria if c.verdict is UNKNOWN}
        in_sets = {name for one in steps.sets for fact in facts_of(one) for name in fact.criteria}
        left_out = is_for_a_person(before)
        assert unknown == in_sets | left_out, case.name
        assert not in_sets & left_out, case.name


def test_the_samples_have_sets_and_facts_that_could_rule_them_out() -> None:
    steps = [sample_case(name).assessed().next_steps for name in SAMPLES]

    assert sum(len(one.sets) > 1 for one in steps) >= 6
    assert sum(len(one.could_rule_out) > 3 for one in steps) >= 6
