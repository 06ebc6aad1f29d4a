"""Questions that only a person can answer, with what the record has beside them."""

from __future__ import annotations

from datetime import date

from mappings.dates import complete_years
from mappings.evaluation.context import OUTCOME, Context, Outcome
from mappings.evaluation.results import evidence_of
from mappings.evaluation.treatment import exposure_evidence
from mappings.facts import Result
from mappings.kidney import egfr_ckd_epi_2021
from mappings.results import Evidence
from mappings.rules import Judgement
from mappings.verdicts import Reason, Verdict

CREATININE = "creatinine"
EGFR = "egfr-ckd-epi-2021"


def evaluate_judgement(rule: Judgement, context: Context) -> Outcome:
    """Always UNKNOWN; the question comes first, then the latest value of each concept to be shown."""
    question = Evidence("judgement", "To be judged", Reason.NEEDS_JUDGEMENT, note=rule.question)
    found = [evidence for concept in rule.show for evidence in latest_fact(concept, context)]
    return OUTCOME((Verdict.UNKNOWN, Reason.NEEDS_JUDGEMENT, (question, *found)))


def latest_fact(concept: str, context: Context) -> list[Evidence]:
    """The latest fact about a concept of any kind, for a reader's eyes; nothing if there is none."""
    newest = context.known(concept).newest
    if newest:
        result = newest[0]
        reason = result.problem or Reason.VALUE
        if reason is Reason.NOT_FOUND and context.gap(concept) is not None:
            reason = Reason.NOT_RETRIEVED
        shown = evidence_of(result, reason, context)
        egfr = _egfr(result, context) if concept == CREATININE else None
        return [shown, egfr] if egfr else [shown]
    record, label = context.record, context.concept(concept).display
    if not (concept in record.exposures or concept in record.diagnoses or concept in record.procedures):
        return []
    found = [
        exposure_evidence(exposure, context)
        for exposure in record.exposures.get(concept, ())
        if exposure.start.first <= context.day
    ]
    found += [
        Evidence(concept, label, Reason.VALUE, d.text, d.text, "", known.text if known else "", d.reference)
        for d in record.diagnoses.get(concept, ())
        if d.confirmed is not False
        for known in [d.onset or d.recorded]
    ]
    found += [
        Evidence(concept, label, Reason.VALUE, p.text, p.text, "", p.when.text, p.reference)
        for p in record.procedures.get(concept, ())
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
        Reason.VALUE,
        f"{value} mL/min/1.73 m²",
        value,
        "mL/min/{1.73_m2}",
        creatinine.when.text,
        creatinine.reference,
        None,
        "computed from this creatinine",
    )
