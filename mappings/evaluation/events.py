"""On which days something happened that a rule holds other facts against: what ends them or comes before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from mappings.concept import Concept
from mappings.dates import BEGINNING, SOME_DAY, When
from mappings.evaluation.context import Context, evidence_of
from mappings.evaluation.drugs.records import exposure_evidence
from mappings.facts import Diagnosis, Exposure
from mappings.results import EVIDENCE, Evidence
from mappings.verdicts import IMPRECISE, NOT_RETRIEVED, VALUE, Reason


class _Event(NamedTuple):
    """A fact with the first and the last day on which it can have been.

    ``reason``: why it is not sure that it was, or None.
    """

    first: int
    last: int
    evidence: Evidence
    reason: Reason | None = None


class LastDays(NamedTuple):
    """The last day on which something surely was, and possibly was, and the facts that say so."""

    surely: int
    possibly: int
    evidence: tuple[Evidence, ...]


def ended_by(
    first: int, last: int, enders: Sequence[str], context: Context, answers: Collection[str] = ()
) -> tuple[Reason | None, tuple[Evidence, ...]]:
    """Whether a fact of some concepts lies on or after a day: VALUE if so, None if not, else why unsure.

    With the facts that say so. Of a finding only a negative answer of a later day ends anything, or one that
    is "not" one of the ``answers`` asked for: "not known" does not, and which of two answers of one day came
    first is not told.
    """
    reason: Reason | None = None
    surely, perhaps = [], []
    for concept in enders:
        for event in _events(concept, context, {"negative", *(f"not {answer}" for answer in answers)}):
            if event.first >= last and event.reason is None:
                surely.append(event.evidence)
            elif event.last >= first:
                perhaps.append(event.evidence)
                reason = reason or event.reason or IMPRECISE
        if context.gap(concept) is not None:
            reason = NOT_RETRIEVED
    return (VALUE, tuple(surely)) if surely else (reason, tuple(perhaps))


def last_days(concepts: Sequence[str], context: Context) -> LastDays | None:
    """When one of the concepts last was; None without a record."""
    events = [event for concept in concepts for event in _doses_and_events(concept, context)]
    if not events:
        return None
    surely = max((event.first for event in events if event.reason is None), default=BEGINNING)
    possibly = max(event.last for event in events)
    last = [event.evidence for event in events if event.first == surely or event.last == possibly]
    return LastDays(surely, possibly, tuple(last))


def _doses_and_events(concept: str, context: Context) -> Iterator[_Event]:
    """Each record of a concept; a drug may have been taken until the end of its course."""
    day = context.day
    for exposure in context.record.exposures.get(concept, ()):
        if exposure.start.first <= day:
            surely = min((exposure.last_given or exposure.start).first, day)
            reason = None if exposure.problem in (None, IMPRECISE) else exposure.problem
            last = _last_possible_dose(exposure, day)
            yield _Event(surely, last, exposure_evidence(exposure, context), reason)
    for event in _events(concept, context):
        yield event._replace(last=min(event.last, day))


def _events(concept_id: str, context: Context, ending: Collection[str] = ()) -> Iterator[_Event]:
    """Results, procedures and diagnoses of a concept, up to the day.

    ``ending``: only what may end something, of findings and consents those with one of these answers. A
    diagnosis or procedure without any date may have ended it on any day; it does not make a test of this
    week an old one.
    """
    record, concept, today = context.record, context.concept(concept_id), context.day
    by_answer = bool(ending) and concept.kind in ("finding", "consent")
    for result in record.results.get(concept_id, ()):
        if by_answer and result.tokens.isdisjoint(ending):
            continue
        if result.problem is None and result.when.first <= today:
            evidence = evidence_of(result, VALUE, concept, context.look_back)
            yield _Event(result.when.first - by_answer, result.when.last, evidence)
    for procedure in record.procedures.get(concept_id, ()):
        reason = None if procedure.done else Reason.NOT_CONFIRMED
        if not ending and procedure.when == SOME_DAY:
            continue
        yield from _dated(procedure.when, procedure.text, procedure.reference, concept, context, reason)
    for diagnosis in record.diagnoses.get(concept_id, ()):
        reason = None if diagnosis.confirmed else Reason.NOT_CONFIRMED
        when = happened(diagnosis, context.day) or (SOME_DAY if ending else None)
        yield from _dated(when, diagnosis.text, diagnosis.reference, concept, context, reason)


def happened(diagnosis: Diagnosis, today: int) -> When | None:
    """When it happened: at its onset, else at any time before it was over and was written down.

    None if nothing is dated. A delivery of years ago is often written down, and dated so, at a later visit.
    """
    onset, recorded, over = diagnosis.onset, diagnosis.recorded, diagnosis.abatement
    if onset is not None:
        return onset
    if recorded is not None and recorded.first > today:
        return recorded
    known = [when for when in (recorded, over) if when is not None]
    earliest = min(known, key=lambda when: when.last, default=None)
    return earliest and earliest._replace(first=BEGINNING)


def _dated(
    when: When | None, text: str, reference: str, concept: Concept, context: Context, reason: Reason | None
) -> Iterator[_Event]:
    if when is not None and when.first <= context.day:
        parts = (concept.id, concept.display, reason or VALUE, text, text or None, "", when.text, reference)
        yield _Event(when.first, when.last, EVIDENCE((*parts, None, "", "")), reason)


def _last_possible_dose(exposure: Exposure, today: int) -> int:
    """What was given was on its days; an order or statement may have been followed until its end."""
    if exposure.source == "given":
        return min((exposure.last_given or exposure.start).last, today)
    return today if exposure.end is None else min(exposure.end.last, today)
