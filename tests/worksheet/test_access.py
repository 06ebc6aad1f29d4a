"""The token of a launch: renewed in time, and a page that says so once it is over."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cds_service.clients.registered import SmartApp
from cds_service.oauth.code_flow import CodeFlow, Tokens
from cds_service.oauth.endpoints import Discovery, Endpoints
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import signing_keys_of
from cds_service.oauth.token_requests import Registration
from tests.worksheet.test_answers import answered
from tests.worksheet.world import SCOPES, World


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The refresh tokens that were used."""
    used: list[str] = []

    def refresh(_flow: object, _us: object, _endpoints: object, token: str, _scope: str) -> Tokens:
        used.append(token)
        return Tokens("newer", time.time() + 3600, tuple(SCOPES.split()), "next", {}, {})

    monkeypatch.setattr(Discovery, "smart", lambda *_: Endpoints("https://ehr.example/token"))
    monkeypatch.setattr(CodeFlow, "refresh", refresh)
    return used


def test_a_token_that_is_over_is_renewed_and_the_new_one_kept(here: World, renewals: list[str]) -> None:
    browser = here.opened(expires_at=time.time() - 5, refresh_token="first")
    assert browser.get("/worksheet/w1").status_code == 200
    assert browser.get("/worksheet/w1").status_code == 200
    assert renewals == ["first"]


def test_a_token_that_ends_soon_is_renewed_before(here: World, renewals: list[str]) -> None:
    assert here.page(expires_at=time.time() + 10, refresh_token="first").status_code == 200
    assert renewals == ["first"]


@pytest.mark.parametrize("signs", [True, False])
def test_it_is_renewed_with_the_proof_by_which_the_app_is_registered(
    here: World, monkeypatch: pytest.MonkeyPatch, signs: bool
) -> None:
    assert isinstance(here.deployment.offers, dict)
    offers = here.deployment.offers["demo"]
    client = replace(offers.client, smart=SmartApp("worksheet", signs=signs))
    monkeypatch.setitem(here.deployment.offers, "demo", replace(offers, client=client))
    proofs: list[Registration] = []

    def refresh(_flow: object, us: Registration, *_: object) -> Tokens:
        proofs.append(us)
        raise OAuthError("grant_refused")

    monkeypatch.setattr(Discovery, "smart", lambda *_: Endpoints("https://ehr.example/token"))
    monkeypatch.setattr(CodeFlow, "refresh", refresh)
    here.page(expires_at=time.time() - 5, refresh_token="first")
    assert proofs == [
        Registration("worksheet", "", signing_keys_of(here.deployment.settings) if signs else None)
    ]


def test_a_token_that_lives_is_left_alone(here: World, renewals: list[str]) -> None:
    assert here.page(refresh_token="first").status_code == 200
    assert renewals == []


def test_without_a_way_to_renew_it_the_page_leads_back_to_the_chart(here: World) -> None:
    answer = here.page(expires_at=time.time() - 5)
    assert answer.status_code == 403
    assert "Open the worksheet from the chart again" in answer.text
    assert "Mei Lin" not in answer.text


def test_an_ehr_that_renews_nothing_leads_back_to_the_chart(
    here: World, monkeypatch: pytest.MonkeyPatch, renewals: list[str]
) -> None:
    def refuse(*_: object) -> Tokens:
        raise OAuthError("grant_refused")

    monkeypatch.setattr(CodeFlow, "refresh", refuse)
    assert here.page(expires_at=time.time() - 5, refresh_token="first").status_code == 403
    assert renewals == []


def test_an_answer_given_after_the_end_is_kept_here_all_the_same(here: World) -> None:
    browser = here.opened("zhou-yan", expires_at=time.time() - 5)
    assert "said=here" in answered(here, browser, ecog="1").headers["Location"]
