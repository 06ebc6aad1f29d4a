"""Search by code, name and identifier: what is sought is asked of the EHR, and kept and shown nowhere."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests import PreparedRequest

from cds_service.signing_in.staff import Grant, Role
from tests.pages.browser import Browser, words_of
from tests.service import charts
from tests.service.ehr import Answering, ehr, json_answer, urls
from tests.worklist.world import HERE, ONE, OTHER, THERE, World

NAME = "Wang Fang"


def finding(*ids: str) -> Answering:
    """A server that finds these patients for a search, whatever is sought."""
    bundle = charts.bundle(*({"resourceType": "Patient", "id": ident} for ident in ids))
    return lambda _request: json_answer(bundle)


def found(browser: Browser, text: str) -> list[str]:
    answer = browser.post("/worklist/search", text=text)
    assert answer.status_code == 200, answer.text
    return re.findall(r'href="/worklist/([0-9a-f]{32})"', answer.text)


def test_a_name_finds_who_was_referred(world: World) -> None:
    referral, _ = world.refer("p1"), world.refer("p2")
    with ehr(Patient=finding("p1", "p9")):
        assert found(world.browser(), NAME) == [referral.id]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Wang", [[("name", "Wang")]]),
        ("Wang, Fang", [[("name", "Wang"), ("name", "Fang")]]),
        ("\u738b\u82b3", [[("name", "\u738b\u82b3")]]),
        ("0042371", [[("identifier", "0042371")]]),
        ("urn:mrn|42", [[("identifier", "urn:mrn|42")], [("name", "urn:mrn\\|42")]]),
        ("a&_count=9", [[("identifier", "a&_count=9")], [("name", "a&_count=9")]]),
        ("1,2", [[("identifier", "1\\,2")]]),
        (" x\u202e\0 y ", [[("name", "x"), ("name", "y")]]),
    ],
)
def test_what_is_asked_of_the_server(world: World, text: str, asked: list[list[tuple[str, str]]]) -> None:
    with ehr(Patient=finding()) as sent:
        found(world.browser(), text)
    queries = [parse_qsl(urlsplit(url).query) for url in urls(sent)]
    assert queries == [[*one, ("_count", "40"), ("_elements", "id")] for one in asked]


def test_a_code_finds_its_referral_without_asking_anybody_for_a_name(world: World) -> None:
    referral = world.refer()
    browser = world.browser()
    with ehr(Patient=finding()):
        assert found(browser, referral.id[:6].upper()) == [referral.id]
        assert found(browser, referral.id) == [referral.id]
        assert found(browser, "%" * 6) == []
        assert found(browser, "______") == []


def test_who_is_found_by_name_was_looked_at_and_who_is_found_by_code_was_not(world: World) -> None:
    referral = world.refer("p1")
    browser = world.browser()
    with ehr(Patient=finding()):
        found(browser, referral.id[:6])
    assert world.audited("view") == []
    with ehr(Patient=finding("p1")):
        found(browser, NAME)
    (view,) = world.audited("view")
    assert (view["page"], view["trial"]) == ("worklist-search", ONE)


def test_a_search_is_audited_without_what_was_sought(world: World) -> None:
    world.refer("p1")
    with ehr(Patient=finding()):
        found(world.browser(), NAME)
    (event,) = world.audited("list")
    assert set(event) == {"what", "rows", "staff"}
    assert (event["what"], event["rows"]) == ("search", 0)


def test_nobody_is_found_who_is_not_theirs(world: World) -> None:
    theirs, other = world.refer("p1"), world.refer("p1", trial=OTHER)
    browser = world.browser("coordinator", Grant(Role.COORDINATOR, frozenset({ONE}), frozenset({HERE})))
    with ehr(Patient=finding("p1")):
        assert found(browser, NAME) == [theirs.id]
    with ehr(Patient=finding()):
        assert found(browser, other.id[:6]) == []
    assert len(world.audited("view")) == 1


def test_servers_of_sites_that_are_not_theirs_are_not_asked(world: World) -> None:
    world.refer("p1")
    browser = world.browser("coordinator", Grant(Role.COORDINATOR, None, frozenset({THERE})))
    with ehr(Patient=finding("p1")) as sent:
        assert found(browser, NAME) == []
    assert urls(sent) == []


@pytest.mark.parametrize(
    "answer",
    [requests.ConnectionError("away"), json_answer({}, 500), json_answer({}, 403), (200, {}, b"<html>")],
)
def test_a_server_that_cannot_be_asked_is_named(world: World, answer: object) -> None:
    referral = world.refer()
    with ehr(Patient=answer):  # type: ignore[arg-type]
        page = world.browser().post("/worklist/search", text=f"{referral.id[:6]}")
    text = words_of(page.text)
    assert "its FHIR server could not be asked: demo." in text
    assert referral.id in page.text


@pytest.mark.parametrize(
    "body",
    [[], {}, {"resourceType": "Bundle"}, {"entry": "x"}, {"entry": [7, {}, {"resource": {"id": 5}}]}],
)
def test_an_answer_of_any_shape_finds_nobody(world: World, body: object) -> None:
    world.refer()
    with ehr(Patient=json_answer(body)):
        assert found(world.browser(), NAME) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Write at least 2"),
        ("x", "Write at least 2"),
        ("\u202e\u200b \0", "Write at least 2"),
        ("x" * 101, "Write at most 100"),
        ("x" * 60_000, "Write at most 100"),
    ],
)
def test_what_is_too_short_or_too_long_is_not_sought(world: World, text: str, said: str) -> None:
    with ehr() as sent:
        answer = world.browser().post("/worklist/search", text=text)
    assert said in answer.text
    assert urls(sent) == []


def test_many_are_cut_and_it_is_said(world: World) -> None:
    for number in range(41):
        world.refer(f"p{number}")
    with ehr(Patient=finding(*(f"p{number}" for number in range(41)))):
        answer = world.browser().post("/worklist/search", text=NAME)
    assert "There may be more" in answer.text


def test_what_was_sought_stands_nowhere(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.refer("p1")
    browser = world.browser()
    with ehr(Patient=finding("p1")):
        page = browser.post("/worklist/search", text="Zebrafinch")
    assert "Zebrafinch" not in page.text
    assert "Zebrafinch" not in caplog.text
    assert browser.get("/worklist/search?text=Zebrafinch").status_code == 404
    world.close()
    for path in world.folder.rglob("*"):
        if path.is_file():
            assert b"Zebrafinch" not in path.read_bytes()


def test_a_search_without_a_form_of_ours_is_refused(world: World) -> None:
    world.refer("p1")

    def never(_request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        raise AssertionError("asked")

    with ehr(Patient=never):
        answer = world.browser().post("/worklist/search", with_token=False, text=NAME)
    assert answer.status_code == 403
