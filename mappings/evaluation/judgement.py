"""Questions that only a person can answer, with what the record has beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mappings.concept import Concept
from mappings.dates import complete_years
from mappings.evaluation.context import OUTCOME, Context, Evaluator, Outcome, evidence_of
from mappings.evaluation.drugs.records import exposure_evidence
from mappings.evaluation.plan import Planner
from mappings.facts import Result
from mappings.kidney import egfr_ckd_epi_2021
from mappings.results import Evidence
from mappings.rules import Judgement
from mappings.verdicts import NEEDS_JUDGEMENT, NOT_FOUND, NOT_RETRIEVED, UNKNOWN, VALUE

CREATININE = "creatinine"
EGFR = "egfr-ckd-epi-2021"


def prepare_judgement(rule: Judgement, _planner: Planner) -> Evaluator:
    """Always UNKNOWN; the question comes first, then the latest value of each concept to be shown."""
    question = Evidence("judgement", "To be judged", NEEDS_JUDGEMENT, note=rule.question)

    def evaluate(context: Context) -> Outcome:
        evidence = (question, *latest_facts(rule.show, context))
        return OUTCOME((UNKNOWN, NEEDS_JUDGEMENT, evidence))

    return evaluate


def latest_facts(concepts: Sequence[str], context: Context) -> list[Evidence]:
    """The latest fact about each of some concepts of any kind, for a reader's eyes."""
    recorded = context.shared.recorded
    return [
        evidence
        for concept in concepts
        if concept in recorded
        for evidence in _latest_fact(context.concept(concept), context)
    ]


def _latest_fact(concept: Concept, context: Context) -> Sequence[Evidence]:
    newest = context.known(concept.id).newest
    if not newest:
        return _latest_event(concept, context)
    result = newest[0]
    reason = result.problem or VALUE
    if reason is NOT_FOUND and context.gap(concept.id) is not None:
        reason = NOT_RETRIEVED
    shown = evidence_of(result, reason, concept, context.look_back)
    egfr = _egfr(result, context) if concept.id == CREATININE else None
    return (shown, egfr) if egfr else (shown,)


def _latest_event(concept: Concept, context: Context) -> Sequence[Evidence]:
    record, identity, label = context.record, concept.id, concept.display
    found = [
        exposure_evidence(exposure, context)
        for exposure in record.exposures.get(identity, ())
        if exposure.start.first <= context.day
    ]
    found += [
        Evidence(identity, label, VALUE, d.text, d.text, "", known.text if known else "", d.reference)
        for d in record.diagnoses.get(identity, ())
        for known in [d.onset or d.recorded]
        if known is None or known.first <= context.day
    ]
    found += [
        Evidence(identity, label, VALUE, p.text, p.text, "", p.when.text, p.reference)
        for p in record.procedures.get(identity, ())
        if p.when.first <= context.day
    ]
    return sorted(found, key=lambda evidence: evidence.date)[-1:]


def _egfr(creatinine: Result, context: Context) -> Evidence | None:
    """eGFR by CKD-EPI 2021 beside a creatinine, for adults whose sex and age on that day are known."""
    patient, amount, day = context.record.patient, creatinine.amount, creatinine.when.day()
    if amount is None or not amount.is_exact or day is None or patient.birth is None or amount.low <= 0:
        return None
    least, most = complete_years(patient.birth, min(day, date.max))
    if least != most or least < 18 or patient.gender not in ("female", "male"):
        return None
    value = round(egfr_ckd_epi_2021(amount.low, least, female=patient.gender == "female"))
    return Evidence(
        EGFR,
        "eGFR (CKD-EPI 2021)",
        VALUE,
        f"{value} mL/min/1.73 m²",
        value,
        "mL/min/{1.73_m2}",
        creatinine.when.text,
        creatinine.reference,
        None,
        "computed from this creatinine",
    )
