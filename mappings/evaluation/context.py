"""What an evaluator may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from mappings.concept import Concept
from mappings.dates import BEGINNING, When, Window
from mappings.facts import PatientRecord
from mappings.results import CriterionResult, Evidence, Gap, ScoreResult
from mappings.rules import Rule
from mappings.trial_definition import Criterion, ScoreDefinition
from mappings.verdicts import Reason, Verdict


class Outcome(NamedTuple):
    """A rule's verdict, its reason, and the evidence: that which decided it comes first."""

    verdict: Verdict
    reason: Reason
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Shared:
    """What all contexts of one assessment share; results are computed once and kept."""

    record: PatientRecord
    concepts: Mapping[str, Concept]
    scores: Mapping[str, ScoreDefinition]
    criteria: Mapping[str, Criterion]
    evaluate: Callable[[Rule, Context], Outcome]
    evaluate_criterion: Callable[[Criterion, Context], CriterionResult]
    criterion_results: dict[tuple[str, int], CriterionResult] = field(default_factory=dict)
    score_results: dict[tuple[str, str, int], ScoreResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """One day's view of a record.

    ``window`` is the look-back of a score being computed; its rules without their own take it.
    ``in_score`` makes a Condition count whatever its status, since a score asks whether it was there.
    ``not_before``: results before this day count as too old.
    """

    shared: Shared
    today: date
    day: int
    window: Window | None = None
    in_score: bool = False
    not_before: int = BEGINNING

    @property
    def record(self) -> PatientRecord:
        return self.shared.record

    def concept(self, concept_id: str) -> Concept:
        return self.shared.concepts[concept_id]

    def gap(self, concept_id: str) -> Gap | None:
        record = self.shared.record
        return record.gap(concept_id) if record.gaps else None

    def evaluate(self, rule: Rule) -> Outcome:
        return self.shared.evaluate(rule, self)

    def since(self, day: int) -> Context:
        """The same day's view, with results before ``day`` too old to count."""
        return replace(self, not_before=max(day, self.not_before))

    def criterion(self, criterion_id: str) -> CriterionResult:
        """A criterion's result under this context's ``not_before``; computed once."""
        key = (criterion_id, self.not_before)
        known = self.shared.criterion_results.get(key)
        if known is None:
            plain = replace(self, window=None, in_score=False)
            known = self.shared.evaluate_criterion(self.shared.criteria[criterion_id], plain)
            self.shared.criterion_results[key] = known
        return known

    def first_day(self, within: Window | None) -> int:
        """The first day that counts under a rule's window."""
        window = within or self.window
        start = window.start(self.today).toordinal() if window else BEGINNING
        return max(start, self.not_before)


def placement(when: When, first: int, today: int) -> Reason | None:
    """None if a dated fact lies in the window for sure, else why it cannot be used."""
    if when.last < first:
        return Reason.TOO_OLD
    if when.first < first or when.first > today:
        return Reason.IMPRECISE
    return None


def counts_until(when: When, within: Window | None) -> date | None:
    """The last day on which a fact of a known day still lies in a window."""
    day = when.day()
    return within.after(day) if within is not None and day is not None else None
