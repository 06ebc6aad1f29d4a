"""Fixtures of the tests of the demo's authorization server."""

from __future__ import annotations

import pytest

from tests.demo.authorization.in_process import Running


@pytest.fixture
def running() -> Running:
    """A server that nobody has asked anything yet."""
    return Running()
