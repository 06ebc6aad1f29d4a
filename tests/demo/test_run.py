from __future__ import annotations

import io
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from cds_service.assessing import assess_resources
from cds_service.cli import main
from cds_service.clock import today_in
from cds_service.demo import run, samples
from cds_service.demo.firing import fire_all
from cds_service.demo.servers import NotStartedError, in_thread
from tests.demo.stub_service import create_stub
from tests.demo.test_running import by_the_story

ANOTHER = """\
schema: 1
trial:
  id: NCT00000001
  version: "1"
  title: A trial of grown-ups
  short_title: Adults
  status: draft
  source: {registry: a registry, url: "https://example.org", copy_of: 2026-01-31}
concepts: [lupus]
show_card_when_met: {criterion: adult}
inclusion:
  - {id: adult, label: Adult, protocol: 18 or older, require: {age: {at_least: 18 years}}}
"""


@pytest.fixture
def another_trial(tmp_path: Path) -> Path:
    """A folder with a trial that the stories know nothing of."""
    (tmp_path / "NCT00000001.yaml").write_text(ANOTHER, encoding="utf-8")
    return tmp_path


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=140, file=io.StringIO())


def test_every_sample_patient_comes_out_as_its_story_expects(console: Console) -> None:
    assert run.run_demo(once=True, console=console) == 0, console.export_text()
    text = console.export_text()
    assert "are as their stories expect." in text
    assert "Possible candidate" in text


def test_with_the_policy_on_every_first_opening_is_as_the_story_expects(console: Console) -> None:
    assert run.run_demo(once=True, console=console, policy=True) == 0, console.export_text()


def test_the_demo_fails_if_an_outcome_is_not_the_expected_one(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "service_process", lambda port, *_, **__: in_thread(create_stub(), port))
    monkeypatch.setattr(run, "assess_resources", by_the_story)
    assert run.run_demo(once=True, console=console) == 1
    assert "zhou-yan: no card came" in console.export_text()


def test_ctrl_c_ends_the_demo_without_a_trace(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "service_process", lambda port, *_, **__: in_thread(create_stub(), port))
    monkeypatch.setattr(run, "assess_resources", by_the_story)
    monkeypatch.setattr(run, "Event", lambda: type("Event", (), {"wait": press}))
    assert run.run_demo(once=False, console=console) == 0
    text = console.export_text()
    assert "Open the EHR page and pick a patient: http://127.0.0.1:" in text
    assert "Open a chart with a card, such as that of Lin, Mei." in text


def test_a_service_that_does_not_start_ends_the_demo_with_its_words(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(port: int, base: str, log: Path, **_: object) -> AbstractContextManager[str]:
        raise NotStartedError("The service ended with status 3:\nTRIALHOOK_[X] is wrong")

    monkeypatch.setattr(run, "service_process", broken)
    assert run.run_demo(once=True, console=console) == 1
    assert "TRIALHOOK_[X] is wrong" in console.export_text()


def test_a_card_counts_what_the_whole_record_counts(tmp_path: Path) -> None:
    today = today_in("")  # the service is a process of its own and asks the real clock
    with run.running(tmp_path, today) as demo:
        rows = list(fire_all(samples.ALL, demo.hooks, assess_resources, today))
    assert sum(bool(row.exchange.cards) for row in rows) == sum(sample.expects_card for sample in samples.ALL)
    for row in rows:
        met, unknown, _ = row.assessment.counts()
        for card in row.exchange.cards:
            assert f"{met} of {met + unknown} " in card["summary"], row.sample.id


def test_a_setting_of_the_shell_changes_nothing(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_TRIALS", "/nowhere")
    assert run.run_demo(once=True, console=console) == 0, console.export_text()


def test_other_trials_are_shown_without_a_story(console: Console, another_trial: Path) -> None:
    assert run.run_demo(once=True, console=console, trials=another_trial) == 0, console.export_text()
    text = console.export_text()
    assert "The outcomes are those of NCT00000001, for which the stories were not written." in text
    assert "Adults" in text  # on the card


def test_other_trials_that_are_closed_are_told(console: Console, another_trial: Path) -> None:
    path = another_trial / "NCT00000001.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("draft", "closed"), encoding="utf-8")
    assert run.run_demo(once=True, console=console, trials=another_trial) == 1
    assert "their status is closed" in console.export_text()


def test_the_patients_can_be_had_as_files(tmp_path: Path) -> None:
    folder = tmp_path / "patients"
    ran = CliRunner().invoke(main, ["demo", "--write", str(folder)])
    assert (ran.exit_code, ran.stdout) == (0, f"{len(samples.ALL)} patients, as of today: {folder}/*.json\n")
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(one.id for one in samples.ALL)
