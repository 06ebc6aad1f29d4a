"""HAPI as a hospital shows it to the outside: behind a server that asks for a token."""

from __future__ import annotations

from collections.abc import Callable

import requests
from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

PASSED_ON = ("Accept", "Cache-Control", "Content-Type", "If-Match", "If-None-Exist", "Prefer")
PASSED_BACK = ("Content-Type", "ETag", "Last-Modified", "Location")
TIMEOUT = 60


def gate_to(hapi: str, lets_in: Callable[[str], bool]) -> Blueprint:
    """Everything below /fhir, answered by HAPI for whoever sends a token that is let in."""
    gate, session = Blueprint("gate", __name__), requests.Session()
    session.trust_env = False

    @gate.route("/fhir/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
    def pass_on(rest: str) -> AnyResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if rest != "metadata" and not (scheme == "Bearer" and lets_in(token)):
            return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        # HAPI writes its links for the host that was asked.
        answer = session.request(
            request.method,
            f"{hapi}/{rest}",
            params=request.query_string,
            data=request.get_data(),
            headers={"Cache-Control": "no-cache", **headers, "Host": request.host},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        back = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, back)

    return gate
