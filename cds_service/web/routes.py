"""The HTTP surface: paths, what happens before and after every request, and errors."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any

import orjson
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from cds_service.failures import describe
from cds_service.hooks.call import read_call
from cds_service.hooks.matching import PatientViewMatching
from cds_service.observing import logs
from cds_service.web.body import read_object, too_large
from cds_service.web.cross_origin import allow_origin
from cds_service.web.discovery import HOOK, SERVICE_ID, DiscoveryDocument, service_entry
from cds_service.web.loopback import refuse_others
from cds_service.web.problems import (
    INTERNAL,
    NO_SUCH_PATH,
    NO_SUCH_SERVICE,
    WRONG_METHOD,
    Problem,
    RefusalError,
    operation_outcome,
)

_LOG = logging.getLogger("trialhook.errors")
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def hook_routes(matching: PatientViewMatching, max_body: int) -> Blueprint:
    """The paths of CDS Hooks, and /healthz."""
    routes = Blueprint("hooks", __name__)
    document = DiscoveryDocument([service_entry(matching.queries)])

    @routes.get("/cds-services", strict_slashes=False)
    def discovery() -> Response:
        return document.answer(request)

    @routes.post("/cds-services/<service_id>", strict_slashes=False)
    def service(service_id: str) -> Response:
        if service_id != SERVICE_ID:
            raise RefusalError(NO_SUCH_SERVICE)
        g.facts["service"] = SERVICE_ID
        call = read_call(read_object(request, max_body), HOOK)
        g.facts["hookInstance"] = call.hook_instance
        answer = matching.answer(call)
        g.facts.update(answer.counts)
        return _json({"cards": answer.cards})

    @routes.get("/healthz")
    def health() -> Response:
        return _json({"status": "ok"})

    routes.before_app_request(_begin)
    routes.after_app_request(_end)
    routes.app_errorhandler(RefusalError)(_refused)
    routes.app_errorhandler(HTTPException)(_http_error)
    routes.app_errorhandler(Exception)(_bug)
    return routes


def _begin() -> None:
    g.started = perf_counter()
    g.facts = {"method": request.method if request.method in ("GET", "POST", "OPTIONS", "HEAD") else "other"}
    refuse_others(request.environ)


def _end(response: Response) -> Response:
    response.headers.extend(_SECURITY)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    allow_origin(request, response)
    milliseconds = round((perf_counter() - g.started) * 1000, 1)
    logs.write_call({**g.facts, "status": response.status_code, "ms": milliseconds})
    return response


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json")


def _refused(refusal: RefusalError) -> Response:
    g.facts["faults"] = [problem.where or problem.code for problem in refusal.problems]
    response = _json(operation_outcome(refusal.problems), refusal.status)
    response.headers.extend(refusal.headers)
    return response


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, MethodNotAllowed):
        return _refused(
            RefusalError(WRONG_METHOD, headers={"Allow": ", ".join(sorted(error.valid_methods or ()))})
        )
    if isinstance(error, NotFound):
        return _refused(RefusalError(NO_SUCH_PATH))
    if isinstance(error, RequestEntityTooLarge):
        return _refused(RefusalError(too_large(request.max_content_length or 0)))
    status = error.code or 500
    return _refused(RefusalError(Problem(status, "processing", f"The request was refused ({status}).")))


def _bug(error: Exception) -> Response:
    _LOG.error("%s", describe(error))
    return _refused(RefusalError(INTERNAL))
