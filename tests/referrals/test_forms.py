"""What is written of a referral is FHIR R4 in every state, and all of it bears one identifier."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.researchsubject import ResearchSubject
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task

from cards.service_requests import REFERRAL_SYSTEM, REGISTRY_SYSTEM
from cds_service.clients.registered import ReferralTerms
from cds_service.referrals import reasons
from cds_service.referrals.forms import UnreadableError, research_subject, service_request, task
from cds_service.referrals.records import Referral
from cds_service.referrals.states import LEFT, SYSTEM, State, in_fhir
from mappings.language import language
from mappings.results import TrialFacts
from tests.referrals.samples import NOW, TRIAL, later, subject

PAGE = f"https://clinicaltrials.gov/study/{TRIAL}"
FACTS = TrialFacts(TRIAL, "A trial of something", "Something", "draft", "1", "", PAGE, date(2025, 11, 14))
DRAFT, ACTIVE = ReferralTerms("draft"), ReferralTerms("active")
IDENTIFIER = {"system": REFERRAL_SYSTEM, "value": "abc123"}
PATIENT = {"reference": "Patient/p1"}
STUDY = {"system": REGISTRY_SYSTEM, "value": TRIAL}


def referral(state: State = State.REFERRED, **members: Any) -> Referral:
    usual: dict[str, Any] = {
        "id": "r1",
        "identifier": "abc123",
        "client": "ehr",
        "tenant": "north",
        "trial": TRIAL,
        "state": state,
        "version": 3,
        "source": "card",
        "opened": NOW,
        "entered": later(2),
        "changed": later(3),
        "subject": subject(),
        "referrer": "Practitioner/7",
        **({"reason": "other", "left_from": State.SCREENING} if state in LEFT else {}),
    }
    return Referral(**{**usual, **members})


def all_of(given: Referral, terms: ReferralTerms = DRAFT) -> list[dict[str, Any]]:
    return [service_request(given, FACTS, terms), task(given, FACTS), research_subject(given, FACTS)]


@pytest.mark.parametrize("tag", ["en", "zh-Hans"])
@pytest.mark.parametrize("terms", [DRAFT, ACTIVE])
@pytest.mark.parametrize("state", State)
def test_every_state_makes_valid_resources(state: State, terms: ReferralTerms, tag: str) -> None:
    spoken = language(tag)
    for given in (referral(state), referral(state, left_from=State.ENROLLED, referrer="")):
        codes = in_fhir(state, given.left_from)
        request = ServiceRequest.model_validate(service_request(given, FACTS, terms, spoken))
        assert request.status == (codes.request or terms.request)
        made = task(given, FACTS, language=spoken)
        assert Task.model_validate(made).status == codes.task
        [coding] = made["businessStatus"]["coding"]
        assert (coding["system"], coding["code"]) == (SYSTEM, state.value)
        assert ResearchSubject.model_validate(research_subject(given, FACTS)).status == codes.subject


def test_all_are_about_the_patient_and_bear_the_same_identifier() -> None:
    request, made, candidate = all_of(referral())
    assert request["identifier"] == made["identifier"] == candidate["identifier"] == [IDENTIFIER]
    assert made["groupIdentifier"] == IDENTIFIER
    assert request["subject"] == made["for"] == candidate["individual"] == PATIENT
    assert candidate["study"]["identifier"] == made["reasonReference"]["identifier"] == STUDY
    assert request["supportingInfo"][0]["identifier"] == STUDY
    assert request["instantiatesUri"] == [PAGE]
    assert request["requester"] == made["requester"] == {"reference": "Practitioner/7"}


def test_a_draft_is_a_proposal_and_an_active_request_an_order() -> None:
    intents = [service_request(referral(), FACTS, terms)["intent"] for terms in (DRAFT, ACTIVE)]
    assert intents == ["proposal", "order"]


def test_a_task_is_for_the_request_by_identifier_and_by_reference_where_that_is_known() -> None:
    logical = {"type": "ServiceRequest", "identifier": IDENTIFIER}
    assert task(referral(), FACTS)["focus"] == logical
    known = task(referral(), FACTS, focus="ServiceRequest/12")["focus"]
    assert known == {**logical, "reference": "ServiceRequest/12"}


def test_a_task_says_when_its_state_began_and_who_is_to_do_it() -> None:
    made = task(referral(), FACTS)
    assert (made["authoredOn"], made["lastModified"]) == ("2026-03-03T09:00:00Z", "2026-03-05T09:00:00Z")
    assert made["owner"] == {"display": f"Study team of {TRIAL}"}
    assert task(referral(), FACTS, owner="Ward 5")["owner"] == {"display": "Ward 5"}


def test_a_reason_of_leaving_is_written_as_a_code_of_ours() -> None:
    reason = task(referral(State.DECLINED, reason="too-far"), FACTS)["statusReason"]
    coding = {"system": reasons.SYSTEM, "code": "too-far", "display": "Too far to travel"}
    assert reason == {"coding": [coding], "text": "Too far to travel"}
    assert "statusReason" not in task(referral(), FACTS)


@pytest.mark.parametrize(
    ("given", "period"),
    [
        (referral(State.ENROLLED), {"start": "2026-03-05T09:00:00Z"}),
        (referral(State.WITHDRAWN, left_from=State.ENROLLED), {"end": "2026-03-05T09:00:00Z"}),
        (referral(State.WITHDRAWN), None),
        (referral(State.SCREENING), None),
    ],
)
def test_only_who_is_or_was_on_the_study_has_a_time_there(given: Referral, period: object) -> None:
    assert research_subject(given, FACTS).get("period") == period


def test_nothing_is_written_of_a_patient_who_cannot_be_read() -> None:
    unreadable = replace(referral(), subject=None)
    with pytest.raises(UnreadableError):
        service_request(unreadable, FACTS, DRAFT)
    with pytest.raises(UnreadableError):
        task(unreadable, FACTS)
    with pytest.raises(UnreadableError):
        research_subject(unreadable, FACTS)


def test_a_trial_without_a_page_on_the_web_is_named_all_the_same() -> None:
    facts = replace(FACTS, registry_url="")
    made = task(referral(), facts)
    Task.model_validate(made)
    assert "instantiatesUri" not in made
    assert "instantiatesUri" not in service_request(referral(), facts, DRAFT)
    assert made["reasonReference"]["identifier"] == STUDY
