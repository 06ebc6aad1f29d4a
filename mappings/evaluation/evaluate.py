"""Which function prepares which rule kind, and what a whole trial asks of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from mappings.attesting.deciding import asked_in, concept_of, with_answers
from mappings.concept import Concept
from mappings.evaluation.context import OUTCOME, Context, Evaluator, Outcome, on_record
from mappings.evaluation.drugs.given import prepare_drug
from mappings.evaluation.drugs.treatment import prepare_treatment
from mappings.evaluation.judgement import prepare_judgement
from mappings.evaluation.logic import (
    prepare_age,
    prepare_all,
    prepare_any,
    prepare_at_least,
    prepare_criterion_ref,
    prepare_not,
    prepare_sex,
    without_repeats,
)
from mappings.evaluation.plan import Planner, Prepare
from mappings.evaluation.problems import prepare_condition, prepare_procedure
from mappings.evaluation.results import prepare_finding, prepare_measurement
from mappings.evaluation.scores import prepare_score
from mappings.reading.code_index import MadeOnce
from mappings.results import CRITERION_RESULT, CriterionResult
from mappings.rules import (
    Age,
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    CriterionRef,
    DrugRule,
    Finding,
    Judgement,
    Measurement,
    Not,
    ProcedureRule,
    Score,
    Sex,
    Treatment,
)
from mappings.trial_definition import Catalog, Criterion, TrialDefinition
from mappings.verdicts import MET, NOT_MET, UNKNOWN, VALUE, Reason

KINDS: Mapping[type, Prepare] = {
    All: prepare_all,
    AnyOf: prepare_any,
    Not: prepare_not,
    AtLeast: prepare_at_least,
    Age: prepare_age,
    Sex: prepare_sex,
    Measurement: prepare_measurement,
    Finding: prepare_finding,
    ConditionRule: prepare_condition,
    ProcedureRule: prepare_procedure,
    DrugRule: prepare_drug,
    Treatment: prepare_treatment,
    Score: prepare_score,
    Judgement: prepare_judgement,
    CriterionRef: prepare_criterion_ref,
}

_SETTLED = frozenset({VALUE, Reason.ABSENT_BY_RULE, Reason.ATTESTED})


class TrialPlan:
    """A trial as functions: of its criteria by id, and of its gate."""

    def __init__(self, trial: TrialDefinition, catalog: Catalog) -> None:
        parts = [rule for criterion in trial.criteria for rule in (criterion.applies_when, criterion.require)]
        rules = [*(rule for rule in parts if rule is not None), trial.show_card_when_met]
        self.planner = planner = Planner(KINDS, catalog.concepts, catalog.scores, rules, trial)
        self.criteria = {criterion.id: prepare_criterion(criterion, planner) for criterion in trial.criteria}
        self.gate = planner.prepare(trial.show_card_when_met)


@lru_cache(maxsize=64)
def _plans(catalog: Catalog) -> MadeOnce[TrialDefinition, TrialPlan]:
    return MadeOnce(lambda trial: TrialPlan(trial, catalog), most=512)


def plan_of(trial: TrialDefinition, catalog: Catalog) -> TrialPlan:
    """The trial's plan, made when it is first asked for."""
    return _plans(catalog).of(trial)


def prepare_criterion(criterion: Criterion, planner: Planner) -> Callable[[Context], CriterionResult]:
    """A criterion as a function. ``applies_when`` is implication: not applicable is MET for that reason.

    What makes it apply is evidence of the verdict too, after that of the requirement.
    """
    evaluate = _answered(criterion, planner)
    if criterion.applies_when is not None:
        evaluate = _implied(planner.prepare(criterion.applies_when), evaluate)
    identity, label, concepts = criterion.id, criterion.label, planner.concepts
    protocol, interpretation, kind = criterion.protocol, criterion.interpretation, criterion.kind

    def result(context: Context) -> CriterionResult:
        outcome = evaluate(context)
        verdict, reason, evidence = outcome
        to_settle = _to_settle(outcome, concepts) if verdict is UNKNOWN else ()
        return CRITERION_RESULT(
            (identity, label, verdict, reason, evidence, protocol, interpretation, to_settle, kind)
        )

    return result


def _answered(criterion: Criterion, planner: Planner) -> Evaluator:
    """The requirement, with the answer to the worksheet's question about it, if there is one."""
    evaluate, trial = planner.prepare(criterion.require), planner.trial
    questions = trial.worksheet.questions if trial is not None else ()
    question = next((each for each in questions if each.settles == criterion.id), None)
    asked = asked_in(criterion.require) if question is not None else None
    if trial is None or question is None or asked is None:
        return evaluate
    return with_answers(evaluate, question, trial.id, asked, concept_of(asked, planner.concepts))


def _implied(applies_when: Evaluator, require: Evaluator) -> Evaluator:
    def evaluate(context: Context) -> Outcome:
        applies = applies_when(context)
        if applies.verdict is NOT_MET:
            return OUTCOME((MET, Reason.NOT_APPLICABLE, applies.evidence))
        required = require(context)
        verdict, reason, evidence = required
        if applies.verdict is UNKNOWN and verdict is NOT_MET:
            both = without_repeats((*applies.evidence, *evidence))
            return OUTCOME((UNKNOWN, applies.reason, both))
        why = on_record(applies.evidence)
        if not why:
            return required
        return OUTCOME((verdict, reason, without_repeats((*evidence, *why))))

    return evaluate


def _to_settle(outcome: Outcome, concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """The concepts whose result could decide an unknown, those first that can be ordered."""
    open_ = [evidence.concept for evidence in outcome.evidence if evidence.reason not in _SETTLED]
    known = dict.fromkeys([concept for concept in open_ if concept in concepts])
    return tuple(sorted(known, key=lambda concept: concepts[concept].orderable is None))
