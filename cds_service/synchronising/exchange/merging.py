"""What of a resource says how far a referral is, and how ours is written into theirs. Pure.

Of a resource that is there we change only what says how far the referral is: what people at the EHR added
(an owner, a note, a signature that turned a draft into an order) stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.referrals.states import LEFT, SYSTEM, State, in_fhir, state_of_task

Resource = dict[str, Any]

_TELLING: Mapping[str, tuple[str, ...]] = {
    "ServiceRequest": ("status",),
    "Task": ("status", "statusReason", "businessStatus"),
    "ResearchSubject": ("status", "period"),
}
_UNTOLD = frozenset({"meta", "text", "lastModified", "identifier"})
"""Elements in which a difference alone is no reason to write."""

_STILL_OPEN = frozenset({"draft", "active", "on-hold"})
"""Statuses of a ServiceRequest between which the EHR decides: who signs our draft makes it active."""

_FINAL = "entered-in-error"


def code_of(resource: Mapping[str, Any]) -> str:
    """What of a resource says how far the referral is, as one text: equal texts say the same."""
    status = str(resource.get("status", ""))
    if resource.get("resourceType") == "ServiceRequest":
        return "open" if status in _STILL_OPEN else status
    return f"{status} {own_business_status(resource)}".strip()


def code_of_state(kind: str, state: str, left_from: str = "") -> str:
    """What ``code_of`` says of the resource that we write for a state."""
    here = State(state)
    start = State(left_from) if left_from and here in LEFT else None
    codes = in_fhir(here, start)
    if kind == "ServiceRequest":
        return codes.request or "open"
    return f"{codes.task} {here}" if kind == "Task" else codes.subject


def own_business_status(resource: Mapping[str, Any]) -> str:
    """The code of ours in ``Task.businessStatus``; "" if there is none."""
    return next((code for system, code in business_status(resource) if system == SYSTEM), "")


def business_status(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    """System and code of each coding in ``Task.businessStatus``."""
    concept = resource.get("businessStatus")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [
        (str(one.get("system", "")), str(one.get("code", "")))
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, dict)
    ]


def changed_business_status(resource: Mapping[str, Any], code_before: str) -> list[tuple[str, str]]:
    """``businessStatus`` where it was changed; [] where only the status was, as many EHRs' pages do."""
    _, _, before = code_before.partition(" ")
    return [] if before and own_business_status(resource) == before else business_status(resource)


_SUBJECT_STATES: Mapping[str, State] = {
    "on-study": State.ENROLLED,
    "ineligible": State.NOT_ELIGIBLE,
    "withdrawn": State.WITHDRAWN,
    "off-study": State.WITHDRAWN,
}
_REQUEST_STATES: Mapping[str, State] = {"revoked": State.WITHDRAWN, _FINAL: State.WITHDRAWN}


def state_of_other(resource: Mapping[str, Any]) -> State | None:
    """For which state a ServiceRequest or ResearchSubject stands that was changed at the EHR.

    None where the status alone does not say it. The choice is ours, as it is for a Task.
    """
    kind, status = resource.get("resourceType"), str(resource.get("status", ""))
    return (_REQUEST_STATES if kind == "ServiceRequest" else _SUBJECT_STATES).get(status)


def merged(theirs: Resource, ours: Resource) -> Resource:
    """Their resource with what ours says; the very same object if it says so already."""
    kind = ours["resourceType"]
    result = {**ours, **theirs}
    for name in _TELLING[kind]:
        result.pop(name, None)
        if name in ours:
            result[name] = ours[name]
    if kind == "ServiceRequest":
        result["status"] = _request_status(str(theirs.get("status", "")), ours["status"])
    elif kind == "Task" and _says_the_same(str(theirs.get("status", "")), ours):
        result["status"] = theirs["status"]
    result["identifier"] = _identifiers(theirs.get("identifier"), ours["identifier"])
    if all(result.get(name) == theirs.get(name) for name in (result.keys() | theirs.keys()) - _UNTOLD) and (
        result["identifier"] == theirs.get("identifier")
    ):
        return theirs
    if "lastModified" in ours:
        result["lastModified"] = ours["lastModified"]
    return result


def _request_status(theirs: str, ours: str) -> str:
    if theirs == _FINAL or (theirs in _STILL_OPEN and ours in _STILL_OPEN):
        return theirs
    return ours


def _says_the_same(status: str, ours: Resource) -> bool:
    """Whether the status of their Task stands for our state: who accepted it there finds it accepted."""
    state = own_business_status(ours)
    return state in set(State) and state_of_task((), status, State(state)) == state


def _identifiers(theirs: Any, ours: list[Any]) -> list[Any]:
    """Theirs, and ours where it is missing."""
    there = list(theirs) if isinstance(theirs, list) else []
    known = [(one.get("system"), one.get("value")) for one in there if isinstance(one, dict)]
    return [*there, *(one for one in ours if (one.get("system"), one.get("value")) not in known)]
