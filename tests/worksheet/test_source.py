"""What stands behind a piece of evidence can be opened from the worksheet, and nothing else can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cds_service.audit.events import ViewRecord
from cds_service.audit.trail import Trail
from cds_service.worksheet.source import MOST_LETTERS, MOST_LEVELS, MOST_MEMBERS, shortened
from tests.pages.browser import Browser, words_of
from tests.worksheet.test_page import Markup
from tests.worksheet.world import TRIAL, USER, World, world


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    """A service whose worksheets are launched."""
    with world(tmp_path) as made:
        yield made


def links(html: str) -> list[str]:
    """Where a worksheet's evidence leads."""
    found = [str(one.get("href")) for one in Markup(html).of("a")]
    return [one for one in found if "/chart/" in one]


def opened(browser: Browser, criterion: str) -> str:
    """The page behind the first piece of evidence of a criterion."""
    html = browser.get("/worksheet/w1").text
    part = re.search(rf'<article[^>]*id="criterion-{criterion}".*?</article>', html, re.DOTALL)
    assert part
    answer = browser.get(links(part[0])[0])
    assert answer.status_code == 200
    return answer.text


def test_evidence_leads_to_the_resource_as_the_server_gave_it(here: World) -> None:
    page = words_of(opened(here.opened("lin-mei"), "proteinuria"))
    assert "Mei Lin Born: 10 Mar 1992 (34 years)" in page
    assert "In the chart: Observation" in page
    assert "As the FHIR server gave it on 15 June 2026" in page
    assert re.search(r"valueQuantity value 2\.1 unit g/g", page)


def test_there_is_a_way_back_and_one_to_the_fhir_server(here: World) -> None:
    html = opened(here.opened("lin-mei"), "proteinuria")
    targets = [str(one.get("href")) for one in Markup(html).of("a")]
    assert "/worksheet/w1" in targets
    [there] = [one for one in targets if one.startswith(f"{here.base}/Observation/")]
    kind, _, ident = there.removeprefix(f"{here.base}/").partition("/")
    assert here.store.read(kind, ident) is not None


def test_its_address_says_nothing_of_the_resource(here: World) -> None:
    browser = here.opened("lin-mei")
    for link in links(browser.get("/worksheet/w1").text):
        assert re.fullmatch(r"/worksheet/w1/chart/[0-9a-f]{32}", link)


def test_what_is_of_another_patient_or_worksheet_is_not_there(here: World) -> None:
    others = links(here.opened("zhou-yan").get("/worksheet/w1").text)
    browser = here.opened("lin-mei")
    for link in {*others, "/worksheet/w1/chart/" + "0" * 32, "/worksheet/w1/chart/Observation"}:
        answer = browser.get(link)
        assert answer.status_code == 404
        assert "This is not in the chart" in answer.text
        assert "/worksheet/w1" in [one.get("href") for one in Markup(answer.text).of("a")]


def test_who_has_not_opened_the_worksheet_sees_nothing(here: World) -> None:
    link = links(here.opened("lin-mei").get("/worksheet/w1").text)[0]
    assert here.browser().get(link).status_code == 404


def test_each_look_is_in_the_audit_trail(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, seen = here.opened("lin-mei"), list[ViewRecord]()
    monkeypatch.setattr(Trail, "view", lambda _trail, record: seen.append(record))
    opened(browser, "proteinuria")
    assert [(one.subject.patient_id, one.staff, one.trial, one.page) for one in seen] == [
        ("lin-mei", USER, TRIAL, "worksheet"),
        ("lin-mei", USER, TRIAL, "worksheet-source"),
    ]


def test_text_of_the_chart_becomes_no_markup(here: World) -> None:
    patient = here.store.read("Patient", "lin-mei")
    assert patient is not None
    patient["text"] = {"status": "generated", "div": "<script>alert(1)</script>"}
    html = opened(here.opened("lin-mei"), "age")
    assert "alert(1)" in unescape(html)
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * (MOST_LETTERS + 1), "x" * MOST_LETTERS + "\u2026"),
        ([1] * (MOST_MEMBERS + 1), ["1"] * MOST_MEMBERS + ["\u2026"]),
        ({"a": [True, None, 1.50, "b"]}, {"a": ["true", "null", "1.5", "b"]}),
    ],
    ids=["a long text", "a long list", "what is no text"],
)
def test_what_is_long_is_cut_and_what_is_no_text_is_written_out(value: Any, shown: Any) -> None:
    assert shortened(value) == shown


def test_what_lies_deep_is_cut() -> None:
    deep: Any = "end"
    for _ in range(500):
        deep = {"extension": [deep]}
    levels, cut = 0, shortened(deep)
    while not isinstance(cut, str):
        levels, cut = levels + 1, cut["extension"] if isinstance(cut, dict) else cut[0]
    assert (levels, cut) == (MOST_LEVELS, "\u2026")
