"""What only looks ahead uses up nothing: a HEAD, and what a browser fetches before anybody goes there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.smart.world import CALLBACK, a_world
from tests.worksheet.test_card_links import links
from tests.worksheet.world import World, without_smart

AHEAD = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with without_smart(tmp_path, monkeypatch) as made:
        yield made


def test_a_head_says_that_there_is_a_link_and_leaves_it(there: World) -> None:
    path, browser = urlsplit(str(links(there)[0]["url"])).path, there.browser().sign_in("clinician")
    for _ in range(2):
        answer = browser.http.head(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert browser.get(path).status_code == 303
    assert browser.http.head(path).status_code == 410


@pytest.mark.parametrize("headers", AHEAD, ids=str)
def test_what_is_fetched_before_anybody_goes_there_leaves_it(there: World, headers: dict[str, str]) -> None:
    path, browser = urlsplit(str(links(there)[0]["url"])).path, there.browser().sign_in("clinician")
    answer = browser.http.get(path, headers=headers)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert "Location" not in answer.headers
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 410


@pytest.mark.parametrize(
    "headers", [{"Sec-Purpose": ""}, {"Purpose": "TREAT"}, {"Sec-Fetch-Mode": "navigate"}]
)
def test_who_goes_there_opens_it(there: World, headers: dict[str, str]) -> None:
    path, browser = urlsplit(str(links(there)[0]["url"])).path, there.browser().sign_in("clinician")
    assert browser.http.get(path, headers=headers).status_code == 303


@pytest.mark.parametrize("ahead", ["HEAD", "prefetch"])
def test_nor_is_a_launch_ended_by_it(tmp_path: Path, ahead: str) -> None:
    with a_world(tmp_path) as made:
        browser = made.browser()
        asked = browser.asked({"iss": made.ehr.base, "launch": "secretlaunch"})
        made.ehr.will_give(asked["nonce"])
        query = {"code": "secretcode", "state": asked["state"]}
        first = browser.http.open(
            CALLBACK,
            method="HEAD" if ahead == "HEAD" else "GET",
            query_string=query,
            base_url="https://cds.example.org",
            headers={} if ahead == "HEAD" else {"Sec-Purpose": "prefetch"},
        )
        assert first.status_code == (200 if ahead == "HEAD" else 503)
        assert made.ehr.codes_sent() == []
        assert browser.get(CALLBACK, query).status_code == 303
        assert made.ehr.codes_sent() == ["secretcode"]
