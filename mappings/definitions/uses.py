"""What a rule or a trial refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from mappings.rules import (
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    CriterionRef,
    Named,
    Not,
    Rule,
    Score,
    Treatment,
    written_in,
)
from mappings.trial_definition import Catalog, Criterion, TrialDefinition


def walk(rule: Rule) -> Iterator[Rule]:
    """The rule and every rule inside it."""
    yield rule
    for part in parts_of(rule):
        yield from walk(part)


def parts_of(rule: Rule) -> tuple[Rule, ...]:
    """The rules that a rule combines."""
    if isinstance(rule, All | AnyOf | AtLeast):
        return rule.of
    return (rule.of,) if isinstance(rule, Not) else ()


def leaves_of(rule: Rule, negated: bool = False) -> Iterator[tuple[Rule, bool]]:
    """The rules that combine no others, each with whether it stands under an odd number of ``not``."""
    if isinstance(rule, Not):
        negated = not negated
    parts = parts_of(rule)
    for part in parts:
        yield from leaves_of(part, negated)
    if not parts:
        yield rule, negated


def rules_of(criterion: Criterion) -> tuple[Rule, ...]:
    return (
        (criterion.require,)
        if criterion.applies_when is None
        else (criterion.applies_when, criterion.require)
    )


def criteria_in(rule: Rule) -> Iterator[str]:
    """The criteria whose verdict the rule uses."""
    for part in walk(rule):
        if isinstance(part, CriterionRef):
            yield part.id
        elif isinstance(part, ConditionRule):
            yield from part.followed_by
        elif isinstance(part, Treatment):
            yield from part.still_active_by


def _all_rules(trial: TrialDefinition) -> Iterator[Rule]:
    """The gate, then those of the criteria, each with all inside it."""
    for rule in (trial.show_card_when_met, *(rule for one in trial.criteria for rule in rules_of(one))):
        yield from walk(rule)


def scores_of(trial: TrialDefinition) -> tuple[str, ...]:
    """The scores for which a trial asks, each once."""
    return tuple(dict.fromkeys(part.of for part in _all_rules(trial) if isinstance(part, Score)))


def groups_in(trial: TrialDefinition, catalog: Catalog) -> tuple[str, ...]:
    """The groups that a trial and its scores name, each once."""
    scores = [catalog.scores[name] for name in scores_of(trial)]
    of_scores = [
        rule for score in scores for rule in (score.entry, *(i.require for i in score.items)) if rule
    ]
    rules = [*_all_rules(trial), *(part for rule in of_scores for part in walk(rule))]
    named = [*written_in(trial.show), *(name for rule in rules for name in _written_by(rule))]
    return tuple(dict.fromkeys(name for name in named if name in catalog.groups))


def _written_by(rule: Rule) -> Iterator[str]:
    """Works for a kind of rule that is added later."""
    for member in fields(rule):
        value = getattr(rule, member.name)
        if isinstance(value, Named):
            yield from value.written
