"""What a rule or a trial refers to."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.rules import All, AnyOf, AtLeast, ConditionRule, CriterionRef, Not, Rule, Score, Treatment
from mappings.trial_definition import Criterion, TrialDefinition


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


def scores_of(trial: TrialDefinition) -> tuple[str, ...]:
    """The scores for which a trial asks, each once."""
    rules = [
        trial.show_card_when_met,
        *(rule for criterion in trial.criteria for rule in rules_of(criterion)),
    ]
    parts = (part for rule in rules for part in walk(rule))
    return tuple(dict.fromkeys(part.of for part in parts if isinstance(part, Score)))
