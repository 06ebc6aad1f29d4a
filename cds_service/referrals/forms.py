"""A referral as FHIR R4 resources: ServiceRequest, Task and ResearchSubject, tied by one identifier. Pure.

They name the patient by a reference on the patient's own server, and hold nothing that the study team writes
among itself: no note and no reason in words.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cards import wording
from cards.cds_hooks import is_web_address
from cards.service_requests import REFERRAL_SYSTEM, study_reference, trial_name
from cds_service.clients.registered import ReferralTerms
from cds_service.referrals import reasons
from cds_service.referrals.records import Referral
from cds_service.referrals.states import DISPLAY, LEFT, SYSTEM, State, in_fhir
from mappings.language import ENGLISH, Language, message
from mappings.results import TrialFacts

Resource = dict[str, Any]

SCREEN = message("Screen for a clinical trial")
TEAM = message("Study team of {trial}")
REASON = message("Possible candidate for {trial}")


class UnreadableError(Exception):
    """The key that encrypted the patient is no longer in the ring: nothing can be written."""


def service_request(
    referral: Referral, trial: TrialFacts, terms: ReferralTerms, language: Language = ENGLISH
) -> Resource:
    """What a clinician asks for. While it is open its status is what the client's terms say.

    A draft is a proposal, as on the card; an active one an order that somebody has given here.
    """
    codes, say = in_fhir(referral.state, referral.left_from), language.text
    active = terms.request == "active"
    resource: Resource = {
        "resourceType": "ServiceRequest",
        "identifier": _identifiers(referral),
        "status": codes.request or ("active" if active else "draft"),
        "intent": "order" if active else "proposal",
        "code": {"text": say(wording.REFERRAL)},
        "subject": _patient(referral),
        "authoredOn": _instant(referral.opened),
        "reasonCode": [{"text": say(REASON).format(trial=trial_name(trial, language))}],
    }
    if is_web_address(trial.registry_url):
        resource["instantiatesUri"] = [trial.registry_url]
    if study := study_reference(trial):
        resource["supportingInfo"] = [study]
    if referral.referrer:
        resource["requester"] = {"reference": referral.referrer}
    return resource


def task(
    referral: Referral, trial: TrialFacts, *, focus: str = "", owner: str = "", language: Language = ENGLISH
) -> Resource:
    """What the study team does about it. ``focus``: reference of the ServiceRequest on the patient's server,
    where it is known; else the identifier says which. ``owner``: the study team's name there, if it has one.
    """
    codes, say = in_fhir(referral.state, referral.left_from), language.text
    identifier = _identifiers(referral)
    display = language.text(DISPLAY[referral.state])
    resource: Resource = {
        "resourceType": "Task",
        "identifier": identifier,
        "groupIdentifier": identifier[0],
        "status": codes.task,
        "businessStatus": {
            "coding": [{"system": SYSTEM, "code": referral.state.value, "display": DISPLAY[referral.state]}],
            "text": display,
        },
        "intent": "order",
        "code": {"text": say(SCREEN)},
        "description": say(REASON).format(trial=trial_name(trial, language)),
        "focus": _focus(identifier[0], focus),
        "for": _patient(referral),
        "authoredOn": _instant(referral.opened),
        "lastModified": _instant(referral.entered),
        "owner": {"display": owner or say(TEAM).format(trial=trial_name(trial, language))},
    }
    if is_web_address(trial.registry_url):
        resource["instantiatesUri"] = trial.registry_url
    if study := study_reference(trial):
        resource["reasonReference"] = study
    if referral.referrer:
        resource["requester"] = {"reference": referral.referrer}
    if referral.state in LEFT and referral.reason:
        resource["statusReason"] = _why(referral.reason, language)
    return resource


def research_subject(referral: Referral, trial: TrialFacts) -> Resource:
    """How far the patient is in the study."""
    resource: Resource = {
        "resourceType": "ResearchSubject",
        "identifier": _identifiers(referral),
        "status": in_fhir(referral.state, referral.left_from).subject,
        "study": study_reference(trial),
        "individual": _patient(referral),
    }
    if referral.state is State.ENROLLED:
        resource["period"] = {"start": _instant(referral.entered)}
    elif referral.left_from is State.ENROLLED:
        resource["period"] = {"end": _instant(referral.entered)}
    return resource


def _identifiers(referral: Referral) -> list[Resource]:
    return [{"system": REFERRAL_SYSTEM, "value": referral.identifier}]


def _patient(referral: Referral) -> Resource:
    if referral.subject is None:
        raise UnreadableError
    return {"reference": f"Patient/{referral.subject.patient_id}"}


def _focus(identifier: Resource, reference: str) -> Resource:
    logical: Resource = {"type": "ServiceRequest", "identifier": identifier}
    return logical | {"reference": reference} if reference else logical


def _why(reason: str, language: Language) -> Resource:
    display = reasons.reason_display(reason)
    coding = {"system": reasons.SYSTEM, "code": reason, "display": display}
    return {"coding": [coding], "text": language.text(display)}


def _instant(at: datetime) -> str:
    """In UTC and to the second, which is as precise as anybody needs."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
