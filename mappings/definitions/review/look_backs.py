"""Every look-back of a trial: how old a fact may be to count, or how long a treatment must have lasted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from mappings.dates import Window
from mappings.definitions.uses import rules_of, walk
from mappings.rules import (
    ConditionRule,
    DrugRule,
    Finding,
    Measurement,
    Named,
    ProcedureRule,
    Rule,
    Score,
    Treatment,
    written_in,
)
from mappings.trial_definition import Catalog, TrialDefinition


class LookBack(NamedTuple):
    """``where`` is a criterion's id, or empty for the gate; ``names`` are concepts, or one score.

    ``of``: how old facts or the items of a score may be, or how long a treatment must have lasted.
    """

    where: str
    names: tuple[str, ...]
    window: Window
    of: Literal["facts", "score", "treatment"] = "facts"


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
            yield LookBack(where, (rule.of,), rule.within, "score")
        for item in catalog.scores[rule.of].items:
            for part in walk(item.require):
                yield from _of(part, where, catalog)
        return
    if isinstance(rule, Treatment):
        if rule.for_more_than:
            drugs, with_ = rule.of, rule.together_with
            names = Named((*drugs, *with_), (*written_in(drugs), *written_in(with_)))
            yield LookBack(where, names, rule.for_more_than, "treatment")
        return
    for concepts, window in _windows(rule):
        if window:
            yield LookBack(where, concepts, window)


def _windows(rule: Rule) -> tuple[tuple[tuple[str, ...], Window | None], ...]:
    if isinstance(rule, Measurement | Finding):
        return (((rule.of,), rule.within),)
    if isinstance(rule, ConditionRule):
        return (rule.of, rule.within), (rule.of, rule.recorded_within)
    if isinstance(rule, ProcedureRule | DrugRule):
        return ((rule.of, rule.within),)
    return ()
