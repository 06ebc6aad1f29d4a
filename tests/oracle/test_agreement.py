"""The service's scores against two naive ones, on random patients.

5,000 patients run with every test run, which takes some seconds; `make test-oracle` takes 50,000
(ORACLE_PATIENTS). A patient is known by its number: `drawn(1234)` is the chart that a failure names.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from functools import cache

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.reading.record import read_record
from mappings.results import Assessment, ScoreResult
from mappings.trial_definition import Catalog
from mappings.verdicts import Verdict
from tests.oracle.drawing import drawn
from tests.oracle.facts import Chart, as_fhir
from tests.oracle.naive_classification import naive_classification
from tests.oracle.naive_score import NaiveScore
from tests.oracle.naive_sledai import naive_sledai

PATIENTS = int(os.environ.get("ORACLE_PATIENTS", "5000"))
PORTIONS = 20
SAYS = {True: Verdict.MET, False: Verdict.NOT_MET, None: Verdict.UNKNOWN}


@cache
def catalog() -> Catalog:
    return load_catalog()


def assessed(chart: Chart) -> Assessment:
    record = read_record(as_fhir(chart), catalog())
    return assess(catalog().trial("NCT06920433"), record, date.fromisoformat(chart.today), catalog())


def score_of(assessment: Assessment, name: str) -> ScoreResult:
    return next(score for score in assessment.scores if score.id == name)


def verdict_of(assessment: Assessment, criterion: str) -> Verdict:
    return next(each.verdict for each in assessment.criteria if each.id == criterion)


def differences(naive: NaiveScore, score: ScoreResult, verdict: Verdict) -> list[str]:
    """Where the two differ, in words."""
    items = {item.id: item.verdict for item in score.items}
    pairs: list[tuple[str, object, object]] = [
        ("at least", naive.at_least, score.at_least),
        ("at most", naive.at_most, score.at_most),
        ("verdict", SAYS[naive.reached].value, verdict.value),
        *((name, SAYS[answer].value, items[name].value) for name, answer in naive.items.items()),
    ]
    if score.entry is not None:
        pairs.append(("entry", SAYS[naive.entry].value, score.entry.value))
    return [
        f"{score.id} {name}: {ours} by hand, {theirs} by the service"
        for name, ours, theirs in pairs
        if ours != theirs
    ]


def disagreements(chart: Chart) -> list[str]:
    assessment = assessed(chart)
    return [
        *differences(
            naive_sledai(chart), score_of(assessment, "sledai-2k"), verdict_of(assessment, "sledai-2k")
        ),
        *differences(
            naive_classification(chart),
            score_of(assessment, "eular-acr-2019"),
            verdict_of(assessment, "sle-classification"),
        ),
    ]


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_the_scores_of_random_patients_are_those_worked_out_by_hand(portion: int) -> None:
    for number in range(portion, PATIENTS, PORTIONS):
        chart = drawn(number)
        found = disagreements(chart)
        assert not found, f"patient {number}: {'; '.join(found)}\n{chart}"


ABSENT_TOO = (
    *("urinary-casts", "haematuria", "proteinuria", "pyuria", "low-complement", "dna-binding"),
    *("fever", "thrombocytopenia", "leukopenia", "SLEDAI-2K", "classified", "entry"),
)
"""What can be shown not to be there; a Condition is never recorded as absent."""


def test_the_patients_show_every_item_present_absent_and_open_and_every_verdict() -> None:
    """Agreement on patients who are all alike would show nothing."""
    seen: Counter[str] = Counter()
    for number in range(1000):
        chart = drawn(number)
        sledai, classification = naive_sledai(chart), naive_classification(chart)
        seen.update(f"{name} {answer}" for name, answer in sledai.items.items())
        seen[f"SLEDAI-2K {sledai.reached}"] += 1
        seen[f"classified {classification.reached}"] += 1
        seen[f"entry {classification.entry}"] += 1
    never = {"lupus-headache"}  # no code in the reference
    names = {*naive_sledai(drawn(0)).items, "SLEDAI-2K", "classified", "entry"}
    wanted = [
        *(f"{name} True" for name in names - never),
        *(f"{name} None" for name in names),
        *(f"{name} False" for name in ABSENT_TOO),
    ]
    assert {what: seen[what] for what in wanted if seen[what] < 3} == {}


def test_a_planted_difference_is_seen() -> None:
    chart = drawn(5)
    assessment = assessed(chart)
    score, verdict = score_of(assessment, "sledai-2k"), verdict_of(assessment, "sledai-2k")
    right = naive_sledai(chart)
    assert differences(right, score, verdict) == []
    for wrong in (
        right._replace(at_least=right.at_least + 1),
        right._replace(at_most=right.at_most - 1),
        right._replace(reached=not right.reached),
        right._replace(items={**right.items, "fever": not right.items["fever"]}),
    ):
        assert len(differences(wrong, score, verdict)) == 1
