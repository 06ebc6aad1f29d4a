"""The worksheet of a trial with exclusions and several treatment rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cds_service.assessment_json import assessment_json
from cds_service.worksheet.view.ahead import miss_words
from cds_service.worksheet.view.page import Assessed, WorksheetView, worksheet_view
from cds_service.worksheet.view.saying import Saying, Where
from mappings.assessment import assess
from mappings.language import ENGLISH
from mappings.reading.record import read_record
from mappings.results import NearMiss
from tests.drawing.charts import TODAY, bundle, ordered
from tests.drawing.second import second

PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-01-01", "gender": "female"}


def worksheet(*records: dict[str, Any]) -> WorksheetView:
    catalog = second()
    resources = [PATIENT, *(entry["resource"] for entry in bundle(*records)["entry"][1:])]
    [trial] = catalog.trials
    record = read_record(resources, catalog, patient_id="p1")
    assessment = assess(trial, record, TODAY, catalog)
    made = Assessed(trial, catalog, assessment, record, {}, PATIENT, TODAY, Where())
    return worksheet_view(made, None, ENGLISH)


def test_an_exclusion_is_told_from_an_inclusion() -> None:
    exclusions = ["nephrotic", "between", "severe", "no-cni", "no-antimalarial"]
    exclusions += ["no-rituximab", "no-dexamethasone"]
    assert [one.id for one in worksheet().criteria if one.exclusion] == exclusions
    catalog = second()
    record = read_record([PATIENT], catalog, patient_id="p1")
    found = assessment_json(assess(catalog.trials[0], record, TODAY, catalog))["criteria"]
    assert [one["id"] for one in found if one["kind"] == "exclusion"] == exclusions
    assert {one["kind"] for one in found} == {"inclusion", "exclusion"}


def test_a_score_that_excludes_is_not_said_to_be_asked_for() -> None:
    [severe] = [one for one in worksheet().criteria if one.id == "severe"]
    assert severe.score is not None
    assert severe.score.asked == "The trial excludes 20 or more."


def test_what_would_rule_out_between_two_limits_is_told_with_an_and() -> None:
    ahead = worksheet().ahead
    assert "24-hour urine protein 5 g/d or more and below 10 g/d" in ahead.could_rule_out


def test_the_table_of_drugs_says_what_the_trial_has_to_do_with_each() -> None:
    drugs = worksheet(*(ordered(drug, "2026-01-01") for drug in ("tacrolimus", "prednisone"))).drugs
    assert [(row.name, row.group) for row in drugs.rows] == [
        ("Prednisone", "Systemic glucocorticoids"),
        ("Tacrolimus", "Drugs that the trial excludes"),
    ]
    assert drugs.together[0] == "Mycophenolate: not running today."


@pytest.mark.parametrize(
    ("miss", "words"),
    [
        (NearMiss("age", "over", "age", "Age", "77 years", "less than 76 years", 1.0, "a"),
         "Age 77 years: 1 year beyond less than 76 years"),
        (NearMiss("age", "over", "age", "Age", "78 years", "less than 76 years", 2.0, "a"),
         "Age 78 years: 2 years beyond less than 76 years"),
        (NearMiss("age", "over", "age", "Age", "76 years", "less than 76 years", 0.0, "a"),
         "Age 76 years: at the limit, and less than 76 years is asked for"),
        (NearMiss("a", "rules_out_until", "hcg", "hCG", "positive", date=date(2026, 8, 30)),
         "hCG positive: rules out until 30 August 2026, then it is too old to rule out"),
    ],
)  # fmt: skip
def test_a_near_miss_in_words(miss: NearMiss, words: str) -> None:
    assert miss_words(miss, Saying(ENGLISH)) == words
