"""Fixtures for all tests. They run in a time zone that is not UTC, so that naive time handling breaks."""

from __future__ import annotations

import os
import time
from datetime import date

import pytest
from hypothesis import settings

settings.register_profile("trialhook", deadline=None)  # speed is measured in bench/, never by a timed test
settings.load_profile("trialhook")

os.environ["TZ"] = "Asia/Kathmandu"  # UTC+05:45
time.tzset()


@pytest.fixture(scope="session")
def today() -> date:
    """The day on which all sample patients are assessed in tests."""
    return date(2026, 6, 15)
