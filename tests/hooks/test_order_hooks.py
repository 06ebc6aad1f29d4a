"""order-select and order-sign end to end, and what no hook answers: DSTU2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hooks.calling import ORDER_HOOKS, collection, context_of, draft, fire, other_order
from tests.service import charts
from tests.service.conftest import BASE, NewClient, cards_of
from tests.service.definitions import TRIAL, catalog
from tests.service.ehr import ehr, json_answer, urls

UPCR = {"coding": [{"system": "http://loinc.org", "code": "2890-2"}]}
ANTIBIOTIC = {"text": "amoxicillin 500 mg"}


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_first_sentence_of_the_card_says_why_it_comes(client: FlaskClient, hook: str) -> None:
    [card] = cards_of(fire(client, hook))
    assert card["detail"].splitlines()[0] == "Shown because prednisone is being ordered."


@pytest.mark.parametrize("hook", ["patient-view", "encounter-start", "appointment-book"])
def test_other_hooks_give_no_such_reason(client: FlaskClient, hook: str) -> None:
    [card] = cards_of(fire(client, hook, context=context_of(hook, draftOrders=collection(draft()))))
    assert "Shown because" not in card["detail"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("prefetch", [..., {}, {"patient": "broken"}])
def test_an_order_that_bears_on_nothing_gets_no_card_before_anything_is_read(
    client: FlaskClient, hook: str, prefetch: Any
) -> None:
    orders = collection(draft(medicationCodeableConcept=ANTIBIOTIC))
    with ehr() as sent:
        answer = fire(
            client, hook, context=context_of(hook, draftOrders=orders), prefetch=prefetch, fhirServer=BASE
        )
    assert cards_of(answer) == []
    assert urls(sent) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_an_order_that_bears_on_a_trial_is_answered_from_the_server(client: FlaskClient, hook: str) -> None:
    with ehr() as sent:
        assert len(cards_of(fire(client, hook, prefetch=..., fhirServer=BASE))) == 1
    assert len(urls(sent)) > 5


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_without_a_patient_an_order_that_bears_on_a_trial_is_412(client: FlaskClient, hook: str) -> None:
    assert fire(client, hook, prefetch=...).status_code == 412


def test_on_select_only_the_selected_order_speaks_on_sign_all_that_are_signed(client: FlaskClient) -> None:
    orders = collection(draft(), other_order(id="draft-2", code={"text": "CT chest"}))
    other = {"selections": ["ServiceRequest/draft-2"], "draftOrders": orders}
    assert cards_of(fire(client, "order-select", context=context_of("order-select", **other))) == []
    assert (
        len(cards_of(fire(client, "order-sign", context=context_of("order-sign", draftOrders=orders)))) == 1
    )


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_draft_for_another_patient_is_not_about_this_one(client: FlaskClient, hook: str) -> None:
    orders = collection(draft(subject={"reference": "Patient/p2"}))
    assert cards_of(fire(client, hook, context=context_of(hook, draftOrders=orders))) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_patient_whose_chart_rules_the_trial_out_gets_no_card_whatever_is_ordered(
    client: FlaskClient, hook: str
) -> None:
    low = charts.full_prefetch(observations_1=charts.bundle(charts.upcr(0.2)))
    assert cards_of(fire(client, hook, prefetch=low)) == []


def test_only_the_trials_that_the_order_bears_on_speak(new_client: NewClient) -> None:
    facts = replace(TRIAL.facts, id="NCT00000002", short_title="Trial without drugs")
    other = replace(TRIAL, facts=facts, criteria=TRIAL.criteria[:2])
    client = new_client(catalog(TRIAL, other))
    [card] = cards_of(fire(client, "order-sign"))
    assert "Test trial" in card["summary"]
    tests = context_of("order-sign", draftOrders=[other_order(code=UPCR)])
    assert len(cards_of(fire(client, "order-sign", context=tests))) == 2
    assert len(cards_of(fire(client, "patient-view"))) == 2


def test_nothing_that_a_draft_says_is_on_the_card(client: FlaskClient) -> None:
    said = {
        "medicationCodeableConcept": {
            "text": "prednisone <b>secretvalue</b>",
            "coding": [{"display": "secretvalue"}],
        },
        "note": [{"text": "secretvalue"}],
        "id": "secretvalue",
        "dosageInstruction": [{"text": "secretvalue"}],
    }
    orders = collection(draft(**said))
    answer = fire(client, "order-sign", context=context_of("order-sign", draftOrders=orders))
    assert len(cards_of(answer)) == 1
    assert "secretvalue" not in answer.text


def test_suggestions_never_change_or_delete_a_draft(client: FlaskClient) -> None:
    for hook in ORDER_HOOKS:
        [card] = cards_of(fire(client, hook))
        actions = [action for one in card["suggestions"] for action in one["actions"]]
        assert {action["type"] for action in actions} == {"create"}


# --- what the public sandbox sends (reference, appendix B)


SANDBOX: list[tuple[str, Any, int]] = [
    # what it sends                drafts, as the sandbox writes them                       cards
    ("no drug chosen yet", draft(medicationCodeableConcept=..., category={"coding": []}), 0),
    ("R4 order", draft(id="request-123", category={"coding": [{"code": "inpatient"}]}), 1),
    ("DSTU2 order", draft(resourceType="MedicationOrder", id="order-123", subject=..., intent=...), 1),
    (
        "first imaging call",
        other_order(id="example-request-id", intent="plan", code={"coding": [{}]}, reasonCode=[]),
        0,
    ),
]


@pytest.mark.parametrize(("what", "order", "cards"), SANDBOX, ids=[row[0] for row in SANDBOX])
def test_the_drafts_of_the_public_sandbox_are_read(
    client: FlaskClient, what: str, order: Any, cards: int
) -> None:
    orders = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    selections = [f"{order['resourceType']}/{order['id']}"]
    context = context_of("order-select", draftOrders=orders, selections=selections, encounterId=...)
    assert len(cards_of(fire(client, "order-select", context=context))) == cards


# --- FHIR DSTU2, the default of the public sandbox


DSTU2_PATIENT = {**charts.patient(), "name": [{"family": ["Adams"], "given": ["Daniel"]}]}
R4_PATIENT = {**charts.patient(), "name": [{"family": "Adams", "given": ["Daniel"]}]}
DSTU2_CONDITION = {
    "resourceType": "Condition",
    "id": "c1",
    "patient": {"reference": "Patient/p1"},
    "clinicalStatus": "active",
    "verificationStatus": "confirmed",
    "code": charts.condition()["code"],
}


@pytest.mark.parametrize(
    ("prefetch", "cards"),
    [
        ({"patient": R4_PATIENT}, 1),
        ({"patient": DSTU2_PATIENT}, 0),
        ({"conditions": charts.bundle(DSTU2_CONDITION)}, 0),
        ({"conditions": charts.bundle(charts.condition(), DSTU2_CONDITION)}, 0),
        ({"conditions": charts.bundle({**charts.condition(), "patient": {"reference": "Patient/p1"}})}, 1),
        ({"medication_requests": charts.bundle({"resourceType": "MedicationOrder", "id": "m1"})}, 0),
    ],
)
def test_a_record_in_dstu2_is_not_answered_since_it_cannot_be_read(
    client: FlaskClient, prefetch: dict[str, Any], cards: int
) -> None:
    for hook in ("patient-view", "order-sign"):
        assert len(cards_of(fire(client, hook, prefetch=charts.full_prefetch(**prefetch)))) == cards


def test_a_dstu2_server_is_not_answered_either(client: FlaskClient) -> None:
    with ehr(Patient=json_answer(DSTU2_PATIENT)):
        assert cards_of(fire(client, "patient-view", prefetch=..., fhirServer=BASE)) == []
