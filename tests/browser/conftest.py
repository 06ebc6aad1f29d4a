"""One browser for all; the demo as `make demo` runs it; contexts that are watched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.accessibility import DESKTOP
from tests.browser.chromium import PATIENCE_MS, chromium
from tests.browser.hospital import Hospital, hospital
from tests.browser.people import Clinician, StudyStaff
from tests.browser.places import Place, places
from tests.browser.watching import Watch
from tests.browser.worlds import World, demo_in
from tests.hapi.servers import start_hapi

PATIENTS = ("lin-mei", "zhang-wei", "chen-jing", "liu-na")
"""Of the sample patients, those that the hospital has."""

NewContext = Callable[..., BrowserContext]


expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser."""
    with chromium() as started:
        yield started


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What goes wrong in the pages of a test, which fails at its end if anything did."""
    watch = Watch()
    yield watch
    assert watch.faults == []


@pytest.fixture
def new_context(browser: Browser, watch: Watch) -> Iterator[NewContext]:
    """Another person's browser: cookies of its own, watched, closed after the test."""
    made: list[BrowserContext] = []

    def new(width: int = DESKTOP["width"], height: int = DESKTOP["height"], **more: object) -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        made.append(watch.on(context))
        return context

    yield new
    for context in made:
        context.close()


@pytest.fixture(scope="session")
def at_hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A registered service at a hospital with HAPI and a sign-in of its own."""
    given = os.environ.get("HAPI_BASE_URL", "").rstrip("/")
    folder = tmp_path_factory.mktemp("hospital")
    with nullcontext(given) if given else start_hapi() as hapi, hospital(hapi, folder, PATIENTS) as world:
        yield world


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What `make demo` starts. Tests take patients of their own: it is one for all."""
    with demo_in(tmp_path_factory.mktemp("demo")) as world:
        yield world


@pytest.fixture(scope="session")
def every_place(
    browser: Browser, demo: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Place]]:
    """Every kind of page, by its name in `places.NAMES`, made once and only looked at by tests."""
    with places(browser, demo, tmp_path_factory.mktemp("silent")) as made:
        yield made


@pytest.fixture
def clinician(demo: World, new_context: NewContext) -> Clinician:
    """A clinician of the demo."""
    return Clinician(demo, new_context())


@pytest.fixture
def coordinator(demo: World, new_context: NewContext) -> StudyStaff:
    """A coordinator of the demo."""
    return StudyStaff(demo, new_context())
