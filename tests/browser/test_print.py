"""The worksheet on paper: all that is folded on the screen, in black on white, and nothing to press."""

from __future__ import annotations

import html
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewContext
from tests.browser.places import Place

pytestmark = pytest.mark.browser

PATIENCE = 50
SHEETS = ("worksheet of a candidate", "worksheet with a struck item")
FOLDED = """() => [...document.querySelectorAll("main details:not(.no-print *)")]
  .flatMap((one) => [...one.querySelectorAll("td, th, li, p, dd, dt, text")])
  .filter((one) => !one.closest(".no-print, thead, .for-readers") && one.textContent.trim())
  .filter((one) => !one.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})
    || one.getBoundingClientRect().height === 0)
  .map((one) => one.textContent.trim().slice(0, 80))"""
COUNT_FOLDED = "() => document.querySelectorAll('main details:not([open])').length"
PRESSABLE = """() => [...document.querySelectorAll(
    "button, nav, input, select, textarea, .skip, header.top, .button")]
  .filter((one) => one.type !== "hidden" && one.checkVisibility() && one.getBoundingClientRect().height > 0)
  .map((one) => one.outerHTML.slice(0, 80))"""
COLOURS = """() => {
  const light = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return alpha === 0 ? null : (red + green + blue) / 3 / 255;
  };
  const found = [];
  for (const one of [document.body, ...document.querySelectorAll("main *")]) {
    if (!one.checkVisibility() || one.closest("svg, .for-readers, .no-print")) continue;
    const style = getComputedStyle(one), ground = light(style.backgroundColor);
    if (ground !== null && ground < 1) found.push(`ground ${style.backgroundColor}: ${one.className}`);
    if (light(style.color) > 0.3) found.push(`ink ${style.color}: ${one.className}`);
  }
  for (const one of document.querySelectorAll("main svg text")) {
    const fill = getComputedStyle(one).fill;
    if (light(fill) > 0.3) found.push(`ink ${fill}: ${one.textContent}`);
  }
  return [...new Set(found)];
}"""
WORDS = """() => {
  document.querySelectorAll("main .for-readers").forEach((one) => one.remove());
  document.querySelectorAll("main details").forEach((one) => { one.open = true; });
  return document.querySelector("main").innerText;
}"""


def opened(place: Place, new_context: NewContext, **more: object) -> Page:
    """The page as paper shows it, in a browser that likes dark pages."""
    page = place.show(new_context(storage_state=place.state, color_scheme="dark", **more).new_page())
    page.emulate_media(media="print", color_scheme="dark")
    for _ in range(PATIENCE):  # what is unfolded is laid out with one of the next frames
        if not page.evaluate(FOLDED):
            break
        page.wait_for_timeout(100)
    return page


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("name", SHEETS)
def test_paper_shows_what_is_folded_on_the_screen_in_black_and_white(
    every_place: Mapping[str, Place], new_context: NewContext, name: str, scripts: bool
) -> None:
    page = opened(every_place[name], new_context, java_script_enabled=scripts)
    assert page.evaluate(COUNT_FOLDED) > 10
    assert page.evaluate(FOLDED) == []
    assert page.evaluate(PRESSABLE) == []
    assert page.evaluate(COLOURS) == []


@pytest.mark.parametrize("name", SHEETS)
def test_on_the_screen_it_is_folded_and_coloured(
    every_place: Mapping[str, Place], new_context: NewContext, name: str
) -> None:
    page = opened(every_place[name], new_context)
    page.emulate_media(media="screen", color_scheme="dark")
    for found in (FOLDED, PRESSABLE, COLOURS):
        assert page.evaluate(found) != []


@pytest.mark.parametrize("name", SHEETS)
def test_a_pdf_holds_every_word_that_the_page_has_when_all_of_it_is_open(
    every_place: Mapping[str, Place], new_context: NewContext, tmp_path: Path, name: str
) -> None:
    page = opened(every_place[name], new_context)
    file = tmp_path / "worksheet.pdf"
    page.pdf(path=file)
    printed = printed_words(file)
    wanted = words_in(page.evaluate(WORDS))
    assert wanted.total() > 1000
    assert wanted - words_in(" ".join(printed)) == Counter()


def printed_words(file: Path) -> list[str]:
    """The words of a PDF as they lie on the paper: without lines put together at a hyphen."""
    command = ["pdftotext", "-bbox", str(file), "-"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [html.unescape(word) for word in re.findall(r"<word [^>]*>([^<]*)</word>", run.stdout)]


def words_in(text: str) -> Counter[str]:
    """How often each word and number stands in it, wherever its lines break."""
    return Counter(re.findall(r"[^\W_]+", text))
