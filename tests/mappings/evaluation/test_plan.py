"""Rules as functions: what is shared, what is kept, and for how long."""

from __future__ import annotations

from mappings.dates import Window
from mappings.evaluation.context import Context, Outcome, Shared
from mappings.evaluation.evaluate import KINDS
from mappings.evaluation.plan import Planner, concepts_asked
from mappings.facts import PatientRecord
from mappings.rules import Age, All, AnyOf, ConditionRule, Measurement, Not, Rule
from mappings.verdicts import Reason
from tests.mappings.evaluation.small_world import (
    CONCEPTS,
    TODAY,
    bound,
    cut_short,
    diagnosis,
    record,
    said,
    upcr,
)

HIGH = Measurement("upcr", bound("greater_than", 1.0))
LUPUS = ConditionRule(("lupus",))
EITHER = AnyOf((HIGH, LUPUS))


def view(patient: PatientRecord, window: Window | None = None) -> Context:
    return Context(Shared(patient, TODAY, CONCEPTS, {}), window, in_score=window is not None)


def planner(*rules: Rule) -> Planner:
    return Planner(KINDS, CONCEPTS, {}, rules)


def test_equal_rules_are_one_function() -> None:
    same = planner(HIGH)
    assert same.prepare(HIGH) is same.prepare(Measurement("upcr", bound("greater_than", 1.0)))


def test_a_rule_in_several_places_is_asked_once_for_a_context_and_again_for_the_next() -> None:
    evaluate = planner(All((EITHER, Not(EITHER)))).prepare(EITHER)
    here, there = view(record([upcr(1.4, "2026-06-01")])), view(record([upcr(0.4, "2026-06-01")]))
    assert evaluate(here) is evaluate(here)
    assert said(evaluate(here)) == "met"
    assert said(evaluate(there)) == "unknown: not_found"


def test_what_follows_from_nothing_is_kept_for_each_look_back() -> None:
    evaluate = planner(EITHER).prepare(EITHER)
    month = Window(30, "days")
    assert evaluate(view(record())) is evaluate(view(record()))
    assert windows(evaluate(view(record(), month))) == {"30 days"}
    assert windows(evaluate(view(record()))) == {""}


def windows(outcome: Outcome) -> set[str]:
    return {evidence.window for evidence in outcome.evidence}


def test_what_follows_from_nothing_says_nothing_of_a_record_with_facts_or_gaps() -> None:
    evaluate = planner(EITHER).prepare(EITHER)
    assert said(evaluate(view(record()))) == "unknown: not_found"
    assert said(evaluate(view(record([diagnosis()])))) == "met"
    assert evaluate(view(record(gap=cut_short(newest_first=True)))).reason is Reason.NOT_RETRIEVED
    assert said(evaluate(view(record()))) == "unknown: not_found"


def test_a_rule_about_more_than_concepts_has_no_list_of_what_it_asks() -> None:
    assert concepts_asked(EITHER) == frozenset({"upcr", "lupus"})
    assert concepts_asked(All((EITHER, Age(())))) is None
