"""`python -m tests.browser.pictures [FOLDER]`: pictures of the pages, over the demo.

Without a folder those that the README shows go to ``docs/pictures``; with one every page goes there, at
desktop and phone width, in dark, in Chinese and as it is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.accessibility import DESKTOP, PHONE
from tests.browser.chromium import PATIENCE_MS, chromium
from tests.browser.people import Clinician, StudyStaff, answer, move, note, refer, save_answers, strike
from tests.browser.worlds import World, demo_in

KEPT = Path(__file__).parents[2] / "docs/pictures"
REFERRED = {
    "lin-mei": ("Received", "Contacted", "Pre-screening", "Screening"),
    "zhang-wei": ("Received",),
    "chen-jing": (),
    "liu-na": ("Received", "Contacted"),
}
"""The sample patients that are referred for the pictures, and how each goes on."""
ENDED = "liu-na"
NOT_REFERRED = "wang-fang"


@dataclass(frozen=True)
class Shown:
    """A page with its address, in the browser of who sees it."""

    name: str
    context: BrowserContext
    address: str


def main(folder: Path | None) -> None:
    """Take them all."""
    with (
        TemporaryDirectory() as work,
        demo_in(Path(work)) as world,
        chromium() as browser,
        _contexts(browser) as context,
    ):
        pages = _live_through(world, context)
        if folder is None:
            _for_readers(pages)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            for shown in pages:
                _every_way(shown, folder)


@contextmanager
def _contexts(browser: Browser) -> Iterator[Callable[[], BrowserContext]]:
    made: list[BrowserContext] = []

    def new(**more: Any) -> BrowserContext:
        size = {"width": DESKTOP["width"], "height": DESKTOP["height"]}
        context = browser.new_context(viewport=size, locale="en", **more)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        made.append(context)
        return context

    yield new
    for context in made:
        context.close()


def _live_through(world: World, new_context: Callable[[], BrowserContext]) -> list[Shown]:
    """Some days of a clinic in a minute: what the pages show then."""
    clinician, coordinator = Clinician(world, new_context()), StudyStaff(world, new_context())
    pages = [Shown("card", clinician.context, world.chart(NOT_REFERRED))]
    sheets: dict[str, Page] = {}
    for sample in REFERRED:
        sheet = sheets[sample] = clinician.worksheet(clinician.chart(sample))
        if sample == "lin-mei":
            answer(sheet, "ECOG performance status", "1")
            answer(sheet, "agree to contraception", "yes")
            save_answers(sheet)
            strike(sheet, "SLEDAI-2K", "Haematuria", "infection", "cystitis, treated")
        refer(sheet, "Wants to hear more.")
    pages += [
        Shown("worksheet", clinician.context, sheets["lin-mei"].url),
        Shown("worksheet-of-another", clinician.context, sheets["chen-jing"].url),
    ]
    pages.append(Shown("sign-in", new_context(), f"{world.service}/worklist"))
    worklist = coordinator.worklist()
    front = worklist.url
    for sample, steps in REFERRED.items():
        worklist.goto(front)
        coordinator.open_row(worklist, sample)
        for step in steps:
            move(worklist, step, "Phoned, answers." if step == "Contacted" else "")
        if sample == ENDED:
            _end(worklist)
        if sample == "lin-mei":
            note(worklist, "Comes with her sister; speaks Cantonese.")
            pages.append(Shown("referral", coordinator.context, worklist.url))
    for name, path in (("worklist", ""), ("candidates", "/candidates"), ("funnel", "/funnel")):
        pages.append(Shown(name, coordinator.context, f"{world.service}/worklist{path}"))
    administrator = StudyStaff(world, new_context())
    opened = administrator.context.new_page()
    opened.goto(f"{world.service}/administration")
    world.sign_in(opened, "administrator")
    pages.append(Shown("administration", administrator.context, f"{world.service}/administration"))
    return pages


def _end(row: Page) -> None:
    row.get_by_text("End this referral").click()
    leave = row.locator("form").filter(has=row.get_by_role("button", name="End the referral"))
    leave.get_by_role("combobox").select_option(index=1)
    leave.get_by_role("button", name="End the referral").click()


def _for_readers(pages: list[Shown]) -> None:
    """What the README shows: cards, worksheet, worklist and funnel, at two widths."""
    for shown in pages:
        if shown.name in {"card", "worksheet", "referral", "worklist", "funnel"}:
            with _opened(shown) as page:
                for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
                    page.set_viewport_size({"width": size["width"], "height": size["height"]})
                    page.screenshot(path=KEPT / f"{shown.name}-{width}.png")


def _every_way(shown: Shown, folder: Path) -> None:
    with _opened(shown) as page:
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            page.screenshot(path=folder / f"{shown.name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=folder / f"{shown.name}-dark.png", full_page=True)
        page.emulate_media(color_scheme="light", media="print")
        page.pdf(path=folder / f"{shown.name}.pdf")
    with _opened(shown, "?language=zh-Hans") as page:
        page.screenshot(path=folder / f"{shown.name}-chinese.png", full_page=True)
    with _opened(shown, "?language=en"):
        pass


@contextmanager
def _opened(shown: Shown, query: str = "") -> Iterator[Page]:
    page = shown.context.new_page()
    page.goto(f"{urlsplit(shown.address)._replace(query='', fragment='').geturl()}{query}")
    yield page
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
