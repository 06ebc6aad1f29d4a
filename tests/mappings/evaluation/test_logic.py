"""Age, sex, and how rules combine. The day is 15 June 2026."""

from __future__ import annotations

import pytest

from mappings.amounts import Bound
from mappings.dates import Window
from mappings.facts import Result
from mappings.rules import Age, All, AnyOf, AtLeast, CriterionRef, Judgement, Measurement, Not, Rule, Sex
from mappings.trial_definition import Criterion
from mappings.verdicts import Reason
from tests.mappings.evaluation.small_world import answer, bound, cut_short, record, said, upcr

ADULT = Age((Bound("at_least", 18, "18 years"),))
HIGH = Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"))
HIGH_24H = Measurement("protein-24h", bound("greater_than", 0.5), Window(90, "days"))
ASK = Judgement("Is it so?")


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2008-06-15", "met"),
        ("2008-06-16", "not-met"),
        ("2008", "unknown: imprecise"),
        ("2007", "met"),
        (None, "unknown: not_found"),
        ("2030", "unknown: unreadable"),
    ],
)
def test_age_is_held_against_complete_years(born: str | None, expected: str) -> None:
    assert said(answer(ADULT, record(born=born))) == expected


@pytest.mark.parametrize(
    ("gender", "female", "male", "not_stated"),
    [
        ("female", "met", "not-met", "not-met"),
        ("male", "not-met", "met", "not-met"),
        ("other", "unknown: needs_judgement", "unknown: needs_judgement", "met"),
        ("unknown", "unknown: needs_judgement", "unknown: needs_judgement", "met"),
        ("", "unknown: not_found", "unknown: not_found", "met"),
    ],
)
def test_sex_is_unknown_unless_it_is_stated_as_female_or_male(
    gender: str, female: str, male: str, not_stated: str
) -> None:
    patient = record(sex=gender)
    assert said(answer(Sex("female"), patient)) == female
    assert said(answer(Sex("male"), patient)) == male
    assert said(answer(Sex("not_stated"), patient)) == not_stated


def low_24h(day: str) -> Result:
    return upcr(0.2, day, concept="protein-24h")


LIMBS = AnyOf((HIGH, HIGH_24H), conflicting_when_older_by=Window(30, "days"))
COMBINED: list[tuple[str, Rule, list[Result], str]] = [
    ("one limb passes, the other is absent", LIMBS, [upcr(1.4, "2026-06-01")], "met"),
    ("one limb fails, the other is absent", LIMBS, [upcr(0.4, "2026-06-01")], "unknown: not_found"),
    ("both fail", LIMBS, [upcr(0.4, "2026-06-01"), low_24h("2026-06-01")], "not-met"),
    ("passes 30 days before the other fails", LIMBS, [upcr(1.4, "2026-05-10"), low_24h("2026-06-09")], "met"),
    ("passes 31 days before the other fails", LIMBS, [upcr(1.4, "2026-05-09"), low_24h("2026-06-09")],
     "unknown: conflicting"),
    ("passes after the other failed", LIMBS, [upcr(1.4, "2026-06-09"), low_24h("2026-04-09")], "met"),
    ("absent limbs are passed over", AnyOf((HIGH, HIGH_24H), passing_over_absent=True),
     [upcr(0.4, "2026-06-01")], "not-met"),
    ("unless all are absent", AnyOf((HIGH, HIGH_24H), passing_over_absent=True), [], "unknown: not_found"),
    ("a question beside it is for a person", AnyOf((HIGH, ASK)), [], "unknown: needs_judgement"),
    ("even if the result fails", AnyOf((HIGH, ASK)), [upcr(0.4, "2026-06-01")], "unknown: needs_judgement"),
    ("unless the result passes", AnyOf((HIGH, ASK)), [upcr(1.4, "2026-06-01")], "met"),
    ("all: one unknown", All((HIGH, ASK)), [upcr(1.4, "2026-06-01")], "unknown: needs_judgement"),
    ("all: one fails", All((HIGH, ASK)), [upcr(0.4, "2026-06-01")], "not-met"),
    ("not: unknown stays unknown", Not(HIGH), [], "unknown: not_found"),
    ("not: turned round", Not(HIGH), [upcr(0.4, "2026-06-01")], "met"),
    ("two of three, one still open", AtLeast(2, (HIGH, ADULT, HIGH_24H)), [], "unknown: not_found"),
    ("two of three", AtLeast(2, (HIGH, ADULT, HIGH_24H)), [upcr(1.4, "2026-06-01")], "met"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "facts", "expected"), [row[1:] for row in COMBINED], ids=[row[0] for row in COMBINED]
)
def test_rules_combine_in_three_values(rule: Rule, facts: list[Result], expected: str) -> None:
    assert said(answer(rule, record(facts))) == expected


def test_a_question_never_hides_that_something_was_not_read() -> None:
    assert (
        said(answer(AnyOf((HIGH, ASK)), record(gap=cut_short(newest_first=True)))) == "unknown: not_retrieved"
    )


def test_both_sides_of_a_conflict_are_shown() -> None:
    outcome = answer(LIMBS, record([upcr(1.4, "2026-05-01"), low_24h("2026-06-09")]))
    assert [evidence.date for evidence in outcome.evidence] == ["2026-05-01", "2026-06-09"]
    assert {evidence.reason for evidence in outcome.evidence} == {Reason.CONFLICTING}


def test_where_a_criterion_does_not_apply_it_is_met_for_that_reason() -> None:
    test = Criterion("test", "Test", "", (), HIGH, applies_when=Sex("female"))
    asked = CriterionRef("test")
    assert said(answer(asked, record(sex="male"), [test])) == "met: not_applicable"
    assert said(answer(asked, record(sex="female"), [test])) == "unknown: not_found"
    assert said(answer(asked, record([upcr(0.4, "2026-06-01")], sex="other"), [test])) == (
        "unknown: needs_judgement"
    )
    assert said(answer(asked, record([upcr(1.4, "2026-06-01")], sex="other"), [test])) == "met"
