"""Rules about which a record holds nothing at all.

Most of what trials and scores ask for is absent from most records, and what follows from nothing is the same
for every record: it is worked out once and kept with the catalog.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mappings.dates import Window
from mappings.facts import PatientRecord
from mappings.rules import (
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    Finding,
    Judgement,
    Measurement,
    Not,
    ProcedureRule,
    Rule,
    Treatment,
)
from mappings.trial_definition import Catalog

if TYPE_CHECKING:
    from mappings.evaluation.context import Context, Outcome


class Plan(NamedTuple):
    """What there is to know of a rule whatever the record: see ``concepts_asked``, and ``Absences``."""

    evaluator: Callable[[Any, Context], Outcome]
    asked: frozenset[str] | None
    made_of_others: bool


class Absences:
    """The outcomes of rules for a record without any fact about what they ask for, by look-back.

    Rules are known by ``id``: they live as long as the catalog that this is made for.
    """

    def __init__(self) -> None:
        self.plans: dict[int, Plan] = {}
        self._outcomes: dict[Window | None, dict[int, Outcome]] = {}

    def plan(self, rule: Rule, evaluator: Callable[[Any, Context], Outcome]) -> Plan:
        """The rule's plan, kept from now on."""
        plan = Plan(evaluator, concepts_asked(rule), isinstance(rule, All | AnyOf | AtLeast | Not))
        self.plans[id(rule)] = plan
        return plan

    def outcomes(self, window: Window | None) -> dict[int, Outcome]:
        """What is kept for a look-back."""
        return self._outcomes.setdefault(window, {})


@lru_cache(maxsize=8)
def absences_of(_catalog: Catalog) -> Absences:
    """What is kept for a catalog."""
    return Absences()


def present_in(record: PatientRecord) -> frozenset[str] | None:
    """The concepts about which a record holds facts; None if not all was read, and absence proves nothing."""
    if record.gaps:
        return None
    return frozenset({*record.results, *record.diagnoses, *record.procedures, *record.exposures})


def concepts_asked(rule: Rule) -> frozenset[str] | None:
    """The concepts without which a rule has nothing to look at; None if it asks about anything else too."""
    if isinstance(rule, Measurement | Finding):
        return frozenset({rule.of})
    if isinstance(rule, ConditionRule | ProcedureRule):
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
