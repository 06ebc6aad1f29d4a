"""One line of JSON per call, with members from a closed list."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import orjson
import pytest

from cds_service.observing import logs


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the server process would write, with the logger put back as it was."""
    written = StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logger = logging.getLogger("trialhook")
    before = (list(logger.handlers), logger.level, logger.propagate)
    logger.handlers.clear()
    logs.to_stderr()
    yield written
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_a_call_is_one_line_of_json_with_its_time_and_level(stderr: StringIO) -> None:
    logs.write_call({"service": "trial-match-patient-view", "status": 200, "ms": 3.1})
    [line] = stderr.getvalue().splitlines()
    written = orjson.loads(line)
    assert written.pop("timestamp").endswith("Z")
    assert written == {
        "event": "call",
        "level": "info",
        "service": "trial-match-patient-view",
        "status": 200,
        "ms": 3.1,
    }


def test_a_member_that_may_not_be_logged_is_taken_out_and_the_line_says_so(stderr: StringIO) -> None:
    logs.write_call({"status": 200, "patientId": "secret", "name": "secret"})
    assert "secret" not in stderr.getvalue()
    assert "taken out" in orjson.loads(stderr.getvalue())["event"]


def test_other_lines_have_the_same_shape(stderr: StringIO) -> None:
    logging.getLogger("trialhook.assessing").error("trial %s failed: %s", "NCT1", "KeyError at a.py:1")
    written = orjson.loads(stderr.getvalue())
    assert written["event"] == "trial NCT1 failed: KeyError at a.py:1"
    assert (written["level"], written["logger"]) == ("error", "trialhook.assessing")


@pytest.mark.parametrize("library", ["urllib3", "requests", "sqlalchemy.engine", "alembic", "psycopg"])
def test_libraries_that_quote_what_they_handle_stay_silent(library: str) -> None:
    logs.keep_urls_out()
    assert not logging.getLogger(library).isEnabledFor(logging.CRITICAL)
