"""A refresh token is sent once, whatever a request does with it and however many tabs need it at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.app import application
from cds_service.audit.key_ring import KeyRing
from cds_service.oauth.code_flow import CodeFlow, Tokens
from cds_service.oauth.endpoints import Discovery, Endpoints
from cds_service.oauth.faults import OAuthError
from cds_service.referrals.identity import REFERRAL_SYSTEM, identifier_of
from cds_service.signing_in.one_time import OneTime
from cds_service.signing_in.sessions import current_sessions
from cds_service.smart import renewing
from cds_service.storage.records import Subject
from tests.pages.browser import Browser
from tests.worksheet.test_referring import refer
from tests.worksheet.world import SCOPES, TRIAL, World, deployed, world

OVER: dict[str, Any] = {"refresh_token": "first"}


class Ehr:
    """Takes each refresh token once, like a server that watches for reuse."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.good, self.lasts, self.takes = "first", 3600.0, 0.0
        self.meanwhile: Callable[[], object] = lambda: None

    def refresh(self, _us: object, _ends: object, token: str, _scope: str) -> Tokens:
        self.sent.append(token)
        good = token == self.good
        self.good = f"{self.good}+" if good else ""  # reuse ends them all
        time.sleep(self.takes)
        self.meanwhile()
        if not good:
            raise OAuthError("grant_refused")
        return Tokens("newer", time.time() + self.lasts, tuple(SCOPES.split()), self.good, {}, {})


@pytest.fixture
def ehr(monkeypatch: pytest.MonkeyPatch) -> Ehr:
    made = Ehr()
    monkeypatch.setattr(Discovery, "smart", lambda *_: Endpoints("https://ehr.example/token"))
    monkeypatch.setattr(CodeFlow, "refresh", made.refresh)
    return made


def over(here: World) -> Browser:
    """A browser whose worksheet has a token that has run out."""
    return here.opened(expires_at=time.time() - 5, refresh_token="first")


def tab(browser: Browser, app: Any = None) -> Browser:
    """Another tab of the same browser; ``app``: at another process of the service."""
    other = Browser(app or browser.app)
    other.cookie = browser.cookie
    return other


def test_a_referral_made_after_the_end_is_written_to_the_ehr(here: World, ehr: Ehr) -> None:
    assert refer(over(here)) == "referred"
    assert ehr.sent == ["first"]
    assert len(list(here.store.all("ServiceRequest"))) == 1


def test_a_token_that_never_lives_long_is_renewed_for_each_use_with_the_newest(here: World, ehr: Ehr) -> None:
    ehr.lasts = 5
    assert refer(over(here)) == "referred"
    assert ehr.sent == ["first", "first+"]
    assert len(list(here.store.all("ServiceRequest"))) == 1


@pytest.mark.parametrize("takes", [0.0, 0.6])
def test_of_several_tabs_one_renews_and_all_go_on(here: World, ehr: Ehr, takes: float) -> None:
    ehr.takes = takes
    browser = over(here)
    tabs = [tab(browser) for _ in range(5)]
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda one: one.get("/worksheet/w1").status_code, tabs))
    assert answers == [200] * 5
    assert ehr.sent == ["first"]
    assert browser.get("/worksheet/w1").status_code == 200


def test_processes_that_share_the_database_renew_one_after_the_other(tmp_path: Path, ehr: Ehr) -> None:
    ehr.takes = 0.5
    keys = KeyRing.new_key_text()
    with world(tmp_path, keys=keys) as here:
        address = here.base.removesuffix("/fhir")
        second = application(deployed(tmp_path, address, here.clock, smart=True, backend=False, keys=keys))
        browser = over(here)
        tabs = [tab(browser), tab(browser, second), tab(browser), tab(browser, second)]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda one: one.get("/worksheet/w1").status_code, tabs))
        second.extensions["trialhook-close"]()
    assert answers == [200] * 4
    assert ehr.sent == ["first"]


def test_who_waits_for_a_renewal_that_is_refused_does_not_send_it_again(here: World, ehr: Ehr) -> None:
    ehr.good, ehr.takes = "another", 0.6
    browser = over(here)
    with ThreadPoolExecutor(3) as threads:
        answers = list(
            threads.map(lambda one: one.get("/worksheet/w1").status_code, [tab(browser) for _ in range(3)])
        )
    assert answers == [403] * 3
    assert ehr.sent == ["first"]


def test_a_token_that_still_lives_is_used_where_the_ehr_renews_nothing(here: World, ehr: Ehr) -> None:
    ehr.good = "another"
    browser = here.opened(expires_at=time.time() + 15, refresh_token="first")
    assert browser.get("/worksheet/w1").status_code == 200


def test_a_process_that_died_while_it_renewed_is_waited_for_no_longer_than_a_page_may_take(
    here: World, ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = over(here)
    monkeypatch.setattr(renewing, "_WAIT", 0.3)

    def dies() -> None:
        raise KeyboardInterrupt

    ehr.meanwhile = dies
    monkeypatch.setattr(OneTime, "let_go", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        browser.get("/worksheet/w1")
    assert browser.get("/worksheet/w1").status_code == 403
    assert ehr.sent == ["first"]


def test_a_worksheet_that_was_closed_meanwhile_is_not_opened_again(here: World, ehr: Ehr) -> None:
    browser = over(here)
    with ThreadPoolExecutor(1) as threads:
        ehr.takes = 0.6
        first = threads.submit(lambda: tab(browser).get("/worksheet/w1").status_code)
        time.sleep(0.2)
        with here.app.test_request_context(headers={"Cookie": f"trialhook={browser.cookie}"}):
            current_sessions().sign_out()
        waiting = tab(browser).get("/worksheet/w1").status_code
        first.result()
    assert waiting == 404
    assert ehr.sent == ["first"]


def test_an_order_that_the_ehr_does_not_take_is_said(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = here.opened(expires_at=time.time() - 5)  # and no way to renew it
    assert refer(browser) == "referred_here"
    assert list(here.store.all("ServiceRequest")) == []


def test_an_order_in_another_chart_with_our_identifier_does_not_stand_for_the_patients(here: World) -> None:
    whose = Subject("demo", "", here.base, "lin-mei")
    identifier = identifier_of(here.deployment.ring, whose, TRIAL)
    copied = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": REFERRAL_SYSTEM, "value": identifier}],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/zhou-yan"},
    }
    here.store.create(copied, datetime.now(UTC))
    assert refer(here.opened()) == "referred"
    orders = list(here.store.all("ServiceRequest"))
    assert {one["identifier"][0]["value"] for one in orders} == {identifier}
    subjects = [one["subject"]["reference"] for one in orders]
    assert sorted(subjects) == ["Patient/lin-mei", "Patient/zhou-yan"]
