"""Moving a referral and writing notes: once, by who saw it as it is, and nothing that was typed is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from cds_service.referrals.records import Referral
from cds_service.referrals.states import State
from tests.pages.browser import Browser, words_of
from tests.worklist.conftest import NewWorld
from tests.worklist.world import CLINICIAN, ONE, SOMEBODY, World, subject

COMMENT = "She asked for <b>time</b> & will call on Monday"


def current(world: World, referral: Referral) -> Referral:
    found = world.records.book.get(referral.id)
    assert found is not None
    return found


def move(browser: Browser, referral: Referral, step: str, why: str = "", version: str = "") -> TestResponse:
    path = f"/worklist/{referral.id}/move"
    return browser.post(path, step=step, why=why, version=version or str(referral.version))


def textareas(answer: TestResponse) -> list[str]:
    """What stands in the fields of a page."""
    parts = answer.text.split("<textarea")[1:]
    return [unescape(part.partition(">")[2].partition("</textarea>")[0]) for part in parts]


def test_a_move_is_made_and_told(world: World) -> None:
    referral = world.refer()
    answer = move(world.browser("investigator"), referral, "contacted", COMMENT)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/worklist/{referral.id}")
    assert current(world, referral).state is State.CONTACTED
    event = world.records.book.history(referral.id)[-1]
    assert (event.why, event.role, event.name) == (COMMENT, "investigator", "Demo investigator")


def test_a_referral_is_ended_for_a_reason(world: World) -> None:
    referral = world.refer()
    assert move(world.browser(), referral, "declined:too-far").status_code == 303
    ended = current(world, referral)
    assert (ended.state, ended.reason) == (State.DECLINED, "too-far")


@pytest.mark.parametrize(
    ("step", "why", "said"),
    [
        ("", "", "Choose a step"),
        ("nonsense", "", "Choose a step"),
        ("declined", "", "Choose a step, and a reason"),
        ("declined:nonsense", "", "Choose a step, and a reason"),
        ("declined:moved-away", "", "Choose a step, and a reason"),
        ("declined:other", "", "Say why in a few words"),
        ("declined:other", " \n\u202e\0 ", "Say why in a few words"),
        ("enrolled", "", "not possible from the present state"),
        ("suggested", "", "not possible from the present state"),
        ("lost:not-reached", "", "not possible from the present state"),
        ("referred", "", "not possible from the present state"),
        ("contacted", "x" * 2001, "At most 2000 characters"),
    ],
)
def test_a_step_that_may_not_be_is_refused_with_all_that_was_written(
    world: World, step: str, why: str, said: str
) -> None:
    referral = world.refer()
    answer = move(world.browser(), referral, step, why)
    assert answer.status_code == 400
    assert said in words_of(answer.text)
    assert current(world, referral) == referral
    if len(why) > 100:
        assert why in textareas(answer)


def test_what_was_chosen_is_chosen_again_on_the_page_of_a_refusal(world: World) -> None:
    answer = move(world.browser(), world.refer(), "declined:other")
    assert '<option value="declined:other" selected>' in answer.text
    assert '<details class="more" open>' in answer.text


def test_who_saw_an_older_state_is_told_what_happened_and_loses_nothing(world: World) -> None:
    seen = world.refer()
    now = world.move(seen, State.RECEIVED)
    answer = move(world.browser(), seen, "contacted", COMMENT)
    assert answer.status_code == 409
    text = words_of(answer.text)
    assert "Somebody else changed this referral meanwhile" in text
    assert "Rosa Feld (coordinator): Referred → Received so it is" in text
    assert COMMENT in textareas(answer)
    assert f'name="version" value="{now.version}"' in answer.text
    assert 'value="contacted" required checked' in answer.text
    assert current(world, seen) == now


def test_sending_again_after_a_conflict_moves_it(world: World) -> None:
    seen = world.refer()
    now = world.move(seen, State.RECEIVED)
    browser = world.browser()
    assert move(browser, seen, "contacted").status_code == 409
    assert move(browser, now, "contacted").status_code == 303
    assert current(world, seen).state is State.CONTACTED


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "1" * 400, "\u0661"])
def test_a_version_that_nobody_saw_is_a_conflict(world: World, version: str) -> None:
    referral = world.refer()
    path = f"/worklist/{referral.id}/move"
    answer = world.browser().post(path, step="received", version=version)
    assert answer.status_code in (400, 409)
    assert current(world, referral) == referral


def test_a_button_pressed_twice_moves_once(world: World) -> None:
    referral, browser = world.refer(), world.browser()
    assert move(browser, referral, "received").status_code == 303
    assert move(browser, referral, "received").status_code == 409
    assert [one.to_state for one in world.records.book.history(referral.id)] == ["referred", "received"]


def test_the_trial_is_full_meanwhile(new_world: NewWorld, tmp_path: Path) -> None:
    file = tmp_path / "recruitment.yaml"
    entry = f"{ONE}: {{state: recruiting, as_of: 2026-06-01, places: 1}}"
    file.write_text(f'schema: "1"\ntrials:\n  {entry}\n', encoding="utf-8")
    world = new_world(recruitment=str(file))
    world.along(world.refer("p1"), State.ENROLLED)
    referral = world.along(world.refer("p2"), State.SCREENING)
    answer = move(world.browser(), referral, "enrolled", COMMENT)
    assert answer.status_code == 400
    assert "The trial has no free place." in words_of(answer.text)
    assert COMMENT in textareas(answer)
    assert current(world, referral).state is State.SCREENING


def test_a_note_is_kept_as_it_was_written(world: World) -> None:
    referral = world.refer()
    text = "Zeile 1\r\n\t\u7b2c\u4e8c\u884c\r<script>alert(1)</script>"
    answer = world.browser().post(f"/worklist/{referral.id}/note", note=text)
    assert answer.headers["Location"] == f"/worklist/{referral.id}#notes"
    event = world.records.book.history(referral.id)[-1]
    assert event.kind == "noted"
    assert event.why == "Zeile 1\n\t\u7b2c\u4e8c\u884c\n<script>alert(1)</script>"
    assert current(world, referral).version == referral.version


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("a\0b", "ab"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("\u200bx\ufeff", "x"),
        ("\x1b[31mred", "[31mred"),
        ("x" * 5000, "x" * 5000),
        ("\U0001f600 \u0645\u0631\u062d\u0628\u0627", "\U0001f600 \u0645\u0631\u062d\u0628\u0627"),
    ],
)
def test_of_a_note_nothing_is_kept_that_nobody_sees(world: World, note: str, kept: str) -> None:
    referral = world.refer()
    assert world.browser().post(f"/worklist/{referral.id}/note", note=note).status_code == 303
    assert world.records.book.history(referral.id)[-1].why == kept


@pytest.mark.parametrize(
    ("note", "said"),
    [("", "An empty note is not kept."), (" \n ", "An empty note"), ("x" * 5001, "At most 5000 characters.")],
)
def test_a_note_that_is_not_kept_is_shown_again(world: World, note: str, said: str) -> None:
    referral = world.refer()
    answer = world.browser().post(f"/worklist/{referral.id}/note", note=note)
    assert answer.status_code == 400
    assert said in words_of(answer.text)
    assert len(world.records.book.history(referral.id)) == 1
    if note.strip():
        assert note in textareas(answer)


def test_a_note_of_64_kilobytes_is_refused_and_shown_again(world: World) -> None:
    referral = world.refer()
    answer = world.browser().post(f"/worklist/{referral.id}/note", note="\u6587" * 21845)
    assert answer.status_code == 400
    assert "\u6587" * 21845 in textareas(answer)


def test_two_notes_at_once_are_both_kept(world: World) -> None:
    referral = world.refer()
    one, other = world.browser("coordinator"), world.browser("investigator")
    one.post(f"/worklist/{referral.id}/note", note="one")
    other.post(f"/worklist/{referral.id}/note", note="other")
    assert [event.why for event in world.records.book.history(referral.id)[1:]] == ["one", "other"]


def notes_of(world: World, ident: str) -> list[str]:
    return [event.why for event in world.records.book.history(ident) if event.kind == "noted"]


def test_a_note_that_is_sent_twice_is_kept_once(world: World) -> None:
    referral, browser = world.refer(), world.browser()
    for _ in range(3):
        assert browser.post(f"/worklist/{referral.id}/note", note="called twice").status_code == 303
    assert notes_of(world, referral.id) == ["called twice"]
    assert [event["change"] for event in world.audited("referral")].count("noted") == 1


def test_a_note_that_is_sent_three_times_at_once_is_kept_once(world: World) -> None:
    referral, book = world.refer(), world.records.book
    with ThreadPoolExecutor(3) as pool:
        sent = [pool.submit(book.note, referral.id, "called", SOMEBODY, world.now) for _ in range(3)]
        for one in sent:
            one.result()
    assert notes_of(world, referral.id) == ["called"]


def test_other_words_another_person_or_another_minute_make_another_note(world: World) -> None:
    referral, book = world.refer(), world.records.book
    book.note(referral.id, "called", SOMEBODY, world.now)
    book.note(referral.id, "called again", SOMEBODY, world.now)
    book.note(referral.id, "called", CLINICIAN, world.now)
    book.note(referral.id, "called", SOMEBODY, world.now + timedelta(minutes=2))
    assert notes_of(world, referral.id) == ["called", "called again", "called", "called"]


def test_a_row_that_was_forgotten_meanwhile_is_not_there(world: World) -> None:
    referral, browser = world.refer(), world.browser()
    world.records.store.forget(subject())
    row = f"/worklist/{referral.id}"
    for answer in (
        browser.get(row),
        browser.post(f"{row}/move", step="received", version="1"),
        browser.post(f"{row}/note", note="x"),
        browser.post(f"{row}/looked", word="asked-again"),
    ):
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"


@pytest.mark.parametrize(("path", "field"), [("move", "why"), ("note", "note")])
def test_what_was_written_is_not_lost_with_the_session(world: World, path: str, field: str) -> None:
    referral, browser = world.refer(), world.browser()
    browser.cookie = "A" * 43  # the session is over: another cookie, the form is of the former one
    answer = browser.http.post(
        f"/worklist/{referral.id}/{path}",
        data={field: COMMENT, "step": "received", "version": "1", "csrf_token": "of-then"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 403
    assert COMMENT in textareas(answer)
    assert f'href="/worklist/{referral.id}"' in answer.text
    assert len(world.records.book.history(referral.id)) == 1


def test_what_was_written_is_not_lost_when_nobody_is_signed_in(world: World) -> None:
    referral = world.refer()
    browser = Browser(world.app)
    answer = browser.http.post(
        f"/worklist/{referral.id}/note",
        data={"note": COMMENT, "csrf_token": browser.token()},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 401
    assert COMMENT in textareas(answer)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_what_another_site_sends_is_not_shown_on_a_page_of_ours(world: World, site: str) -> None:
    referral, browser = world.refer(), world.browser()
    answer = browser.http.post(
        f"/worklist/{referral.id}/note",
        data={"note": "Call this number now", "csrf_token": "forged"},
        headers={"Sec-Fetch-Site": site} if site else {},
    )
    assert answer.status_code == 403
    assert "Call this number now" not in answer.text
    assert len(world.records.book.history(referral.id)) == 1


def test_a_move_is_in_the_audit_trail_with_who_and_whom(world: World) -> None:
    referral = world.refer()
    move(world.browser(), referral, "received")
    (moved,) = [one for one in world.audited("referral") if one["change"] == "moved"]
    assert {"staff", "patient", "from", "to"} <= moved.keys()


def test_while_the_database_is_away_pages_say_so_and_nothing_is_done(world: World) -> None:
    referral, browser = world.refer(), world.browser()
    file = world.folder / "trialhook.db"
    away = world.folder / "away"
    browser.get("/worklist")
    file.rename(away)
    try:
        for answer in (
            browser.get("/worklist"),
            browser.get("/worklist/export.csv"),
            browser.get("/worklist/funnel"),
            browser.get(f"/worklist/{referral.id}"),
            browser.get("/administration"),
        ):
            assert answer.status_code == 503
            assert answer.mimetype == "text/html"
            assert answer.headers["Retry-After"] == "30"
    finally:
        away.rename(file)
