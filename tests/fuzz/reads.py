"""What a criterion reads: the concepts of its rule, and the resources that say something of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from mappings.facts import PatientRecord
from mappings.rules import (
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
    Treatment,
)
from tests.fuzz.charts import TRIAL, catalog


@cache
def concepts_read(criterion_id: str) -> frozenset[str]:
    """Every concept that a criterion looks at: to decide, to end what it found, or only to show."""
    (criterion,) = [one for one in catalog().trial(TRIAL).criteria if one.id == criterion_id]
    rules = [criterion.require, *([criterion.applies_when] if criterion.applies_when else [])]
    return frozenset(concept for rule in rules for concept in _concepts(rule))


def _concepts(rule: Rule) -> Iterator[str]:
    if isinstance(rule, Measurement | Finding):
        yield from (rule.of, *rule.after_last)
        yield from rule.unless_followed_by if isinstance(rule, Finding) else ()
    elif isinstance(rule, ConditionRule):
        yield from (*rule.of, *rule.unless_followed_by)
        yield from _of_criteria(rule.followed_by)
    elif isinstance(rule, ProcedureRule | DrugRule):
        yield from rule.of
    elif isinstance(rule, Treatment):
        yield from (*rule.of, *rule.together_with, *rule.also_show)
        yield from _of_criteria(rule.still_active_by)
    elif isinstance(rule, Judgement):
        yield from rule.show
    elif isinstance(rule, CriterionRef):
        yield from _of_criteria((rule.id,))
    else:
        yield from _of_parts(rule)


def _of_parts(rule: Rule) -> Iterator[str]:
    if isinstance(rule, All | AnyOf | AtLeast):
        for part in rule.of:
            yield from _concepts(part)
    elif isinstance(rule, Not):
        yield from _concepts(rule.of)
    elif isinstance(rule, Score):
        score = catalog().scores[rule.of]
        for part in (*(item.require for item in score.items), *([score.entry] if score.entry else [])):
            yield from _concepts(part)
        yield from (score.recorded_as,) if score.recorded_as else ()


def _of_criteria(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from concepts_read(name)


def references_of(concepts: frozenset[str], record: PatientRecord) -> set[str]:
    """The resources from which the record has facts about some concepts, and what clinicians said."""
    kinds = (record.results, record.diagnoses, record.procedures, record.exposures)
    said = {each.reference for each in record.attestations} | {each.reference for each in record.strikes}
    return said | {
        fact.reference for facts in kinds for concept in concepts & facts.keys() for fact in facts[concept]
    }
