"""Next steps of patients who are ready for screening on 15 June 2026, but for what each row takes away.

A chart is written as for the worked patients (tests/trials/NCT06920433.yaml). What is expected is the set of
the least effort: what is done in one go, and what it would have to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.reading.record import read_record
from mappings.results import Assessment, MissingFact, NextStep
from mappings.verdicts import Reason
from tests.drawing.charts import bundle, given
from tests.drawing.second import second
from tests.trials.chart_language import Chart, gap_of
from tests.trials.chart_parts import Line

CATALOG = load_catalog()
TRIAL = CATALOG.trial("NCT06920433")
TODAY = date(2026, 6, 15)
CONCLUSION = "Lupus nephritis, ISN/RPS 2018 class IV. NIH activity index 9/24, chronicity index 2/12."
READY: Mapping[str, Line] = {
    "condition": "lupus nephritis since 2020-02-01",
    "ANA": "1:160 on 2019-04-01",
    "biopsy": {"on": "2026-03-02", "conclusion": CONCLUSION},
    "UPCR": "2.0 g/g on 2026-06-08",
    "SLEDAI-2K": "12 on 2026-06-08",
    "CD19 count": "140 /µL on 2026-06-08",
    "ECOG": "1 on 2026-06-08",
    "hCG in serum": "negative on 2026-06-12",
    "breast-feeding status": "not breastfeeding on 2026-06-12",
}
DRUGS = (
    "prednisone 5 mg tablet since 2025-01-01",
    "mycophenolate mofetil 500 mg oral tablet since 2025-01-01",
)
OF_A_PERSON = ("nih-chronicity-index", "organ-function", "contraception", "consent")
Lines = Sequence[tuple[str, Line]]


def assessed(
    without: Sequence[str] = (),
    adding: Lines = (),
    *,
    who: str = "woman born 1990-03-01",
    drugs: Sequence[str] = DRUGS,
    not_read: Sequence[str] = (),
) -> Assessment:
    """The ready patient without some lines and with some others."""
    chart = Chart(who, CATALOG)
    for key, line in READY.items():
        if key not in without:
            chart.add(key, line)
    for drug in drugs:
        chart.add("prescribed", drug)
    for key, line in adding:
        chart.add(key, line)
    gaps = [gap_of(text, CATALOG) for text in not_read]
    return assess(TRIAL, read_record(chart.bundle(), CATALOG, gaps=gaps), TODAY, CATALOG)


def wanted(fact: MissingFact) -> str:
    """hcg one of negative; urine-protein-24h greater than 0.5 g/d"""
    words = [f"{w.kind.replace('_', ' ')} {w.limit or ', '.join(w.answers)}".strip() for w in fact.wanted]
    return f"{fact.concept} {' and '.join(words)}"


def said(step: NextStep) -> str:
    return f"{step.how}: {'; '.join(wanted(fact) for fact in step.facts)}"


def first_set(assessment: Assessment) -> list[str]:
    sets = assessment.next_steps.sets
    return [said(step) for step in sets[0].steps] if sets else []


UPCR, DAY_URINE = "urine-protein-creatinine-ratio", "urine-protein-24h"
MISSING: list[tuple[str, Sequence[str], Lines, list[str]]] = [
    ("nothing is missing that a record can show", (), (), []),
    ("hCG", ["hCG in serum"], (), ["blood: hcg one of negative"]),
    ("hCG too old", ["hCG in serum"], [("hCG in serum", "negative on 2026-06-01")],
     ["blood: hcg one of negative"]),
    ("two things asked in one go", ["ECOG", "breast-feeding status"], (),
     ["bedside: ecog at most 1; lactation-status one of negative"]),
    ("no B cells measured: CD19 stands for the flow cytometry", ["CD19 count"], (),
     ["blood: cd19-b-cells one of positive"]),
    ("CD19 is zero, BCMA was never looked for", ["CD19 count"], [("CD19 count", "0 /µL on 2026-06-08")],
     ["blood: bcma-b-cells one of positive"]),
    ("no urine protein: the spot urine first", ["UPCR"], (), [f"urine: {UPCR} greater than 1.0 g/g"]),
    ("the spot urine fails: a collection", ["UPCR"], [("UPCR", "0.9 g/g on 2026-06-08")],
     [f"urine-24h: {DAY_URINE} greater than 0.5 g/d"]),
    ("the collection is older than a failing spot urine: look again, order nothing", ["UPCR"],
     [("UPCR", "0.4 g/g on 2026-06-08"), ("24 h urine protein", "2 g/24h on 2026-04-20")],
     [f"chart: {UPCR} greater than 1.0 g/g"]),
    ("two results of one day that disagree: look again", ["UPCR"],
     [("UPCR", "2 g/g on 2026-06-08"), ("UPCR", "0.4 g/g on 2026-06-08")],
     [f"chart: {UPCR} greater than 1.0 g/g"]),
    ("a unit that cannot be compared is in the chart", ["UPCR"], [("UPCR", "2 g/L on 2026-06-08")],
     [f"chart: {UPCR} greater than 1.0 g/g"]),
    ("a preliminary result is in the chart", ["UPCR"], [("UPCR", "2 g/g on 2026-06-08, preliminary")],
     [f"chart: {UPCR} greater than 1.0 g/g"]),
    ("a result given as a limit is measured anew", ["UPCR"], [("UPCR", "<3 g/g on 2026-06-08")],
     [f"urine: {UPCR} greater than 1.0 g/g"]),
    ("a stale biopsy has to be repeated, and gives class and index together", ["biopsy"],
     [("biopsy", {"on": "2025-03-02", "conclusion": CONCLUSION})],
     ["biopsy: kidney-biopsy-class one of III, IV; nih-activity-index greater than 2"]),
    ("no biopsy at all", ["biopsy"], (),
     ["biopsy: kidney-biopsy-class one of III, IV; nih-activity-index greater than 2"]),
    ("the report names no index: ask pathology, no new biopsy", ["biopsy"],
     [("biopsy", {"on": "2026-03-02", "conclusion": "Lupus nephritis, ISN/RPS 2018 class IV."})],
     ["chart: nih-activity-index greater than 2"]),
    ("the report names no class: ask pathology", ["biopsy"],
     [("biopsy", {"on": "2026-03-02", "conclusion": "NIH activity index 9/24."})],
     ["chart: kidney-biopsy-class one of III, IV; nih-activity-index greater than 2"]),
    ("no SLEDAI: four points of protein, four of the sediment", ["SLEDAI-2K"], (),
     ["urine: urine-red-cells greater than 5 /[HPF]"]),
    ("the sediment is normal: two blood tests of two points each", ["SLEDAI-2K"],
     [("urine red cells", "1 /hpf on 2026-06-08"), ("urine white cells", "1 /hpf on 2026-06-08"),
      ("red cell casts", "negative on 2026-06-08")],
     ["blood: complement-c3 one of low", "blood: anti-dsdna one of positive"]),
    ("all of the laboratory is normal: examine and score", ["SLEDAI-2K"],
     [("urine red cells", "1 /hpf on 2026-06-08"), ("urine white cells", "1 /hpf on 2026-06-08"),
      ("red cell casts", "negative on 2026-06-08"), ("C3", "100 mg/dL on 2026-06-08, flagged normal"),
      ("C4", "30 mg/dL on 2026-06-08, flagged normal"), ("anti-dsDNA", "negative on 2026-06-08"),
      ("platelets", "200 G/L on 2026-06-08"), ("white cells", "6 G/L on 2026-06-08")],
     ["examination: sledai-2k-total at least 8"]),
    ("a low total that the items contradict: the clinician decides", ["SLEDAI-2K"],
     [("SLEDAI-2K", "4 on 2026-06-08"), ("urine red cells", "20 /hpf on 2026-06-08")],
     ["chart: sledai-2k-total at least 8"]),
    ("no ANA on record", ["ANA"], (), ["blood: ana one of positive"]),
]  # fmt: skip


@pytest.mark.parametrize(("title", "without", "adding", "steps"), MISSING, ids=[row[0] for row in MISSING])
def test_the_set_of_least_effort(title: str, without: Sequence[str], adding: Lines, steps: list[str]) -> None:
    assessment = assessed(without, adding)

    assert first_set(assessment) == steps
    assert assessment.next_steps.needs_a_person == OF_A_PERSON
    assert assessment.next_steps.not_yet == ()


def test_what_was_not_read_is_looked_up_and_not_ordered() -> None:
    assessment = assessed(["hCG in serum"], not_read=["results of hCG in serum"])

    (step,) = assessment.next_steps.sets[0].steps
    assert (step.how, step.orders) == ("chart", ())
    assert "hcg" in {fact.concept for fact in step.facts}


@pytest.mark.parametrize(
    ("without", "adding", "steps"),
    [
        ((), (), ["chart: b-cell-depleting absent"]),
        (["CD19 count"], (), ["chart: b-cell-depleting absent", "blood: cd19-b-cells one of positive"]),
        (
            ["CD19 count"],
            [("CD19 count", "0 /µL on 2026-06-08")],
            ["chart: b-cell-depleting absent", "blood: cd19-b-cells one of positive"],
        ),
    ],
)
def test_a_result_that_was_read_is_not_looked_up_for_the_drugs_that_were_not(
    without: Sequence[str], adding: Lines, steps: list[str]
) -> None:
    assessment = assessed(without=without, adding=adding, not_read=["infusions"])

    assert first_set(assessment) == steps
    assert not assessment.next_steps.could_rule_out


def test_the_drugs_that_were_not_read_are_blamed_and_not_the_result_that_was() -> None:
    (open_,) = [one for one in assessed(not_read=["infusions"]).criteria if one.id == "b-cell-target"]

    shown = [(one.concept, one.reason, one.text) for one in open_.evidence]
    assert open_.reason is Reason.NOT_RETRIEVED
    assert shown[:2] == [
        ("b-cell-depleting", Reason.NOT_RETRIEVED, ""),
        ("cd19-b-cells", Reason.VALUE, "140 /uL"),
    ]


def test_b_cells_cannot_count_while_rituximab_is_still_given() -> None:
    """B cells of today are not after the last dose that may have been taken."""
    assessment = assessed(["CD19 count"], [("takes", "rituximab since 2026-05-01")])

    assert assessment.next_steps.not_yet == ("b-cell-target",)
    assert assessment.next_steps.sets == ()


def test_drugs_given_too_briefly_are_for_a_person_to_judge() -> None:
    drugs = ["prednisone 5 mg tablet since 2026-03-01", "azathioprine 50 mg oral tablet since 2026-03-01"]

    assert "refractory-or-relapsed" in assessed(drugs=drugs).next_steps.needs_a_person


def test_drugs_given_for_long_enough_lack_only_activity_since() -> None:
    """One urine test serves proteinuria and the refractory disease that it shows."""
    steps = assessed(["UPCR", "SLEDAI-2K"]).next_steps

    (fact,) = [fact for step in steps.sets[0].steps for fact in step.facts if fact.concept == UPCR]
    assert {"proteinuria", "refractory-or-relapsed", "sledai-2k"} <= set(fact.criteria)


def test_no_set_wishes_that_a_patient_were_of_another_sex_or_age() -> None:
    steps = assessed(["hCG in serum"], who="person of unstated gender born 1990").next_steps

    assert not {"sex", "age"} & {f.concept for one in steps.sets for step in one.steps for f in step.facts}


def test_an_unknown_birth_date_is_asked_for() -> None:
    assert "bedside: age at least 18 years" in first_set(assessed(who="woman born 2008"))


RULING_OUT: list[tuple[str, Sequence[str], Lines, set[str]]] = [
    ("hCG", ["hCG in serum"], (), {"hcg none of negative"}),
    ("ECOG", ["ECOG"], (), {"ecog greater than 1"}),
    ("lactation", ["breast-feeding status"], (), {"lactation-status none of negative"}),
    ("class and index", ["biopsy"], (),
     {"kidney-biopsy-class none of III, IV", "nih-activity-index at most 2"}),
    ("both urine tests are open, so neither alone rules out", ["UPCR"], (), set()),
    ("one urine test has failed, so the other rules out", ["UPCR"], [("UPCR", "0.9 g/g on 2026-06-08")],
     {f"{DAY_URINE} at most 0.5 g/d"}),
    ("CD19 alone never rules out", ["CD19 count"], (), set()),
    ("CD19 is zero, so BCMA rules out", ["CD19 count"], [("CD19 count", "0 /µL on 2026-06-08")],
     {"bcma-b-cells none of positive"}),
    ("a low total rules out, single items do not", ["SLEDAI-2K"], (), {"sledai-2k-total less than 8"}),
    ("a negative ANA does not, since lupus nephritis is diagnosed", ["ANA"], (), set()),
    ("without a diagnosis a negative ANA does", ["ANA", "condition"], (), {"ana none of positive"}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "without", "adding", "facts"), RULING_OUT, ids=[r[0] for r in RULING_OUT])
def test_single_results_that_would_rule_out(
    title: str, without: Sequence[str], adding: Lines, facts: set[str]
) -> None:
    assert {wanted(fact) for fact in assessed(without, adding).next_steps.could_rule_out} == facts


def test_each_treatment_rule_asks_for_its_own_drugs() -> None:
    catalog, patient = second(), {"resourceType": "Patient", "id": "p", "birthDate": "1990-01-01"}
    record = read_record([patient], catalog, patient_id="p")
    steps = assess(catalog.trials[0], record, date(2026, 6, 15), catalog).next_steps
    looked_up = [fact for step in steps.sets[0].steps if step.how == "records" for fact in step.facts]
    assert [(fact.concept, fact.label, fact.criteria) for fact in looked_up] == [
        ("mycophenolate", "Mycophenolate (mofetil or mycophenolic acid)", ("on-mycophenolate",)),
        ("systemic-glucocorticoids", "Systemic glucocorticoids", ("on-steroids",)),
    ]
    excluding = {fact.concept: fact.criteria for fact in steps.could_rule_out if fact.how == "records"}
    assert excluding == {
        "tacrolimus": ("no-cni",),
        "ciclosporin": ("no-cni",),
        "antimalarials": ("no-antimalarial",),
        "rituximab": ("no-rituximab",),
        "dexamethasone": ("no-dexamethasone",),
    }


def test_a_dose_inside_a_wash_out_says_until_when_it_rules_out() -> None:
    catalog, chart = second(), bundle(given("rituximab 1000 mg", "2026-03-01"))
    record = read_record([entry["resource"] for entry in chart["entry"]], catalog, patient_id="p1")
    misses = assess(catalog.trials[0], record, date(2026, 6, 15), catalog).near_misses
    assert [(one.kind, one.concept, one.date) for one in misses if one.criterion == "no-rituximab"] == [
        ("rules_out_until", "rituximab", date(2027, 3, 1))
    ]


def test_a_patient_who_is_ruled_out_has_no_next_steps() -> None:
    assessment = assessed(["ECOG", "hCG in serum"], [("ECOG", "3 on 2026-06-08")])

    steps = assessment.next_steps
    assert assessment.outcome == "ruled-out"
    assert (steps.sets, steps.could_rule_out, steps.needs_a_person, steps.not_yet) == ((), (), (), ())


def test_the_next_steps_of_two_patients_with_the_same_gaps_are_worked_out_once() -> None:
    one, other = assessed(["ECOG"]).next_steps, assessed(["ECOG"], who="woman born 1985-01-01").next_steps

    assert one is other


def test_what_is_kept_of_a_pattern_holds_no_value_or_date_of_a_patient() -> None:
    steps = assessed(["UPCR"], [("UPCR", "0.9137 g/g on 2026-06-07")]).next_steps

    assert not any(words in repr(steps) for words in ("0.9137", "2026"))
