"""What holds for the card of any assessment: CDS Hooks invariants, and nothing that harms a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from uuid import UUID, uuid4

from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import HealthCheck, given, settings

from cards.composing import CardContext, compose_cards
from cards.text import utf16_length
from mappings.results import Assessment
from tests.cards.markdown import LINKED_IN_FINISHED_TEXT, PARSERS, text_of, tokens
from tests.cards.strategies import assessments, contexts

TEMPLATE_TOKENS = {"inline", "text", "text_special", "softbreak"} | {
    f"{name}_{end}"
    for name in ("paragraph", "strong", "em", "bullet_list", "list_item")
    for end in ("open", "close")
}

any_card = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def card_of(assessment: Assessment, context: CardContext) -> dict[str, object]:
    (card,) = compose_cards(assessment, context, lambda: str(uuid4()))
    return card.to_json()


def actions_of(card: dict[str, object]) -> Iterator[dict[str, object]]:
    suggestions = card["suggestions"]
    assert isinstance(suggestions, list)
    for suggestion in suggestions:
        yield from suggestion["actions"]


def values_of(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, dict):
        for member in value.values():
            yield from values_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from values_of(member)


@given(assessments, contexts)
@any_card
def test_any_candidate_gets_one_valid_card(assessment: Assessment, context: CardContext) -> None:
    card = card_of(assessment, context)

    summary = card["summary"]
    assert isinstance(summary, str)
    assert utf16_length(summary) < 140
    assert summary.isprintable()
    assert card["indicator"] == "info"
    assert all(value not in (None, "", [], {}) for value in values_of(card)), (
        "G2 to G4: no null, nothing empty"
    )
    assert all(not isinstance(value, str) or value.strip() for value in values_of(card)), "G5: nothing blank"


@given(assessments, contexts)
@any_card
def test_the_response_invariants_of_the_specification_hold(
    assessment: Assessment, context: CardContext
) -> None:
    card = card_of(assessment, context)

    suggestions, links, reasons = card["suggestions"], card.get("links", []), card["overrideReasons"]
    assert isinstance(suggestions, list)
    assert isinstance(links, list)
    assert isinstance(reasons, list)
    recommended = [suggestion for suggestion in suggestions if suggestion.get("isRecommended")]
    assert card["selectionBehavior"] == "any" or len(recommended) <= 1, "cds-resp-1"
    assert all(action["type"] == "create" and "resourceId" not in action for action in actions_of(card)), "-2"
    assert all(link["type"] == "absolute" and "appContext" not in link for link in links), "cds-resp-3"
    assert all(reason["display"] and reason["code"] and reason["system"] for reason in reasons), "cds-resp-4"
    assert all(action["description"] for action in actions_of(card)), "cds-resp-5"
    assert card["selectionBehavior"] in ("any", "at-most-one"), "cds-resp-6"
    assert all("actionSelectionBehavior" not in suggestion for suggestion in suggestions), "cds-resp-7"
    ids = [card["uuid"], *(suggestion["uuid"] for suggestion in suggestions)]
    assert len({UUID(str(each)) for each in ids}) == len(ids)


@given(assessments, contexts)
@any_card
def test_data_never_becomes_markup_in_the_detail(assessment: Assessment, context: CardContext) -> None:
    detail = card_of(assessment, context)["detail"]

    assert isinstance(detail, str)
    for parser in PARSERS:
        found = tokens(detail, parser)
        assert {token.type for token in found} <= TEMPLATE_TOKENS
        depths = accumulate(token.nesting for token in found if token.type.startswith("bullet_list"))
        assert max(depths, default=0) <= 1, "a list inside a list can only come from data"
    assert "<" not in detail
    assert LINKED_IN_FINISHED_TEXT.search(text_of(detail)) is None


@given(assessments, contexts)
@any_card
def test_the_detail_never_outgrows_ten_seconds(assessment: Assessment, context: CardContext) -> None:
    detail = card_of(assessment, context)["detail"]

    assert isinstance(detail, str)
    lines = [line for line in detail.split("\n") if line]
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 1500


@given(assessments, contexts)
@any_card
def test_every_resource_is_valid_fhir(assessment: Assessment, context: CardContext) -> None:
    for action in actions_of(card_of(assessment, context)):
        request = ServiceRequest.model_validate(action["resource"])
        assert request.status == "draft"
        assert request.intent == "proposal"
        assert request.subject.reference == f"Patient/{context.patient_id}"


@given(assessments, contexts)
@any_card
def test_links_and_uuids_and_labels_know_nothing_of_the_patient(
    assessment: Assessment, context: CardContext
) -> None:
    secret = replace(context, patient_id="patient-4711-secret", user=None, encounter_id="encounter-secret")
    assessment = replace(assessment, patient="Patient/patient-4711-secret")

    card = card_of(assessment, secret)

    for action in actions_of(card):
        del action["resource"]
    assert not [value for value in values_of(card) if isinstance(value, str) and "secret" in value]
