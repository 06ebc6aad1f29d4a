from __future__ import annotations

import io
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from rich.console import Console

from cds_service.assessing import assess_resources
from cds_service.clock import today_in
from cds_service.demo import run, samples
from cds_service.demo.firing import fire_all
from cds_service.demo.servers import NotStartedError, in_thread
from tests.demo.stub_service import create_stub
from tests.demo.test_running import by_the_story


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
    assert "Open the EHR page and pick a patient: http://127.0.0.1:" in console.export_text()


def test_a_service_that_does_not_start_ends_the_demo_with_its_words(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(port: int, base: str, log: Path, *, policy: bool) -> AbstractContextManager[str]:
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
