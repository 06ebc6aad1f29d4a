"""Services with pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.pages.browser import Browser, close, demo_app

NewApp = Callable[..., Flask]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A service in demo mode, the same for all tests of a module."""
    made = demo_app(tmp_path_factory.mktemp("pages"))
    yield made
    close(made)


@pytest.fixture
def new_app(tmp_path: Path) -> Iterator[NewApp]:
    """Makes services of one's own."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        made.append(demo_app(tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        close(one)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)
