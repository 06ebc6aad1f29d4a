"""One trial, one record, one day: the function that card, worksheet and batch all call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from mappings.attesting.deciding import worksheet_answers
from mappings.evaluation.context import Context, Shared
from mappings.evaluation.evaluate import plan_of
from mappings.evaluation.judgement import latest_facts
from mappings.facts import PatientFacts, PatientRecord
from mappings.next_steps.settling import LookingAhead
from mappings.results import Assessment, CriterionResult, Orderable, Outcome, RecordReason, ScoreResult
from mappings.trial_definition import Catalog, TrialDefinition
from mappings.verdicts import MET, NOT_MET, Verdict


def assess(trial: TrialDefinition, record: PatientRecord, today: date, catalog: Catalog) -> Assessment:
    """What the record says about the trial on a day, in the calling client's time zone.

    Pure. A deceased, merged or inactive patient is not assessed: ``ruled-out`` with ``record_reason``.
    Otherwise ``ruled-out`` if any criterion is NOT_MET, else ``possible-candidate`` if the gate is MET,
    else ``needs-data``. There is no "eligible".
    """
    reason = _record_reason(record.patient, today)
    if reason:
        return Assessment(
            trial.facts,
            record.patient.reference,
            today,
            "ruled-out",
            record_reason=reason,
            site=catalog.site,
        )
    plan = plan_of(trial, catalog)
    context = Context(Shared(record, today, catalog.concepts, plan.criteria))
    criteria = tuple([context.criterion(criterion.id) for criterion in trial.criteria])
    gate = plan.gate(context)
    enrolment, other_studies = _participations(trial, record)
    return Assessment(
        trial=trial.facts,
        patient=record.patient.reference,
        as_of=today,
        outcome=_outcome(criteria, gate.verdict),
        criteria=criteria,
        gate=gate.verdict,
        gate_evidence=gate.evidence,
        scores=_scores(context),
        not_encoded=trial.not_encoded,
        not_retrieved=tuple(dict.fromkeys(gap.what for gap in record.gaps)),
        unreadable=record.unreadable,
        enrolment=enrolment,
        other_studies=other_studies,
        shown=tuple(latest_facts(trial.show, context)),
        orderable=_orderable(criteria, catalog),
        outlook=LookingAhead(trial, catalog, context),
        site=catalog.site,
        answers=worksheet_answers(trial, context),
    )


def _record_reason(patient: PatientFacts, today: date) -> RecordReason:
    if patient.deceased is not None and patient.deceased.first <= today.toordinal():
        return "deceased"
    if patient.merged:
        return "merged"
    return "inactive" if patient.inactive else ""


def _outcome(criteria: Sequence[CriterionResult], gate: Verdict) -> Outcome:
    if any(criterion.verdict is NOT_MET for criterion in criteria):
        return "ruled-out"
    return "possible-candidate" if gate is MET else "needs-data"


def _scores(context: Context) -> tuple[ScoreResult, ...]:
    """The scores as the criteria saw them, not those of a narrower look taken along the way."""
    widest: dict[str, tuple[int, ScoreResult]] = {}
    for (rule, not_before), (result, _) in context.shared.score_results.items():
        if rule.of not in widest or not_before < widest[rule.of][0]:
            widest[rule.of] = (not_before, result)
    return tuple(result for _, result in widest.values())


def _participations(trial: TrialDefinition, record: PatientRecord) -> tuple[str, tuple[str, ...]]:
    enrolment, others = "", []
    for participation in record.participations:
        if trial.id.upper() in participation.study:
            enrolment = participation.status or "recorded"
        elif participation.label or participation.study:  # else a gap says that nobody knows which it is
            others.append(participation.label or ", ".join(sorted(participation.study)))
    return enrolment, tuple(others)


def _orderable(criteria: Sequence[CriterionResult], catalog: Catalog) -> dict[str, Orderable]:
    known = _orderables(catalog)
    wanted = [concept for criterion in criteria for concept in criterion.to_settle if concept in known]
    return {concept: known[concept] for concept in wanted}


@lru_cache(maxsize=64)
def _orderables(catalog: Catalog) -> dict[str, Orderable]:
    return {
        concept.id: Orderable(
            concept.id,
            concept.display,
            concept.orderable.system,
            concept.orderable.code,
            concept.orderable.display,
        )
        for concept in catalog.concepts.values()
        if concept.orderable is not None
    }
