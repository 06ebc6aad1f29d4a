"""Edges of rules: the first and last day, a month that is all that is known, a gap that is another's.

The day is 15 June 2026.
"""

from __future__ import annotations

import pytest

from mappings.dates import Window
from mappings.facts import Diagnosis, Exposure, PatientRecord, Performed, Result
from mappings.results import Gap
from mappings.rules import (
    AnyOf,
    ConditionRule,
    DrugRule,
    Finding,
    Judgement,
    Measurement,
    ProcedureRule,
    Rule,
    Treatment,
)
from mappings.verdicts import Reason
from tests.mappings.evaluation.small_world import (
    answer,
    bound,
    cut_short,
    diagnosis,
    exposure,
    hcg,
    on,
    record,
    said,
    upcr,
)

HIGH = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"))
HIGH_24H = Measurement("protein-24h", bound("greater_than", 0.5), Window(90, "days"))
LIMBS = AnyOf((HIGH, HIGH_24H), conflicting_when_older_by=Window(30, "days"))
AFTER_DRUG = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"), after_last=("rituximab",))
AFTER_TEST = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"), after_last=("protein-24h",))
IN_SIX_MONTHS = ProcedureRule(("hysterectomy",), Window(6, "months"))
NEWLY_RECORDED = ConditionRule(("lupus",), recorded_within=Window(90, "days"))
UNLESS_DELIVERED = ConditionRule(("lupus",), unless_followed_by=("delivery",))
ASK = Judgement("Is it so?", show=("prednisone", "lupus", "hysterectomy"))


def low_24h(day: str, problem: Reason | None = None) -> Result:
    return upcr(0.2, day, concept="protein-24h", problem=problem)


def operation(day: str) -> Performed:
    return Performed("hysterectomy", f"Procedure/{day}", "removed", on(day), True)


CASES: list[tuple[str, Rule, list[Result | Diagnosis | Exposure | Performed], str]] = [
    ("a pass of some day in May, a fail 39 days after the first of May", LIMBS,
     [upcr(1.4, "2026-05"), low_24h("2026-06-09")], "unknown: imprecise"),
    ("an order of the drug that ended before the result", AFTER_DRUG,
     [upcr(1.4, "2026-06-05"), exposure("rituximab", "2026-01-01", "2026-05-31")], "met"),
    ("an order of the drug that ends on the day of the result", AFTER_DRUG,
     [upcr(1.4, "2026-06-05"), exposure("rituximab", "2026-01-01", "2026-06-05")], "unknown: imprecise"),
    ("a result of some day in May, a dose on the 20th", AFTER_DRUG,
     [upcr(1.4, "2026-05"), exposure("rituximab", "2026-05-20", "2026-11-15", "given")],
     "unknown: imprecise"),
    ("what came last is a test that can be used", AFTER_TEST,
     [upcr(1.4, "2026-06-05"), low_24h("2026-06-10")], "unknown: too_old"),
    ("a test that cannot be used is not what came last", AFTER_TEST,
     [upcr(1.4, "2026-06-05"), low_24h("2026-06-10", Reason.UNREADABLE)], "met"),
    ("nor is one that is planned", AFTER_TEST, [upcr(1.4, "2026-06-05"), low_24h("2026-06-16")], "met"),
    ("an operation on the first day that counts", IN_SIX_MONTHS, [operation("2025-12-15")], "met"),
    ("an operation the day before", IN_SIX_MONTHS, [operation("2025-12-14")], "unknown: too_old"),
    ("an operation of that month", IN_SIX_MONTHS, [operation("2025-12")], "unknown: imprecise"),
    ("recorded long ago, with an onset in the window", NEWLY_RECORDED,
     [diagnosis(recorded="2020-01-01", onset="2026-05-01")], "met"),
    ("began some day in May, delivered on the 20th", UNLESS_DELIVERED,
     [diagnosis(onset="2026-05"), diagnosis("delivery", onset="2026-05-20")], "unknown: imprecise"),
    ("began some day in May, delivered in June", UNLESS_DELIVERED,
     [diagnosis(onset="2026-05"), diagnosis("delivery", onset="2026-06-01")], "unknown: not_found"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "facts", "expected"), [row[1:] for row in CASES], ids=[c[0] for c in CASES])
def test_a_rule_is_exact_at_its_edges(
    rule: Rule, facts: list[Result | Diagnosis | Exposure | Performed], expected: str
) -> None:
    assert said(answer(rule, record(facts))) == expected


def test_what_was_not_read_of_one_concept_leaves_the_answers_about_another() -> None:
    def of_proteinuria(concept: str) -> Gap | None:
        return cut_short(newest_first=False)(concept) if concept == "upcr" else None

    positive = Finding("hcg", frozenset({"positive"}), Window(42, "weeks"), pick="any")
    patient = record([hcg("negative", "2026-06-01")], gap=of_proteinuria)
    assert said(answer(positive, patient)) == "not-met"


def test_the_result_before_an_unusable_one_is_said_to_be_too_old_if_it_is() -> None:
    unusable = upcr(9, "2026-06-01", problem=Reason.UNREADABLE)
    old, recent = upcr(1.4, "2026-03-16"), upcr(1.4, "2026-03-17")
    assert [e.reason for e in answer(HIGH, record([unusable, old])).evidence] == [
        Reason.UNREADABLE,
        Reason.TOO_OLD,
    ]
    [_, shown] = answer(HIGH, record([unusable, recent])).evidence
    assert (shown.reason, shown.note) == (Reason.UNREADABLE, "not the newest")


def test_a_drug_is_named_beside_a_result_only_where_it_kept_the_result_from_counting() -> None:
    dose = exposure("rituximab", "2026-05-01", "2026-10-28", "given")
    after, before = upcr(0.4, "2026-06-05"), upcr(0.4, "2026-04-05")
    assert [e.concept for e in answer(AFTER_DRUG, record([after, dose])).evidence] == ["upcr"]
    assert [e.concept for e in answer(AFTER_DRUG, record([before, dose])).evidence] == ["upcr", "rituximab"]


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("2026-06-15", "unknown: not_confirmed"),
        (None, "unknown: not_confirmed"),
        ("2026-06-16", "unknown: not_found"),
    ],
)
def test_a_diagnosis_known_as_the_reason_for_a_drug_is_shown_from_its_day_on(
    recorded: str | None, expected: str
) -> None:
    hint = diagnosis(recorded=recorded, confirmed=None)
    patient = PatientRecord(record().patient, hints={"lupus": (hint,)})
    assert said(answer(ConditionRule(("lupus",)), patient)) == expected


def test_beside_a_question_the_newest_fact_of_each_concept_is_shown_and_none_that_is_planned() -> None:
    patient = record(
        [
            *(exposure("prednisone", day) for day in ("2025-01-01", "2026-06-15", "2026-06-16")),
            *(operation(day) for day in ("2019-01-01", "2026-06-15", "2026-06-16")),
        ]
    )
    assert [each.date for each in answer(ASK, patient).evidence[1:]] == ["2026-06-15", "2026-06-15"]


def test_beside_a_question_no_diagnosis_of_tomorrow_is_shown() -> None:
    assert answer(ASK, record([diagnosis(onset="2026-06-16")])).evidence[1:] == ()
    assert answer(ASK, record([diagnosis(onset="2026-06-15")])).evidence[1:] != ()


ENDED_IN_2025 = exposure("mycophenolate", "2020-01-01", "2025", "stated")
ENDED_IN_SUMMER = exposure("mycophenolate", "2021-01-01", "2025-06-30", "stated")


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_courses_the_one_that_may_have_ended_last_is_shown(first: int) -> None:
    drugs = [ENDED_IN_2025, ENDED_IN_SUMMER]
    [shown] = answer(DrugRule(("mycophenolate",)), record([drugs[first], drugs[1 - first]])).evidence
    assert shown.note == "until 2025"


@pytest.mark.parametrize(
    ("drug", "note", "reason"),
    [
        (exposure("mycophenolate", "2025-01-01", "2026-06-15"), "until 2026-06-15", Reason.VALUE),
        (exposure("mycophenolate", "2025-01-01", "2026-06-16"), "", Reason.VALUE),
        (exposure("mycophenolate", "2025-01-01")._replace(problem=Reason.NOT_CONFIRMED), "",
         Reason.NOT_CONFIRMED),
    ],
    ids=["ended today", "ends tomorrow", "not confirmed"],
)  # fmt: skip
def test_a_drug_record_says_its_end_once_it_has_come_and_what_is_doubtful(
    drug: Exposure, note: str, reason: Reason
) -> None:
    [shown] = answer(Judgement("Is it so?", show=("mycophenolate",)), record([drug])).evidence[1:]
    assert (shown.note, shown.reason) == (note, reason)


def test_records_that_were_not_all_read_are_shown_where_they_do_not_suffice() -> None:
    drugs = [exposure("prednisone", "2026-05-01"), exposure("mycophenolate", "2026-05-01")]
    rule = Treatment(("prednisone",), ("mycophenolate",), Window(6, "months"))
    outcome = answer(rule, record(drugs, gap=cut_short(newest_first=True)))
    assert said(outcome) == "unknown: not_retrieved"
    assert [each.concept for each in outcome.evidence] == ["prednisone", "mycophenolate"]


def test_a_refill_thirty_days_late_is_shown_among_what_carries_a_treatment() -> None:
    """Of three refills of 60 days, each fetched when the one before had been used up for 30 days."""
    starts = {"2025-11-01": "2025-12-30", "2026-01-30": "2026-03-30", "2026-04-30": "2026-06-28"}
    refills = [exposure("mycophenolate", start, end, "dispensed") for start, end in starts.items()]
    outcome = answer(Treatment(("mycophenolate",), (), Window(6, "months")), record(refills))
    assert said(outcome) == "met"
    assert sorted(each.date for each in outcome.evidence[1:]) == sorted(starts)
