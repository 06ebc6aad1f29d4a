"""Every page at desktop and phone width, in light and dark: for screen readers, fingers, narrow screens."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import PHONE, violations, violations_everywhere
from tests.browser.conftest import NewContext
from tests.browser.people import Clinician, answer, said, save_answers
from tests.browser.places import NAMES, Place
from tests.browser.watching import Watch
from tests.browser.worlds import World

pytestmark = pytest.mark.browser

LEAST_TARGET = 24
"""Pixels either way: WCAG 2.2, 2.5.8."""
NARROWEST = 360
"""Pixels: what docs/worksheet.md promises."""

STATUS = "() => performance.getEntriesByType('navigation')[0].responseStatus"
TOO_SMALL = f"""() => [...document.querySelectorAll(
    "form button, form a, form input, form select, form textarea, nav a, a.button, summary")]
  .filter((one) => one.type !== "hidden" && one.checkVisibility())
  .map((one) => [one, (one.closest("label") || one).getBoundingClientRect()])
  .filter(([_, box]) => box.width < {LEAST_TARGET} || box.height < {LEAST_TARGET})
  .map(([one, box]) => `${{one.outerHTML.slice(0, 80)}}: ${{box.width}} x ${{box.height}}`)"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 80))"""
CUT = """() => [...document.querySelectorAll("figure.drawn > svg")].flatMap((picture) => {
  const frame = picture.getBoundingClientRect();
  return [...picture.querySelectorAll("text")]
    .map((one) => [one.textContent, one.getBoundingClientRect()])
    .filter(([_, box]) => box.width && (box.right > frame.right + 3 || box.left < frame.left - 3))
    .map(([words]) => words);
})"""
FAULTY = """<!doctype html><html lang="en"><head><title>Planted</title></head><body><main><h1>Planted</h1>
<p style="color: {colour}">Some words.</p>{more}</main></body></html>"""


@pytest.fixture(params=NAMES)
def page(
    request: pytest.FixtureRequest,
    every_place: Mapping[str, Place],
    new_context: NewContext,
    watch: Watch,
) -> Page:
    """Each page, opened."""
    place = every_place[request.param]
    watch.expected.add(place.status)
    page = place.show(new_context(storage_state=place.state).new_page())
    assert page.evaluate(STATUS) == place.status
    return page


def test_a_page_has_no_grave_fault_of_accessibility(page: Page) -> None:
    assert violations_everywhere(page) == []


def test_a_page_fits_a_phone_and_its_targets_fit_a_finger(page: Page) -> None:
    assert faults_on_phones(page) == []


@pytest.mark.parametrize("note", ["https://intranet.example/" + "documents/" * 20, "q" * 500])
def test_a_note_without_a_blank_does_not_widen_the_worksheet(clinician: Clinician, note: str) -> None:
    sheet = clinician.standalone("tang-yu")
    answer(sheet, "ECOG", "1")
    sheet.get_by_role("group", name=re.compile("ECOG")).get_by_role("textbox").fill(note)
    save_answers(sheet)
    expect(said(sheet, "ECOG")).to_contain_text(note[:200])
    assert faults_on_phones(sheet) == []


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("patient", ["chen-jing", "liu-na"])
def test_no_words_of_a_picture_are_cut_on_a_phone(clinician: Clinician, patient: str, language: str) -> None:
    sheet = clinician.standalone(patient)
    sheet.goto(f"{sheet.url.partition('?')[0]}?language={language}")
    expect(sheet.locator("html")).to_have_attribute("lang", language)
    for width in (PHONE["width"], 320):
        sheet.set_viewport_size({"width": width, "height": PHONE["height"]})
        assert sheet.locator("svg.timeline text").count() > 10
        assert sheet.evaluate(CUT) == []
        assert sheet.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("path", ["/", "/patients/guo-li"])
def test_the_demo_s_chart_fits_a_phone_too(demo: World, new_context: NewContext, path: str) -> None:
    page = new_context().new_page()
    page.goto(f"{demo.ehr}{path}")
    page.set_viewport_size(PHONE)
    assert page.evaluate(TOO_WIDE) == []


def test_the_sign_in_of_the_demo_s_chart_is_fit_for_all(demo: World, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(f"{demo.service}/smart/launch?client=demo")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the demo EHR")
    assert faults_on_phones(page) == []
    assert violations_everywhere(page) == []


def faults_on_phones(page: Page) -> list[str]:
    """What is too wide for a phone or too small for a finger, with everything open that can be opened."""
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    found: list[str] = []
    for width in (PHONE["width"], NARROWEST):
        page.set_viewport_size({"width": width, "height": PHONE["height"]})
        found += [f"{width}: {one}" for kind in (TOO_WIDE, TOO_SMALL) for one in page.evaluate(kind)]
    return found


@pytest.mark.parametrize(
    ("colour", "more", "fault"),
    [
        ("#000", '<img src="data:,">', "image-alt"),
        ("#bbb", "", "color-contrast"),
        ("#000", '<input type="text">', "label"),
        ("#000", "", ""),
    ],
)
def test_axe_finds_a_planted_fault(new_context: NewContext, colour: str, more: str, fault: str) -> None:
    page = new_context().new_page()
    page.set_content(FAULTY.format(colour=colour, more=more))
    assert [line.split()[1].rstrip(":") for line in violations(page)] == ([fault] if fault else [])


def test_a_page_that_is_too_wide_or_has_a_small_target_is_seen(new_context: NewContext) -> None:
    page = new_context(width=PHONE["width"]).new_page()
    small = '<form><button style="height: 10px; padding: 0">a</button></form><p style="width: 500px">wide</p>'
    page.set_content(FAULTY.format(colour="#000", more=small))
    assert len(page.evaluate(TOO_SMALL)) == 1
    assert page.evaluate(TOO_WIDE) != []
