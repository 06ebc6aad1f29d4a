"""Draft ServiceRequests (FHIR R4) that a clinician may take over: a referral, and tests to order.

The service has no authority to order: they are drafts and proposals. Texts are plain, never Markdown.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import chain

from cards import wording
from cards.cds_hooks import Json, is_web_address
from cards.context import CardContext
from cards.explaining import name_of_test
from cards.text import plain_from_definition
from mappings.language import ENGLISH, Language
from mappings.results import Assessment, Evidence, Orderable, TrialFacts
from mappings.verdicts import Reason, Verdict

REGISTRY_SYSTEM = "https://clinicaltrials.gov"
"""The identifier system of studies, the same throughout the project."""

REFERRAL_SYSTEM = "https://trialhook.example/fhir/referral"
"""The identifier system of referrals: whatever is written of one bears the same identifier."""

_CONDITION = re.compile(r"Condition/[A-Za-z0-9.-]{1,64}")
_SYSTEM = re.compile(r"(?:https?://|urn:)[!-~]+")


def screening_referral(assessment: Assessment, context: CardContext, identity: str) -> Json:
    """A draft referral for screening: names the trial, and the Condition behind it if there is one.

    ``identity`` is the temporary id that CDS Hooks wants of a resource to create; the client gives its own.
    """
    trial, say = assessment.trial, context.language.text
    request = _draft(context, identity) | {"code": {"text": say(wording.REFERRAL)}}
    if context.referral:
        request["identifier"] = [{"system": REFERRAL_SYSTEM, "value": context.referral}]
    if is_web_address(trial.registry_url):
        request["instantiatesUri"] = [trial.registry_url]
    study = study_reference(trial)
    if study:
        request["supportingInfo"] = [study]
    condition = evidence_condition(assessment)
    if condition:
        request["reasonReference"] = [{"reference": condition}]
    met, unknown, not_met = assessment.counts()
    note = say(wording.REFERRAL_NOTE).format(
        met=met,
        applicable=met + unknown + not_met,
        unknown=unknown,
        trial=trial_name(trial, context.language),
        day=context.language.long_date(assessment.as_of),
    )
    request["note"] = [{"text": note}]
    return request


def draft_order(test: Orderable, trial: TrialFacts, context: CardContext, identity: str) -> Json:
    """A draft order for one test, coded as the concept says; ``text`` is in the card's language."""
    language = context.language
    code: Json = {"text": test_words(test, language)}
    coding: Json = {}
    if _SYSTEM.fullmatch(test.system) and plain_from_definition(test.code) == test.code and test.code:
        coding = {"system": test.system, "code": test.code}
        display = plain_from_definition(test.display)
        code["coding"] = [coding | {"display": display} if display else coding]
    reason = language.text(wording.ORDER_REASON).format(trial=trial_name(trial, language))
    return _draft(context, identity) | {"code": code, "reasonCode": [{"text": reason}]}


def test_words(test: Orderable, language: Language) -> str:
    """The whole name of a test, plain; never blank."""
    return plain_from_definition(language.text(test.label)) or name_of_test(test, language)


def trial_name(trial: TrialFacts, language: Language = ENGLISH) -> str:
    """The trial's id, plain; never blank."""
    return plain_from_definition(trial.id, 40) or language.text(wording.SOME_TRIAL)


def study_reference(trial: TrialFacts) -> Json:
    """A logical reference: the study is rarely a resource on the client's server."""
    reference: Json = {"type": "ResearchStudy"}
    identifier = plain_from_definition(trial.id, 40)
    display = plain_from_definition(trial.title)
    if identifier:
        reference["identifier"] = {"system": REGISTRY_SYSTEM, "value": identifier}
    if display:
        reference["display"] = display
    return reference if identifier or display else {}


def evidence_condition(assessment: Assessment) -> str:
    """The first Condition behind the flag: of the gate, else of a met criterion."""
    met = (c for c in assessment.criteria if c.verdict is Verdict.MET and c.applies)
    decided = chain(assessment.gate_evidence, *(criterion.evidence for criterion in met))
    return next((evidence.reference for evidence in decided if _is_deciding_condition(evidence)), "")


def check_templates() -> None:
    """Builds a full example of each draft and validates it with fhir.resources; raises if one is not R4.

    For start-up and tests: the models take a while to import and to run, so calls do without.
    """
    from fhir.resources.R4B.servicerequest import ServiceRequest  # noqa: PLC0415 (slow to import)

    assessment, context, test = _example()
    for request in (
        screening_referral(assessment, context, "example-1"),
        draft_order(test, assessment.trial, context, "example-2"),
    ):
        ServiceRequest.model_validate(request)


def _draft(context: CardContext, identity: str) -> Json:
    request: Json = {
        "resourceType": "ServiceRequest",
        "id": identity,
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": f"Patient/{context.patient_id}"},
    }
    if context.encounter_id:
        request["encounter"] = {"reference": f"Encounter/{context.encounter_id}"}
    if context.requester:
        request["requester"] = {"reference": context.requester}
    return request


def _is_deciding_condition(evidence: Evidence) -> bool:
    return evidence.reason is Reason.VALUE and _CONDITION.fullmatch(evidence.reference) is not None


def _example() -> tuple[Assessment, CardContext, Orderable]:
    day = date(2026, 2, 16)
    page = "https://clinicaltrials.gov/study/NCT00000000"
    trial = TrialFacts("NCT00000000", "A study", "a study", "draft", "1", "", page, day)
    assessment = Assessment(trial, "Patient/example", day, "possible-candidate")
    context = CardContext("example", day, "example", "Practitioner/example", referral="example")
    test = Orderable("upcr", "UPCR", "http://loinc.org", "2890-2", "Protein/Creatinine [Mass Ratio] in Urine")
    return assessment, context, test
