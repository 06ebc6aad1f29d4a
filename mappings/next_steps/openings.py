"""What is open in a criterion, on one record: what could make it met, and what could make it not met.

A rule that says MET or NOT_MET is decided. Of one that is UNKNOWN, its parts are asked in turn, down to the
facts that are missing (``leaves``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from mappings.amounts import Bound
from mappings.dates import parse_when
from mappings.evaluation.context import Context, Evaluator, Outcome
from mappings.evaluation.plan import Planner
from mappings.next_steps.efforts import Efforts
from mappings.next_steps.formula import (
    FALSE,
    TRUE,
    Atom,
    Counted,
    Formula,
    Points,
    Wanted,
    both,
    either,
    holds,
    rewritten,
)
from mappings.next_steps.leaves import NOTHING_THERE, OF_THE_PERSON, PRESENT, Leaves, Open, is_seen_again
from mappings.results import How, ScoreResult
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
    Rule,
    Score,
    Sex,
    Treatment,
    written_in,
)
from mappings.trial_definition import Criterion, ScoreDefinition
from mappings.verdicts import MET, NOT_MET, UNKNOWN

TREATMENT = "treatment"
"""The concept of evidence that sums up drugs given together, and of the fact that they were."""

Way = Callable[[Open[Any]], Formula]


class Openings:
    """The criteria of one trial, to be asked what is open in them."""

    def __init__(
        self,
        criteria: Sequence[Criterion],
        planner: Planner,
        efforts: Efforts,
    ) -> None:
        self._criteria = {criterion.id: criterion for criterion in criteria}
        self._planner, self._leaves = planner, Leaves(planner.concepts, efforts, planner.prepare)
        self._holding, self._failing = self._ways()
        self._evaluators: dict[int, tuple[Rule, Evaluator]] = {}

    def met(self, criterion_id: str, context: Context) -> Formula:
        """What could make a criterion met: also, where it is not known to apply, that it does not.

        That the patient is of another age or sex is no fact to look for.
        """
        criterion = self._criteria[criterion_id]
        verdict = context.criterion(criterion_id).verdict
        if verdict is not UNKNOWN:
            return TRUE if verdict is MET else FALSE
        plain = Context(context.shared, not_before=context.not_before)
        required = self._holds(criterion.require, plain)
        if criterion.applies_when is None:
            return required
        exempt = self._fails(criterion.applies_when, plain)
        return either((required, rewritten(exempt, _not_of_the_person)))

    def not_met(self, criterion_id: str, context: Context) -> Formula:
        """What could make a criterion not met: it has to apply, too."""
        criterion = self._criteria[criterion_id]
        verdict = context.criterion(criterion_id).verdict
        if verdict is not UNKNOWN:
            return TRUE if verdict is NOT_MET else FALSE
        plain = Context(context.shared, not_before=context.not_before)
        failing = self._fails(criterion.require, plain)
        if criterion.applies_when is None:
            return failing
        return both((failing, self._holds(criterion.applies_when, plain)))

    def _ways(self) -> tuple[Mapping[type, Way], Mapping[type, Way]]:
        leaves = self._leaves
        both_ways: Mapping[type, tuple[Way, Way]] = {
            Measurement: (leaves.result_holds, leaves.result_fails),
            Finding: (leaves.result_holds, leaves.result_fails),
            ConditionRule: (self._condition_holds, leaves.event_fails),
            ProcedureRule: (leaves.event_holds, leaves.event_fails),
            DrugRule: (self._drug_holds, leaves.event_fails),
            Treatment: (self._treatment_holds, _never),
            Score: (self._score_holds, self._score_fails),
            Age: (leaves.age_holds, leaves.age_fails),
            Sex: (leaves.sex_holds, leaves.sex_fails),
            Judgement: (_never, _never),
            All: (self._all_hold, self._one_fails),
            AnyOf: (self._one_holds, self._all_fail),
            AtLeast: (self._enough_hold, self._too_few_hold),
            Not: (lambda one: self._fails(one.rule.of, one.context),
                  lambda one: self._holds(one.rule.of, one.context)),
            CriterionRef: (lambda one: self.met(one.rule.id, one.context),
                           lambda one: self.not_met(one.rule.id, one.context)),
        }  # fmt: skip
        holding = {kind: ways[0] for kind, ways in both_ways.items()}
        return holding, {kind: ways[1] for kind, ways in both_ways.items()}

    def _said(self, rule: Rule, context: Context) -> Outcome:
        """What the engine says of a rule; found by identity, as to compare rules costs more than to ask."""
        known = self._evaluators.get(id(rule))
        if known is None or known[0] is not rule:
            known = self._evaluators[id(rule)] = (rule, self._planner.prepare(rule))
        return known[1](context)

    def _holds(self, rule: Rule, context: Context) -> Formula:
        outcome = self._said(rule, context)
        if outcome.verdict is MET:
            return TRUE
        if outcome.verdict is NOT_MET:
            return self._beside(rule, context) if context.in_score else FALSE
        return self._holding[type(rule)](Open(rule, outcome, context))

    def _fails(self, rule: Rule, context: Context) -> Formula:
        outcome = self._said(rule, context)
        if outcome.verdict is not UNKNOWN:
            return TRUE if outcome.verdict is NOT_MET else FALSE
        return self._failing[type(rule)](Open(rule, outcome, context))

    def _beside(self, rule: Rule, context: Context) -> Formula:
        """What would make an item of a score hold that does not, if its results were asked for anyway."""
        if isinstance(rule, AnyOf):
            return either(self._holds(part, context) for part in rule.of)
        if isinstance(rule, All):
            return both(self._holds(part, context) for part in rule.of)
        return self._leaves.beside(rule) if isinstance(rule, Measurement | Finding) else FALSE

    # --- rules of rules

    def _all_hold(self, asked: Open[All]) -> Formula:
        return both(self._holds(part, asked.context) for part in asked.rule.of)

    def _one_fails(self, asked: Open[All]) -> Formula:
        return either(self._fails(part, asked.context) for part in asked.rule.of)

    def _one_holds(self, asked: Open[AnyOf]) -> Formula:
        """A part; or where one holds and the results conflict, another look at those that fail."""
        rule, _, context = asked
        verdicts = [self._said(part, context).verdict for part in rule.of]
        if MET not in verdicts:
            return either(self._holds(part, context) for part in rule.of)
        failing = [part for part, verdict in zip(rule.of, verdicts, strict=True) if verdict is NOT_MET]
        results = [part for part in failing if isinstance(part, Measurement | Finding)]
        return either(self._leaves.atom(part.of, self._leaves.wanted(part), "chart") for part in results)

    def _all_fail(self, asked: Open[AnyOf]) -> Formula:
        """Parts of which nothing is there may be passed over, if another part says something."""
        rule, _, context = asked
        said = [self._said(part, context) for part in rule.of]
        failing = [self._fails(part, context) for part in rule.of]
        if not rule.passing_over_absent:
            return both(failing)
        silent = [one.verdict is UNKNOWN and one.reason in NOTHING_THERE for one in said]
        if all(silent):
            return either(failing)
        return both(part for part, nothing in zip(failing, silent, strict=True) if not nothing)

    def _enough_hold(self, asked: Open[AtLeast]) -> Formula:
        rule = asked.rule
        return _count([self._holds(part, asked.context) for part in rule.of], rule.count)

    def _too_few_hold(self, asked: Open[AtLeast]) -> Formula:
        rule = asked.rule
        return _count([self._fails(part, asked.context) for part in rule.of], len(rule.of) - rule.count + 1)

    # --- what must be followed by activity

    def _condition_holds(self, asked: Open[ConditionRule]) -> Formula:
        """Where a diagnosis of the right status is there, it lacks only the criteria after its date."""
        rule, _, context = asked
        later = [
            context.since(when.last + 1)
            for of in (rule.of if rule.followed_by else ())
            for diagnosis in context.record.diagnoses.get(of, ())
            if diagnosis.clinical_status in rule.clinical_status and diagnosis.confirmed
            if (when := diagnosis.abatement) is not None and when.last < context.day
        ]
        if later:
            return either(self.met(name, since) for since in later for name in rule.followed_by)
        event = self._leaves.event_holds(asked)
        followed = [self.met(name, context) for name in rule.followed_by]
        return both((event, either(followed))) if followed else event

    def _drug_holds(self, asked: Open[DrugRule]) -> Formula:
        """Drugs are asked for by the name of their group, where the rule names it."""
        return self._leaves.event_holds(asked, written_in(asked.rule.of))

    def _treatment_holds(self, asked: Open[Treatment]) -> Formula:
        """Drugs given for long enough lack only activity since; else their dates are looked up as well."""
        rule, outcome, context = asked
        evidence = outcome.evidence
        since = parse_when(evidence[0].date) if evidence and evidence[0].concept == TREATMENT else None
        if since is None:
            given = self._given(rule, "chart" if is_seen_again(outcome) else self._leaves.how(TREATMENT))
            active = [self.met(name, context) for name in rule.still_active_by]
            return both((given, either(active))) if active else given
        day = date.fromordinal(since.first)
        passed = rule.for_more_than.after(day) if rule.for_more_than else day
        later = context.since(passed.toordinal() + 1)
        return either(self.met(name, later) for name in rule.still_active_by)

    def _given(self, rule: Treatment, how: How) -> Formula:
        """That a drug of the rule is given, by the name in the rule; of two groups, that both are."""
        if rule.together_with:
            return Atom(TREATMENT, PRESENT, how)
        return either(Atom(of, PRESENT, how) for of in written_in(rule.of))

    # --- scores

    def _score_holds(self, asked: Open[Score]) -> Formula:
        """A total of a clinician, or enough points; where these are there and it is still open, only that."""
        rule, _, context = asked
        definition, score = self._score(rule, context)
        total = self._total(definition, score, Bound("at_least", rule.at_least, str(rule.at_least)), context)
        inside = context.within_score(rule.within)
        entry = TRUE if definition.entry is None else self._holds(definition.entry, inside)
        by_items = both((self._points(definition, score, inside), entry))
        if holds(by_items, ()) or _is_half_read(definition, context):
            return total
        return either((by_items, total))

    def _score_fails(self, asked: Open[Score]) -> Formula:
        """A low total of a clinician, or a failed entry; never the items, of which there are always more."""
        rule, _, context = asked
        definition, score = self._score(rule, context)
        inside = context.within_score(rule.within)
        entry = FALSE if definition.entry is None else self._fails(definition.entry, inside)
        if score.at_least >= rule.at_least:
            return entry
        below = Bound("less_than", rule.at_least, str(rule.at_least))
        return either((entry, self._total(definition, score, below, context)))

    def _score(self, rule: Score, context: Context) -> tuple[ScoreDefinition, ScoreResult]:
        self._said(rule, context)
        return self._planner.scores[rule.of], context.shared.score_results[rule, context.not_before][0]

    def _total(
        self, definition: ScoreDefinition, score: ScoreResult, bound: Bound, context: Context
    ) -> Formula:
        name = definition.recorded_as
        if not name:
            return FALSE
        again = score.recorded is not None or context.gap(name) is not None
        return Atom(name, Wanted(bounds=(bound,)), "chart" if again else self._leaves.how(name))

    def _points(self, definition: ScoreDefinition, score: ScoreResult, inside: Context) -> Formula:
        pairs = list(zip(definition.items, score.items, strict=True))
        met = [item for item, result in pairs if result.verdict is MET]
        reached: dict[str, int] = {}
        for item in met:
            reached[item.domain] = max(item.points, reached.get(item.domain, 0))
        group = definition.needs_group
        counted = [
            Counted(item.points, item.domain, item.group == group, self._holds(item.require, inside))
            for item, result in pairs
            if result.verdict is not MET and not result.is_disputed
        ]
        useful = tuple(item for item in counted if item.formula != FALSE)
        has_group = not group or any(item.group == group for item in met)
        return Points(score.threshold or 0, tuple(reached.items()), has_group, useful)


def _not_of_the_person(atom: Atom) -> Formula:
    return FALSE if atom.concept in OF_THE_PERSON else atom


def _is_half_read(definition: ScoreDefinition, context: Context) -> bool:
    """Whether a total is on record that may not be the latest: it counts again once all is read."""
    name = definition.recorded_as
    return bool(name) and context.gap(name) is not None and bool(context.known(name).results)


def _never(_asked: Open[Any]) -> Formula:
    return FALSE


def _count(parts: Sequence[Formula], count: int) -> Formula:
    """So many of the parts hold."""
    numbered = [(str(number), part) for number, part in enumerate(parts)]
    reached = tuple((number, 1) for number, part in numbered if part == TRUE)
    items = tuple(Counted(1, number, False, part) for number, part in numbered if part not in (TRUE, FALSE))
    return Points(count, reached, True, items)
