"""Why a referral is left, put one step back or opened again: closed lists. All of them are ours."""

from __future__ import annotations

from typing import NamedTuple

from cds_service.referrals.states import Kind, State, kind_of
from mappings.language import message

SYSTEM = "https://trialhook.example/fhir/CodeSystem/referral-reason"

_DECLINED, _WITHDRAWN, _LOST = State.DECLINED, State.WITHDRAWN, State.LOST
_NOT_ELIGIBLE, _FAILURE = State.NOT_ELIGIBLE, State.SCREEN_FAILURE


class Reason(NamedTuple):
    """One reason. ``display`` is a message; ``needs_words``: alone it says too little."""

    code: str
    display: str
    of: frozenset[State]
    needs_words: bool = False


def _reason(code: str, display: str, *of: State, needs_words: bool = False) -> Reason:
    return Reason(code, display, frozenset(of), needs_words)


LEAVING = (
    _reason("no-interest", message("Does not want to take part"), _DECLINED, _WITHDRAWN),
    _reason("too-burdensome", message("Too much of a burden"), _DECLINED, _WITHDRAWN),
    _reason("too-far", message("Too far to travel"), _DECLINED, _WITHDRAWN),
    _reason("fears-risk", message("Concerned about the risks"), _DECLINED, _WITHDRAWN),
    _reason("other-treatment", message("Prefers another treatment"), _DECLINED, _WITHDRAWN),
    _reason("criteria-not-met", message("Does not meet the criteria"), _NOT_ELIGIBLE, _FAILURE),
    _reason("condition-changed", message("The condition has changed"), _NOT_ELIGIBLE, _FAILURE, _WITHDRAWN),
    _reason("other-study", message("Takes part in another study"), _NOT_ELIGIBLE, _FAILURE),
    _reason("not-advised", message("The treating physician advises against it"), _NOT_ELIGIBLE, _WITHDRAWN),
    _reason("no-place", message("The trial takes nobody any more"), _NOT_ELIGIBLE, _FAILURE),
    _reason("consent-withdrawn", message("Consent was withdrawn"), _WITHDRAWN),
    _reason("died", message("The patient has died"), _NOT_ELIGIBLE, _FAILURE, _WITHDRAWN),
    _reason("by-mistake", message("Referred by mistake"), _NOT_ELIGIBLE, _WITHDRAWN),
    _reason("not-reached", message("Cannot be reached"), _LOST),
    _reason("moved-away", message("Has moved away"), _LOST),
    _reason(
        "other",
        message("Another reason, in words"),
        *(_DECLINED, _NOT_ELIGIBLE, _FAILURE, _WITHDRAWN, _LOST),
        needs_words=True,
    ),
)
CORRECTING = (_reason("correction", message("Entered by mistake"), needs_words=True),)
REOPENING = (
    _reason("changed-mind", message("The patient has changed their mind")),
    _reason("new-results", message("There are new results")),
    _reason("reached", message("Could be reached after all")),
    _reason("place-free", message("A place is free again")),
    _reason("left-by-mistake", message("Ended by mistake")),
    _reason("other", message("Another reason, in words"), needs_words=True),
)
IN_EHR = _reason("in-ehr", message("Changed in the EHR"))
"""Of a change that was made at the EHR without one of our reasons. Nobody chooses it on a page."""

_BY_CODE = {reason.code: reason for reason in (*LEAVING, *CORRECTING, *REOPENING, IN_EHR)}


def reasons_for(state: State, to: State) -> tuple[Reason, ...]:
    """What may be chosen for a move, of which one must be; none where the move needs none."""
    match kind_of(state, to):
        case Kind.LEAVE:
            return tuple(reason for reason in LEAVING if to in reason.of)
        case Kind.CORRECT:
            return CORRECTING
        case Kind.REOPEN:
            return REOPENING
    return ()


def reason_display(code: str) -> str:
    """The message of a code, to be translated; the code itself if it is none of ours, "" for ""."""
    return _BY_CODE[code].display if code in _BY_CODE else code
