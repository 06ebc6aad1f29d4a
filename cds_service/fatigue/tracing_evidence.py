"""What a card's criteria rested on, as keyed digests: enough to see that something changed, never what.

A digest is over the facts: reference, concept, value, unit, date. Not over the reason, the window or the
last day on which a fact counts: a result that turns too old is no news about the patient. The verdict and
its reason stand beside the digest, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, tzinfo
from typing import NamedTuple, Protocol

from cds_service.fatigue.answers import NOT_ELIGIBLE
from cds_service.fatigue.history import Answer, CriterionTrace, History
from cds_service.fatigue.silences import local_day
from mappings.dates import parse_when
from mappings.results import Assessment, CriterionResult, Evidence
from mappings.verdicts import Reason

AssessAsOf = Callable[[str, date], Assessment | None]
"""Today's record held against a trial (by id) as of an earlier day; None if that cannot be said."""


class EvidenceKeys(Protocol):
    """What is needed of ``audit.key_ring.KeyRing``."""

    def digest(self, *parts: str) -> str:
        """A digest under the current key."""

    def same_digest(self, digest: str, *parts: str) -> bool:
        """Whether the digest is of these parts, under whichever key of the ring."""


def traces_of(assessment: Assessment, ring: EvidenceKeys) -> tuple[CriterionTrace, ...]:
    """One trace for each criterion, in the trial's order. Without a fact the digest is ""."""
    trial, digest = assessment.trial.id, ring.digest
    traces = []
    for criterion in assessment.criteria:
        facts = _facts(criterion.evidence)
        found = digest(trial, criterion.id, *facts) if facts else ""
        traces.append(CriterionTrace(criterion.id, criterion.verdict.value, criterion.reason.value, found))
    return tuple(traces)


def _facts(evidence: Iterable[Evidence]) -> list[str]:
    """Each fact once, in an order of its own: the order in which evidence is shown says nothing new.

    A score's total is no fact but made of them. An age is: the birth date is not in the evidence, and a
    birthday is not news, so of the Patient only words count.
    """
    found = set()
    for each in evidence:
        if not (each.reference or each.date):
            continue
        value = each.value
        if value is not None and not isinstance(value, str):
            value = "" if each.reference.startswith("Patient/") else f"{value:.10g}"
        found.add(repr((each.reference, each.concept, value, each.unit, each.date)))
    return sorted(found)


def carried_over(
    history: History,
    assessments: Sequence[Assessment],
    ring: EvidenceKeys,
    as_of: AssessAsOf,
    zone: tzinfo | None,
) -> History:
    """The history with the traces of "not eligible" answers restated, so that equal digests mean no news.

    An earlier digest becomes the present one where nothing new is known of its criterion:

    - the evidence is the same, under whichever key it was digested;
    - or there is no evidence now, or it could not be read: what is gone or unread is no news;
    - or only time has passed. As results leave their windows, a criterion shows older ones in their place, so
      another digest alone proves nothing. Today's record is therefore assessed as of the day of the card:
      if it says what the card said, and nothing that counts today is dated later, only time has passed.

    ``as_of`` is called for the newest such answer of a trial at most, and only if its digests differ.
    """
    current = {assessment.trial.id: _Present(assessment, ring) for assessment in assessments}
    asked: set[str] = set()
    answers = []
    for answer in sorted(history.answers, key=lambda one: one.at, reverse=True):
        present = current.get(answer.trial)
        if answer.reason != NOT_ELIGIBLE or answer.outcome == "accepted" or present is None:
            answers.append(answer)
            continue
        newest = answer.trial not in asked
        asked.add(answer.trial)
        answers.append(_restated(answer, present, as_of if newest else _unknown, zone))
    return replace(history, answers=tuple(answers))


def _unknown(_trial: str, _day: date) -> None:
    return None


class _Criterion(NamedTuple):
    result: CriterionResult
    trace: CriterionTrace
    facts: Sequence[str]


class _Present:
    """An assessment with its traces, made when they are first asked for."""

    def __init__(self, assessment: Assessment, ring: EvidenceKeys) -> None:
        self.trial = assessment.trial.id
        self._assessment = assessment
        self.ring = ring
        self._criteria: Mapping[str, _Criterion] | None = None

    @property
    def criteria(self) -> Mapping[str, _Criterion]:
        if self._criteria is None:
            traces = traces_of(self._assessment, self.ring)
            pairs = zip(self._assessment.criteria, traces, strict=True)
            self._criteria = {
                result.id: _Criterion(result, trace, _facts(result.evidence)) for result, trace in pairs
            }
        return self._criteria

    def says(self, criterion: str, digest: str) -> bool:
        """Whether a criterion rests on the evidence of a digest made under any key of the ring."""
        own = self.criteria.get(criterion)
        if own is None:
            return False
        if own.trace.digest == digest:
            return True
        return bool(digest and own.facts) and self.ring.same_digest(digest, self.trial, criterion, *own.facts)

    def is_silent_on(self, criterion: str) -> bool:
        """Whether a criterion has no evidence, or it could not be read."""
        own = self.criteria.get(criterion)
        return own is None or not own.facts or own.result.reason is Reason.NOT_RETRIEVED


def _restated(answer: Answer, present: _Present, as_of: AssessAsOf, zone: tzinfo | None) -> Answer:
    """The answer with present digests where nothing new is known."""
    differing = [
        trace
        for trace in answer.traces
        if not present.says(trace.id, trace.digest) and not present.is_silent_on(trace.id)
    ]
    news = {trace.id for trace in differing}
    if differing:
        day = local_day(answer.shown_at or answer.at, zone)
        past = as_of(answer.trial, day)
        if past is not None:
            then = _Present(past, present.ring)
            news = {trace.id for trace in differing if _is_news(trace, present, then, day)}
    traces = tuple(
        trace._replace(digest=present.criteria[trace.id].trace.digest)
        if trace.id in present.criteria and trace.id not in news
        else trace
        for trace in answer.traces
    )
    return answer._replace(traces=traces)


def _is_news(trace: CriterionTrace, present: _Present, then: _Present, day: date) -> bool:
    """Whether a fact of today is dated after the day, or the record says something else of that day."""
    dates = (parse_when(each.date) for each in present.criteria[trace.id].result.evidence)
    if any(when is not None and when.first > day.toordinal() for when in dates):
        return True
    return not then.says(trace.id, trace.digest) and not then.is_silent_on(trace.id)
