"""Which state may follow which, and what each is called in FHIR: the whole table."""

from __future__ import annotations

import pytest

from cds_service.referrals import reasons, states
from cds_service.referrals.reasons import LEAVING, reason_display, reasons_for
from cds_service.referrals.states import (
    DISPLAY,
    LEFT,
    OPEN,
    PATH,
    SYSTEM,
    Kind,
    State,
    allowed,
    in_fhir,
    kind_of,
    moves,
    state_of_task,
)

# One row for each state: where it may go. F onwards, L leave, C one step back, R opened again, . not at all.
COLUMNS = ["suggested", "referred", "received", "contacted", "pre-screening", "screening", "enrolled"]
COLUMNS += ["declined", "not-eligible", "screen-failure", "withdrawn", "lost"]
TABLE = {
    #                  sug ref rec con pre scr enr dec not fai wit los
    "suggested":      ".   F   .   .   .   .   .   L   L   .   .   .",
    "referred":       ".   .   F   F   F   F   .   L   L   .   L   .",
    "received":       ".   C   .   F   F   F   .   L   L   .   L   L",
    "contacted":      ".   .   C   .   F   F   .   L   L   .   L   L",
    "pre-screening":  ".   .   .   C   .   F   .   L   L   L   L   L",
    "screening":      ".   .   .   .   C   .   F   L   .   L   L   L",
    "enrolled":       ".   .   .   .   .   C   .   .   .   .   L   L",
    "declined":       ".   R   R   .   .   .   .   .   .   .   .   .",
    "not-eligible":   ".   R   R   .   .   .   .   .   .   .   .   .",
    "screen-failure": ".   R   R   .   .   .   .   .   .   .   .   .",
    "withdrawn":      ".   R   R   .   .   .   .   .   .   .   .   .",
    "lost":           ".   R   R   .   .   .   .   .   .   .   .   .",
}  # fmt: skip
KINDS = {"F": Kind.FORWARD, "L": Kind.LEAVE, "C": Kind.CORRECT, "R": Kind.REOPEN, ".": None}


@pytest.mark.parametrize("state", State)
def test_a_state_leads_where_the_table_says(state: State) -> None:
    expected = dict(zip(COLUMNS, (KINDS[mark] for mark in TABLE[state].split()), strict=True))
    assert {to.value: kind_of(state, to) for to in State} == expected
    assert {to.value for to in allowed(state)} == {to for to, kind in expected.items() if kind}


def test_every_state_is_on_the_path_or_off_it() -> None:
    assert set(PATH) | LEFT == set(State)
    assert set(PATH) & LEFT == set()
    assert set(PATH) - OPEN == {State.SUGGESTED, State.ENROLLED}
    assert set(DISPLAY) == set(State)


def test_the_next_step_is_offered_first() -> None:
    assert moves(State.REFERRED)[0].to is State.RECEIVED


# --- reasons


def test_whoever_leaves_goes_back_or_comes_again_says_why() -> None:
    for state in State:
        for move in moves(state):
            assert bool(reasons_for(state, move.to)) is (move.kind is not Kind.FORWARD), (state, move)


def test_a_reason_fits_only_what_it_is_a_reason_for() -> None:
    assert "not-reached" in {reason.code for reason in reasons_for(State.CONTACTED, State.LOST)}
    assert "not-reached" not in {reason.code for reason in reasons_for(State.CONTACTED, State.DECLINED)}
    assert all(reason.of <= LEFT for reason in LEAVING)


def test_codes_are_told_apart_and_have_words() -> None:
    for group in (reasons.LEAVING, reasons.CORRECTING, reasons.REOPENING):
        assert len({reason.code for reason in group}) == len(group)
    assert reason_display("too-far") == "Too far to travel"
    assert reason_display("of-an-older-version") == "of-an-older-version"


# --- FHIR R4

TASK = "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed"
SUBJECT = (
    "candidate eligible follow-up ineligible not-registered off-study on-study on-study-intervention "
    "on-study-observation pending-on-study potential-candidate screening withdrawn"
)
REQUEST = "draft active on-hold revoked completed entered-in-error unknown"

IN_FHIR = [
    ("suggested", "draft", "potential-candidate", ""),
    ("referred", "requested", "candidate", ""),
    ("received", "received", "candidate", ""),
    ("contacted", "accepted", "candidate", ""),
    ("pre-screening", "in-progress", "screening", ""),
    ("screening", "in-progress", "screening", ""),
    ("enrolled", "completed", "on-study", "completed"),
    ("declined", "cancelled", "not-registered", "revoked"),
    ("not-eligible", "rejected", "ineligible", "revoked"),
    ("screen-failure", "failed", "ineligible", "completed"),
    ("withdrawn", "cancelled", "withdrawn", "revoked"),
    ("lost", "failed", "not-registered", "revoked"),
]


@pytest.mark.parametrize(("state", "task", "subject", "request_"), IN_FHIR)
def test_a_state_has_these_codes(state: str, task: str, subject: str, request_: str) -> None:
    assert in_fhir(State(state)) == (task, subject, request_)
    assert task in TASK.split()
    assert subject in SUBJECT.split()
    assert request_ in ("", *REQUEST.split())


def test_every_state_has_codes() -> None:
    assert [row[0] for row in IN_FHIR] == [state.value for state in State]


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.LOST])
def test_who_left_after_enrolment_has_been_screened_and_is_off_the_study(state: State) -> None:
    assert in_fhir(state, State.ENROLLED) == ("completed", "off-study", "completed")
    assert in_fhir(state, State.SCREENING) == in_fhir(state)


# --- what a Task changed at the EHR stands for

OURS = [(SYSTEM, "screening")]
THEIRS = [("https://ehr.example/status", "screening")]


@pytest.mark.parametrize(
    ("business", "status", "now", "stands_for"),
    [
        (OURS, "received", "referred", "screening"),
        ([*THEIRS, *OURS], "received", "referred", "screening"),
        (THEIRS, "received", "referred", "received"),
        ([(SYSTEM, "of-a-newer-version")], "received", "referred", "received"),
        ([], "in-progress", "screening", "screening"),
        ([], "in-progress", "referred", "pre-screening"),
        ([], "accepted", "contacted", "contacted"),
        ([], "accepted", "referred", "received"),
        ([], "ready", "referred", "received"),
        ([], "rejected", "received", "not-eligible"),
        ([], "cancelled", "received", "withdrawn"),
        ([], "cancelled", "declined", "declined"),
        ([], "entered-in-error", "received", "withdrawn"),
        ([], "completed", "enrolled", "enrolled"),
        ([], "completed", "screening", None),
        ([], "failed", "screening", None),
        ([], "failed", "lost", "lost"),
        ([], "on-hold", "screening", None),
        ([], "draft", "referred", None),
        ([], "", "referred", None),
        ([], "of-r5", "referred", None),
    ],
)
def test_a_task_stands_for(
    business: list[tuple[str, str]], status: str, now: str, stands_for: str | None
) -> None:
    expected = State(stands_for) if stands_for else None
    assert state_of_task(business, status, State(now)) is expected


@pytest.mark.parametrize("state", State)
def test_what_is_written_is_read_back_as_it_was(state: State) -> None:
    status = in_fhir(state).task
    assert state_of_task([(SYSTEM, state.value)], status, State.REFERRED) is state
    assert state_of_task([], status, state) is state


def test_a_task_of_one_who_left_after_enrolment_is_known_again() -> None:
    assert state_of_task([], "completed", State.WITHDRAWN, State.ENROLLED) is State.WITHDRAWN


def test_the_docstring_has_a_line_for_every_way_of_leaving() -> None:
    assert states.__doc__ is not None
    assert all(f"    {state.value} " in states.__doc__ for state in LEFT)
