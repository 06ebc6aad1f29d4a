"""What a bearer token opens on the demo's FHIR server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Flask, Request, Response, request

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import Grant

_LETTERS = {"GET": "rs", "HEAD": "rs", "POST": "c", "PUT": "u", "DELETE": "d"}
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_OF_NOBODY = frozenset({"Medication", "ResearchStudy", "Practitioner", "PractitionerRole", "Organization"})
"""Types without a patient: the scope alone decides."""

_OPEN = ("metadata", ".well-known")


PatientOf = Callable[[str, str], str]
"""The id of the patient whose resource of this type and id it is; "" if it is nobody's, or not there."""


def protect_fhir(
    app: Flask, authority: Authority, *, required: bool = False, patient_of: PatientOf | None = None
) -> None:
    """A token that is sent to the FHIR server must be a live one of ours and cover what is asked.

    ``required``: without a token there is nothing; in the demo hooks read without one. Without
    ``patient_of`` a token for one patient reads by id only that Patient.
    """

    @app.before_request
    def check() -> Response | None:
        base = authority.fhir_path
        if request.path != base and not request.path.startswith(f"{base}/"):
            return None
        path = request.path.removeprefix(base).strip("/")
        if path.partition("/")[0] in _OPEN:
            return None
        header = request.headers.get("Authorization", "")
        if not header:
            return _refusal(401, "login", "Send an access token.") if required else None
        grant = authority.grant_of(header)
        if grant is None:
            return _refusal(401, "login", "The access token is not a live one.")
        if not allows(grant, request, path, patient_of):
            return _refusal(403, "forbidden", "The access token does not cover this.")
        return None


def allows(grant: Grant, asked: Request, path: str, patient_of: PatientOf | None = None) -> bool:
    """Whether a grant covers a request for this path below the FHIR base."""
    if not path:  # a page of a search: its id in the query is known to who was given the one before
        return asked.method == "GET" and "_getpages" in asked.args
    kind, _, ident = path.partition("/")
    search = asked.method in ("POST",) and ident == "_search"
    letters = "s" if search or (asked.method == "GET" and not ident) else _LETTERS.get(asked.method, "")[:1]
    if not letters or not any(_covers(scope, kind, letters) for scope in grant.scope):
        return False
    if not grant.patient or kind in _OF_NOBODY:
        return True
    if asked.method == "GET" and ident and kind != "Patient":
        return patient_of is not None and patient_of(kind, ident) == grant.patient
    return _patients_of(asked, kind, ident, search=search) == {grant.patient}


def _covers(scope: str, kind: str, letter: str) -> bool:
    """Whether one scope, in either form, covers an interaction with a type."""
    context, slash, rest = scope.partition("/")
    of, dot, verbs = rest.partition("?")[0].partition(".")
    if not slash or not dot or context not in ("patient", "user", "system") or of not in (kind, "*"):
        return False
    return letter in _V1.get(verbs, verbs)


def _patients_of(asked: Request, kind: str, ident: str, *, search: bool) -> set[str]:
    """The ids of the patients that a request is about, as far as it says so itself."""
    if asked.method == "GET" and ident:
        return {ident}
    if asked.method == "GET" or search:
        values = asked.values
        if kind == "Patient":
            return {values.get("_id", "")}
        return {_id(values.get(name, "")) for name in ("patient", "subject") if name in values}
    return _patients_of_body(asked)


def _patients_of_body(asked: Request) -> set[str]:
    try:
        body = orjson.loads(asked.get_data())
    except orjson.JSONDecodeError:
        return set()
    if not isinstance(body, dict):
        return set()
    named = [body[name] for name in ("subject", "patient", "individual", "for") if name in body]
    return set(map(_reference, named))


def _reference(value: object) -> str:
    said: Mapping[str, Any] = value if isinstance(value, dict) else {}
    return _id(str(said.get("reference", "")))


def _id(reference: str) -> str:
    return reference.rpartition("Patient/")[2]


def _refusal(status: int, code: str, why: str) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": why}
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(orjson.dumps(body), status, headers, content_type="application/fhir+json")
