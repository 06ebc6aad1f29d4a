"""One browser for all; the demo as `make demo` runs it; contexts that are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from cds_service.clock import today_in
from cds_service.demo import run
from tests.browser.accessibility import DESKTOP
from tests.browser.chromium import PATIENCE_MS, chromium
from tests.browser.hospital import hospital
from tests.browser.watching import Watch
from tests.browser.worlds import World
from tests.hapi.servers import start_hapi

PATIENTS = ("lin-mei", "zhang-wei", "chen-jing", "guo-li")
"""Of the sample patients, those that the hospital has."""

NewContext = Callable[..., BrowserContext]


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
def at_hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A registered service at a hospital with HAPI and a sign-in of its own."""
    with start_hapi() as hapi, hospital(hapi, tmp_path_factory.mktemp("hospital"), PATIENTS) as world:
        yield world


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[run.Running]:
    """What `make demo` starts. Tests take patients of their own: it is one for all."""
    with run.running(tmp_path_factory.mktemp("demo"), today_in("")) as running:
        yield running
