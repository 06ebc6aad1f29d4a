"""Section 14: what a suggestion about a trial is, and what it never is."""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.faults import answers_as, drop, in_answer, put, status, without, worded
from tests.conformance.hospital.calls import (
    ENROLLED,
    FULL,
    actions_of,
    body_of,
    bundle,
    context_of,
    drug_order,
    path_of,
    resources_in,
    searchset,
    without_uuids,
)
from tests.conformance.hospital.hearings import answers, cards
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Heard, Json, Rows, every, every_card

ROWS = Rows()

TRIAL = "NCT06920433"
REFERRAL = "cards.0.suggestions.0.actions.0.resource"
_TRIAL_IDS = re.compile(r"NCT\d{8}")


def every_resource(heard: Heard) -> list[Json]:
    """The resources in all suggestions: there must be one at least."""
    found = [resource for card in every_card(heard) for resource in resources_in(card)]
    assert found, "there is no resource"
    return found


def referrals(heard: Heard) -> list[Json]:
    """The referrals among them, which name the study: there must be one at least."""
    found = [one for one in every_resource(heard) if "supportingInfo" in one or "instantiatesUri" in one]
    assert found, "there is no referral"
    return found


@ROWS.requires(
    "14.1",
    "A card is information and links, to a page of this service and to the study's: a client without "
    "suggestions gets the same text.",
    hear=lambda world: {name: world.hear(cards)[name] for name in ("plain-cards", "hospital")},
    faults={
        "suggestions all the same": answers_as("hospital"),
        "no link": in_answer(drop("cards.0.links")),
        "another text": worded("To check", "Unknown"),
        "no card without suggestions": in_answer(put("cards", [])),
    },
)
def a_card_needs_no_suggestions(heard: Heard) -> None:
    assert [len(one.cards) for one in every(heard)] == [1, 1]
    [plain], [full] = without_uuids(heard["plain-cards"].cards), without_uuids(heard["hospital"].cards)
    assert plain == {
        name: value for name, value in full.items() if name not in ("suggestions", "selectionBehavior")
    }
    assert [link["type"] for link in plain["links"]] == ["absolute", "absolute"]


@ROWS.requires(
    "14.2",
    "A suggestion is one decision, about one trial: a referral goes by itself, and tests are ordered apart "
    "from it.",
    hear=cards,
    faults={
        "a referral with an order": in_answer(
            lambda answer: _first(answer).extend(answer["cards"][0]["suggestions"][1]["actions"])
        ),
        "two trials in one": in_answer(
            put("cards.0.suggestions.1.actions.1.resource.reasonCode.0.text", "For trial NCT00000000")
        ),
        "another trial than the card's": in_answer(
            put(f"{REFERRAL}.supportingInfo.0.identifier.value", "NCT00000000")
        ),
    },
)
def a_suggestion_is_one_decision(heard: Heard) -> None:
    for card in every_card(heard):
        about = set(_TRIAL_IDS.findall(card["source"]["label"]))
        for suggestion in card.get("suggestions", []):
            resources = [action["resource"] for action in suggestion["actions"]]
            assert set(_TRIAL_IDS.findall(str(resources))) <= about
            assert len(resources) == 1 or not any("supportingInfo" in one for one in resources)


def _first(answer: Any) -> list[Json]:
    actions: list[Json] = answer["cards"][0]["suggestions"][0]["actions"]
    return actions


@ROWS.requires(
    "14.3",
    "What is suggested is a ServiceRequest, draft and proposal, for the patient of the context, in its "
    "encounter; when and by whom it is done is left to the client.",
    hear=lambda world: {
        **world.hear(cards),
        "in an encounter": world.call("encounter-start"),
    },
    faults={
        "active": in_answer(put(f"{REFERRAL}.status", "active")),
        "an order": in_answer(put(f"{REFERRAL}.intent", "order"), "newest"),
        "another patient": in_answer(put(f"{REFERRAL}.subject.reference", "Patient/p2")),
        "no code": in_answer(drop(f"{REFERRAL}.code")),
        "a performer": in_answer(put(f"{REFERRAL}.performer", [{"reference": "Practitioner/x"}])),
        "a date": in_answer(put(f"{REFERRAL}.authoredOn", "2026-06-15")),
        "a requester that nobody named": in_answer(
            put(f"{REFERRAL}.requester.reference", "Practitioner/someone")
        ),
        "another encounter": in_answer(
            put(f"{REFERRAL}.encounter.reference", "Encounter/e2"), "in an encounter"
        ),
        "no encounter": in_answer(drop(f"{REFERRAL}.encounter"), "in an encounter"),
        "a study as the reason": in_answer(
            put(f"{REFERRAL}.reasonReference", [{"reference": "ResearchStudy/1"}])
        ),
    },
)
def drafts_are_proposals_for_this_patient(heard: Heard) -> None:
    for one in every(heard):
        context = one.request["context"]
        for resource in (each for card in one.cards for each in resources_in(card)):
            assert resource["resourceType"] == "ServiceRequest"
            assert (resource["status"], resource["intent"]) == ("draft", "proposal")
            assert resource["subject"] == {"reference": f"Patient/{context['patientId']}"}
            assert resource.get("code", {}).get("text")
            assert not {"performer", "authoredOn"} & resource.keys()
            assert resource.get("requester") == {"reference": context["userId"]}
            encounter = context.get("encounterId")
            expected = {"reference": f"Encounter/{encounter}"} if encounter else None
            assert resource.get("encounter") == expected
            reasons = resource.get("reasonReference", [])
            assert all(reason["reference"].startswith("Condition/") for reason in reasons)
    assert every_resource(heard)


@ROWS.requires(
    "14.4",
    "Nothing is written on the patient's part in a study: no ResearchSubject is suggested.",
    hear=cards,
    faults={
        "a ResearchSubject": in_answer(put(f"{REFERRAL}.resourceType", "ResearchSubject")),
        "beside the orders": in_answer(
            put("cards.0.suggestions.1.actions.0.resource.resourceType", "ResearchSubject"), "newest"
        ),
    },
)
def no_research_subject_is_suggested(heard: Heard) -> None:
    assert "ResearchSubject" not in [one.get("resourceType") for one in every_resource(heard)]


@ROWS.requires(
    "14.5",
    "A referral names the study by its registry number and page; no ResearchStudy is created or assumed to "
    "be there.",
    hear=cards,
    faults={
        "a reference to the client's server": in_answer(
            put(f"{REFERRAL}.supportingInfo", [{"reference": "ResearchStudy/1"}])
        ),
        "another identifier system": in_answer(
            put(f"{REFERRAL}.supportingInfo.0.identifier.system", "http://clinicaltrials.gov")
        ),
        "no study": in_answer(drop(f"{REFERRAL}.supportingInfo"), "newest"),
        "no page": in_answer(drop(f"{REFERRAL}.instantiatesUri")),
        "a study created": in_answer(
            put("cards.0.suggestions.1.actions.0.resource.resourceType", "ResearchStudy")
        ),
    },
)
def the_study_is_named_by_its_registry_number(heard: Heard) -> None:
    for one in referrals(heard):
        [study] = one.get("supportingInfo") or [{}]
        assert study.get("identifier") == {"system": "https://clinicaltrials.gov", "value": TRIAL}
        assert "reference" not in study
        assert one.get("instantiatesUri") == [f"https://clinicaltrials.gov/study/{TRIAL}"]
    assert "ResearchStudy" not in [one["resourceType"] for one in every_resource(heard)]


@ROWS.requires(
    "14.6",
    "The clinician's drafts are never changed or deleted: what is suggested stands beside them.",
    hear=lambda world: {
        "order-select": world.call("order-select"),
        "order-sign": world.call("order-sign"),
        "a drug": world.call("order-sign", context=_drafting(drug_order("MedicationRequest"))),
    },
    faults={
        "an update": in_answer(put("cards.0.suggestions.0.actions.0.type", "update")),
        "a delete": in_answer(put("cards.0.suggestions.1.actions.0.type", "delete"), "order-sign"),
        "the draft's own id": in_answer(put(f"{REFERRAL}.id", "draft-1"), "a drug"),
        "in place of the draft": in_answer(
            put(f"{REFERRAL}.replaces", [{"reference": "ServiceRequest/draft-1"}])
        ),
    },
)
def drafts_of_others_are_left_alone(heard: Heard) -> None:
    actions = [action for card in every_card(heard) for action in actions_of(card)]
    assert {action["type"] for action in actions} == {"create"}
    assert "draft-1" not in str(actions)


def _drafting(*drafts: Json) -> Json:
    return context_of("order-sign", draftOrders=bundle(*drafts))


@ROWS.requires(
    "14.7",
    "No system actions, no links that launch unasked, nothing but `info`.",
    hear=answers,
    faults={
        "a system action": in_answer(put("systemActions", [{"type": "create"}])),
        "a link that launches unasked": in_answer(put("cards.0.links.0.autolaunchable", True), "newest"),
        "critical": in_answer(put("cards.0.indicator", "critical"), "order-sign"),
    },
)
def nothing_presses(heard: Heard) -> None:
    assert all("systemActions" not in one.answer for one in every(heard))
    for card in every_card(heard):
        assert card["indicator"] == "info"
        assert not any("autolaunchable" in link for link in card["links"])


def _of_dstu2(world: World) -> Heard:
    """As the public sandbox calls by default: its own server speaks DSTU2."""
    patient = {
        "resourceType": "Patient",
        "id": FULL,
        "gender": "female",
        "birthDate": "1988-02-03",
        "name": [{"family": ["Chen"], "given": ["Jing"]}],
    }
    condition = {"resourceType": "Condition", "id": "c1", "patient": {"reference": f"Patient/{FULL}"}}
    old = {"patient": patient, "conditions": searchset(condition)}
    return {
        "DSTU2": world.demo.post(path_of(), body_of(prefetch=old)),
        "a DSTU2 Patient": world.demo.post(
            path_of(), body_of(prefetch={**world.prefetch(), "patient": patient})
        ),
        "R4": world.call(),
    }


@ROWS.requires(
    "14.8",
    "A record of FHIR DSTU2 is recognized and answered with no cards, rather than misread.",
    hear=_of_dstu2,
    faults={
        "misread": answers_as("R4"),
        "half of it misread": answers_as("R4", "a DSTU2 Patient"),
        "an error": status(400),
        "R4 is taken for DSTU2": answers_as("DSTU2", "R4"),
    },
)
def dstu2_is_answered_with_no_cards(heard: Heard) -> None:
    assert heard["DSTU2"].cards == []
    assert heard["a DSTU2 Patient"].cards == []
    assert heard["R4"].cards


@ROWS.requires(
    "14.9",
    "The source is the registry and the trial; the topic is our own code for a trial match.",
    hear=cards,
    faults={
        "no trial in the label": in_answer(put("cards.0.source.label", "ClinicalTrials.gov")),
        "another trial": in_answer(put("cards.0.source.label", "ClinicalTrials.gov NCT00000000"), "oldest"),
        "a topic of another's system": in_answer(
            put("cards.0.source.topic.system", "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp")
        ),
    },
)
def the_source_names_the_trial(heard: Heard) -> None:
    for card in every_card(heard):
        assert card["source"]["label"] == f"ClinicalTrials.gov {TRIAL}"
        topic = card["source"]["topic"]
        assert topic["system"].endswith("/fhir/CodeSystem/card-topic")
        assert topic["code"] == "clinical-trial-match"


def _in_a_study(world: World) -> Heard:
    def subject(status_of: str, study: Json) -> Json:
        return {
            "resourceType": "ResearchSubject",
            "id": "rs",
            "status": status_of,
            "individual": {"reference": f"Patient/{FULL}"},
            "study": study,
        }

    this = {"identifier": {"system": "https://clinicaltrials.gov", "value": TRIAL}}
    return {
        "an enrolled sample patient": world.call(patient=ENROLLED),
        "on this study": world.call(
            prefetch=world.prefetch(research_subjects=searchset(subject("on-study", this)))
        ),
        "in no study": world.call(),
    }


@ROWS.requires(
    "14.10",
    "A patient who is on this study already gets no card.",
    hear=_in_a_study,
    faults={
        "a card for the enrolled": answers_as("in no study"),
        "a card for one on this study": answers_as("in no study", "on this study"),
        "nobody gets one": answers_as("on this study", "in no study"),
        "an error": status(500, "on this study"),
        "not tried": without("an enrolled sample patient"),
    },
)
def who_is_on_the_study_gets_no_card(heard: Heard) -> None:
    assert {name: len(one.cards) for name, one in heard.items()} == {
        "an enrolled sample patient": 0,
        "on this study": 0,
        "in no study": 1,
    }
