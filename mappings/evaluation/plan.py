"""Rules become functions once for each catalog; a record is then walked by plain calls.

A rule as it is written is data, and looking at its kind and members again for every record costs more than
what it asks. So a ``Planner`` makes an ``Evaluator`` of each rule when a trial is assessed for the first
time: a function that already holds the rule's limits, windows and words, and the functions of its parts. Each
kind of rule has its ``Prepare`` beside the code that evaluates it. Two things are added here: a rule that
stands in many places is asked once for a record, and what rules made of others say of nothing is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mappings.concept import Concept
from mappings.evaluation.context import Context, Evaluator, Outcome
from mappings.rules import (
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    DrugRule,
    Finding,
    Judgement,
    Measurement,
    Not,
    ProcedureRule,
    Rule,
    Score,
    Treatment,
)
from mappings.trial_definition import ScoreDefinition, TrialDefinition

Prepare = Callable[[Any, "Planner"], Evaluator]
"""Makes the function of a rule of one kind."""


class Planner:
    """Makes the functions of a trial's rules. Rules that are equal share one."""

    def __init__(
        self,
        kinds: Mapping[type, Prepare],
        concepts: Mapping[str, Concept],
        scores: Mapping[str, ScoreDefinition],
        rules: Iterable[Rule],
        trial: TrialDefinition | None = None,
    ) -> None:
        self.concepts, self.scores, self.trial = concepts, scores, trial
        self._kinds = kinds
        self._places = _places(rules, scores)
        self._made: dict[Rule, Evaluator] = {}

    def prepare(self, rule: Rule) -> Evaluator:
        """The rule as a function."""
        made = self._made.get(rule)
        if made is None:
            made = self._keeping(rule, self._kinds[type(rule)](rule, self))
            self._made[rule] = made
        return made

    def each(self, rules: Sequence[Rule]) -> tuple[Evaluator, ...]:
        """The functions of some rules."""
        return tuple([self.prepare(rule) for rule in rules])

    def _keeping(self, rule: Rule, evaluate: Evaluator) -> Evaluator:
        if self._places[rule] > 1:
            evaluate = _once_for_a_context(evaluate, len(self._made))
        asked = concepts_asked(rule) if isinstance(rule, All | AnyOf | AtLeast | Not) else None
        return evaluate if asked is None else _once_for_nothing(evaluate, asked)


def _places(rules: Iterable[Rule], scores: Mapping[str, ScoreDefinition]) -> Counter[Rule]:
    """In how many places each rule stands: a definition is put in many."""
    places: Counter[Rule] = Counter()
    waiting = list(rules)
    while waiting:
        rule = waiting.pop()
        places[rule] += 1
        if places[rule] == 1:
            waiting.extend(_parts(rule, scores))
    return places


def _parts(rule: Rule, scores: Mapping[str, ScoreDefinition]) -> Iterator[Rule]:
    if isinstance(rule, All | AnyOf | AtLeast):
        yield from rule.of
    elif isinstance(rule, Not):
        yield rule.of
    elif isinstance(rule, Score):
        definition = scores[rule.of]
        yield from (item.require for item in definition.items)
        if definition.entry is not None:
            yield definition.entry


def _once_for_a_context(evaluate: Evaluator, number: int) -> Evaluator:
    """Asked again under the same context, the rule says the same."""

    def kept(context: Context) -> Outcome:
        outcome = context.outcomes.get(number)
        if outcome is None:
            outcome = context.outcomes[number] = evaluate(context)
        return outcome

    return kept


def _once_for_nothing(evaluate: Evaluator, asked: frozenset[str]) -> Evaluator:
    """For a record that was read and holds nothing of what is asked, only the look-back makes a difference.

    Most of what trials and scores ask for is absent from most records.
    """
    of_nothing: dict[str, Outcome] = {}

    def kept(context: Context) -> Outcome:
        present = context.present
        if present is None or not asked.isdisjoint(present):
            return evaluate(context)
        outcome = of_nothing.get(context.look_back)
        if outcome is None:
            outcome = of_nothing[context.look_back] = evaluate(context)
        return outcome

    return kept


def concepts_asked(rule: Rule) -> frozenset[str] | None:
    """The concepts without which a rule has nothing to look at; None if it asks about anything else too."""
    if isinstance(rule, Measurement | Finding):
        return frozenset({rule.of})
    if isinstance(rule, ConditionRule | ProcedureRule | DrugRule):
        return frozenset(rule.of)
    if isinstance(rule, Treatment):
        return frozenset({*rule.of, *rule.together_with, *rule.also_show})
    if isinstance(rule, Judgement):
        return frozenset(rule.show)
    if isinstance(rule, Not):
        return concepts_asked(rule.of)
    if not isinstance(rule, All | AnyOf | AtLeast):
        return None
    parts = [concepts_asked(part) for part in rule.of]
    known = [part for part in parts if part is not None]
    return frozenset().union(*known) if len(known) == len(parts) else None
