"""On which days something happened that a rule holds other facts against: what ends them or comes before."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.dates import When
from mappings.evaluation.context import Context
from mappings.facts import Exposure
from mappings.verdicts import IMPRECISE, NOT_RETRIEVED, VALUE, Reason


def ended_by(first: int, last: int, enders: Sequence[str], context: Context) -> Reason | None:
    """Whether a fact of some concepts lies on or after a day: VALUE if so, None if not, else why unsure."""
    answer: Reason | None = None
    for concept in enders:
        for when in _event_days(concept, context):
            if when.first >= last:
                return VALUE
            if when.last >= first:
                answer = IMPRECISE
        if context.gap(concept) is not None:
            answer = NOT_RETRIEVED
    return answer


def last_days(concepts: Sequence[str], context: Context) -> tuple[int, int] | None:
    """The last day on which one of the concepts surely was, and possibly was; None without a record."""
    spans = [span for concept in concepts for span in _spans(concept, context)]
    if not spans:
        return None
    return max(first for first, _ in spans), max(last for _, last in spans)


def _spans(concept: str, context: Context) -> list[tuple[int, int]]:
    """For each record of a concept, the first and the last day on which it can have taken place."""
    record, today = context.record, context.day
    found = [
        (e.start.first, _last_possible_dose(e, today))
        for e in record.exposures.get(concept, ())
        if e.start.first <= today
    ]
    found += [(when.first, min(when.last, today)) for when in _event_days(concept, context)]
    return found


def _event_days(concept: str, context: Context) -> list[When]:
    """The days of results, procedures and diagnoses (onset, else recorded) of a concept, up to the day."""
    record = context.record
    days = [r.when for r in record.results.get(concept, ()) if r.problem is None]
    days += [p.when for p in record.procedures.get(concept, ())]
    days += [when for d in record.diagnoses.get(concept, ()) if (when := d.onset or d.recorded) is not None]
    return [when for when in days if when.first <= context.day]


def _last_possible_dose(exposure: Exposure, today: int) -> int:
    """A single administration was on its day; an order or statement may have been followed until its end."""
    if exposure.source == "given":
        return exposure.start.last
    return today if exposure.end is None else min(exposure.end.last, today)
