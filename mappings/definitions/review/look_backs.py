"""Every look-back of a trial in one table: how old a fact may be to count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mappings.dates import Window
from mappings.definitions.uses import rules_of, walk
from mappings.rules import (
    ConditionRule,
    DrugRule,
    Finding,
    Measurement,
    ProcedureRule,
    Rule,
    Score,
    Treatment,
)
from mappings.trial_definition import Catalog, TrialDefinition


class LookBack(NamedTuple):
    """``where`` is a criterion's id, or empty for the gate; ``names`` are concepts, or one score."""

    where: str
    names: tuple[str, ...]
    window: Window
    of_score: bool = False


def look_backs_of(trial: TrialDefinition, catalog: Catalog) -> tuple[LookBack, ...]:
    """Those of the criteria, then of the gate, each once; of scores also those of their items."""
    places: list[tuple[str, Rule]] = [
        (criterion.id, rule) for criterion in trial.criteria for rule in rules_of(criterion)
    ]
    places.append(("", trial.show_card_when_met))
    found = [back for where, rule in places for part in walk(rule) for back in _of(part, where, catalog)]
    return tuple(dict.fromkeys(found))


def _of(rule: Rule, where: str, catalog: Catalog) -> Iterator[LookBack]:
    if isinstance(rule, Score):
        if rule.within:
            yield LookBack(where, (rule.of,), rule.within, of_score=True)
        for item in catalog.scores[rule.of].items:
            for part in walk(item.require):
                yield from _of(part, where, catalog)
        return
    for names, window in _windows(rule):
        if window:
            yield LookBack(where, names, window)


def _windows(rule: Rule) -> tuple[tuple[tuple[str, ...], Window | None], ...]:
    if isinstance(rule, Measurement | Finding):
        return (((rule.of,), rule.within),)
    if isinstance(rule, ConditionRule):
        return (rule.of, rule.within), (rule.of, rule.recorded_within)
    if isinstance(rule, ProcedureRule | DrugRule):
        return ((rule.of, rule.within),)
    if isinstance(rule, Treatment):
        return (((*rule.of, *rule.together_with), rule.for_more_than),)
    return ()
