"""Which evaluator answers for which rule kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mappings.evaluation.context import Context, Outcome
from mappings.evaluation.judgement import evaluate_judgement
from mappings.evaluation.logic import (
    evaluate_age,
    evaluate_all,
    evaluate_any,
    evaluate_at_least,
    evaluate_criterion_ref,
    evaluate_not,
    evaluate_sex,
    without_repeats,
)
from mappings.evaluation.problems import evaluate_condition, evaluate_procedure
from mappings.evaluation.results import evaluate_finding, evaluate_measurement
from mappings.evaluation.scores import evaluate_score
from mappings.evaluation.treatment import evaluate_treatment
from mappings.results import CriterionResult
from mappings.rules import (
    Age,
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    CriterionRef,
    Finding,
    Judgement,
    Measurement,
    Not,
    ProcedureRule,
    Rule,
    Score,
    Sex,
    Treatment,
)
from mappings.trial_definition import Criterion
from mappings.verdicts import Reason, Verdict

EVALUATORS: Mapping[type, Callable[[Any, Context], Outcome]] = {
    All: evaluate_all,
    AnyOf: evaluate_any,
    Not: evaluate_not,
    AtLeast: evaluate_at_least,
    Age: evaluate_age,
    Sex: evaluate_sex,
    Measurement: evaluate_measurement,
    Finding: evaluate_finding,
    ConditionRule: evaluate_condition,
    ProcedureRule: evaluate_procedure,
    Treatment: evaluate_treatment,
    Score: evaluate_score,
    Judgement: evaluate_judgement,
    CriterionRef: evaluate_criterion_ref,
}


_SETTLED = frozenset({Reason.VALUE, Reason.ABSENT_BY_RULE})


def evaluate(rule: Rule, context: Context) -> Outcome:
    """What the record says about a rule, on the context's day.

    What follows from nothing is kept with the catalog, and what rules made of others say with the context:
    definitions are put in many places, and ``id`` names a rule for as long as its catalog lives.
    """
    shared, key = context.shared, id(rule)
    evaluator, asked, made_of_others = shared.absences.plans.get(key) or shared.absences.plan(
        rule, EVALUATORS[type(rule)]
    )
    if asked is not None and shared.present is not None and asked.isdisjoint(shared.present):
        outcomes = context.absent
    elif made_of_others:
        outcomes = context.outcomes
    else:
        return evaluator(rule, context)
    known = outcomes.get(key)
    if known is None:
        known = outcomes[key] = evaluator(rule, context)
    return known


def evaluate_criterion(criterion: Criterion, context: Context) -> CriterionResult:
    """A criterion's verdict. ``applies_when`` is implication: not applicable is MET for that reason."""
    if criterion.applies_when is None:
        outcome = evaluate(criterion.require, context)
    else:
        outcome = _implied(criterion.applies_when, criterion.require, context)
    return CriterionResult(
        id=criterion.id,
        label=criterion.label,
        verdict=outcome.verdict,
        reason=outcome.reason,
        evidence=outcome.evidence,
        protocol=criterion.protocol,
        interpretation=criterion.interpretation,
        to_settle=_to_settle(outcome, context),
    )


def _implied(applies_when: Rule, require: Rule, context: Context) -> Outcome:
    applies = evaluate(applies_when, context)
    if applies.verdict is Verdict.NOT_MET:
        return Outcome(Verdict.MET, Reason.NOT_APPLICABLE, applies.evidence)
    required = evaluate(require, context)
    if applies.verdict is Verdict.MET or required.verdict is Verdict.MET:
        return required
    if required.verdict is Verdict.UNKNOWN:
        return required
    evidence = without_repeats((*applies.evidence, *required.evidence))
    return Outcome(Verdict.UNKNOWN, applies.reason, evidence)


def _to_settle(outcome: Outcome, context: Context) -> tuple[str, ...]:
    """The concepts whose result could decide an unknown, those first that can be ordered."""
    if outcome.verdict is not Verdict.UNKNOWN:
        return ()
    concepts = context.shared.concepts
    open_ = [evidence.concept for evidence in outcome.evidence if evidence.reason not in _SETTLED]
    known = dict.fromkeys(concept for concept in open_ if concept in concepts)
    return tuple(sorted(known, key=lambda concept: concepts[concept].orderable is None))
