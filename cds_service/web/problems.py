"""Everything that this service refuses, in one shape: an OperationOutcome that says what to do.

No text here, and none that is made from these, holds anything that the caller sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: HTTP status, FHIR issue code, words, and the member of the body that it is about."""

    status: int
    code: str
    text: str
    where: str = ""

    def at(self, where: str) -> Problem:
        """The same fault at a member of the body."""
        return replace(self, where=where)


class RefusalError(Exception):
    """A request that is not served. All faults have the same status."""

    def __init__(self, *problems: Problem, headers: Mapping[str, str] | None = None) -> None:
        self.problems = problems
        self.status = problems[0].status
        self.headers = dict(headers or {})
        super().__init__(self.status)


def operation_outcome(problems: Sequence[Problem]) -> dict[str, Any]:
    """The body of every answer that is not a success."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(problem) for problem in problems]}


def _issue(problem: Problem) -> dict[str, Any]:
    severity = "fatal" if problem.status >= 500 else "error"
    issue = {"severity": severity, "code": problem.code, "details": {"text": problem.text}}
    return {**issue, "expression": [problem.where]} if problem.where else issue


def bad(code: str, text: str, where: str = "") -> Problem:
    """A fault in the body."""
    return Problem(400, code, text, where)


NOT_JSON = bad("structure", "The body is not valid JSON. Send one JSON object in UTF-8.")
BROKEN_OFF = bad("structure", "The body did not arrive whole. Send it again.")
NOT_AN_OBJECT = bad("structure", "The body must be a JSON object as CDS Hooks describes it.")
TOO_DEEP = bad("too-long", "The body is nested too deeply. Send FHIR resources as they are.")
ONLY_HERE = Problem(
    403,
    "forbidden",
    "Demo mode answers this machine only, by the name localhost, 127.0.0.1 or [::1], and not through a "
    "proxy. Call it directly from the machine on which it runs.",
)
NO_SUCH_PATH = Problem(404, "not-found", "There is nothing here. GET /cds-services lists the services.")
NO_SUCH_SERVICE = Problem(
    404, "not-found", "There is no CDS service with this id. GET /cds-services lists the services."
)
WRONG_METHOD = Problem(
    405,
    "not-supported",
    "This method is not supported here. GET /cds-services lists the services; a service takes POST.",
)
NO_PATIENT = Problem(
    412,
    "required",
    "The Patient resource could not be had, neither from prefetch nor from the FHIR server: {why}. "
    "Send prefetch.patient, or a fhirServer that this service may call, with a token that may read "
    "the Patient.",
    "prefetch.patient",
)
TOO_LARGE = Problem(
    413,
    "too-long",
    "The body is larger than {limit} bytes. Prefetch less, or raise TRIALHOOK_MAX_BODY.",
)
WRONG_MEDIA_TYPE = Problem(
    415,
    "not-supported",
    "The body must be sent as Content-Type application/json or application/fhir+json, in UTF-8 and not "
    "compressed.",
)
INTERNAL = Problem(
    500,
    "exception",
    "Something went wrong in this service. Nothing is known about the patient from this call. "
    "Tell the operator the time of the call.",
)
STORAGE_AWAY = Problem(
    503,
    "transient",
    "The database of this service is away. Nothing was kept of this request: send it again after the seconds "
    "in Retry-After.",
)
NOT_FOR_YOU = Problem(
    403,
    "forbidden",
    "Metrics are for the networks of TRIALHOOK_METRICS_NETWORKS. Ask whoever runs this service to add yours.",
)
