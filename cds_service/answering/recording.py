"""What a call leaves behind: the record of what was found and shown, for feedback, policy and audit."""

from __future__ import annotations

from cards import wording
from cards.cds_hooks import Card, Suggestion
from cds_service.answering.flow import Answer, subject_of
from cds_service.clients.caller import Caller
from cds_service.clock import now_utc
from cds_service.fatigue.deciding import Decision
from cds_service.fatigue.history import CriterionTrace
from cds_service.hooks.call import HookCall
from cds_service.hooks.specs import BY_HOOK
from cds_service.referrals.reassessing import reading_of
from cds_service.storage.records import AssessedTrial, CallRecord
from mappings.language import LANGUAGES, language
from mappings.results import Assessment

_REFERRALS = tuple({"text": language(tag).text(wording.REFERRAL)} for tag in LANGUAGES)


def record_of(
    caller: Caller, call: HookCall, answer: Answer | None, status: int, milliseconds: float
) -> CallRecord:
    """The record of a call that named a patient, whatever came of it."""
    judged, composed = (answer.judged, answer.composed or {}) if answer else (None, {})
    decisions = judged.decisions if judged else {}
    trials = [
        _assessed(one, judged.traces[one.trial.id], decisions.get(one.trial.id), composed.get(one.trial.id))
        for one in (judged.assessments if judged else ())
        if judged
    ]
    return CallRecord(
        at=now_utc(),
        client=caller.client.id,
        tenant=caller.tenant,
        hook=call.hook,
        hook_instance=call.hook_instance,
        service=BY_HOOK[call.hook].service_id,
        status=status,
        milliseconds=milliseconds,
        subject=subject_of(caller, call),
        user=call.user,
        trials=trials,
        candidates=[one.trial for one in decisions.values() if one.silenced == "silent_trial"],
    )


def _assessed(
    assessment: Assessment,
    traces: tuple[CriterionTrace, ...],
    decision: Decision | None,
    card: Card | None,
) -> AssessedTrial:
    facts = assessment.trial
    return AssessedTrial(
        trial=facts.id,
        version=facts.version,
        digest=facts.digest,
        outcome=assessment.outcome,
        traces=traces,
        card=card.uuid if card else "",
        suggestions=tuple((one.uuid, _kind(one)) for one in card.suggestions) if card else (),
        silenced=decision.silenced if decision else "",
        site=assessment.site.name if assessment.site else "",
        site_digest=assessment.site.digest if assessment.site else "",
        reading=reading_of(assessment, traces),
    )


def _kind(suggestion: Suggestion) -> str:
    """ "refer" if it refers for screening, in whatever language, else "order"."""
    codes = [(action.resource or {}).get("code") for action in suggestion.actions]
    return "refer" if any(code in _REFERRALS for code in codes) else "order"
