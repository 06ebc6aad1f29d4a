"""Candidates of silent trials: found, opened, referred once; their addresses name nobody."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from sqlalchemy import delete

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.states import State
from cds_service.storage.tables import silent_candidate
from cds_service.worklist.candidates import candidate_of
from cds_service.worklist.scope import Part, Scope
from tests.pages.browser import Browser, words_of
from tests.service.ehr import ehr
from tests.worklist.world import HERE, ONE, OTHER, THERE, World, subject

EVERYTHING = Scope((Part(None, None),))


def paths(browser: Browser, query: str = "") -> list[str]:
    page = browser.get(f"/worklist?show=possible&{query}").text
    return re.findall(r'href="(/worklist/possible/[^"]+)"', page)


def test_those_who_were_not_referred_are_listed_without_a_name(world: World) -> None:
    world.candidate("s1", days_ago=4)
    world.candidate("s2")
    world.refer("s2")
    browser = world.browser()
    assert len(paths(browser)) == 1
    text = words_of(browser.get("/worklist?show=possible").text)
    assert f"{ONE} {HERE} not assessed yet Look at the record; refer, or set aside 11 Jun 2026" in text


def test_one_who_was_referred_to_another_trial_is_still_listed(world: World) -> None:
    world.candidate("s1")
    world.refer("s1", trial=OTHER)
    assert len(paths(world.browser())) == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        (f"trial={ONE}", 2),
        (f"site={THERE}", 1),
        ("age=7", 1),
        (f"age=7&site={HERE}", 0),
        ("page=99", 3),
    ],
)
def test_candidates_are_filtered_too(world: World, query: str, count: int) -> None:
    world.candidate("s1")
    world.candidate("s2", trial=OTHER)
    world.candidate("s3", client=THERE, days_ago=20)
    assert len(paths(world.browser(), query)) == count


def test_an_address_holds_no_patient(world: World) -> None:
    world.candidate("secret-patient")
    (path,) = paths(world.browser())
    token = path.rpartition("/")[2]
    assert b"secret" not in urlsafe_b64decode(token + "==")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)


def test_an_address_of_another_day_opens_the_same_candidate(world: World) -> None:
    world.candidate("s1")
    browser = world.browser()
    first, second = paths(browser)[0], paths(browser)[0]
    with ehr():
        pages = [words_of(browser.get(path).text) for path in (first, second)]
    assert pages[0] == pages[1]
    assert "Possible candidate" in pages[0]


@pytest.mark.parametrize("ident", ["x", "A" * 43, "gAAAA", "A" * 500, "%00", "\u738b", "..", "0" * 32])
def test_an_address_that_we_did_not_make_opens_nothing(world: World, ident: str) -> None:
    world.candidate("s1")
    assert world.browser().get(f"/worklist/possible/{ident}").status_code == 404


def test_what_else_the_ring_encrypts_is_no_address(world: World) -> None:
    world.candidate("s1")
    ring = world.deployment.ring
    for plain in (
        b"[]",
        b'["candidate"]',
        b"not json",
        b'{"a": 1}',
        b'["x", 1, "NCT1", "2026-06-15T00:00:00"]',
    ):
        ident = ring.encrypt(plain).decode().rstrip("=")
        with world.records.database.autocommit() as connection:
            assert candidate_of(connection, ring, EVERYTHING, ident) is None


def test_an_address_dies_with_its_candidate_whoever_takes_the_row(world: World) -> None:
    world.candidate("s1", days_ago=4)
    browser = world.browser()
    (path,) = paths(browser)
    with world.records.database.relaxed() as connection:
        connection.execute(delete(silent_candidate))
    assert browser.get(path).status_code == 404
    world.candidate("s1", days_ago=1)
    assert browser.get(path).status_code == 404


def test_opening_a_candidate_is_audited(world: World) -> None:
    world.candidate("s1")
    browser = world.browser()
    (path,) = paths(browser)
    assert world.audited("view") == []
    with ehr():
        browser.get(path)
    (view,) = world.audited("view")
    assert view["page"] == "worklist-possible"


def test_a_candidate_is_referred_once_however_often_the_button_is_pressed(world: World) -> None:
    world.candidate("s1")
    browser = world.browser()
    (path,) = paths(browser)
    first = browser.post(f"{path}/refer", why="looks right")
    assert first.status_code == 303
    assert browser.post(f"{path}/refer").status_code == 404  # it is a referral now
    (referral,) = world.records.book.of_patient(subject("s1"))
    assert first.headers["Location"] == f"/worklist/{referral.id}"
    assert (referral.source, referral.state) == ("worklist", "referred")
    (event,) = world.records.book.history(referral.id)
    assert (event.from_state, event.to_state, event.why) == ("suggested", "referred", "looks right")
    assert paths(browser) == []


def test_a_candidate_is_set_aside_for_a_reason_and_listed_no_more(world: World) -> None:
    world.candidate("s1")
    browser = world.browser()
    (path,) = paths(browser)
    answer = browser.post(f"{path}/set-aside", step="not-eligible:other", why="too frail")
    assert answer.status_code == 303
    (referral,) = world.records.book.of_patient(subject("s1"))
    assert (referral.state, referral.reason) == ("not-eligible", "other")
    events = world.records.book.history(referral.id)
    assert [one.to_state for one in events] == ["suggested", "not-eligible"]
    assert events[-1].why == "too frail"
    assert paths(browser) == []


@pytest.mark.parametrize(
    ("step", "why", "said"),
    [
        ("", "what I wrote", "Choose a step"),
        ("not-eligible", "what I wrote", "Choose a step"),
        ("not-eligible:nonsense", "what I wrote", "Choose a step"),
        ("lost:not-reached", "what I wrote", "Choose a step"),
        ("referred", "what I wrote", "Choose a step"),
        ("not-eligible:other", "", "Say why in a few words"),
        ("not-eligible:other", "x" * 2001, "At most 2000 characters"),
    ],
)
def test_a_candidate_is_not_set_aside_without_a_reason_that_fits(
    world: World, step: str, why: str, said: str
) -> None:
    world.candidate("s1")
    browser = world.browser()
    (path,) = paths(browser)
    answer = browser.post(f"{path}/set-aside", step=step, why=why)
    assert answer.status_code == 400
    assert said in answer.text
    assert why in answer.text
    assert world.records.book.of_patient(subject("s1")) == ()


def test_one_who_is_only_suggested_is_listed_and_can_be_set_aside_there(world: World) -> None:
    referral = world.refer("s1", state=State.SUGGESTED)
    browser = world.browser()
    assert referral.id in browser.get("/worklist").text
    with ehr():
        assert 'value="declined:no-interest"' in browser.get(f"/worklist/{referral.id}").text


def test_a_candidate_whose_key_is_gone_cannot_be_referred(world: World) -> None:
    world.candidate("s1")
    with world.records.database.relaxed() as connection:
        values = {"secret": KeyRing.random().encrypt(b"[]")}
        connection.execute(silent_candidate.update().values(**values))
    browser = world.browser()
    (path,) = paths(browser)
    page = browser.get(path)
    assert "its key is no longer in the key ring" in page.text
    assert "/refer" not in page.text
    assert browser.post(f"{path}/refer").status_code == 400
    assert world.records.book.of_patient(subject("s1")) == ()


def test_a_candidate_seen_again_keeps_its_address(world: World) -> None:
    world.candidate("s1", days_ago=4)
    browser = world.browser()
    (path,) = paths(browser)
    with world.records.database.relaxed() as connection:
        connection.execute(silent_candidate.update().values(last_seen=world.now + timedelta(hours=1)))
    with ehr():
        assert browser.get(path).status_code == 200
