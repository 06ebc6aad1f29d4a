"""HAPI as a hospital shows it to the outside: behind a server that asks for a token."""

from __future__ import annotations

import requests
from flask import Blueprint, Response, request

from cds_service.demo.authorization.authority import Authority

PASSED_ON = ("Accept", "Cache-Control", "Content-Type", "If-Match", "If-None-Exist", "Prefer")
PASSED_BACK = ("Content-Type", "ETag", "Last-Modified", "Location")
TIMEOUT = 60


def gate_to(hapi: str, authority: Authority) -> Blueprint:
    """The FHIR base, answered by HAPI. `protect_fhir` asks for the token before this is reached."""
    gate, session = Blueprint("gate", __name__), requests.Session()
    session.trust_env = False

    @gate.get("/fhir")
    def next_page() -> Response:
        # HAPI's links to further pages lie at the base itself, and name nothing but the page.
        if authority.grant_of(request.headers.get("Authorization", "")) is None:
            return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return pass_on("")

    @gate.route("/fhir/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
    def pass_on(rest: str) -> Response:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        # HAPI writes its links for the host that was asked, and answers a repeated search from a cache.
        answer = session.request(
            request.method,
            f"{hapi}/{rest}".rstrip("/"),
            params=request.query_string,
            data=request.get_data(),
            headers={**headers, "Cache-Control": "no-cache", "Host": request.host},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        back = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, back)

    return gate
