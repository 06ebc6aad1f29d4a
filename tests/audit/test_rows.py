"""Rows are added and read, deleted past retention, and never changed."""

from __future__ import annotations

import ast
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from cds_service.audit import rows
from cds_service.audit.events import AuditEvent, new_event
from cds_service.audit.rows import add_events, purge_audit, read_events
from cds_service.audit.trail import Trail
from tests.audit.databases import TrialDatabase
from tests.audit.records import AT

HOUR = timedelta(hours=1)


def event(at: datetime, name: str = "") -> AuditEvent:
    return new_event(at, "call", {"patient": name})


def many(times: int) -> list[AuditEvent]:
    return [event(AT + HOUR * (number // 3), f"k1.{number}") for number in range(times)]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PAGE", 4)
    monkeypatch.setattr(rows, "PURGED_AT_ONCE", 4)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("times", [0, 1, 3, 4, 5, 8, 30])
def test_all_events_are_read_once_oldest_first(database: TrialDatabase, times: int) -> None:
    """Three of them always share their time: the border of a page lies among such."""
    known = many(times)
    if known:
        add_events(database, known[::-1])
    assert list(read_events(database)) == sorted(known, key=lambda one: (one.at, one.id))


@pytest.mark.usefixtures("small_pages")
def test_reading_takes_a_page_at_a_time(database: TrialDatabase) -> None:
    add_events(database, many(30))
    before = database.commits
    assert len(list(islice(read_events(database), 5))) == 5
    assert database.commits == before + 2


def test_a_span_of_time_has_its_start_and_not_its_end(database: TrialDatabase) -> None:
    known = [event(AT + HOUR * number) for number in range(4)]
    add_events(database, known)
    assert list(read_events(database, since=AT + HOUR, until=AT + 3 * HOUR)) == known[1:3]


@pytest.mark.usefixtures("small_pages")
def test_only_events_that_mention_one_of_the_texts(database: TrialDatabase) -> None:
    known = [event(AT, name) for name in ("k1.aa", "k2.bb", "k1.cc", "k1_aa", "k1.%")] * 1
    add_events(database, known)
    found = list(read_events(database, mentioning=["k1.aa", "k2.bb"]))
    assert sorted(found) == sorted(known[:2])
    assert list(read_events(database, mentioning=["%"])) == [known[4]]


def test_an_event_that_is_there_already_is_not_changed(database: TrialDatabase) -> None:
    first = event(AT, "k1.first")
    add_events(database, [first])
    add_events(database, [first._replace(body='{"patient":"k1.forged"}'), event(AT)])
    assert first in list(read_events(database))
    assert database.count() == 2


@pytest.mark.usefixtures("small_pages")
def test_what_is_past_retention_is_purged_and_the_trail_says_so(database: TrialDatabase) -> None:
    known = [event(AT + HOUR * number) for number in range(30)]
    add_events(database, known)
    assert purge_audit(database, AT + 10 * HOUR, now=AT + 99 * HOUR) == 10
    *left, purge = read_events(database)
    assert left == known[10:]
    assert purge.kind == "purge"
    assert purge.body == '{"before":"2026-06-15T19:30:00+00:00","times":10}'
    assert purge_audit(database, AT + 10 * HOUR) == 0
    assert database.count() == 21


def test_nothing_in_the_audit_package_but_the_purge_changes_or_deletes_a_row() -> None:
    """Whoever adds a way must come past this test. What an account may do, operators limit."""
    changing, with_sql = [], []
    for path in sorted(Path(rows.__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        if any(name.startswith("sqlalchemy") or name.endswith("storage.tables") for name in imported):
            with_sql.append(path.stem)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            names |= {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
            if names & {"delete", "update", "truncate", "on_conflict_do_update", "exec_driver_sql"}:
                changing.append(f"{path.stem}.{function.name}")
    assert (with_sql, changing) == (["rows"], ["rows.purge_audit"])
    public = {name for name in vars(Trail) if not name.startswith("_")}
    assert public == {
        "call",
        "feedback",
        "refused",
        "sign_in",
        "listed",
        "referral",
        "view",
        "close",
        "after_fork",
    }
