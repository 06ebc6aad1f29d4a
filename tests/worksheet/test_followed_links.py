"""A worksheet link: one card, one patient, one trial, 15 minutes, and a clinician who signs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cds_service.fhir.fetching import Access
from cds_service.oauth.faults import OAuthError
from cds_service.signing_in.staff import Grant, Role
from cds_service.smart.backend_services import Backend
from tests.pages.browser import Browser, grant, words_of
from tests.worksheet.test_card_links import links
from tests.worksheet.world import TRIAL, World, without_smart


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with without_smart(tmp_path, monkeypatch) as made:
        yield made


def link(there: World) -> str:
    return urlsplit(str(links(there)[0]["url"])).path


def clinician(there: World) -> Browser:
    return there.browser().sign_in("clinician")


def test_a_clinician_who_signs_in_gets_the_worksheet_of_the_card(there: World) -> None:
    path = link(there)
    answer = clinician(there).get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/worksheet/")


def test_the_worksheet_reads_by_backend_services(there: World) -> None:
    browser = clinician(there)
    page = browser.get(browser.get(link(there)).headers["Location"])
    assert page.status_code == 200
    assert "Mei Lin" in page.text
    assert TRIAL in page.text


def test_who_has_not_signed_in_is_led_there_and_back_and_the_link_still_works(there: World) -> None:
    path, browser = link(there), there.browser()
    answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/sign-in?next={path}"
    assert browser.sign_in("clinician").get(path).status_code == 303


def test_a_link_works_once(there: World) -> None:
    path = link(there)
    assert clinician(there).get(path).status_code == 303
    again = clinician(there).get(path)
    assert again.status_code == 410
    assert "works once and for 15 minutes" in words_of(again.text)


@pytest.mark.parametrize(("minutes", "status"), [(14, 303), (15, 410), (60, 410)])
def test_a_link_works_for_fifteen_minutes(there: World, minutes: int, status: int) -> None:
    path, browser = link(there), clinician(there)
    there.clock.minutes += minutes
    assert browser.get(path).status_code == status


@pytest.mark.parametrize("path", ["/worksheet/links/x", "/worksheet/links/" + "A" * 43])
def test_a_link_that_nobody_made_says_what_to_do(there: World, path: str) -> None:
    answer = clinician(there).get(path)
    assert answer.status_code == 410
    assert "Open the patient&#39;s chart again" in answer.text


@pytest.mark.parametrize("account", ["coordinator", "investigator", "read-only", "administrator"])
def test_only_a_clinician_may_follow_it_and_others_do_not_use_it_up(there: World, account: str) -> None:
    path = link(there)
    assert there.browser().sign_in(account).get(path).status_code == 403
    assert clinician(there).get(path).status_code == 303


def test_a_clinician_of_another_trial_may_not_follow_it(there: World) -> None:
    grant(there.app, "clinician", Grant(Role.CLINICIAN, trials=frozenset({"NCT00000000"})))
    assert clinician(there).get(link(there)).status_code == 403


def test_after_signing_out_the_worksheet_is_closed(there: World) -> None:
    browser = clinician(there)
    place = browser.get(link(there)).headers["Location"]
    browser.post("/sign-out")
    assert browser.get(place).status_code == 404


def test_who_may_no_more_answer_sees_it_no_more(there: World) -> None:
    browser = clinician(there)
    place = browser.get(link(there)).headers["Location"]
    grant(there.app, "clinician", Grant(Role.CLINICIAN, trials=frozenset({"NCT00000000"})))
    assert browser.get(place).status_code == 403
    assert browser.post(f"{place}/refer").status_code == 403


def test_an_answer_is_attributed_to_the_account_and_left_to_the_outbox(there: World) -> None:
    browser = clinician(there)
    place = browser.get(link(there)).headers["Location"]
    version = browser.get(place).text.partition('name="definition" value="')[2].partition('"')[0]
    fields = {"answer.contact-agreed": "yes", "definition": version}
    answer = browser.post(f"{place}/answers", with_token=True, **fields)
    assert "said=queued" in answer.headers["Location"]
    assert "it is being written to the chart" in browser.get(place).text


def test_an_ehr_that_gives_no_access_now_gives_a_page_that_says_so(
    there: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Access:
        raise OAuthError("unreachable")

    browser = clinician(there)
    place = browser.get(link(there)).headers["Location"]
    monkeypatch.setattr(Backend, "access", refused)
    answer = browser.get(place)
    assert answer.status_code == 503
    assert "gives no access just now" in answer.text
