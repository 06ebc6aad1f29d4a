"""``trialhook forget`` and ``trialhook candidates``: what names patients, and stands in the audit trail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from cds_service.audit.key_ring import KeyRing
from cds_service.audit.rows import read_events
from cds_service.storage.command_line.patients import candidates, forget
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from tests.storage.conftest import PATIENCE, sqlite_url
from tests.storage.samples import TRIAL, assessed, call, subject

KEYS = KeyRing.new_key_text()
REGISTER = """\
schema: 1
clients:
  - id: ehr
    issuer: https://ehr.example
    keys: {jwks_url: https://ehr.example/jwks.json}
    fhir_servers: [{base: https://ehr.example/fhir}]
"""
WHO = ("--client", "ehr", "--tenant", "north", "--fhir-base", "https://ehr.example/fhir")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name in list(os.environ):
        if name.startswith("TRIALHOOK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRIALHOOK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TRIALHOOK_KEYS", KEYS)
    ours = Database(sqlite_url(tmp_path / "state" / "trialhook.db"), wait=PATIENCE)
    ours.upgrade()
    store = Store(ours, KeyRing.parse(KEYS))
    store.record_shown([call(assessed(silenced="silent_trial", card=False), candidates=[TRIAL])])
    yield store
    ours.close()


def run(command: object, *arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(command, arguments, input=text)  # type: ignore[arg-type]


def kinds(store: Store) -> list[str]:
    return [event.kind for event in read_events(store.database)]


def test_candidates_of_silent_trials_are_listed_for_study_staff(store: Store) -> None:
    result = run(candidates, "--trial", TRIAL)
    assert result.exit_code == 0, result.output
    [line] = result.output.splitlines()
    listed = orjson.loads(line)
    assert (listed["patient"], listed["fhir_base"]) == ("p1", "https://ehr.example/fhir")
    assert run(candidates, "--trial", "NCT-OTHER").output == ""
    assert kinds(store) == ["candidates", "candidates"]


def test_a_patient_is_forgotten_and_the_id_need_not_stand_on_the_command_line(store: Store) -> None:
    result = run(forget, *WHO, text="p1\n")
    assert result.exit_code == 0, result.output
    assert "Deleted: 1 shown, 0 feedback, 0 referrals, 1 candidates" in result.output
    assert run(candidates).output == ""
    [event] = [event for event in read_events(store.database) if event.kind == "forget"]
    assert subject().patient_id not in event.body


def test_where_nothing_was_kept_it_is_said(store: Store) -> None:
    assert "Nothing was kept" not in run(forget, *WHO, text="p1\n").stderr
    result = run(forget, *WHO, text="p1\n")
    assert result.exit_code == 0
    assert "Nothing was kept on this patient under this client, tenant and FHIR base." in result.stderr


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (forget, ["--client", "hosp", "--patient", "p1"]),
        (forget, ["--client", "ehr", "--fhir-base", "https://ehr.example/other", "--patient", "p1"]),
        (candidates, ["--client", "hosp"]),
    ],
)
def test_a_misspelt_client_is_refused_and_nothing_is_said_to_be_done(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: object, arguments: list[str]
) -> None:
    register = tmp_path / "clients.yaml"
    register.write_text(REGISTER, encoding="utf-8")
    monkeypatch.setenv("TRIALHOOK_CLIENTS", str(register))
    monkeypatch.setenv("TRIALHOOK_PUBLIC_URL", "https://cds.example")
    result = run(command, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert kinds(store) == []
    assert run(command, *arguments, "--anyway").exit_code == 0
    assert "Deleted: 1 shown" in run(forget, *WHO, text="p1\n").stdout


@pytest.mark.parametrize("command", [forget, candidates])
def test_without_keys_nothing_is_done(command: object, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_KEYS", "")
    result = run(command, *(WHO if command is forget else ()), text="p1\n")
    assert result.exit_code == 2
    assert "TRIALHOOK_KEYS" in result.output


def test_who_lacks_the_key_is_told_how_many_there_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_KEYS", KeyRing.new_key_text("k9"))
    assert "1 more were encrypted by a key that is not in TRIALHOOK_KEYS" in run(candidates).output
