"""What the product says of a chart: its verdicts and what they rest on, and the whole way to a card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from cards.composing import CardContext, compose_cards
from cds_service.assessing import assess_resources
from cds_service.assessment_json import patient_document
from mappings.assessment import assess
from mappings.facts import PatientRecord, ReadCounts
from mappings.reading.bundles import unwrap
from mappings.reading.record import read_record
from mappings.results import Assessment, CriterionResult, Gap
from mappings.verdicts import Reason, Verdict
from tests.fuzz.charts import TRIAL, Chart, catalog
from tests.trials.chart_language import gap_of

GATE, OUTCOME = "gate", "outcome"


class Judged(NamedTuple):
    """A chart as the product sees it.

    ``verdicts`` holds the criteria, the gate and the outcome by name; ``reasons`` the criteria's.
    ``references`` says which resources the evidence of a criterion, or of the gate, names. ``scores`` are
    the intervals.
    """

    verdicts: Mapping[str, str]
    reasons: Mapping[str, str]
    references: Mapping[str, frozenset[str]]
    scores: Mapping[str, tuple[int, int, str]]
    counts: ReadCounts
    record: PatientRecord
    assessment: Assessment


class NoPatientError(LookupError):
    """The chart has lost its Patient, without whom nothing can be said."""


def judged(chart: Chart) -> Judged:
    """The verdicts on a chart. NoPatientError is the only error that the product may raise."""
    record = record_of(chart)
    assessment = assess(catalog().trial(TRIAL), record, chart.day, catalog())
    return _judged(record, assessment)


def record_of(chart: Chart) -> PatientRecord:
    taken_apart = unwrap([chart.bundle])
    try:
        return read_record(
            taken_apart.resources,
            catalog(),
            patient_id=chart.patient_id,
            full_urls=taken_apart.full_urls,
            gaps=gaps_of(chart.not_read),
        )
    except LookupError as error:
        if type(error) is LookupError:
            raise NoPatientError from error
        raise


def _judged(record: PatientRecord, assessment: Assessment) -> Judged:
    criteria = assessment.criteria
    verdicts = {criterion.id: criterion.verdict.value for criterion in criteria}
    references = {criterion.id: _references(criterion) for criterion in criteria}
    references[GATE] = frozenset(each.reference for each in assessment.gate_evidence)
    verdicts[GATE] = assessment.gate.value
    verdicts[OUTCOME] = f"{assessment.outcome} {assessment.record_reason}".strip()
    reasons = {criterion.id: criterion.reason.value for criterion in criteria}
    scores = {score.id: (score.at_least, score.at_most, score.basis) for score in assessment.scores}
    return Judged(verdicts, reasons, references, scores, record.counts, record, assessment)


def _references(criterion: CriterionResult) -> frozenset[str]:
    return frozenset(each.reference for each in criterion.evidence)


@cache
def gaps_of(not_read: tuple[str, ...]) -> tuple[Gap, ...]:
    return tuple(gap_of(text, catalog()) for text in not_read)


def walk_the_whole_way(chart: Chart) -> None:
    """From the bytes of a Bundle to the JSON of an assessment and of a card, as the service goes.

    What the parser of the service refuses (a half surrogate, a number beyond all numbers) is read and
    assessed all the same. A card is made for every outcome: any criterion may come to stand on one.
    """
    try:
        document = orjson.loads(json.dumps(chart.bundle))
    except (orjson.JSONDecodeError, RecursionError, ValueError):
        judged(chart)
        return
    try:
        assessments = assess_resources(
            [document], chart.day, patient_id=chart.patient_id, gaps=gaps_of(chart.not_read)
        )
    except LookupError as error:
        if type(error) is LookupError:
            return
        raise
    orjson.dumps(patient_document(f"Patient/{chart.patient_id}", chart.day, assessments))
    for assessment in assessments:
        orjson.dumps(_cards(assessment, chart))
        as_candidate = replace(assessment, outcome="possible-candidate", enrolment="", record_reason="")
        orjson.dumps(_cards(as_candidate, chart))


def _cards(assessment: Assessment, chart: Chart) -> list[dict[str, Any]]:
    numbers = count(1)
    context = CardContext(patient_id=chart.patient_id, retrieved=chart.day)
    cards = compose_cards(assessment, context, lambda: str(UUID(int=next(numbers), version=4)))
    return [card.to_json() for card in cards]


def differences(before: Judged, after: Judged, *, closely: bool = False) -> Iterator[str]:
    """The names of the verdicts that changed; ``closely``: also reasons and scores."""
    for name, verdict in before.verdicts.items():
        if after.verdicts.get(name) != verdict:
            yield name
    if closely:
        yield from (f"reason of {n}" for n, r in before.reasons.items() if after.reasons.get(n) != r)
        yield from (f"score {n}" for n, s in before.scores.items() if after.scores.get(n) != s)


def was(name: str, before: Judged, after: Judged) -> str:
    """What a verdict was and what it became, in words."""
    of = name.removeprefix("reason of ")
    reason = f" ({before.reasons[of]})" if of in before.reasons else ""
    since = f" ({after.reasons[of]})" if of in after.reasons else ""
    return f"{of}: {before.verdicts.get(of, '-')}{reason} became {after.verdicts.get(of, '-')}{since}"


def is_settled_by_absence(criterion: CriterionResult) -> bool:
    """Whether a verdict is that nothing is there: unknown, or what the author says that absence means."""
    return criterion.verdict is Verdict.UNKNOWN or criterion.reason is Reason.ABSENT_BY_RULE
