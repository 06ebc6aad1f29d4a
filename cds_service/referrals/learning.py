"""What of a change made at the EHR is taken over, and what a person has to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cds_service.referrals import rows
from cds_service.referrals.changing import Desk, Step, check, check_place, move_at, told
from cds_service.referrals.reasons import IN_EHR, reasons_for
from cds_service.referrals.records import (
    EHR_ROLE,
    Happened,
    Learned,
    NoPlaceError,
    NotAllowedError,
    Remote,
    Who,
)
from cds_service.referrals.rows import Row
from cds_service.referrals.states import State

DIFFERS = "differs-in-ehr"


def learn_at(desk: Desk, row: Row, learned: Learned, places: int | None, now: datetime) -> Happened:
    """Takes over what was read of a ``locked`` referral's resource, if it is new and may follow.

    Read again in whatever order and however often, it changes nothing twice: what decides is whether the
    resource stands for something else than when it was last seen, and not when anybody told us so.
    """
    before = rows.remotes(desk.connection, desk.ring, row.id).get(learned.kind)
    if before is not None and (before.id, before.version) == (learned.id, learned.version):
        return _happened(desk, row, "nothing")
    _seen(desk, row, learned, learned.state, now)
    if learned.state is None:
        return _differs(desk, row, learned, before, now)
    if learned.state.value == row.state:
        _agrees(desk, row)
        return _happened(desk, row, "nothing")
    if before is not None and before.state is learned.state:
        return _happened(desk, row, "ours")
    if learned.state.value in rows.own_states(desk.connection, row.id, before.seen if before else None):
        return _happened(desk, row, "ours")  # an echo of what was written just before this process was killed
    step = _step(row, learned, learned.state, now)
    try:
        check(row, step)
        if step.to is State.ENROLLED:
            check_place(desk.connection, row.trial, places)
    except (NotAllowedError, NoPlaceError):
        return _differs(desk, row, learned, before, now)
    move_at(desk, row, step)
    return _happened(desk, row, "moved")


def _step(row: Row, learned: Learned, to: State, now: datetime) -> Step:
    """With the reason that the resource gives, where it is one that the move may have."""
    fitting = reasons_for(State(row.state), to)
    codes = {reason.code for reason in fitting if not reason.needs_words or learned.words.strip()}
    reason = learned.reason if learned.reason in codes else IN_EHR.code if fitting else ""
    who = Who("", learned.who, EHR_ROLE)
    return Step(to, who, now, None, reason, learned.words, "learned", ("changed-in-ehr",))


def _seen(desk: Desk, row: Row, learned: Learned, state: State | None, now: datetime) -> None:
    seen = Remote(learned.kind, learned.id, learned.version, state, now)
    rows.put_remote(desk.connection, desk.ring, row.id, seen)


def _differs(desk: Desk, row: Row, learned: Learned, before: Remote | None, now: datetime) -> Happened:
    """Nobody is moved: the EHR says what may not follow, or nothing that could be understood.

    What was agreed on stays remembered, so that the same may be taken over later, when it may follow.
    """
    _seen(desk, row, learned, before.state if before else None, now)
    words = rows.written_attention([*rows.attention_in(row), DIFFERS])
    rows.change(desk.connection, row.id, {"attention": words})
    to = learned.state or State(row.state)
    step = Step(to, Who("", learned.who, EHR_ROLE), now, None, "", learned.words, "refused")
    told(desk, row, replace(step, reason=DIFFERS), row.state)
    return _happened(desk, row, "differs")


def _agrees(desk: Desk, row: Row) -> None:
    words = rows.attention_in(row)
    if DIFFERS in words:
        left = rows.written_attention(word for word in words if word != DIFFERS)
        rows.change(desk.connection, row.id, {"attention": left})


def _happened(desk: Desk, row: Row, what: str) -> Happened:
    current = rows.locked(desk.connection, row.id)
    return Happened(what, rows.referral_of(desk.ring, current))  # type: ignore[arg-type]
