"""The export: codes and states for a spreadsheet, which takes nothing in it for a formula."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from cds_service.referrals.states import State
from cds_service.worklist.csv_file import csv_lines, harmless
from cds_service.worklist.lines import CSV_COLUMNS
from tests.pages.browser import Browser
from tests.service.conftest import BASE
from tests.worklist.conftest import NewWorld
from tests.worklist.seeding import Seeds
from tests.worklist.world import HERE, ONE, OTHER, THERE, World


def exported(browser: Browser, query: str = "") -> list[dict[str, str]]:
    answer = browser.get(f"/worklist/export.csv?{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("NCT06920433", "NCT06920433"),
        ("", ""),
        ("a=b", "a=b"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\0=1", "'=1"),
        ("\u738b", "\u738b"),
    ],
)
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    assert harmless(cell) == written


def test_a_file_is_what_a_reader_of_csv_reads_back() -> None:
    rows = [["a,b", 'quo"te', "two\nlines", "\u738b\u82b3"], ["\ud800", "", "x", "y"]]
    content = b"".join(csv_lines(["one", "two", "three", "four"], rows))
    assert content.startswith(b"\xef\xbb\xbfone,two,three,four\r\n")
    read = list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    assert read[1] == rows[0]
    assert read[2] == ["?", "", "x", "y"]


def test_a_row_has_its_code_its_states_and_its_times(world: World) -> None:
    referral = world.refer(days_ago=12)
    world.move(referral, State.DECLINED, days_ago=2)
    (row,) = exported(world.browser(), "show=left")
    assert tuple(row) == CSV_COLUMNS
    assert row == {
        "code": referral.id[:6].upper(),
        "trial": ONE,
        "site": HERE,
        "state": "declined",
        "reason": "no-interest",
        "source": "worksheet",
        "opened": "2026-06-03T06:15:00+00:00",
        "in_state_since": "2026-06-13T06:15:00+00:00",
        "changed": "2026-06-13T06:15:00+00:00",
        "days_open": "12",
        "days_in_state": "2",
        "attention": "",
        "missing": "Proteinuria; Activity",
        "next_action": "Nothing: the referral has ended",
    }


def test_the_filter_of_the_page_applies(world: World) -> None:
    world.refer("p1")
    world.refer("p2", client=THERE)
    world.move(world.refer("p3"), State.DECLINED)
    browser = world.browser()
    assert len(exported(browser)) == 2
    assert [row["site"] for row in exported(browser, f"site={THERE}")] == [THERE]
    assert len(exported(browser, "show=all")) == 3
    assert len(exported(browser, "show=all&page=7&sort=site")) == 3


def test_possible_candidates_are_no_referrals_and_have_no_export(world: World) -> None:
    world.refer("p1")
    world.candidate()
    answer = world.browser().get("/worklist/export.csv?show=possible")
    assert answer.status_code == 404
    assert world.audited("list") == []


def test_nothing_in_it_names_anybody(world: World) -> None:
    world.refer("a-patient-id", patient_name="Wang Fang", why="1.8 g/g")
    text = world.browser().get("/worklist/export.csv?show=all").text
    for private in ("Wang", "a-patient-id", "1.8", "Dr Wu"):
        assert private not in text


def test_an_export_is_audited_with_who_and_how_many(world: World) -> None:
    world.refer("p1")
    world.refer("p2", client=THERE)
    exported(world.browser(), f"site={THERE}")
    (event,) = world.audited("list")
    assert (event["what"], event["rows"], event["client"]) == ("export", 1, THERE)
    assert "staff" in event


def test_without_rows_it_is_a_heading(world: World) -> None:
    assert exported(world.browser()) == []
    assert world.browser().get("/worklist/export.csv").text.lstrip("\ufeff") == ",".join(CSV_COLUMNS) + "\r\n"


def test_it_is_a_file_to_be_saved_and_kept_by_nobody_else(world: World) -> None:
    answer = world.browser().get("/worklist/export.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="worklist-2026-06-15.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_more_rows_than_are_read_at_once_come_each_once_the_oldest_first(new_world: NewWorld) -> None:
    world = new_world()
    seeds = Seeds(world.deployment.ring, world.now, [(ONE, HERE), (OTHER, THERE)], BASE)
    seeds.put(world.records.database, 1203, ["age"])
    rows = exported(world.browser(), "show=all")
    assert len(rows) == 1203
    opened = [row["opened"] for row in rows]
    assert opened == sorted(opened)
    assert len({(row["code"], row["opened"]) for row in rows}) == 1203


def test_it_speaks_english_whatever_the_page_does(world: World) -> None:
    world.refer()
    browser = world.browser()
    browser.get("/worklist?language=zh-Hans")
    (row,) = exported(browser)
    assert row["next_action"] == "Confirm that the referral was received"
