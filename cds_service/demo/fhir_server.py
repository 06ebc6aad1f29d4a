"""An embedded FHIR R4 server that reads, searches, creates and updates: the demo's EHR data, in memory, for
this machine only."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fhir.resources.R4B import get_fhir_model_class
from flask import Blueprint, Flask, Response, current_app, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from cds_service.demo.fhir.search import OF_EVERY_TYPE, SEARCH_PARAMETERS, SearchError, find, in_order
from cds_service.demo.fhir.store import ConflictError, FhirStore, Matching, Resource
from cds_service.demo.loopback import answer_loopback_only

FHIR_JSON = "application/fhir+json"
DEFAULT_PAGE = 100
LARGEST_PAGE = 500
LARGEST_BODY = 1_000_000
SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
ETAG = re.compile(r'(?:W/)?"([^"]+)"')

fhir = Blueprint("fhir", __name__, url_prefix="/fhir")


def create_fhir_server(folder: Path) -> Flask:
    """The server over a folder of sample Bundles; the folder itself is never written to."""
    app = Flask("cds_service.demo", static_folder=None, template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions["fhir-store"] = FhirStore.from_folder(folder)
    app.register_blueprint(fhir)
    app.register_error_handler(HTTPException, _as_outcome)
    app.register_error_handler(BodyError, lambda error: outcome(error.status, error.code, *error.problems))
    answer_loopback_only(app)
    return app


def store_of(app: Flask) -> FhirStore:
    """The resources behind a server made here."""
    store: FhirStore = app.extensions["fhir-store"]
    return store


def _json(body: Resource, status: int = 200, **headers: str) -> Response:
    return Response(orjson.dumps(body), status, headers, content_type=FHIR_JSON)


def outcome(status: int, code: str, *problems: str) -> Response:
    """An OperationOutcome that says what was wrong, as the answer to a request."""
    issues = [{"severity": "error", "code": code, "diagnostics": problem} for problem in problems]
    return _json({"resourceType": "OperationOutcome", "issue": issues}, status)


def _as_outcome(error: HTTPException) -> Response | HTTPException:
    if not request.path.startswith("/fhir"):
        return error
    code = {404: "not-found", 405: "not-supported", 403: "forbidden", 413: "too-long"}.get(error.code or 500)
    return outcome(error.code or 500, code or "processing", error.description or "The request failed.")


@fhir.get("/metadata")
def metadata() -> Response:
    """What this server can do."""
    interactions = [{"code": code} for code in ("read", "search-type", "create", "update")]
    resources = [
        {
            "type": kind,
            "interaction": interactions,
            "versioning": "versioned-update",
            "updateCreate": False,
            "conditionalCreate": True,
            "searchParam": [
                {"name": name, "type": p.kind} for name, p in {**OF_EVERY_TYPE, **parameters}.items()
            ],
        }
        for kind, parameters in SEARCH_PARAMETERS.items()
    ]
    return _json(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-22",
            "kind": "instance",
            "implementation": {"description": "trialhook demo data, in memory", "url": request.base_url[:-9]},
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [{"mode": "server", "resource": resources}],
        }
    )


@fhir.get("/<kind>/<ident>")
def read(kind: str, ident: str) -> Response:
    """One resource."""
    found = store_of(current_app).read(kind, ident)
    if found is None:
        return outcome(404, "not-found", f"There is no {kind}/{ident} here.")
    return _current(found)


@fhir.get("/<kind>")
def search(kind: str) -> Response:
    """A searchset Bundle, one page of it."""
    if kind not in SEARCH_PARAMETERS:
        return outcome(404, "not-supported", f"This server holds no {kind} resources.")
    try:
        query = Query.read(list(request.args.items(multi=True)))
        found = query.matches(kind, store_of(current_app))
    except SearchError as error:
        return outcome(400, "invalid", str(error))
    return _json(query.page(found, request.root_url + "fhir", kind))


@fhir.post("/<kind>")
def create(kind: str) -> Response:
    """Keep a new resource, if it is valid R4, under an id of the server's own.

    With If-None-Exist, one that matches is the answer instead (200); 412 if several do.
    """
    body = _sent(kind)
    condition = request.headers.get("If-None-Exist", "")
    try:
        unless = _matching(kind, condition) if condition else None
        kept = store_of(current_app).create(body, datetime.now(UTC), unless)
    except SearchError as error:
        return outcome(400, "invalid", str(error))
    except ConflictError as error:
        return outcome(412, "multiple-matches", str(error))
    return _current(kept.resource, 201 if kept.new else 200)


@fhir.put("/<kind>/<ident>")
def update(kind: str, ident: str) -> Response:
    """Put a new version in the place of a resource; with If-Match only if that version is there."""
    body = _sent(kind)
    if body.get("id") != ident:
        return outcome(400, "invalid", f"The resource must have the id {ident}, as the address says.")
    expected = ETAG.fullmatch(sent) if (sent := request.headers.get("If-Match", "")) else None
    if sent and not expected:
        return outcome(400, "invalid", 'If-Match is a version such as W/"1".')
    try:
        kept = store_of(current_app).update(body, datetime.now(UTC), expected[1] if expected else "")
    except KeyError:
        return outcome(405, "not-supported", f"There is no {kind}/{ident}, and ids are the server’s own.")
    except ConflictError as error:
        return outcome(412, "conflict", str(error))
    return _current(kept)


class BodyError(Exception):
    """What was sent is not a resource that this server takes."""

    def __init__(self, status: int, code: str, *problems: str) -> None:
        self.status, self.code, self.problems = status, code, problems
        super().__init__(*problems)


def _sent(kind: str) -> Resource:
    """The resource in the request's body; BodyError if it is none, or not of this type."""
    if kind not in SEARCH_PARAMETERS:
        raise BodyError(404, "not-supported", f"This server holds no {kind} resources.")
    if request.mimetype not in {FHIR_JSON, "application/json"}:
        raise BodyError(415, "not-supported", f"Send {FHIR_JSON}.")
    try:
        body: Resource = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BodyError(400, "structure", f"The body is not JSON: {error}") from error
    problems = faults(kind, body)
    if problems:
        raise BodyError(422, "invalid", *problems)
    return body


def _matching(kind: str, condition: str) -> Matching:
    """What a condition such as `identifier=system|value` asks for; SearchError if it cannot be asked."""
    wanted = parse_qsl(condition.partition("?")[2] or condition)
    if not wanted:
        raise SearchError(f"{condition!r} is no search")
    find([], kind, wanted)
    return lambda resources: find(resources, kind, wanted)


def _current(resource: Resource, status: int = 200) -> Response:
    """A resource with its version, and after a create with its address."""
    version = resource["meta"]["versionId"]
    headers = {"ETag": f'W/"{version}"'}
    if status == 201:
        path = f"{resource['resourceType']}/{resource['id']}"
        headers["Location"] = f"{request.root_url}fhir/{path}/_history/{version}"
    return _json(resource, status, **headers)


def faults(kind: str, body: Any) -> list[str]:
    """What keeps this from being a valid resource of the type; empty if nothing does."""
    if not isinstance(body, dict) or body.get("resourceType") != kind:
        return [f"Expected a {kind} resource."]
    try:
        get_fhir_model_class(kind).model_validate(body)
    except ValidationError as error:
        return [f"{'.'.join(map(str, e['loc'])) or kind}: {e['msg']}" for e in error.errors()[:10]]
    return []


@dataclass(frozen=True)
class Query:
    """A search as it was asked: what to match, in which order, which page."""

    wanted: tuple[tuple[str, str], ...]
    sort: str | None
    count: int
    offset: int
    elements: frozenset[str] = frozenset()

    @classmethod
    def read(cls, parameters: list[tuple[str, str]]) -> Query:
        """Take the result parameters out of the others."""
        control = {"_sort": "", "_count": str(DEFAULT_PAGE), "page": "", "_format": "json", "_elements": ""}
        wanted = tuple(pair for pair in parameters if pair[0] not in control)
        control |= {name: value for name, value in parameters if name in control}
        if not control["_count"].isdigit():
            raise SearchError(f"_count is a number, not {control['_count']!r}")
        if "json" not in control["_format"]:
            raise SearchError("This server speaks JSON only.")
        count = min(int(control["_count"]), LARGEST_PAGE)
        elements = frozenset(name for name in control["_elements"].split(",") if name)
        return cls(wanted, control["_sort"] or None, count, _offset(control["page"]), elements)

    def matches(self, kind: str, store: FhirStore) -> list[Resource]:
        """Everything that matches, in order."""
        found = find(store.all(kind), kind, self.wanted)
        return in_order(found, kind, self.sort) if self.sort else found

    def page(self, found: list[Resource], base: str, kind: str) -> Resource:
        """The searchset Bundle of this page, with a `next` link if there is more."""
        end = self.offset + self.count
        links = [{"relation": "self", "url": self._url(base, kind, self.offset)}]
        if self.count and end < len(found):
            links.append({"relation": "next", "url": self._url(base, kind, end)})
        entries = [
            {
                "fullUrl": f"{base}/{kind}/{item['id']}",
                "resource": self._part(item),
                "search": {"mode": "match"},
            }
            for item in found[self.offset : end]
        ]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
        return {**bundle, "entry": entries} if entries else bundle

    def _part(self, item: Resource) -> Resource:
        """What was asked for of a resource, which then says that it is not whole."""
        if not self.elements:
            return item
        part = {name: value for name, value in item.items() if name in {"resourceType", "id", *self.elements}}
        return {**part, "meta": {**item["meta"], "tag": [SUBSETTED]}}

    def _url(self, base: str, kind: str, offset: int) -> str:
        control = [
            ("_sort", self.sort or ""),
            ("_elements", ",".join(sorted(self.elements))),
            ("_count", str(self.count)),
            ("page", _page_token(offset)),
        ]
        return f"{base}/{kind}?{urlencode([*self.wanted, *((n, v) for n, v in control if v)])}"


def _page_token(offset: int) -> str:
    return urlsafe_b64encode(f"from:{offset}".encode()).decode() if offset else ""


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        return int(urlsafe_b64decode(token).decode().removeprefix("from:"))
    except ValueError as error:
        raise SearchError("This page link is not one of ours.") from error
