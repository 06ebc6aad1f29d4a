"""By how much, and until when: the patient who is ready on 15 June 2026, with the change of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from mappings.amounts import Bound
from mappings.assessment import assess
from mappings.reading.record import read_record
from mappings.results import NearMiss
from mappings.rules import Age, Not
from tests.drawing.second import second
from tests.mappings.next_steps.test_next_steps import DRUGS, Lines, assessed


def said(miss: NearMiss) -> str:
    """short_of 0.07 g/g, more than 1.0 g/g"""
    amount = "" if miss.amount is None else f"{miss.amount:.2g} {miss.unit}"
    day = miss.date.isoformat() if miss.date else ""
    return ", ".join(part for part in (f"{miss.kind} {amount or day}", miss.limit, miss.text) if part)


WHO = "woman born 1990-03-01"
SINCE_FEBRUARY = (
    "prednisone 5 mg tablet since 2026-02-15",
    "azathioprine 50 mg oral tablet since 2026-01-05",
)
Row = tuple[str, str, Sequence[str], Lines, list[str]]
ROWS: list[Row] = [
    ("a ratio just below the limit", "proteinuria", ["UPCR"], [("UPCR", "0.93 g/g on 2026-06-08")],
     ["short_of 0.07 g/g, more than 1.0 g/g, 0.93 g/g"]),
    ("105 mg/mmol is 0.928 g/g", "proteinuria", ["UPCR"], [("UPCR", "105 mg/mmol on 2026-06-08")],
     ["short_of 0.072 g/g, more than 1.0 g/g, 105 mg/mmol"]),
    ("exactly at a strict limit", "proteinuria", ["UPCR"], [("UPCR", "1.0 g/g on 2026-06-08")],
     ["short_of 0 g/g, more than 1.0 g/g, 1 g/g"]),
    ("both limbs fail: each says by how much, and until when it counts", "proteinuria", ["UPCR"],
     [("UPCR", "0.2 g/g on 2026-06-08"), ("24 h urine protein", "0.4 g/24h on 2026-06-01")],
     ["rules_out_until 2026-09-06, 0.2 g/g", "rules_out_until 2026-08-30, 0.4 g/(24.h)",
      "short_of 0.8 g/g, more than 1.0 g/g, 0.2 g/g", "short_of 0.1 g/d, more than 0.5 g/d, 0.4 g/(24.h)"]),
    ("met: until when", "proteinuria", (), (), ["counts_until 2026-09-06, 2 g/g"]),
    ("a result that would do is too old", "proteinuria", ["UPCR"], [("UPCR", "2 g/g on 2026-03-10")],
     ["counted_until 2026-06-08, 2 g/g"]),
    ("an old result that would not do says nothing", "proteinuria", ["UPCR"],
     [("UPCR", "0.2 g/g on 2026-03-10")], []),
    ("a biopsy counts for 6 months", "lupus-nephritis-biopsy", (), (),
     ["counts_until 2026-09-02, Lupus nephritis, ISN/RPS 2018 class IV."]),
    ("ECOG too high", "ecog", ["ECOG"], [("ECOG", "3 on 2026-06-08")],
     ["rules_out_until 2026-09-06, 3", "over 2 {score}, at most 1, 3"]),
    ("an hCG counts for 7 days", "pregnancy-test", (), (), ["counts_until 2026-06-19, negative"]),
    ("a positive hCG speaks against her for 42 weeks", "pregnancy-test", ["hCG in serum"],
     [("hCG in serum", "positive on 2026-06-12")], ["rules_out_until 2027-04-02, positive"]),
    ("a total that a clinician recorded is 2 points short", "sledai-2k", ["SLEDAI-2K"],
     [("SLEDAI-2K", "6 on 2026-06-08")],
     ["rules_out_until 2026-07-08, 6 recorded", "short_of 2 {score}, at least 8, 6 recorded"]),
    ("a total that was recorded counts for 30 days", "sledai-2k", (), (),
     ["counts_until 2026-07-08, 12 recorded"]),
    ("the record shows 4 points of 8", "sledai-2k", ["SLEDAI-2K"], (),
     ["short_of 4 {score}, at least 8, at least 4"]),
    ("the record shows 10 points, and 8 when its oldest item lapses", "sledai-2k", ["SLEDAI-2K"],
     [("urine red cells", "20 /hpf on 2026-06-02"), ("C3", "40 mg/dL on 2026-05-20, flagged low")],
     ["counts_until 2026-07-02, at least 10"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "criterion", "without", "adding", "misses"), ROWS, ids=[r[0] for r in ROWS]
)
def test_near_misses_of_a_criterion(
    title: str, criterion: str, without: Sequence[str], adding: Lines, misses: list[str]
) -> None:
    found = assessed(without, adding).near_misses

    assert [said(miss) for miss in found if miss.criterion == criterion] == misses


PEOPLE = [
    ("woman born 2009-05-03", "reached_on 2027-05-03, at least 18 years, 17 years"),
    ("woman born 2008-06-16", "reached_on 2026-06-16, at least 18 years, 17 years"),
    # 18 on 1 March of a year without a 29 February.
    ("woman born 2012-02-29", "reached_on 2030-03-01, at least 18 years, 14 years"),
]


@pytest.mark.parametrize(("who", "miss"), PEOPLE)
def test_who_is_too_young_learns_the_birthday(who: str, miss: str) -> None:
    assert [said(m) for m in assessed(who=who).near_misses if m.criterion == "age"] == [miss]


@pytest.mark.parametrize("who", ["woman born 2009", "woman born 1990-03-01"])
def test_a_birth_year_alone_or_enough_years_say_nothing(who: str) -> None:
    assert [m for m in assessed(who=who).near_misses if m.criterion == "age"] == []


UPPER_LIMITS = [
    ("1950-07-30", ["counts_until 2026-07-29, 75 years"]),
    ("1950-06-16", ["counts_until 2026-06-15, 75 years"]),
    # 76 on 1 March of a year without a 29 February: none before 2028.
    ("1952-02-29", []),
    ("1951-07-30", []),
    ("1950-06-15", ["over 0 a, less than 76 years, 76 years"]),
    ("1949-06-15", ["over 1 a, less than 76 years, 77 years"]),
    ("1950", []),
]


@pytest.mark.parametrize("asked", ["require", "exclude"])
@pytest.mark.parametrize(("born", "misses"), UPPER_LIMITS)
def test_an_upper_limit_of_age_has_a_last_day_which_is_said_in_its_last_year(
    born: str, misses: list[str], asked: str
) -> None:
    catalog, patient = second(), {"resourceType": "Patient", "id": "p", "birthDate": born}
    trial = catalog.trials[0]
    age = trial.criteria[0]
    if asked == "exclude":  # an exclusion of 76 and more says until when, not by how much
        too_old = Age((Bound("at_least", 76, "76 years"),))
        trial = replace(trial, criteria=(replace(age, require=Not(too_old)),))
        misses = [miss for miss in misses if not miss.startswith("over")]
    record = read_record([patient], catalog, patient_id="p")
    found = assess(trial, record, date(2026, 6, 15), catalog).near_misses
    assert [said(miss) for miss in found if miss.criterion == "age"] == misses


TREATED = [
    # Together since 15 February: more than six months on 16 August.
    (SINCE_FEBRUARY, ["reached_on 2026-08-16, more than 6 months, since 2026-02-15"]),
    (DRUGS, []),
    (SINCE_FEBRUARY[:1], []),
]


@pytest.mark.parametrize(("drugs", "misses"), TREATED)
def test_a_treatment_that_goes_on_learns_the_day_on_which_it_is_long_enough(
    drugs: Sequence[str], misses: list[str]
) -> None:
    found = [m for m in assessed(drugs=drugs).near_misses if m.criterion == "refractory-or-relapsed"]

    assert [said(miss) for miss in found] == misses


def test_a_criterion_that_does_not_apply_has_no_near_misses() -> None:
    man = assessed(who="man born 1985-01-01")

    assert not {"pregnancy-test", "lactation"} & {miss.criterion for miss in man.near_misses}


def test_near_misses_come_in_the_order_of_the_criteria_and_each_once() -> None:
    assessment = assessed(["UPCR"], [("UPCR", "0.2 g/g on 2026-06-08")])

    order = [criterion.id for criterion in assessment.criteria]
    places = [order.index(miss.criterion) for miss in assessment.near_misses]
    assert places == sorted(places)
    assert len(set(assessment.near_misses)) == len(assessment.near_misses)
