"""Keys, backups and what is deleted, done as docs/operate.md says."""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

from cds_service.audit.key_ring import KeyRing
from tests.deployment.running import CANDIDATE, chart, key_line, service


def test_the_line_of_keys_new_is_one_of_an_env_file() -> None:
    name, _, value = key_line().partition("=")
    assert name == "TRIALHOOK_KEYS"
    # Compose and systemd take the quotes off; nothing in between is special to them or to a shell.
    assert re.fullmatch(r'"[A-Za-z0-9+/=:,-]+"', value)
    assert KeyRing.parse(value.strip('"')).ids == ("k1",)


def test_a_copy_made_while_it_runs_takes_the_place_of_the_database(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        assert running.call(chart()).json()["cards"]
        database = tmp_path / "state/trialhook.db"
        with sqlite3.connect(database) as live, sqlite3.connect(tmp_path / "copy.db") as copy:
            live.backup(copy)  # what `sqlite3 trialhook.db ".backup copy.db"` does
        live.close()
        copy.close()
        running.stop()
        for path in database.parent.glob("trialhook.db*"):
            path.unlink()
        shutil.copy(tmp_path / "copy.db", database)
        found = running.run("audit", "find", "--client", "try-it", "--patient", CANDIDATE.id)
    assert '"call"' in found.stdout, found.stderr


def test_what_is_due_is_counted_before_it_is_deleted(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        assert running.call(chart()).json()["cards"]
        running.stop()
        counted = running.run("purge", "--dry-run", "--older-than", "0").stdout
        kept = running.run("purge").stdout
        deleted = running.run("purge", "--older-than", "0").stdout
        found = running.run("audit", "find", "--client", "try-it", "--patient", CANDIDATE.id)
    assert re.search(r"^ +1  shown$", counted, re.MULTILINE)
    assert re.search(r"^ +0  shown$", kept, re.MULTILINE)
    assert re.search(r"^ +1  shown$", deleted, re.MULTILINE)
    assert re.search(r"^ +2  people$", deleted, re.MULTILINE)
    assert "No event is about this patient" in found.stderr
