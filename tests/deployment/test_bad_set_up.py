"""A service that is set up badly does not start, and says so in a sentence."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from cds_service.audit.key_ring import KeyRing
from cds_service.audit.spool import SPOOL_FOLDER
from cds_service.serving import APPLICATION, GUNICORN_SETTINGS, BadSetUpError, check_set_up
from cds_service.settings import Settings
from tests.cli.test_serve import environment

REGISTERED = {"TRIALHOOK_PUBLIC_URL": "https://cds.example.org", "TRIALHOOK_KEYS": KeyRing.new_key_text()}


NOBODY_SIGNS = """
schema: 1
clients:
  - id: ward
    issuer: https://ehr.example.org
    keys: {jwks_url: "https://ehr.example.org/jwks.json"}
    fhir_servers: [{base: "https://ehr.example.org/fhir"}]
    backend: {client_id: trialhook}
    trials: [NCT06920433]
"""


def foreign_database(folder: Path) -> dict[str, str]:
    file = folder / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    return {"TRIALHOOK_DATABASE": f"sqlite:///{file}", "TRIALHOOK_STATE_DIR": str(folder / "state")}


def folder_in_a_file(folder: Path) -> dict[str, str]:
    (folder / "file").write_text("")
    return {"TRIALHOOK_POLICY": "1", "TRIALHOOK_STATE_DIR": str(folder / "file" / "state")}


def bad_register(folder: Path) -> dict[str, str]:
    (folder / "clients.yaml").write_text("schema: 1\nclints: []\n")
    return {**REGISTERED, "TRIALHOOK_CLIENTS": str(folder / "clients.yaml")}


def no_key_of_its_own(folder: Path) -> dict[str, str]:
    (folder / "clients.yaml").write_text(NOBODY_SIGNS)
    return {**REGISTERED, "TRIALHOOK_CLIENTS": str(folder / "clients.yaml")}


def no_register(folder: Path) -> dict[str, str]:
    return {**REGISTERED, "TRIALHOOK_CLIENTS": str(folder / "clients.yaml")}


def bad_setting(folder: Path) -> dict[str, str]:
    return {"TRIALHOOK_DEADLINE": "soon"}


def bad_recruitment(folder: Path) -> dict[str, str]:
    (folder / "recruitment.yaml").write_text("schema: 1\ntrials: {NCT0: {state: full}}\n")
    return {"TRIALHOOK_RECRUITMENT": str(folder / "recruitment.yaml")}


def no_worker(_folder: Path) -> dict[str, str]:
    return {"WEB_CONCURRENCY": "0"}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (foreign_database, "belongs to another program"),
        (folder_in_a_file, "TRIALHOOK_STATE_DIR: "),
        (bad_register, "clients.yaml:2: "),
        (no_register, "clients.yaml"),
        (no_key_of_its_own, "TRIALHOOK_SIGNING_KEYS is required: `backend` of client ward"),
        (bad_setting, "TRIALHOOK_DEADLINE must be a number of seconds"),
        (bad_recruitment, "unknown trial"),
        (no_worker, "at least one worker is needed"),
    ],
)
def test_gunicorn_says_in_a_sentence_what_is_wrong(made: object, said: str, tmp_path: Path) -> None:
    settings = made(tmp_path)  # type: ignore[operator]
    command = [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_SETTINGS)]
    command += ["--bind", "127.0.0.1:0", APPLICATION]
    ended = subprocess.run(
        command, env=environment(**settings), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["state", f"state/{SPOOL_FOLDER}"])
@pytest.mark.parametrize(
    ("number", "refused"), [(errno.EROFS, True), (errno.EACCES, True), (errno.ENOSPC, False)]
)
def test_a_state_folder_in_which_nothing_can_be_written_is_refused_unless_it_is_only_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, number: int, refused: bool
) -> None:
    def no_file(**where: Path) -> object:
        if where["dir"] == tmp_path / name:
            raise OSError(number, "not here")
        return real(**where)  # type: ignore[call-overload]

    real = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", no_file)
    settings = Settings(policy=True, state_dir=str(tmp_path / "state"))
    check_set_up(settings)  # it is still to be made
    (tmp_path / "state" / SPOOL_FOLDER).mkdir(parents=True)
    if refused:
        with pytest.raises(BadSetUpError, match=f"nothing can be written in {tmp_path / name} ") as caught:
            check_set_up(settings)
        assert "TRIALHOOK_STATE_DIR" in str(caught.value)
    else:
        check_set_up(settings)
    check_set_up(replace(settings, policy=False))  # keeps nothing there


def test_a_state_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    check_set_up(Settings(policy=True, state_dir=str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_collector_without_the_tracing_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from cds_service.observing import tracing

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    tracing.check()
    monkeypatch.setattr(tracing, "find_spec", lambda _name: None)
    with pytest.raises(RuntimeError, match="pip install trialhook"):
        tracing.check()
