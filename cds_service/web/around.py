"""What happens before and after every request, and the one shape of every refusal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from cds_service.authentication.tokens import UnauthenticatedError
from cds_service.failures import describe
from cds_service.observing import logs, metrics
from cds_service.storage.records import StorageAwayError
from cds_service.web.body import leave_nothing_unread, too_large
from cds_service.web.cross_origin import Origins, allow_origin, preflight
from cds_service.web.loopback import refuse_others
from cds_service.web.problems import (
    INTERNAL,
    NO_SUCH_PATH,
    STORAGE_AWAY,
    WRONG_METHOD,
    Problem,
    RefusalError,
    operation_outcome,
)
from cds_service.web.security_headers import protect

_LOG = logging.getLogger("trialhook.errors")
_METHODS = frozenset({"GET", "POST", "OPTIONS", "HEAD"})
_OTHER = "other"


def surround(
    app: Flask, origins: Origins, *, demo: bool, https: bool, refused: Callable[[str, int, str], None]
) -> None:
    """Puts all of this around every route of the application, and around paths that it does not have.

    ``refused`` is told of each call that is not authenticated: cause, status, and our id of the client
    whose issuer it named.
    """

    def begin() -> Response | None:
        g.started = perf_counter()
        g.facts = {"method": request.method if request.method in _METHODS else _OTHER}
        if demo:
            refuse_others(request.environ)
        return preflight() if request.method == "OPTIONS" else None

    def end(response: Response) -> Response:
        if response.status_code >= 400:
            leave_nothing_unread(request, app.config["MAX_CONTENT_LENGTH"])
        protect(response, https=https, of_page=g.get("page_headers"))
        allow_origin(request, response, origins)
        _observe(response.status_code)
        return response

    def unauthenticated(error: UnauthenticatedError) -> Response:
        """A bare 401: nothing tells a stranger what was wrong."""
        g.facts["cause"] = error.cause
        if error.client:  # whose token it claims to be: an id of ours
            g.facts["client"] = error.client
        metrics.REFUSED.labels(error.cause).inc()
        refused(error.cause, 401, error.client)
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})

    app.before_request(begin)
    app.after_request(end)
    app.register_error_handler(UnauthenticatedError, unauthenticated)
    app.register_error_handler(RefusalError, refusal_response)
    app.register_error_handler(StorageAwayError, _storage_away)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def json_response(body: dict[str, Any], status: int = 200) -> Response:
    """An answer in JSON, without insignificant white space."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def _observe(status: int) -> None:
    facts, seconds = g.facts, perf_counter() - g.started
    service = facts.get("service", _OTHER)
    metrics.REQUESTS.labels(service, facts.get("client", ""), str(status)).inc()
    metrics.REQUEST_SECONDS.labels(service).observe(seconds)
    logs.write_call({**facts, "status": status, "ms": round(seconds * 1000, 1)})


def refusal_response(refusal: RefusalError) -> Response:
    """An OperationOutcome with everything that is wrong; where ``g.page`` is set, the page that it makes."""
    g.facts["faults"] = [problem.where or problem.code for problem in refusal.problems]
    page: Callable[[RefusalError], Response] | None = g.get("page")
    response = _page_of(refusal, page) if page else None
    if response is None:
        response = json_response(operation_outcome(refusal.problems), refusal.status)
    response.headers.extend(refusal.headers)
    return response


def _page_of(refusal: RefusalError, page: Callable[[RefusalError], Response]) -> Response | None:
    """The page of a refusal; None if that fails as well."""
    try:
        return page(refusal)
    except Exception as error:  # noqa: BLE001 -- an answer all the same, and nothing private in it
        _LOG.error("%s", describe(error))
        return None


def _storage_away(error: StorageAwayError) -> Response:
    return refusal_response(RefusalError(STORAGE_AWAY, headers={"Retry-After": str(error.retry_after)}))


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
        return refusal_response(RefusalError(WRONG_METHOD, headers={"Allow": allowed}))
    if isinstance(error, NotFound):
        return refusal_response(RefusalError(NO_SUCH_PATH))
    if isinstance(error, RequestEntityTooLarge):
        return refusal_response(RefusalError(too_large(request.max_content_length or 0)))
    status = error.code or 500
    problem = Problem(status, "processing", f"The request was refused ({status}).")
    return refusal_response(RefusalError(problem))


def _bug(error: Exception) -> Response:
    _LOG.error("%s", describe(error))
    return refusal_response(RefusalError(INTERNAL))
