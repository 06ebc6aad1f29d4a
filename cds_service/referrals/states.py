"""The states of a referral, which may follow which, and what each is called in FHIR R4. Pure.

The path, and the ways off it::

    suggested > referred > received > contacted > pre-screening > screening > enrolled

    to               from                                          kind, and what it asks for
    ---------------  --------------------------------------------  ------------------------------------
    a later state    any on the path; up to screening by skipping  forward
    enrolled         screening                                     forward, while a place is free
    declined         suggested to screening                        leave, with a reason
    not-eligible     suggested to pre-screening                    leave, with a reason
    screen-failure   pre-screening, screening                      leave, with a reason
    withdrawn        referred to enrolled                          leave, with a reason
    lost             received to enrolled                          leave, with a reason
    one step back    received to enrolled                          correct, with a reason and in words
    referred         any that was left                             reopen, with a reason
    received         any that was left                             reopen, with a reason

Which steps may be skipped is ours: who telephones the patient at once need not click "received" first. But
nobody is enrolled who was not screened. A candidate of a silent trial is "suggested": no referral yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from mappings.language import message

SYSTEM = "https://trialhook.example/fhir/CodeSystem/referral-state"
"""The code system of ``Task.businessStatus``: the codes are the states."""


class State(StrEnum):
    """Where a referral stands. In the order of the path, then the ways of leaving it."""

    SUGGESTED = "suggested"
    REFERRED = "referred"
    RECEIVED = "received"
    CONTACTED = "contacted"
    PRE_SCREENING = "pre-screening"
    SCREENING = "screening"
    ENROLLED = "enrolled"
    DECLINED = "declined"
    NOT_ELIGIBLE = "not-eligible"
    SCREEN_FAILURE = "screen-failure"
    WITHDRAWN = "withdrawn"
    LOST = "lost"


DISPLAY: Mapping[State, str] = {
    State.SUGGESTED: message("Possible, not yet referred"),
    State.REFERRED: message("Referred"),
    State.RECEIVED: message("Received"),
    State.CONTACTED: message("Contacted"),
    State.PRE_SCREENING: message("In pre-screening"),
    State.SCREENING: message("In screening"),
    State.ENROLLED: message("Enrolled"),
    State.DECLINED: message("Declined"),
    State.NOT_ELIGIBLE: message("Not eligible"),
    State.SCREEN_FAILURE: message("Screen failure"),
    State.WITHDRAWN: message("Withdrawn"),
    State.LOST: message("Lost to follow-up"),
}
"""What people call them: messages, to be translated where they are shown."""


class Kind(StrEnum):
    """What a move is: the next step or a later one, off the path, one step back, onto the path again."""

    FORWARD = "forward"
    LEAVE = "leave"
    CORRECT = "correct"
    REOPEN = "reopen"


class Move(NamedTuple):
    """One state that may come next."""

    to: State
    kind: Kind


PATH = (
    State.SUGGESTED,
    State.REFERRED,
    State.RECEIVED,
    State.CONTACTED,
    State.PRE_SCREENING,
    State.SCREENING,
    State.ENROLLED,
)
LEFT = frozenset({State.DECLINED, State.NOT_ELIGIBLE, State.SCREEN_FAILURE, State.WITHDRAWN, State.LOST})
OPEN = frozenset(PATH) - {State.SUGGESTED, State.ENROLLED}
"""Somebody of the study team has something to do."""

REOPENED = (State.REFERRED, State.RECEIVED)

_LEAVING: Mapping[State, tuple[State, State]] = {  # the first and the last state of the path it is left from
    State.DECLINED: (State.SUGGESTED, State.SCREENING),
    State.NOT_ELIGIBLE: (State.SUGGESTED, State.PRE_SCREENING),
    State.SCREEN_FAILURE: (State.PRE_SCREENING, State.SCREENING),
    State.WITHDRAWN: (State.REFERRED, State.ENROLLED),
    State.LOST: (State.RECEIVED, State.ENROLLED),
}


def moves(state: State) -> tuple[Move, ...]:
    """What may come next: onwards first, then the ways of leaving, then one step back."""
    if state in LEFT:
        return tuple(Move(to, Kind.REOPEN) for to in REOPENED)
    place = PATH.index(state)
    onwards = [Move(to, Kind.FORWARD) for to in PATH[place + 1 :] if _may_go_on(state, to)]
    leaving = [
        Move(to, Kind.LEAVE)
        for to, (first, last) in _LEAVING.items()
        if PATH.index(first) <= place <= PATH.index(last)
    ]
    back = [Move(PATH[place - 1], Kind.CORRECT)] if place > PATH.index(State.REFERRED) else []
    return (*onwards, *leaving, *back)


def _may_go_on(state: State, to: State) -> bool:
    if state is State.SUGGESTED:
        return to is State.REFERRED
    return to is not State.ENROLLED or state is State.SCREENING


def allowed(state: State) -> tuple[State, ...]:
    """The states that may come next."""
    return tuple(move.to for move in moves(state))


def kind_of(state: State, to: State) -> Kind | None:
    """What kind of move it would be; None if it is none that may be made."""
    return next((move.kind for move in moves(state) if move.to is to), None)


# --- in FHIR R4


class InFhir(NamedTuple):
    """A state in the words of FHIR R4: the statuses of Task and ResearchSubject, and of a ServiceRequest
    that is over. ``request`` is "" while it is not: then the client's terms say which it has.
    """

    task: str
    subject: str
    request: str = ""


_IN_FHIR: Mapping[State, InFhir] = {
    State.SUGGESTED: InFhir("draft", "potential-candidate"),
    State.REFERRED: InFhir("requested", "candidate"),
    State.RECEIVED: InFhir("received", "candidate"),
    State.CONTACTED: InFhir("accepted", "candidate"),
    State.PRE_SCREENING: InFhir("in-progress", "screening"),
    State.SCREENING: InFhir("in-progress", "screening"),
    State.ENROLLED: InFhir("completed", "on-study", "completed"),
    State.DECLINED: InFhir("cancelled", "not-registered", "revoked"),
    State.NOT_ELIGIBLE: InFhir("rejected", "ineligible", "revoked"),
    State.SCREEN_FAILURE: InFhir("failed", "ineligible", "completed"),
    State.WITHDRAWN: InFhir("cancelled", "withdrawn", "revoked"),
    State.LOST: InFhir("failed", "not-registered", "revoked"),
}
_AFTER_ENROLMENT = InFhir("completed", "off-study", "completed")
"""Who was on the study has had the screening that was asked for, however the study then ended."""


def in_fhir(state: State, left_from: State | None = None) -> InFhir:
    """The codes of a state. ``left_from``: in which state it was left, where it was."""
    if state in LEFT and left_from is State.ENROLLED:
        return _AFTER_ENROLMENT
    return _IN_FHIR[state]


_STANDS_FOR: Mapping[str, State] = {
    "requested": State.REFERRED,
    "received": State.RECEIVED,
    "ready": State.RECEIVED,
    "accepted": State.RECEIVED,
    "in-progress": State.PRE_SCREENING,
    "rejected": State.NOT_ELIGIBLE,
    "cancelled": State.WITHDRAWN,
    "entered-in-error": State.WITHDRAWN,
}
"""What a status alone says. "completed" and "failed" are not in it: whether somebody is enrolled, or why
screening failed, is for a person to say, as are "draft" and "on-hold"."""


def state_of_task(
    business: Iterable[tuple[str, str]], status: str, now: State, left_from: State | None = None
) -> State | None:
    """The state for which a Task stands that was changed at the EHR; None if that cannot be said.

    ``business`` holds system and code of its businessStatus. Ours decides; else ``now``, the state that we
    have, if the status is the one which it has; else what the status says by itself.
    """
    for system, code in business:
        if system == SYSTEM and code in set(State):
            return State(code)
    if status == in_fhir(now, left_from).task:
        return now
    return _STANDS_FOR.get(status)
