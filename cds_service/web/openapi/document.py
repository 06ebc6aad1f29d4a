"""The OpenAPI document: paths, what each may answer, and how the document is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import orjson
from flask import Request, Response

from cds_service.hooks.specs import HOOKS, HookSpec
from cds_service.web.body import MEDIA_TYPES
from cds_service.web.openapi.examples import cards_example, feedback_example, request_example
from cds_service.web.openapi.schemas import SCHEMAS, Schema, ref, request_schema
from mappings.language import LANGUAGES

_MAX_AGE = 300
_BEARER = "clientJwt"
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
_ACCEPT_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The language wanted (en, zh-Hans), where the client's registration leaves it open.",
}
_CONTENT_LANGUAGE = {
    "Content-Language": {"schema": {"enum": [*LANGUAGES]}, "description": "The language of the texts."}
}
_NOT_CHANGED = {"description": "The client has it already (If-None-Match)."}
_TEXTS = {
    400: "The body is not what it must be: all its faults at once.",
    401: "No valid token. No detail is given.",
    403: "Not for this caller.",
    412: "The Patient could not be had, neither from prefetch nor from the FHIR server.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8, or it is compressed.",
    429: "Too many calls of this client.",
    500: "A fault of this service.",
    503: "The database is away. Send it again later.",
}
_ABOUT = """Flags possible candidates for clinical trials, as a CDS Service of CDS Hooks 2.0.

Every path answers OPTIONS without authentication (CORS). Every refusal but 401 has an OperationOutcome."""


class OpenApiDocument:
    """The document with its entity tag, made once. ``demo``: without authentication, on this machine only."""

    def __init__(self, *, demo: bool) -> None:
        self.body = orjson.dumps(openapi_document(demo=demo))
        self._etag = sha256(self.body).hexdigest()[:32]

    def answer(self, request: Request) -> Response:
        """The document, or 304 if the client has it already."""
        response = Response(self.body, mimetype="application/json")
        response.set_etag(self._etag)
        response.cache_control.max_age = _MAX_AGE
        response.make_conditional(request)
        return response


def openapi_document(*, demo: bool) -> dict[str, Any]:
    """The document as JSON values."""
    describing = _Describing(demo)
    paths = {
        "/cds-services": {"get": describing.discovery()},
        **{path: operation for spec in HOOKS for path, operation in describing.service(spec).items()},
        **describing.operation_paths(),
    }
    requests = {_request_name(spec): request_schema(spec) for spec in HOOKS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "trialhook", "version": version("trialhook"), "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": {**SCHEMAS, **requests},
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The CDS Client's own JWT (CDS Hooks): aud is the address called.",
                }
            },
        },
    }


def _request_name(spec: HookSpec) -> str:
    return "".join(part.title() for part in spec.hook.split("-")) + "Request"


class _Describing:
    """Makes the operations; what all of them may answer depends on the mode."""

    def __init__(self, demo: bool) -> None:
        self._demo = demo
        self._needs_token: list[dict[str, list[str]]] = [{}] if demo else [{_BEARER: []}]

    def discovery(self) -> Schema:
        """With a token as its client sees it, else as everybody does."""
        seen = _spoken(_json("The services and their prefetch templates.", ref("Discovery")))
        answers = {"200": seen, "304": _NOT_CHANGED, **self._secured()}
        security: list[Mapping[str, object]] = [{}] if self._demo else [{}, {_BEARER: []}]
        return _operation("discover", "Discovery", security, answers) | {"parameters": [_ACCEPT_LANGUAGE]}

    def service(self, spec: HookSpec) -> Mapping[str, Schema]:
        """The two paths of a service: calls, and feedback on its cards."""
        path = f"/cds-services/{spec.service_id}"
        name = _request_name(spec).removesuffix("Request")
        cards = _spoken(_json("The cards; none without guidance.", ref("CardsResponse"), cards_example()))
        answers = {"200": cards, **self._secured(400, 412, 413, 415)}
        call = _operation(f"call{name}", spec.title, self._needs_token, answers)
        call["description"] = spec.description
        call["parameters"] = [_ACCEPT_LANGUAGE]
        call["requestBody"] = _body(ref(_request_name(spec)), request_example(spec))
        answers = {"200": {"description": "Kept. No body."}, **self._secured(400, 413, 415, 503)}
        feedback = _operation(f"feedback{name}", "What became of cards", self._needs_token, answers)
        feedback["requestBody"] = _body(ref("Feedback"), feedback_example())
        return {path: {"post": call}, f"{path}/feedback": {"post": feedback}}

    def operation_paths(self) -> Mapping[str, Schema]:
        """What those who run the service look at."""
        text = {"text/plain": {"schema": {"type": "string"}}}
        about = _json("This document.", {"type": "object"})
        ready = _json("Cards come; status says whether anything is away.", ref("Readiness"))
        metrics = {"description": "Prometheus metrics. Bounded labels, nothing of patients.", "content": text}
        return {
            "/healthz": self._open("health", "Is the process up?", {"200": _json("It is.", ref("Health"))}),
            "/readyz": self._open("readiness", "Is anything away?", {"200": ready}),
            "/metrics": self._open("metrics", "Metrics", {"200": metrics, **_refusals([403])}),
            "/openapi.json": self._open("openapi", "This document", {"200": about, "304": _NOT_CHANGED}),
        }

    def _open(self, identity: str, summary: str, answers: Mapping[str, Schema]) -> Schema:
        refusals = _refusals([403, 500] if self._demo else [500])
        return {"get": _operation(identity, summary, [{}], {**answers, **refusals})}

    def _secured(self, *statuses: int) -> dict[str, Schema]:
        """The refusals of a path that needs a token; 503 is for a database that is away."""
        return _refusals({*statuses, 500, *((403,) if self._demo else (401, 429, 503))})


def _spoken(answer: Schema) -> Schema:
    return answer | {"headers": _CONTENT_LANGUAGE}


def _operation(
    identity: str, summary: str, security: Sequence[Mapping[str, object]], answers: Mapping[str, Schema]
) -> Schema:
    return {
        "operationId": identity,
        "summary": summary,
        "security": list(security),
        "responses": dict(answers),
    }


def _refusals(statuses: Iterable[int]) -> dict[str, Schema]:
    return {str(status): _refusal(status) for status in sorted(statuses)}


def _refusal(status: int) -> Schema:
    """A refusal: an OperationOutcome, save for a bare 401."""
    if status == 401:
        header = {"schema": {"type": "string"}}
        return {"description": _TEXTS[status], "headers": {"WWW-Authenticate": header}}
    answer = _json(_TEXTS[status], ref("OperationOutcome"))
    return {**answer, "headers": _RETRY_AFTER} if status in (429, 503) else answer


def _json(description: str, schema: Schema, example: object = None) -> Schema:
    media: Schema = {"schema": schema} | ({} if example is None else {"example": example})
    return {"description": description, "content": {"application/json": media}}


def _body(schema: Schema, example: object) -> Schema:
    return {
        "required": True,
        "content": {kind: {"schema": schema, "example": example} for kind in sorted(MEDIA_TYPES)},
    }
