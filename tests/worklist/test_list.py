"""The list: which rows, in which order, and what is said of each."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from cds_service.referrals.records import ATTENTION
from cds_service.referrals.rows import written_attention
from cds_service.referrals.states import State
from cds_service.storage.workflow_tables import trial_referral
from tests.pages.browser import Browser, words_of
from tests.service.conftest import BASE
from tests.worklist.conftest import NewWorld
from tests.worklist.seeding import Seeds
from tests.worklist.world import HERE, ONE, OTHER, THERE, World


def codes(browser: Browser, query: str = "") -> list[str]:
    """The rows of a page by their whole ids, from the top."""
    answer = browser.get(f"/worklist?{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'href="/worklist/([0-9a-f]{32})"', answer.text)


def cells(browser: Browser, ident: str, query: str = "") -> dict[str, str]:
    """What a row says, by the heading of its column."""
    page = browser.get(f"/worklist?{query}").text
    (row,) = [one for one in page.split("<tr>") if ident in one]
    return {label: words_of(text) for label, text in re.findall(r'data-label="([^"]+)">(.*?)</td>', row)}


def set_attention(world: World, ident: str, *words: str) -> None:
    with world.records.database.relaxed() as connection:
        which = update(trial_referral).where(trial_referral.c.id == ident)
        connection.execute(which.values(attention=written_attention(words)))


def test_nobody_was_referred_yet(world: World) -> None:
    page = world.browser().get("/worklist").text
    assert "Nobody has been referred yet." in page
    assert "export.csv" not in page


def test_a_filter_that_nothing_matches_says_so(world: World) -> None:
    world.refer()
    assert "No row matches this filter." in world.browser().get("/worklist?show=left").text


def test_a_row_says_how_far_it_is_what_is_missing_and_what_comes_next(world: World) -> None:
    referral = world.along(world.refer(days_ago=12), State.CONTACTED, days_ago=5)
    assert cells(world.browser(), referral.id) == {
        "State": "Contacted",
        "Trial": ONE,
        "Site": HERE,
        "Since referral": "12 days",
        "In state": "5 days",
        "Missing": "Proteinuria, Activity",
        "Next": "Arrange pre-screening",
        "Last change": "10 Jun 2026",
    }


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [
        (0, "today"),
        (0.9, "today"),
        (1, "1 day"),
        (1.9, "1 day"),
        (2, "2 days"),
        (700, "700 days"),
        (-1, "today"),
    ],
)
def test_ages_are_whole_days(world: World, days_ago: float, said: str) -> None:
    referral = world.refer(days_ago=days_ago)
    assert cells(world.browser(), referral.id)["Since referral"] == said


def test_what_only_a_person_can_say_is_named_after_what_data_can(world: World) -> None:
    referral = world.refer()
    assert cells(world.browser(), referral.id)["Missing"] == "Proteinuria, Activity"


def test_a_row_that_was_never_assessed_does_not_say_that_nothing_is_missing(world: World) -> None:
    referral = world.refer(traces=(), assessed=None)
    assert cells(world.browser(), referral.id)["Missing"] == "not assessed yet"


def test_a_row_of_a_trial_that_is_served_no_more_is_listed_and_asks_for_a_look(world: World) -> None:
    referral = world.refer(trial="NCT09999999")
    browser = world.browser()
    row = cells(browser, referral.id)
    assert row["State"] == "Referred the trial is closed"
    assert row["Missing"] == "proteinuria, activity"
    assert codes(browser, "attention=trial-closed") == [referral.id]
    assert codes(browser, "trial=NCT09999999") == [referral.id]


def test_names_and_values_are_not_in_the_list(world: World) -> None:
    world.refer("a-patient-id", patient_name="Wang Fang", why="because of 1.8 g/g")
    world.candidate("another-patient-id")
    browser = world.browser()
    for query in ("", "show=all", "show=possible"):
        page = browser.get(f"/worklist?{query}").text
        for private in ("Wang Fang", "a-patient-id", "another-patient-id", "1.8", "Dr Wu"):
            assert private not in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"new", "screening", "old"}),
        ("show=enrolled", {"enrolled"}),
        ("show=left", {"lost"}),
        ("show=all", {"new", "screening", "old", "enrolled", "lost"}),
        ("state=screening", {"screening"}),
        ("state=lost", {"lost"}),
        ("show=open&state=enrolled", {"enrolled"}),
        (f"trial={OTHER}&show=all", {"old"}),
        (f"site={THERE}", {"old", "screening"}),
        ("age=7", {"screening", "old"}),
        ("age=30", {"old"}),
        ("attention=not-written", {"screening"}),
        ("attention=any", {"screening"}),
        (f"site={THERE}&trial={ONE}&age=7&attention=any", {"screening"}),
        ("trial=NCT9", {"new", "screening", "old"}),
    ],
)
def test_filters_narrow_and_add_up(world: World, query: str, wanted: set[str]) -> None:
    made = {
        "new": world.refer("p1"),
        "screening": world.refer("p2", client=THERE, days_ago=20),
        "old": world.refer("p3", client=THERE, trial=OTHER, days_ago=40),
        "enrolled": world.along(world.refer("p4", days_ago=9), State.ENROLLED),
        "lost": world.move(world.along(world.refer("p5"), State.RECEIVED), State.LOST),
    }
    world.along(made["screening"], State.SCREENING)
    set_attention(world, made["screening"].id, "not-written")
    found = codes(world.browser(), query)
    names = {one.id: name for name, one in made.items()}
    assert {names[ident] for ident in found} == wanted
    assert len(found) == len(wanted)


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("", ["b", "c", "a"]),
        ("waiting", ["b", "c", "a"]),
        ("changed", ["a", "c", "b"]),
        ("oldest", ["a", "b", "c"]),
        ("newest", ["c", "b", "a"]),
        ("state", ["b", "c", "a"]),
        ("trial", ["b", "a", "c"]),
        ("site", ["c", "a", "b"]),
        ("name", ["b", "c", "a"]),
    ],
)
def test_rows_come_in_the_order_that_was_asked_for(world: World, sort: str, wanted: list[str]) -> None:
    made = {
        "a": world.along(world.refer("p1", days_ago=30), State.SCREENING, days_ago=1),
        "b": world.refer("p2", days_ago=20, client=THERE),
        "c": world.along(world.refer("p3", days_ago=10, trial=OTHER), State.RECEIVED, days_ago=5),
    }
    names = {one.id: name for name, one in made.items()}
    assert [names[ident] for ident in codes(world.browser(), f"sort={sort}")] == wanted


def test_what_was_not_understood_is_named(world: World) -> None:
    page = world.browser().get("/worklist?trial=%3Cscript%3E&age=-1&sort=name").text
    assert "Not understood, and left out: Trial, Referred, Order." in page
    assert "<script>" not in page


def test_many_rows_come_in_pages_and_none_is_lost_between_them(new_world: NewWorld) -> None:
    world = new_world()
    seeds = Seeds(world.deployment.ring, world.now, [(ONE, HERE), (OTHER, THERE)], BASE)
    seeds.put(world.records.database, 180, ["age", "proteinuria"])
    browser = world.browser()
    pages = [codes(browser, f"show=all&sort=state&page={number}") for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [50, 50, 50, 30]
    assert len({ident for page in pages for ident in page}) == 180
    assert codes(browser, "show=all&sort=state&page=1000000000") == pages[-1]
    assert codes(browser, "show=all&sort=state&page=0") == pages[0]
    page = browser.get("/worklist?show=all&page=2").text
    assert "Page 2 of 4" in page
    assert 'rel="prev" href="/worklist?show=all"' in page
    assert 'rel="next" href="/worklist?show=all&amp;page=3"' in page
    assert 'rel="next"' not in browser.get("/worklist?show=all&page=4").text


def test_a_full_trial_asks_for_a_look_at_what_is_open_of_it(
    new_world: NewWorld, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("recruitment") / "recruitment.yaml"
    entry = f"{ONE}: {{state: full, as_of: 2026-06-01}}"
    file.write_text(f'schema: "1"\ntrials:\n  {entry}\n', encoding="utf-8")
    world = new_world(recruitment=str(file))
    waiting = world.refer("p1")
    ended = world.move(world.refer("p2"), State.DECLINED)
    elsewhere = world.refer("p3", trial=OTHER)
    browser = world.browser()
    assert cells(browser, waiting.id)["State"] == "Referred the trial is full"
    assert cells(browser, ended.id, "show=all")["State"] == "Declined"
    assert codes(browser, "attention=trial-full&show=all") == [waiting.id]
    assert codes(browser, "attention=any&show=all") == [waiting.id]
    assert codes(browser, "attention=trial-paused") == []
    assert elsewhere.id in codes(browser)


@pytest.mark.parametrize("word", ATTENTION)
def test_every_word_that_asks_for_a_look_is_said_and_can_be_asked_for(world: World, word: str) -> None:
    referral = world.refer()
    set_attention(world, referral.id, word)
    browser = world.browser()
    assert cells(browser, referral.id)["State"].removeprefix("Referred ") not in ("", word, "needs a look")
    assert referral.id in codes(browser, f"attention={word}")


def test_the_list_speaks_chinese_and_stays_so(world: World) -> None:
    world.refer()
    browser = world.browser()
    answer = browser.get("/worklist?language=zh-Hans")
    assert answer.headers["Content-Language"] == "zh-Hans"
    assert '<html lang="zh-Hans">' in answer.text
    assert "2026\u5e746\u670815\u65e5" in answer.text
    assert browser.get("/worklist").headers["Content-Language"] == "zh-Hans"


def test_the_clock_going_back_ages_nothing_below_zero(world: World) -> None:
    referral = world.refer()
    world.now -= timedelta(days=3)
    assert cells(world.browser(), referral.id)["In state"] == "today"
