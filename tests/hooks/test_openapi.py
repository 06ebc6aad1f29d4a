"""GET /openapi.json, and what schemathesis finds when it calls everything that the document describes.

schemathesis sends the examples, every value at its limits, wrong types and members, and made-up bodies: some
two thousand calls, in this process. Servers named in a made-up call are never reached: none is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pytest
import schemathesis
from flask import Flask, Response, request
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.core.failures import FailureGroup

from cds_service.app import create_app
from cds_service.hooks.specs import HOOKS, HookSpec
from cds_service.settings import Settings
from cds_service.web.openapi import openapi_document
from cds_service.web.openapi.examples import EXAMPLE_DAY, cards_example, feedback_example, request_example

EXAMPLES = 12
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
PATIENT_VIEW = "/cds-services/trial-match-patient-view"


def service() -> Flask:
    return create_app(Settings(max_body=65536), today=lambda: EXAMPLE_DAY)


def from_this_machine(app: Flask) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Demo mode answers loopback callers only, and schemathesis does not say where it calls from."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return app({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)

    return answer


def schema_of(app: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", from_this_machine(app))


@schema_of(service()).parametrize()  # type: ignore[untyped-decorator]
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_nothing_that_is_sent_gets_a_5xx_or_an_answer_that_is_not_described(case: Any) -> None:
    case.call_and_validate(checks=CHECKS)


# --- the same checks on a service with a fault


def changed(answer: Callable[[dict[str, Any]], object], status: int = 200) -> Flask:
    """The service, with its answers to calls replaced: what they hold is passed through ``answer``."""
    app = service()

    @app.after_request
    def change(response: Response) -> Response:
        if request.method == "POST":
            response.data = orjson.dumps(answer(orjson.loads(response.data)))
            response.status_code = status
        return response

    return app


def check_example(app: Flask, spec: HookSpec = HOOKS[0]) -> None:
    """Sends the example of a hook, and holds the answer against the document."""
    operation = schema_of(app)[f"/cds-services/{spec.service_id}"]["POST"]
    case = operation.Case(body=request_example(spec), media_type="application/json")
    case.call_and_validate(checks=CHECKS)


def with_card(**members: object) -> Callable[[dict[str, Any]], object]:
    return lambda answer: {"cards": [{**card, **members} for card in answer["cards"]]}


def without_card_member(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda answer: {"cards": [{k: v for k, v in one.items() if k != name} for one in answer["cards"]]}


@pytest.mark.parametrize(
    "fault",
    [
        lambda answer: answer["cards"],
        lambda answer: {"cards": None},
        lambda answer: {**answer, "systemActions": []},
        with_card(summary="x" * 140),
        with_card(summary=" "),
        with_card(indicator="hard-stop"),
        with_card(links=[]),
        with_card(detail=None),
        with_card(uuid="card-1"),
        with_card(selectionBehavior="all"),
        with_card(source={"label": ""}),
        with_card(overrideReasons=[{"code": "x", "system": "y"}]),
        with_card(suggestions=[{"label": "x", "uuid": cards_example()["cards"][0]["uuid"], "actions": []}]),
        with_card(autolaunchable=True),
        without_card_member("summary"),
        without_card_member("selectionBehavior"),
        without_card_member("suggestions"),
    ],
)
def test_an_answer_that_is_not_as_described_is_found(fault: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(FailureGroup):
        check_example(changed(fault))


@pytest.mark.parametrize("status", [201, 302, 422, 500, 504])
def test_a_status_that_is_not_described_is_found(status: int) -> None:
    with pytest.raises(FailureGroup):
        check_example(changed(lambda answer: answer, status))


# --- examples


@pytest.mark.parametrize("spec", HOOKS, ids=lambda spec: spec.hook)
def test_each_example_request_gets_a_card_shaped_like_the_example_answer(spec: HookSpec) -> None:
    app = service()
    check_example(app, spec)
    answer = app.test_client().post(f"/cds-services/{spec.service_id}", json=request_example(spec))
    [card], [shown] = answer.get_json()["cards"], cards_example()["cards"]
    assert shape_of(shown) <= shape_of(card)
    assert {path for path in shape_of(card) if path.count(".") < 2} == {
        path for path in shape_of(shown) if path.count(".") < 2
    }
    assert card["source"] == shown["source"]
    assert card["overrideReasons"] == shown["overrideReasons"]
    assert card["links"] == shown["links"]


def shape_of(value: object, path: str = "") -> set[str]:
    """The paths of all members, whatever list they are in."""
    if isinstance(value, list):
        return {found for one in value for found in shape_of(one, path)}
    if not isinstance(value, dict):
        return {path}
    return {path} | {found for name, one in value.items() for found in shape_of(one, f"{path}.{name}")}


def test_the_example_answer_and_feedback_conform_to_their_schemas() -> None:
    app = changed(lambda _: cards_example())
    check_example(app)
    schema = schema_of(service()).raw_schema["components"]["schemas"]["Feedback"]
    [item] = feedback_example()["feedback"]
    assert set(schema["properties"]["feedback"]["items"]["required"]) <= set(item)


# --- the document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_served_with_a_tag_and_without_authentication(client: FlaskClient) -> None:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json() == openapi_document(demo=True)
    again = client.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_every_path_of_the_service_is_described_and_every_path_described_is_there() -> None:
    rules = {
        (str(rule), method)
        for rule in service().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    by_name = {
        (rule.replace("<service_id>", spec.service_id), method) for rule, method in rules for spec in HOOKS
    }
    described = {(path, method.upper()) for path, method, _ in operations(openapi_document(demo=True))}
    assert by_name == described


@pytest.mark.parametrize("demo", [True, False])
def test_each_operation_has_a_name_of_its_own_and_says_what_every_refusal_looks_like(demo: bool) -> None:
    document = openapi_document(demo=demo)
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for _, _, operation in operations(document):
        assert "500" in operation["responses"]
        for status, answer in operation["responses"].items():
            assert answer["description"]
            if status == "401":
                assert "content" not in answer
                assert "WWW-Authenticate" in answer["headers"]
            elif int(status) >= 400:
                assert "OperationOutcome" in str(answer["content"]["application/json"])
                assert ("Retry-After" in answer.get("headers", {})) == (status in ("429", "503"))


def test_with_registered_clients_every_call_needs_a_token_and_discovery_may_have_one() -> None:
    for path, _, operation in operations(openapi_document(demo=False)):
        assert (operation["security"] == [{"clientJwt": []}]) == path.startswith("/cds-services/")
        assert ({"clientJwt": []} in operation["security"]) == path.startswith("/cds-services")
        assert ("401" in operation["responses"]) == path.startswith("/cds-services")
        assert "403" not in operation["responses"] or path == "/metrics"


@pytest.mark.parametrize("spec", HOOKS, ids=lambda spec: spec.hook)
def test_the_context_of_each_request_is_that_of_the_table_of_hooks(spec: HookSpec) -> None:
    schemas = openapi_document(demo=True)["components"]["schemas"]
    [request] = [
        one for one in schemas.values() if one.get("properties", {}).get("hook") == {"const": spec.hook}
    ]
    context = request["properties"]["context"]
    assert context["required"] == [field.name for field in spec.fields if field.required]
    assert list(context["properties"]) == [field.name for field in spec.fields]
