"""Every page in both languages: what a page says is said in the one that was chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from playwright.sync_api import Page, expect

from mappings.language import language
from tests.browser.conftest import NewContext
from tests.browser.places import NAMES, Place
from tests.browser.watching import Watch
from tests.browser.worlds import World

pytestmark = pytest.mark.browser

CHINESE = "zh-Hans"
IDEOGRAPHS = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
WORDS_OF_A_SENTENCE = 4
# The protocol and answers are quoted as they were written; types of FHIR resources are codes.
TEXTS = """() => {
  const found = [document.title];
  const quoted = "main [lang], nav [lang], blockquote, #answers .history li li, script, style";
  const ours = (one) => !one.closest(quoted);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (ours(text.parentElement) && !(text.parentElement.target && /^[A-Z][A-Za-z]+$/.test(text.data.trim())))
      found.push(text.data);
  }
  for (const name of ["aria-label", "alt", "title", "placeholder", "data-label"])
    for (const one of document.querySelectorAll(`body [${name}]`))
      if (ours(one)) found.push(one.getAttribute(name));
  return found.map((text) => text.trim().replace(/\\s+/g, " ")).filter(Boolean);
}"""


@cache
def translated() -> tuple[frozenset[str], re.Pattern[str], re.Pattern[str]]:
    """The English of all that has Chinese words: labels, what stands within sentences, what has places."""
    spoken = language(CHINESE)
    messages = {one for one, words in spoken.messages.items() if spoken.has(one) and words != one}
    plain = {one for one in messages if "{" not in one}
    sentences = {one for one in plain if len(one.split()) >= WORDS_OF_A_SENTENCE}
    placed = {one for one in messages - plain if re.search("[A-Za-z]{3}", re.sub(r"\{\w*\}", "", one))}
    patterns = (re.sub(r"\\\{\w*\\\}", ".+", re.escape(one)) for one in placed)
    return frozenset(plain), re.compile("|".join(map(re.escape, sentences))), re.compile("|".join(patterns))


def english_in(texts: list[str]) -> Iterator[str]:
    """Which of the texts are, or hold, something that there is a translation of."""
    labels, sentences, placed = translated()
    for text in texts:
        if text in labels or sentences.search(text) or placed.fullmatch(text):
            yield text


@pytest.mark.parametrize("name", NAMES)
def test_a_page_speaks_the_language_that_was_chosen_and_no_other(
    every_place: Mapping[str, Place], new_context: NewContext, watch: Watch, name: str
) -> None:
    place = every_place[name]
    watch.expected.add(place.status)
    page = new_context(storage_state=place.state).new_page()
    place.show(page, CHINESE)
    assert page.locator("html").get_attribute("lang") == CHINESE
    texts = page.evaluate(TEXTS)
    assert any(map(IDEOGRAPHS.search, texts))
    assert sorted(set(english_in(texts))) == []

    place.show(page, "en")
    assert page.locator("html").get_attribute("lang") == "en"
    assert [text for text in page.evaluate(TEXTS) if IDEOGRAPHS.search(text)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Worklist", True),
        ("11 of 15 applicable criteria met", True),
        ("\u4e0b\u9762 Nobody has answered anything yet. \u5982", True),
        ("SLEDAI-2K", False),
        ("\u5de5\u4f5c\u5217\u8868", False),
        ("cystitis, treated", False),
    ],
)
def test_english_that_was_left_is_seen(text: str, found: bool) -> None:
    assert list(english_in([text])) == ([text] if found else [])


def test_a_language_chosen_on_one_page_holds_on_those_that_follow(
    demo: World, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{demo.service}/worklist")
    page.get_by_role("link", name="\u4e2d\u6587").click()
    expect_language(page, CHINESE)
    page.locator("button[type=submit]").first.click()
    expect_language(page, CHINESE)
    page.goto(f"{demo.service}/worklist/funnel")
    expect_language(page, CHINESE)
    page.get_by_role("link", name="English").click()
    expect_language(page, "en")
    page.goto(f"{demo.service}/worklist")
    expect_language(page, "en")


def test_a_browser_that_prefers_chinese_gets_chinese(demo: World, new_context: NewContext) -> None:
    page = new_context(locale="zh-CN").new_page()
    page.goto(f"{demo.service}/sign-in")
    expect_language(page, CHINESE)


def expect_language(page: Page, tag: str) -> None:
    """The whole page is in the language, and the switch says so."""
    expect(page.locator("html")).to_have_attribute("lang", tag)
    expect(page.locator(".languages a[aria-current]")).to_have_attribute("hreflang", tag)
