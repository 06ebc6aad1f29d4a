"""Fixtures of the tests of OAuth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oauth.scripted import Scripted, scripted


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A server that answers as the test says."""
    with scripted() as found:
        yield found
