"""What an evaluator may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple

from mappings.concept import Concept
from mappings.dates import BEGINNING, When, Window
from mappings.evaluation.absence import Absences
from mappings.evaluation.selection import NOTHING_KNOWN, Known, known_by
from mappings.facts import PatientRecord
from mappings.results import CriterionResult, Evidence, Gap, ScoreResult
from mappings.rules import Rule, Score
from mappings.trial_definition import Criterion, ScoreDefinition
from mappings.verdicts import Reason, Verdict


class Outcome(NamedTuple):
    """A rule's verdict, its reason, and the evidence: that which decided it comes first."""

    verdict: Verdict
    reason: Reason
    evidence: tuple[Evidence, ...] = ()


OUTCOME: Callable[[tuple[Verdict, Reason, tuple[Evidence, ...]]], Outcome] = partial(tuple.__new__, Outcome)
"""An Outcome from its three parts, in half the time."""


@dataclass(slots=True)
class Shared:
    """What all contexts of one assessment share; results are computed once and kept.

    ``present`` holds the concepts about which there are facts; None if not all was read.
    """

    record: PatientRecord
    concepts: Mapping[str, Concept]
    scores: Mapping[str, ScoreDefinition]
    criteria: Mapping[str, Criterion]
    evaluate: Callable[[Rule, Context], Outcome]
    evaluate_criterion: Callable[[Criterion, Context], CriterionResult]
    present: frozenset[str] | None = None
    absences: Absences = field(default_factory=Absences)
    criterion_results: dict[tuple[str, int], CriterionResult] = field(default_factory=dict)
    score_results: dict[tuple[Score, int], ScoreResult] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)


@dataclass(slots=True)
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
    absent: dict[int, Outcome] = field(init=False, compare=False)
    outcomes: dict[int, Outcome] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.absent = self.shared.absences.outcomes(self.window)

    @property
    def record(self) -> PatientRecord:
        return self.shared.record

    def concept(self, concept_id: str) -> Concept:
        return self.shared.concepts[concept_id]

    def known(self, concept_id: str) -> Known:
        """The results of a concept up to the day, newest first; sorted once for all that ask."""
        shared = self.shared
        known = shared.known.get(concept_id)
        if known is None:
            recorded = shared.record.results.get(concept_id)
            known = known_by(recorded, self.day) if recorded else NOTHING_KNOWN
            shared.known[concept_id] = known
        return known

    def gap(self, concept_id: str) -> Gap | None:
        record = self.shared.record
        return record.gap(concept_id) if record.gaps else None

    def evaluate(self, rule: Rule) -> Outcome:
        return self.shared.evaluate(rule, self)

    def since(self, day: int) -> Context:
        """The same day's view, with results before ``day`` too old to count."""
        first = max(day, self.not_before)
        return Context(self.shared, self.today, self.day, self.window, self.in_score, first)

    def within_score(self, window: Window | None) -> Context:
        """The view of the items of a score that is asked for with this look-back."""
        return Context(self.shared, self.today, self.day, window, True, self.not_before)

    def criterion(self, criterion_id: str) -> CriterionResult:
        """A criterion's result under this context's ``not_before``; computed once."""
        key = (criterion_id, self.not_before)
        known = self.shared.criterion_results.get(key)
        if known is None:
            plain = self if self.window is None and not self.in_score else self._plain()
            known = self.shared.evaluate_criterion(self.shared.criteria[criterion_id], plain)
            self.shared.criterion_results[key] = known
        return known

    def _plain(self) -> Context:
        return Context(self.shared, self.today, self.day, None, False, self.not_before)

    def first_day(self, within: Window | None) -> int:
        """The first day that counts under a rule's window."""
        window = within or self.window
        if window is None:
            return self.not_before
        return max(_start(window, self.today), self.not_before)


@lru_cache(maxsize=1024)
def _start(window: Window, today: date) -> int:
    return window.start(today).toordinal()


def placement(when: When, first: int, today: int) -> Reason | None:
    """None if a dated fact lies in the window for sure, else why it cannot be used."""
    if when.last < first:
        return Reason.TOO_OLD
    if when.first < first or when.first > today:
        return Reason.IMPRECISE
    return None


def counts_until(when: When, within: Window | None) -> date | None:
    """The last day on which a fact of a known day still lies in a window."""
    return _end(when.first, within) if within is not None and when.first == when.last else None


@lru_cache(maxsize=1024)
def _end(day: int, within: Window) -> date:
    return within.after(date.fromordinal(day))
