"""What a trial's criteria ask for and what they exclude: the leaves of their rules, told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from mappings.dates import Window
from mappings.definitions.uses import leaves_of, rules_of
from mappings.rules import ConditionRule, DrugRule, Finding, Measurement, Score, Treatment
from mappings.trial_definition import Criterion, TrialDefinition

Leaf = TypeVar("Leaf", Measurement, Score, Treatment, DrugRule)
RuleOfDrugs = Treatment | DrugRule


class Asked(NamedTuple, Generic[Leaf]):
    """A leaf of a criterion. ``excluded``: what it says must not hold, as it stands under an odd number of
    ``not``; an exclusion criterion is one."""

    rule: Leaf
    excluded: bool
    criterion: Criterion


def asked_in(trial: TrialDefinition, kind: type[Leaf]) -> Iterator[Asked[Leaf]]:
    """The leaves of a kind, in the order of the definition."""
    for criterion in trial.criteria:
        for rule, excluded in leaves_of(criterion.require):
            if isinstance(rule, kind):
                yield Asked(rule, excluded, criterion)


def applying_in(trial: TrialDefinition, kind: type[Leaf]) -> Iterator[Leaf]:
    """The leaves that only say to whom a criterion applies."""
    for criterion in trial.criteria:
        if criterion.applies_when is not None:
            for rule, _ in leaves_of(criterion.applies_when):
                if isinstance(rule, kind):
                    yield rule


AskedOfDrugs = Asked[Treatment] | Asked[DrugRule]


class DrugRules(NamedTuple):
    """What trials say of drugs: their rules about drugs, those that ask before those that exclude, and the
    drugs that only other rules name, such as one after which a result has to be newer."""

    asked: tuple[AskedOfDrugs, ...] = ()
    otherwise: frozenset[str] = frozenset()

    @property
    def timed(self) -> tuple[Treatment, ...]:
        """The rules that ask since when drugs are given: for some time, or two groups together."""
        rules = (one.rule for one in self.asked if isinstance(one.rule, Treatment))
        return tuple(rule for rule in rules if rule.together_with or rule.for_more_than)

    @property
    def washouts(self) -> tuple[tuple[Window, DrugRule], ...]:
        """The rules that ask whether drugs were given within some time."""
        rules = (one.rule for one in self.asked if isinstance(one.rule, DrugRule))
        return tuple((rule.within, rule) for rule in rules if rule.within is not None)

    @property
    def in_order(self) -> tuple[str, ...]:
        """The drugs of the rules, each once."""
        return tuple(dict.fromkeys(drug for one in self.asked for drug in drugs_of(one.rule)))


def groups_of(rule: RuleOfDrugs) -> tuple[tuple[str, ...], ...]:
    """The one or two groups of drugs of a rule."""
    return (rule.of, rule.together_with) if isinstance(rule, Treatment) else (rule.of,)


def drugs_of(rule: RuleOfDrugs) -> tuple[str, ...]:
    """The drugs of all groups of a rule."""
    return tuple(drug for group in groups_of(rule) for drug in group)


def drug_rules_of(trials: Iterable[TrialDefinition]) -> DrugRules:
    """Of all the trials, each rule once."""
    found: dict[tuple[RuleOfDrugs, bool], AskedOfDrugs] = {}
    otherwise: set[str] = set()
    for trial in trials:
        for one in _asked_of_drugs(trial):
            found.setdefault((one.rule, one.excluded), one)
        applying: list[RuleOfDrugs] = [*applying_in(trial, Treatment), *applying_in(trial, DrugRule)]
        otherwise.update(drug for rule in applying for drug in drugs_of(rule))
        otherwise.update(_followed(trial))
    return DrugRules(tuple(sorted(found.values(), key=lambda one: one.excluded)), frozenset(otherwise))


def _asked_of_drugs(trial: TrialDefinition) -> tuple[AskedOfDrugs, ...]:
    return (*asked_in(trial, Treatment), *asked_in(trial, DrugRule))


def _followed(trial: TrialDefinition) -> Iterator[str]:
    """What has to come before a fact, or not after it."""
    for criterion in trial.criteria:
        for part in rules_of(criterion):
            for rule, _ in leaves_of(part):
                if isinstance(rule, Measurement | Finding):
                    yield from rule.after_last
                if isinstance(rule, Finding | ConditionRule):
                    yield from rule.unless_followed_by
