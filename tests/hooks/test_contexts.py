"""The context of each hook: what must be there, of what type, and which leniencies there are."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from cds_service.hooks.call import read_call
from cds_service.hooks.specs import ANYONE, BY_HOOK, BY_SERVICE, CLINICIANS, HOOKS
from cds_service.web.problems import RefusalError
from tests.hooks.calling import ORDER_HOOKS, body_of, context_of, draft, fire, path_of
from tests.service.conftest import BASE, cards_of, faults_of
from tests.service.ehr import ehr, urls

ALL = tuple(spec.hook for spec in HOOKS)

PUBLISHED = [
    # hook               required                                                  optional       users
    ("patient-view", {"userId", "patientId"}, {"encounterId"}, ANYONE),
    ("encounter-start", {"userId", "patientId", "encounterId"}, set(), CLINICIANS),
    ("order-select", {"userId", "patientId", "selections", "draftOrders"}, {"encounterId"}, CLINICIANS),
    ("order-sign", {"userId", "patientId", "draftOrders"}, {"encounterId"}, CLINICIANS),
    ("appointment-book", {"userId", "patientId", "appointments"}, {"encounterId"}, ANYONE),
]


@pytest.mark.parametrize(("hook", "required", "optional", "users"), PUBLISHED)
def test_the_table_of_hooks_is_that_of_the_published_definitions(
    hook: str, required: set[str], optional: set[str], users: tuple[str, ...]
) -> None:
    fields = BY_HOOK[hook].fields
    assert {field.name for field in fields if field.required} == required
    assert {field.name for field in fields if not field.required} == optional
    assert next(field.of for field in fields if field.name == "userId") == users
    assert BY_HOOK[hook].version == "1.0"


def test_each_hook_has_a_service_of_its_own() -> None:
    assert [row[0] for row in PUBLISHED] == list(ALL)
    assert list(BY_SERVICE) == [f"trial-match-{hook}" for hook in ALL]


@pytest.mark.parametrize("hook", ALL)
def test_a_valid_call_of_each_hook_gets_its_card(client: FlaskClient, hook: str) -> None:
    assert len(cards_of(fire(client, hook))) == 1


@pytest.mark.parametrize("hook", ALL)
def test_each_service_answers_its_own_hook_only(client: FlaskClient, hook: str) -> None:
    for other in set(ALL) - {hook}:
        answer = client.post(path_of(hook), json=body_of(other))
        assert faults_of(answer, 400)[0] == "hook"
        assert f"answers the hook {hook}" in answer.text


@pytest.mark.parametrize(
    ("hook", "field"), [(row[0], field) for row in PUBLISHED for field in sorted(row[1])]
)
@pytest.mark.parametrize("value", [..., None], ids=["absent", "null"])
def test_what_a_hook_requires_is_missed_by_name(hook: str, field: str, value: Any) -> None:
    with pytest.raises(RefusalError) as refused:
        read_call(body_of(hook, context=context_of(hook, **{field: value})), hook)
    [problem] = refused.value.problems
    assert (problem.where, problem.code) == (f"context.{field}", "required")
    assert f"required by the {hook} hook" in problem.text


@pytest.mark.parametrize(
    ("hook", "field"), [(row[0], field) for row in PUBLISHED for field in sorted(row[2])]
)
@pytest.mark.parametrize("value", [..., None, ""], ids=["absent", "null", "empty"])
def test_what_a_hook_does_not_require_may_be_missing(hook: str, field: str, value: Any) -> None:
    assert read_call(body_of(hook, context=context_of(hook, **{field: value})), hook).hook == hook


WRONG: list[tuple[str, Any]] = [
    # field          values
    ("patientId", ["", "..", "a b", 7, {}, "Practitioner/p1"]),
    ("encounterId", ["", "e/1", 7, [], "Patient/e1"]),
    ("userId", ["", "Organization/o1", "Device/d1", "Practitioner/", "practitioner/x", 7, {}]),
    ("selections", ["MedicationRequest/draft-1", 7, {}, [7], [None], [{"reference": "x"}], [["x"]]]),
    ("draftOrders", ["none", 7, True]),
    ("appointments", ["none", 7, True]),
]
WRONG_CASES = [
    (hook, field, value)
    for hook in ALL
    for field, values in WRONG
    for value in values
    if {one.name: one.required or value != "" for one in BY_HOOK[hook].fields}.get(field)
]


@pytest.mark.parametrize(("hook", "field", "value"), WRONG_CASES)
def test_a_field_of_the_wrong_kind_is_told_by_its_name(hook: str, field: str, value: Any) -> None:
    with pytest.raises(RefusalError) as refused:
        read_call(body_of(hook, context=context_of(hook, **{field: value})), hook)
    assert [problem.where for problem in refused.value.problems] == [f"context.{field}"]
    assert refused.value.status == 400


@pytest.mark.parametrize("hook", ["encounter-start", *ORDER_HOOKS])
@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1"])
def test_a_hook_of_clinicians_takes_no_other_user(hook: str, user: str) -> None:
    with pytest.raises(RefusalError) as refused:
        read_call(body_of(hook, context=context_of(hook, userId=user)), hook)
    [problem] = refused.value.problems
    assert problem.text == "Must be Type/id with the type Practitioner or PractitionerRole."


@pytest.mark.parametrize("hook", ["patient-view", "appointment-book"])
@pytest.mark.parametrize("user", ["Patient/p1", "Patient/p2", "RelatedPerson/mother"])
def test_a_patient_or_a_relative_gets_no_card_and_nothing_is_read(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, hook: str, user: str
) -> None:
    context = context_of(hook, userId=user)
    with ehr() as sent, caplog.at_level("INFO", logger="trialhook.requests"):
        for members in ({}, {"prefetch": {}, "fhirServer": BASE}):
            assert cards_of(fire(client, hook, context=context, **members)) == []
    assert urls(sent) == []
    for line in map(orjson.loads, (record.message for record in caplog.records)):
        assert (line["not_answered"], line["cards"]) == ("not_a_clinician", 0)
        assert user.rpartition("/")[2] not in str(line)


@pytest.mark.parametrize("user", ["Practitioner/p1", "PractitionerRole/patient"])
def test_a_clinician_gets_the_card(client: FlaskClient, user: str) -> None:
    for hook in ALL:
        assert len(cards_of(fire(client, hook, context=context_of(hook, userId=user)))) == 1


def test_all_faults_of_a_context_are_reported_at_once(client: FlaskClient) -> None:
    wrong = {"userId": "x y", "patientId": "..", "encounterId": "/", "selections": "x", "draftOrders": 7}
    answer = fire(client, "order-select", context=wrong, hookInstance="x", fhirServer="nowhere")
    assert faults_of(answer, 400) == [
        "hookInstance",
        "context.patientId",
        "context.encounterId",
        "context.userId",
        "context.selections",
        "context.draftOrders",
        "fhirServer",
    ]


@pytest.mark.parametrize("hook", ALL)
def test_members_that_no_hook_knows_are_ignored(client: FlaskClient, hook: str) -> None:
    junk = {"extension": {"com.example": 1}, "selectionsX": 7, "draftOrdersX": "x", "medications": []}
    assert len(cards_of(fire(client, hook, context=context_of(hook, **junk)))) == 1


@pytest.mark.parametrize(
    "appointments",
    [{"resourceType": "Bundle", "entry": [{"resource": {}}]}, {}, [], [{"resourceType": "Appointment"}], [7]],
)
def test_appointments_come_as_a_bundle_or_as_a_bare_array(client: FlaskClient, appointments: Any) -> None:
    context = context_of("appointment-book", appointments=appointments)
    assert len(cards_of(fire(client, "appointment-book", context=context))) == 1


# --- the public sandbox clicks an order tab a second time: the call has lost its orders, or its whole context


LOST: list[tuple[str, Any]] = [
    ("order-select", context_of("order-select", selections=..., draftOrders=...)),
    ("order-select", context_of("order-select", selections=...)),
    ("order-select", context_of("order-select", draftOrders=...)),
    ("order-sign", context_of("order-sign", draftOrders=...)),
    ("order-select", ...),
    ("order-sign", ...),
]


@pytest.mark.parametrize(("hook", "context"), LOST)
def test_a_call_that_lost_its_orders_gets_no_cards_where_the_client_may_send_such(
    client: FlaskClient, hook: str, context: Any
) -> None:
    assert cards_of(fire(client, hook, context=context)) == []


@pytest.mark.parametrize(("hook", "context"), LOST)
def test_it_is_refused_where_it_may_not(hook: str, context: Any) -> None:
    with pytest.raises(RefusalError) as refused:
        read_call(body_of(hook, context=context), hook, context_may_be_missing=False)
    assert {problem.code for problem in refused.value.problems} == {"required"}


@pytest.mark.parametrize("hook", [hook for hook in ALL if hook not in ORDER_HOOKS])
def test_other_hooks_need_their_context_whoever_calls(hook: str) -> None:
    with pytest.raises(RefusalError) as refused:
        read_call(body_of(hook, context=...), hook, context_may_be_missing=True)
    assert [problem.where for problem in refused.value.problems] == ["context"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("field", ["patientId", "userId"])
def test_a_context_that_is_there_needs_patient_and_user_whoever_calls(hook: str, field: str) -> None:
    with pytest.raises(RefusalError) as refused:
        read_call(body_of(hook, context=context_of(hook, **{field: ...})), hook, context_may_be_missing=True)
    assert [problem.where for problem in refused.value.problems] == [f"context.{field}"]


def test_neither_drafts_nor_token_are_in_what_a_debugger_prints() -> None:
    body = body_of(
        "order-sign",
        context=context_of("order-sign", draftOrders=[draft(note="secretvalue")]),
        fhirServer="https://ehr.example/fhir",
        fhirAuthorization={"access_token": "secrettoken"},
    )
    assert "secret" not in repr(read_call(body, "order-sign"))
