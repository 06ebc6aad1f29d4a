"""States of recruitment: what a file says, what an edit changes, and what a bad edit may not."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.recruitment.reading import RecruitmentError, read_recruitment
from cds_service.recruitment.states import RecruitmentStates
from mappings.trial_definition import Recruitment
from tests.service.definitions import TRIAL

DAY = date(2026, 6, 15)
OTHER = replace(TRIAL, facts=replace(TRIAL.facts, id="NCT00000002"), recruitment=None)
KNOWN = (TRIAL.id, OTHER.id)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def edit(tmp_path: Path, clock: Clock) -> Callable[[str], Path]:
    """Writes the entries of the file, as an editor does, and lets two seconds pass."""

    def write(text: str, *, whole: bool = False) -> Path:
        path = tmp_path / "recruitment.yaml"
        path.write_text(text if whole else f"schema: 1\ntrials:\n{text}", encoding="utf-8")
        clock.now += 2
        return path

    return write


def entry(*lines: str, trial: str = TRIAL.id) -> str:
    return "".join([f"  {trial}:\n", *(f"    {line}\n" for line in lines)])


# --- what an entry means


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["state: recruiting"], ""),
        (["state: paused"], "paused"),
        (["state: full"], "full"),
        (["state: closed"], "closed"),
        (["as_of: 2026-06-01"], ""),
        (["from: 2026-06-15", "until: 2026-06-15"], ""),
        (["from: 2026-06-16"], "not_started"),
        (["until: 2026-06-14"], "ended"),
        (["state: full", "until: 2026-06-14"], "full"),
        (["state: paused", "from: 2026-06-16"], "paused"),
        (["state: recruiting", "until: 2026-06-14"], "ended"),
    ],
)
def test_a_trial_takes_patients_or_says_in_a_word_why_not(
    edit: Callable[[str], Path], lines: list[str], why: str
) -> None:
    state = RecruitmentStates(edit(entry(*lines)), trials=KNOWN).of(TRIAL, DAY)
    assert (state.open, state.why) == (not why, why)


@pytest.mark.parametrize(
    ("status", "why"), [("recruiting", ""), ("unknown", ""), ("full", "full"), ("closed", "closed")]
)
def test_without_a_file_the_definition_s_own_block_decides(status: str, why: str) -> None:
    block = Recruitment(status, "2025-11-14", (), ())  # type: ignore[arg-type]
    state = RecruitmentStates(None).of(replace(TRIAL, recruitment=block), DAY)
    assert state == (not why, why, block, False)


def test_without_a_file_and_without_a_block_a_trial_takes_patients() -> None:
    assert RecruitmentStates(None).of(OTHER, DAY) == (True, "", None, False)


def test_the_file_outweighs_the_definition(edit: Callable[[str], Path]) -> None:
    closed = replace(TRIAL, recruitment=Recruitment("closed", "2025-11-14", (), ()))
    assert RecruitmentStates(edit(entry("state: recruiting")), trials=KNOWN).of(closed, DAY).open


def test_what_the_file_says_is_put_over_the_definition_s_block(edit: Callable[[str], Path]) -> None:
    lines = ["state: recruiting", "as_of: 2026-06-01", "places: 18", "sites: [Berlin, Bern]", "silent: yes"]
    state = RecruitmentStates(edit(entry(*lines)), trials=KNOWN).of(TRIAL, DAY)
    contacts = TRIAL.recruitment.contacts if TRIAL.recruitment else ()
    assert state.recruitment == Recruitment("recruiting", "2026-06-01", ("Berlin", "Bern"), contacts, 18)
    assert state.silent


@pytest.mark.parametrize(("word", "silent"), [("yes", True), ("true", True), ("no", False), ("false", False)])
def test_silent_is_yes_or_no(edit: Callable[[str], Path], word: str, silent: bool) -> None:
    state = RecruitmentStates(edit(entry(f"silent: {word}")), trials=KNOWN).of(TRIAL, DAY)
    assert (state.open, state.silent) == (True, silent)


def test_a_pause_without_a_date_is_enough_and_a_trial_without_a_block_has_its_registry_s_date(
    edit: Callable[[str], Path],
) -> None:
    states = RecruitmentStates(edit(entry("state: paused", trial=OTHER.id)), trials=KNOWN)
    state = states.of(OTHER, DAY)
    assert (state.why, state.recruitment) == ("paused", Recruitment("unknown", "2025-11-14", (), ()))
    assert states.of(TRIAL, DAY).open


# --- faults

FAULTS = [
    ("", "recruitment.yaml:1: the file is empty"),
    ("- a\n", "recruitment.yaml:1: the file must be a mapping"),
    ("schema: 1\n", "recruitment.yaml:1: the key 'trials' is missing"),
    ("schema: 2\ntrials: {}\n", "recruitment.yaml:1: 'schema' cannot be '2'; one of: 1"),
    ("schema: 1\ntrial: {}\n", "unknown key 'trial'; did you mean 'trials'?"),
    ("schema: 1\ntrials: []\n", "recruitment.yaml:2: 'trials' must be a mapping of keys"),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}: paused\n",
        "recruitment.yaml:3: trial 'NCT00000001': a trial must be",
    ),
    (
        "schema: 1\ntrials:\n  NCT0000001:\n    state: paused\n",
        "recruitment.yaml:3: unknown trial 'NCT0000001'; did you mean 'NCT00000001'?",
    ),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}:\n    state: pause\n",
        "recruitment.yaml:4: trial 'NCT00000001': 'state' cannot be 'pause'; did you mean 'paused'?",
    ),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}:\n    untill: 2026-06-01\n",
        "recruitment.yaml:4: trial 'NCT00000001': unknown key 'untill'; did you mean 'until'?",
    ),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}:\n    until: 31.12.2026\n",
        "recruitment.yaml:4: trial 'NCT00000001': 'until' is",
    ),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}:\n    places: many\n",
        "recruitment.yaml:4: trial 'NCT00000001': 'places' is",
    ),
    (f"schema: 1\ntrials:\n  {TRIAL.id}:\n    silent: maybe\n", "'silent' cannot be 'maybe'"),
    (f"schema: 1\ntrials:\n  {TRIAL.id}:\n    sites: Berlin\n", "'sites' must be a list"),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}:\n    from: 2026-06-02\n    until: 2026-06-01\n",
        "recruitment.yaml:5: trial 'NCT00000001': 'until' is 2026-06-01, before 'from', 2026-06-02",
    ),
    (
        f"schema: 1\ntrials:\n  {TRIAL.id}:\n    state: full\n    state: paused\n",
        "recruitment.yaml:5: the key 'state'",
    ),
    ("schema: 1\ntrials:\n  [\n", "not YAML"),
]


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_a_faulty_file_is_an_error_at_the_start_that_says_where_and_what(
    edit: Callable[..., Path], text: str, expected: str
) -> None:
    with pytest.raises(RecruitmentError) as error:
        RecruitmentStates(edit(text, whole=True), trials=KNOWN)
    assert expected in str(error.value)


def test_a_file_that_is_not_there_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(RecruitmentError, match=f"^{tmp_path.as_posix()}/.*: cannot be read"):
        RecruitmentStates(tmp_path / "none.yaml", trials=KNOWN)


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_a_bad_edit_later_keeps_the_last_good_state_and_says_so_once(
    edit: Callable[..., Path], clock: Clock, caplog: pytest.LogCaptureFixture, text: str, expected: str
) -> None:
    states = RecruitmentStates(edit(entry("state: paused")), clock, trials=KNOWN)
    with caplog.at_level(logging.INFO, "trialhook.recruitment"):
        edit(text, whole=True)
        for _ in range(5):
            clock.now += 2
            assert states.of(TRIAL, DAY).why == "paused"
    assert expected in states.fault
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert expected in caplog.text
    edit(entry("state: recruiting"))
    assert states.of(TRIAL, DAY).open
    assert states.fault == ""


def test_a_fault_in_one_entry_does_not_stop_the_pause_of_another(
    edit: Callable[[str], Path], clock: Clock
) -> None:
    states = RecruitmentStates(edit(entry("state: full", trial=OTHER.id)), clock, trials=KNOWN)
    edit(entry("state: paused") + entry("state: recruitting", trial=OTHER.id))
    assert states.of(TRIAL, DAY).why == "paused"
    assert states.of(OTHER, DAY).why == "full"
    assert "did you mean 'recruiting'?" in states.fault


def test_an_entry_that_is_taken_out_of_a_sound_file_counts_no_more(
    edit: Callable[[str], Path], clock: Clock
) -> None:
    states = RecruitmentStates(edit(entry("state: paused")), clock, trials=KNOWN)
    edit(entry("state: full", trial=OTHER.id))
    assert states.of(TRIAL, DAY).open


def test_a_file_that_vanishes_changes_nothing_and_is_a_fault(
    edit: Callable[[str], Path], clock: Clock
) -> None:
    path = edit(entry("state: paused"))
    states = RecruitmentStates(path, clock, trials=KNOWN)
    path.unlink()
    clock.now += 2
    assert states.of(TRIAL, DAY).why == "paused"
    assert "cannot be read" in states.fault


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_content_of_the_file_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    assert read_recruitment(path, KNOWN).faults


# --- how often, and by how many


def test_an_edit_counts_after_a_second_and_not_before(edit: Callable[[str], Path], clock: Clock) -> None:
    states = RecruitmentStates(edit(entry("state: recruiting")), clock, trials=KNOWN)
    edit(entry("state: paused"))
    clock.now -= 1.5
    assert states.of(TRIAL, DAY).open
    clock.now += 0.5
    assert states.of(TRIAL, DAY).why == "paused"


def test_an_edit_of_the_same_length_in_the_same_tick_is_seen_by_its_file(
    edit: Callable[[str], Path], clock: Clock
) -> None:
    path = edit(entry("state: closed"))
    states = RecruitmentStates(path, clock, trials=KNOWN)
    before = path.stat()
    new = path.with_name("new.yaml")
    new.write_text(path.read_text().replace("closed", "paused"))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)
    clock.now += 2
    assert states.of(TRIAL, DAY).why == "paused"


def test_a_file_that_did_not_change_is_not_read_again(
    edit: Callable[[str], Path], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = RecruitmentStates(edit(entry("state: paused")), clock, trials=KNOWN)
    monkeypatch.setattr("cds_service.recruitment.states.read_recruitment", None)
    for _ in range(3):
        clock.now += 2
        assert states.of(TRIAL, DAY).why == "paused"


def test_while_one_thread_reads_the_others_go_on(
    edit: Callable[[str], Path], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = RecruitmentStates(edit(entry("state: recruiting")), clock, trials=KNOWN)
    reading, may_go_on = threading.Event(), threading.Event()

    def slow(*arguments: object) -> object:
        reading.set()
        assert may_go_on.wait(10)
        return read_recruitment(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("cds_service.recruitment.states.read_recruitment", slow)
    edit(entry("state: paused"))
    thread = threading.Thread(target=states.of, args=(TRIAL, DAY))
    thread.start()
    assert reading.wait(10)
    clock.now += 5
    assert states.of(TRIAL, DAY).open
    may_go_on.set()
    thread.join(10)
    assert states.of(TRIAL, DAY).why == "paused"


def test_without_a_list_of_ids_those_of_the_installed_definitions_are_known(
    edit: Callable[[str], Path],
) -> None:
    RecruitmentStates(edit(entry("state: paused", trial="NCT06920433")))
    with pytest.raises(RecruitmentError, match="did you mean 'NCT06920433'"):
        RecruitmentStates(edit(entry("state: paused", trial="NCT06920434")))
