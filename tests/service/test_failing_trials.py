"""One trial that fails never takes down the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import cds_service.assessing
from cds_service.answering import flow
from mappings.results import Assessment
from mappings.trial_definition import TrialDefinition
from tests.service.conftest import NewClient, call, cards_of
from tests.service.definitions import TRIAL, catalog

OTHER = replace(TRIAL, facts=replace(TRIAL.facts, id="NCT00000002", short_title="The other trial"))


def failing_for(trial_id: str, working: Any) -> Any:
    def attempt(trial: TrialDefinition | Assessment, *rest: object) -> Any:
        facts = trial.facts if isinstance(trial, TrialDefinition) else trial.trial
        if trial_id in (facts.id, "all"):
            raise ZeroDivisionError("a value from the chart")
        return working(trial, *rest)

    return attempt


@pytest.mark.parametrize(
    ("module", "step"),
    [(cds_service.assessing, "assess"), (flow, "compose_cards")],
    ids=["assess", "compose"],
)
def test_a_trial_that_fails_leaves_the_cards_of_the_others(
    new_client: NewClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: Any,
    step: str,
) -> None:
    client = new_client(catalog(TRIAL, OTHER))
    assert len(cards_of(call(client))) == 2
    monkeypatch.setattr(module, step, failing_for(TRIAL.id, getattr(module, step)))
    [card] = cards_of(call(client))
    assert "The other trial" in card["summary"]
    assert f"trial {TRIAL.id} failed: ZeroDivisionError" in caplog.text
    assert "a value from the chart" not in caplog.text


def test_if_every_trial_fails_the_answer_is_not_an_empty_list(
    new_client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_client(catalog(TRIAL, OTHER))
    monkeypatch.setattr(cds_service.assessing, "assess", failing_for("all", None))
    assert call(client).status_code == 500


def test_a_draft_is_not_served_where_drafts_are_off(new_client: NewClient) -> None:
    assert cards_of(call(new_client(serve_drafts=False))) == []
    active = replace(TRIAL, facts=replace(TRIAL.facts, status="active", reviewed_by="Dr. A"))
    assert len(cards_of(call(new_client(catalog(active), serve_drafts=False)))) == 1


def test_a_closed_trial_is_never_served(new_client: NewClient) -> None:
    closed = replace(TRIAL, facts=replace(TRIAL.facts, status="closed"))
    assert cards_of(call(new_client(catalog(closed)))) == []
