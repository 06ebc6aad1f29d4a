"""The page about a trial: for anybody, in words, and without any patient."""

from __future__ import annotations

import orjson
import pytest

from cds_service.recruitment.states import RecruitmentStates, TrialState
from tests.pages.browser import words_of
from tests.worksheet.world import TRIAL, World, world


def test_it_says_what_is_asked_for_who_recruits_and_where(shown: World) -> None:
    answer = shown.browser().get(f"/trials/{TRIAL}")
    assert answer.status_code == 200
    page = words_of(answer.text)
    for criterion in shown.deployment.catalog.trial(TRIAL).criteria:
        assert criterion.label in page
    assert "Zhejiang University, Hangzhou (single site)" in page
    assert "He Huang; Yongxian Hu" in page
    assert "18 places" in page
    assert f"https://clinicaltrials.gov/study/{TRIAL}" in answer.text
    assert "Criteria not yet reviewed by a physician." in page


def test_it_needs_no_sign_in_and_sets_no_cookie(shown: World) -> None:
    answer = shown.app.test_client().get(f"/trials/{TRIAL}")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_it_says_that_a_trial_takes_nobody(shown: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecruitmentStates, "of", lambda *_: TrialState(False, "full", None))
    assert "The trial is full." in shown.browser().get(f"/trials/{TRIAL}").text


@pytest.mark.parametrize("path", ["/trials/NCT00000000", "/trials/../x", "/trials/"])
def test_a_trial_that_is_not_served_is_not_there(shown: World, path: str) -> None:
    assert shown.browser().get(path).status_code == 404


def test_a_draft_that_is_not_served_has_no_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    with world(tmp_path_factory.mktemp("drafts"), serve_drafts=False) as here:
        assert here.browser().get(f"/trials/{TRIAL}").status_code == 404


def test_it_speaks_chinese(shown: World) -> None:
    answer = shown.browser().get(f"/trials/{TRIAL}?language=zh-Hans")
    assert answer.headers["Content-Language"] == "zh-Hans"
    assert "浙江大学" in answer.text


def test_an_ordinary_view_is_logged_as_a_plain_call(shown: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="trialhook.requests"):
        shown.browser().get(f"/trials/{TRIAL}")
    (line,) = (orjson.loads(one.message) for one in caplog.records if one.name == "trialhook.requests")
    assert (line["event"], line["status"]) == ("call", 200)
