"""The way from the card to a moved referral without a mouse."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.people import NAMES, named, said, state
from tests.browser.watching import Watch
from tests.browser.worlds import World

pytestmark = pytest.mark.browser

PATIENT = "liu-na"
FURTHEST = 150
"""So many times somebody presses Tab before they give up."""

HERE = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const words = (of) => of.textContent.trim().replace(/\\s+/g, " ").slice(0, 90);
  const named = (one.labels && one.labels.length) ? words(one.labels[0])
    : one.getAttribute("aria-label") || words(one) || one.name || "";
  const box = (one.closest("label") || one).getBoundingClientRect();
  const group = one.closest("fieldset");
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 10));
  return {
    tag: one.tagName.toLowerCase(), name: named, kind: one.type || "", checked: one.checked || false,
    value: one.value || "", group: group ? words(group.querySelector("legend")) : "",
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth
      && Boolean(hit) && (hit.contains(one) || (one.closest("label") || one).contains(hit)),
  };
}"""


@dataclass(frozen=True)
class Focus:
    """What the keyboard is on: what a screen reader calls it, and whether somebody who looks can see it.

    ``outlined``: it is marked. ``seen``: it is within the window, and nothing lies over it.
    """

    tag: str
    name: str
    kind: str
    checked: bool
    value: str
    group: str
    outlined: bool
    seen: bool


class Keyboard:
    """Somebody without a mouse in a page. Each stop is looked at."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> Focus:
        """Press a key; where the focus is then."""
        self.page.keyboard.press(key)
        return self.here()

    def here(self) -> Focus:
        """Where the focus is."""
        return Focus(**self.page.evaluate(HERE))

    def tab(self, key: str = "Tab") -> Focus:
        """One stop on, which shows that it is one."""
        stop = self.press(key)
        self.look_at(stop)
        return stop

    @staticmethod
    def look_at(stop: Focus) -> None:
        """Whether somebody sees where they are."""
        assert stop.outlined, f"the focus is not to be seen on {stop}"
        assert stop.seen, f"the focus is out of sight on {stop}"

    def to(self, name: str, tag: str = "", group: str = "", key: str = "Tab") -> Focus:
        """Tab until something of that name is reached. Of radio buttons, one of the group will do."""
        passed = []
        for _ in range(FURTHEST):
            stop = self.press(key)
            if stop.tag == "body":  # the end of the page: on to the browser's own buttons
                continue
            self.look_at(stop)
            if tag in ("", stop.tag) and re.search(group, stop.group) and re.search(name, stop.name):
                return stop
            passed.append(stop.name)
        raise AssertionError(f"no {tag} {name} {group} in {passed}")

    def choose(self, group: str, name: str) -> None:
        """Of radio buttons: into the group by Tab, to one of them by arrows, chosen by that or by space."""
        stop = self.to("", "input", group)
        first = stop.value
        if not stop.checked:
            stop = self.press("Space")
        while not re.search(name, stop.name):
            stop = self.press("ArrowDown")
            self.look_at(stop)
            assert stop.value != first, f"no {name} in {group}"
        assert stop.checked

    def follow(self, name: str, tag: str, key: str = "Enter", heading: str = "") -> None:
        """To something of that name, and press it; wait for the page that comes."""
        self.to(name, tag)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        if heading:
            expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)

    def skip(self) -> None:
        """By the skip link, which is the first stop of a page, to its content."""
        first = self.tab()
        assert (first.tag, first.name[:7]) == ("a", "Skip to")
        assert self.press("Enter").tag == "main"


def test_a_patient_is_referred_and_moved_on_by_keyboard_alone(
    demo: World, new_context: NewContext, watch: Watch
) -> None:
    watch.expected.add(400)
    sheet = _open_worksheet(demo, new_context)
    _is_told_what_went_wrong(sheet)
    _answer(sheet)
    _strike(sheet)
    _refer(sheet)
    _move(demo, new_context)


@pytest.mark.parametrize(
    ("style", "fault"),
    [
        ("outline: none", "not to be seen"),
        ("position: absolute; left: -9999px", "out of sight"),
        ("", "no a nowhere"),
    ],
)
def test_a_focus_that_nobody_can_see_is_found(new_context: NewContext, style: str, fault: str) -> None:
    page = new_context().new_page()
    page.set_content(f'<title>t</title><a href="#" style="{style}">first</a>')
    with pytest.raises(AssertionError, match=fault):
        Keyboard(page).to("nowhere", "a")


def test_a_focus_under_something_else_is_found(new_context: NewContext) -> None:
    page = new_context().new_page()
    cover = '<p style="position: fixed; inset: 0; background: white; margin: 0">cover</p>'
    page.set_content(f'<title>t</title><a href="#">first</a>{cover}')
    with pytest.raises(AssertionError, match="out of sight"):
        Keyboard(page).tab()


def _open_worksheet(demo: World, new_context: NewContext) -> Keyboard:
    context = new_context()
    chart = context.new_page()
    chart.goto(demo.chart(PATIENT))
    keyboard = Keyboard(chart)
    keyboard.skip()
    keyboard.to("Open the worksheet", "a")
    with context.expect_page() as opened:
        chart.keyboard.press("Enter")
    sheet = opened.value
    expect(sheet.get_by_role("heading", level=1)).to_contain_text("Worksheet")
    return Keyboard(sheet)


def _is_told_what_went_wrong(sheet: Keyboard) -> None:
    """Saving nothing: the page that comes says so where it is heard, and leads back."""
    page = sheet.page
    sheet.skip()
    sheet.to("What only you can say", "a")
    page.keyboard.press("Enter")
    sheet.follow("Save the answers", "button", "Space")
    assert page.title().startswith("This was not saved")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was answered")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Worksheet")


def _answer(sheet: Keyboard) -> None:
    page = sheet.page
    page.reload()
    sheet.skip()
    sheet.to("What only you can say", "a")
    page.keyboard.press("Enter")
    sheet.choose("ECOG performance status", "^1")
    sheet.choose("agree to contraception", "^yes")
    stop = sheet.to("^Note", "input", "agree to contraception")
    assert stop.kind == "text"
    page.keyboard.type("uses a coil")
    sheet.follow("Save the answers", "button", "Space")
    _is_heard_and_seen(page, "answers are saved")
    expect(said(page, "agree to contraception")).to_contain_text("uses a coil")


def _strike(sheet: Keyboard) -> None:
    page = sheet.page
    sheet.page.reload()
    sheet.skip()
    sheet.to("SLEDAI-2K: its items", "summary")
    page.keyboard.press("Enter")
    sheet.to("^Another cause", "summary")
    page.keyboard.press("Space")
    sheet.to("^Cause", "select")
    assert sheet.press("ArrowDown").value != ""
    assert sheet.to("In words", "input").kind == "text"
    page.keyboard.type("cystitis")
    sheet.follow("Strike this item", "button")
    _is_heard_and_seen(page, "answers are saved")
    expect(page.get_by_role("main")).to_contain_text("cystitis")


def _refer(sheet: Keyboard) -> None:
    page = sheet.page
    page.goto(page.url.partition("?")[0])
    sheet.skip()
    sheet.to("Refer for screening", "a")
    page.keyboard.press("Enter")
    assert sheet.to("^Why, for the study team").tag == "textarea"
    page.keyboard.type("By keyboard.")
    sheet.follow("Refer for screening", "button")
    _is_heard_and_seen(page, "referral is made")


def _is_heard_and_seen(page: Page, words: str) -> None:
    status = page.get_by_role("status")
    expect(status).to_contain_text(words)
    expect(status).to_be_in_viewport()


def _move(demo: World, new_context: NewContext) -> None:
    page = new_context().new_page()
    staff = Keyboard(page)
    page.goto(f"{demo.service}/worklist")
    staff.skip()
    staff.follow("Demo coordinator", "button", heading="Worklist")
    staff.skip()
    staff.to("Code, name or identifier", "input")
    page.keyboard.type(NAMES[PATIENT].partition(",")[0])
    with page.expect_navigation():
        page.keyboard.press("Enter")
    staff.follow("^Open ", "a", heading="Referral")
    staff.skip()

    staff.to("End this referral", "summary")
    page.keyboard.press("Enter")
    staff.to("How and why", "select")
    while "another reason" not in (page.evaluate(CHOSEN)).lower():
        staff.press("ArrowDown")
    staff.follow("End the referral", "button")
    alert = page.get_by_role("alert")
    expect(alert).to_be_in_viewport()
    expect(alert.get_by_role("link")).to_be_visible()

    page.goto(page.url.removesuffix("/move"))
    staff.skip()
    staff.to("Move on", "a")
    page.keyboard.press("Enter")
    staff.choose("New state", "^Contacted")
    staff.to("^Comment", "textarea")
    page.keyboard.type("Phoned her.")
    staff.follow("^Move$", "button", "Space")
    expect(state(page)).to_have_text(named("Contacted"))
    expect(state(page)).to_be_in_viewport()
    staff.skip()
    assert staff.tab("Shift+Tab").tag != "body"


CHOSEN = "() => document.activeElement.selectedOptions[0].textContent"
