"""What an evaluator may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple

from mappings.concept import Concept
from mappings.dates import BEGINNING, When, Window
from mappings.evaluation.selection import NOTHING_KNOWN, Known, known_by
from mappings.facts import PatientRecord, Result
from mappings.results import EVIDENCE, CriterionResult, Evidence, Gap, ScoreResult
from mappings.rules import Score
from mappings.verdicts import IMPRECISE, MET, TOO_OLD, Reason, Verdict


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

    ``criteria`` holds, by id, the functions that answer the trial's criteria. ``recorded`` holds the concepts
    about which there are facts. ``starts`` keeps the first days of look-backs, the same for all records of a
    day.
    """

    record: PatientRecord
    today: date
    concepts: Mapping[str, Concept]
    criteria: Mapping[str, Callable[[Context], CriterionResult]]
    recorded: frozenset[str] = field(init=False)
    starts: dict[Window, int] = field(init=False)
    criterion_results: dict[tuple[str, int], CriterionResult] = field(default_factory=dict)
    score_results: dict[tuple[Score, int], tuple[ScoreResult, Outcome]] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        record = self.record
        facts = (*record.results, *record.diagnoses, *record.procedures, *record.exposures, *record.hints)
        self.recorded = frozenset(facts)
        self.starts = _starts(self.today)


@lru_cache(maxsize=8)
def _starts(_today: date) -> dict[Window, int]:
    return {}


class Context:
    """One day's view of a record.

    ``window`` is the look-back of a score being computed, ``look_back`` its words; rules of the score without
    their own take it. ``in_score`` makes a Condition count whatever its status, since a score asks whether it
    was there. ``not_before``: results before this day count as too old; ``first`` is the first day that
    counts. ``present`` holds the concepts about which there are facts; None if not all was read, so that
    absence proves nothing. ``outcomes`` keeps those of rules that stand in several places, and ``in_order``
    what ``known`` has answered: look there first, as nearly every rule asks.
    """

    __slots__ = (
        *("shared", "record", "today", "day", "present", "in_order"),
        *("window", "look_back", "in_score", "not_before", "first", "outcomes"),
    )

    def __init__(
        self,
        shared: Shared,
        window: Window | None = None,
        *,
        in_score: bool = False,
        not_before: int = BEGINNING,
    ) -> None:
        self.shared = shared
        self.record = shared.record
        self.today = shared.today
        self.day = shared.today.toordinal()
        self.present = None if shared.record.gaps else shared.recorded
        self.in_order = shared.known
        self.window = window
        self.look_back = window_words(window)
        self.in_score = in_score
        self.not_before = self.first = not_before
        self.first = self.first_day(window)
        self.outcomes: dict[int, Outcome] = {}

    def concept(self, concept_id: str) -> Concept:
        return self.shared.concepts[concept_id]

    def known(self, concept_id: str) -> Known:
        """The results of a concept up to the day, newest first; sorted once for all that ask."""
        known = self.in_order.get(concept_id)
        if known is None:
            recorded = self.record.results.get(concept_id)
            known = known_by(recorded, self.day) if recorded else NOTHING_KNOWN
            self.in_order[concept_id] = known
        return known

    def gap(self, concept_id: str) -> Gap | None:
        record = self.record
        return record.gap(concept_id) if record.gaps else None

    def since(self, day: int) -> Context:
        """The same day's view, with results before ``day`` too old to count."""
        first = max(day, self.not_before)
        return Context(self.shared, self.window, in_score=self.in_score, not_before=first)

    def within_score(self, window: Window | None) -> Context:
        """The view of the items of a score that is asked for with this look-back."""
        return Context(self.shared, window, in_score=True, not_before=self.not_before)

    def criterion(self, criterion_id: str) -> CriterionResult:
        """A criterion's result under this context's ``not_before``; computed once."""
        key = (criterion_id, self.not_before)
        known = self.shared.criterion_results.get(key)
        if known is None:
            known = self.shared.criteria[criterion_id](self)
            self.shared.criterion_results[key] = known
        return known

    def criteria_until_met(self, criteria: Iterable[str]) -> list[CriterionResult]:
        """The results of some criteria, in order, up to the first that is MET."""
        results = []
        for criterion in criteria:
            results.append(self.criterion(criterion))
            if results[-1].verdict is MET:
                break
        return results

    def first_day(self, within: Window | None) -> int:
        """The first day that counts under a rule's window."""
        if within is None:
            return self.first
        starts = self.shared.starts
        start = starts.get(within)
        if start is None:
            start = starts[within] = within.start(self.today).toordinal()
        return start if start > self.not_before else self.not_before


Evaluator = Callable[[Context], Outcome]
"""A rule as a function: what a record says about it, on a context's day."""


@lru_cache(maxsize=256)
def window_words(window: Window | None) -> str:
    """A look-back in words; none where there is none."""
    return str(window) if window is not None else ""


def on_record(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The evidence that names a resource, and not what is missing or said of the person."""
    return tuple([each for each in evidence if each.reference and not each.reference.startswith("Patient")])


def evidence_of(
    result: Result, reason: Reason, concept: Concept, words: str, until: date | None = None
) -> Evidence:
    """A result as evidence, beside the words of the look-back under which it was looked at."""
    concept_id, when, reference, text, amount, _, written_in, _, note = result
    value: float | str | None = text or None
    unit = ""
    if amount is not None and amount.low == amount.high:
        value, unit = amount.low, concept.unit
        text = text or f"{value:.10g} {written_in}".rstrip()
    return EVIDENCE(
        (concept_id, concept.display, reason, text, value, unit, when.text, reference, until, note, words)
    )


def placement(when: When, first: int, today: int) -> Reason | None:
    """None if a dated fact lies in the window for sure, else why it cannot be used."""
    if when.last < first:
        return TOO_OLD
    if when.first < first or when.first > today:
        return IMPRECISE
    return None


def counts_until(when: When, within: Window | None) -> date | None:
    """The last day on which a fact of a known day still lies in a window."""
    return _end(when.first, within) if within is not None and when.first == when.last else None


@lru_cache(maxsize=1024)
def _end(day: int, within: Window) -> date:
    return within.after(date.fromordinal(day))
