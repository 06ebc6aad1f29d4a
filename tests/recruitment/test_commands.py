"""``trialhook trials state``: looking, changing, and what is refused."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service import whole_files
from cds_service.recruitment import writing
from cds_service.recruitment.commands import state
from cds_service.recruitment.reading import read_recruitment
from cds_service.recruitment.states import RecruitmentStates
from cds_service.recruitment.writing import Change, change_entry
from tests.service.definitions import TRIAL

ID = "NCT06920433"
TODAY = date(2026, 6, 15)
Run = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recruitment.yaml"


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the file, on the tests' day."""
    monkeypatch.setenv("TRIALHOOK_RECRUITMENT", str(path))
    monkeypatch.setattr("cds_service.recruitment.commands.today_in", lambda _zone: TODAY)
    return lambda *arguments: CliRunner().invoke(state, list(arguments))


def test_without_a_file_the_definitions_are_shown(run: Run, path: Path) -> None:
    shown = run()
    assert (shown.exit_code, shown.output) == (0, f"{ID}  recruiting, as of 2025-11-14, 18 places\n")
    assert run(ID).output == shown.output
    assert not path.exists()


def test_a_pause_is_one_command_and_so_is_its_end(run: Run, path: Path) -> None:
    done = run(ID, "--set", "paused")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"{ID}  no cards: paused, as of 2026-06-15, 18 places",
        "The running service follows within 1 s.",
    ]
    assert run(ID).output == f"{ID}  no cards: paused, as of 2026-06-15, 18 places\n"
    assert run(ID, "--set", "recruiting", "--until", "2026-12-31").exit_code == 0
    written = read_recruitment(path, [ID]).entries[ID]
    assert (written.state, written.last, written.as_of) == ("recruiting", date(2026, 12, 31), TODAY)


def test_silent_mode_goes_on_and_off_and_leaves_the_rest(run: Run, path: Path) -> None:
    run(ID, "--set", "recruiting", "--until", "2026-12-31")
    before = read_recruitment(path, [ID]).entries[ID]
    assert "silent: recorded, not shown" in run(ID, "--silent").output
    assert "silent" not in run(ID, "--not-silent").output
    assert read_recruitment(path, [ID]).entries[ID] == before


def test_a_trial_whose_last_day_is_over_is_told_to_be_so(run: Run) -> None:
    assert "no cards: ended" in run(ID, "--set", "recruiting", "--until", "2026-06-14").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NCT0692043", "--set", "paused"], "no trial 'NCT0692043'; known: NCT06920433"),
        (["NCT0692043"], "no trial 'NCT0692043'"),
        (["--set", "paused"], "Say which trial"),
        ([ID, "--set", "stopped"], "'recruiting', 'paused', 'full', 'closed'"),
        ([ID, "--until", "31.12.2026"], "does not match the format"),
        ([ID, "--set", "paused", "--until", "2026-12-31"], "paused lasts until you set another state"),
    ],
)
def test_what_is_refused_says_what_to_do_and_changes_nothing(
    run: Run, path: Path, arguments: list[str], words: str
) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert words in " ".join(refused.output.split())
    assert not path.exists()


def test_without_a_setting_nothing_can_be_changed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIALHOOK_RECRUITMENT")
    assert run(ID).exit_code == 0
    assert "Set TRIALHOOK_RECRUITMENT" in run(ID, "--set", "paused").output


def test_a_faulty_file_is_not_written_over(run: Run, path: Path) -> None:
    path.write_text(f"schema: 1\n\n\ntrials:\n  {ID}:\n    staet: full\n")
    before = path.read_text()
    refused = run(ID, "--set", "paused")
    assert refused.exit_code == 1
    assert (
        "recruitment.yaml:6: trial 'NCT06920433': unknown key 'staet'; did you mean 'state'?"
        in refused.output
    )
    assert path.read_text() == before
    assert run(ID).exit_code == 1


def test_dates_that_contradict_each_other_are_refused(run: Run, path: Path) -> None:
    path.write_text(f"schema: 1\ntrials:\n  {ID}:\n    from: 2026-09-01\n")
    refused = run(ID, "--until", "2026-08-01")
    assert refused.exit_code == 1
    assert "before 'from'" in refused.output
    assert path.read_text().endswith("from: 2026-09-01\n")


def test_a_folder_that_cannot_be_written_to_is_named_as_the_reason(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_members: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(whole_files, "NamedTemporaryFile", refuse)
    refused = run(ID, "--set", "paused")
    assert refused.exit_code == 1
    assert "(Permission denied). Its folder must be writable" in refused.output


def test_an_environment_that_is_faulty_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_RECRUITMNT", "x")
    assert "did you mean TRIALHOOK_RECRUITMENT?" in run().output


# --- the file after a change

A, B = TRIAL.id, "NCT00000002"
BLOCK = f"""\
# Written by the study office.
schema: 1
trials:
    # The lupus trial
    {A}:
        state: recruiting   # since the visit of the monitor
        as_of: 2026-01-05
        sites:
            - "Berlin: Charité"   # Campus Mitte
    {B}:
        state: full
        contacts: [A. Contact, "B: Contact"]
"""


def changed(path: Path, text: str | None, trial: str, change: Change) -> str:
    """The file's text after a change; what else it says must be as before."""
    before = {}
    if text is not None:
        path.write_text(text, encoding="utf-8")
        before = dict(read_recruitment(path, [A, B]).entries)
    entry = change_entry(path, trial, change, [A, B])
    after = read_recruitment(path, [A, B])
    assert after.faults == ()
    assert after.entries == {**before, trial: entry}
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    return path.read_text(encoding="utf-8")


def test_comments_and_everything_else_stay_in_their_places(path: Path) -> None:
    after = changed(path, BLOCK, A, Change(state="paused", as_of=TODAY, silent=True))
    expected = BLOCK.replace("state: recruiting   #", "state: paused   #").replace("2026-01-05", "2026-06-15")
    assert after == expected.replace(f"{A}:\n", f"{A}:\n        silent: yes\n")


def test_an_entry_that_is_new_goes_before_the_others(path: Path) -> None:
    text = BLOCK[: BLOCK.index(f"    {B}")]
    after = changed(path, text, B, Change(state="paused"))
    assert after == text.replace("trials:\n", f"trials:\n    {B}:\n      state: paused\n")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "schema: 1\ntrials: {}\n",
        "schema: 1\ntrials: {}",
        f"{{schema: 1, trials: {{{A}: {{state: full}}, {B}: {{places: 18}}}}}}",
        f"schema: 1\ntrials:\n  {A}: {{state: full, silent: yes}}\n  {B}: {{}}\n",
        f"schema: 1\ntrials:\n  {A}:\n    state: 'full'\n",
        f"schema: 1\ntrials:\n  {A}:\n    state:\n      full\n  {B}:\n    state: full\n",
        f"schema: 1\r\ntrials:\r\n  {A}:\r\n    state: full\r\n    until: 2027-01-01\r\n",
        f"schema: 1\ntrials:\n  {A}:\n    sites: [ü]",
        f"\ufeffschema: 1\ntrials:\n  {B}:\n    as_of: 2026-01-01\n",
    ],
)
def test_a_pause_works_however_the_file_is_written(path: Path, text: str | None) -> None:
    changed(path, text, A, Change(state="paused", as_of=TODAY))
    assert RecruitmentStates(path, trials=[A, B]).of(TRIAL, TODAY).why == "paused"


def test_the_file_keeps_its_permissions_and_a_link_stays_a_link(path: Path) -> None:
    real = path.with_name("real.yaml")
    real.write_text(BLOCK, encoding="utf-8")
    real.chmod(0o640)
    path.symlink_to(real)
    change_entry(path, A, Change(state="paused"), [A, B])
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert read_recruitment(path, [A, B]).entries[A].state == "paused"


def test_somebody_else_who_is_changing_the_file_is_waited_for_and_not_for_ever(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "WAIT", 0.1)
    handle = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    refused = run(ID, "--set", "paused")
    os.close(handle)
    assert refused.exit_code == 1
    assert "somebody else is changing the file" in refused.output
    assert run(ID, "--set", "paused").exit_code == 0
