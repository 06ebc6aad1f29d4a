"""Files with secrets that everybody on the machine may read: a warning, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.oauth.signing_keys import SigningKeys
from cds_service.signing_in.staff_file import load_staff
from tests.clients.files import client_with


def signing_keys(file: Path) -> None:
    file.write_bytes(SigningKeys.new().private())


def app_secret(file: Path) -> None:
    file.write_text("hush", encoding="utf-8")


def of_the_service(file: Path) -> None:
    SigningKeys.load(file)


def of_the_app(file: Path) -> None:
    smart = f"smart: {{client_id: our-app, client_secret_file: {file.name}}}"
    client_with(file.parent, smart)


def of_the_sign_in(file: Path) -> None:
    staff = file.with_name("staff.yaml")
    provider = f"issuer: 'https://login.example', client_id: x, client_secret_file: {file.name}"
    staff.write_text(
        f"schema: 1\nsign_in: {{{provider}}}\npeople: [{{subject: jo, roles: [coordinator]}}]\n",
        encoding="utf-8",
    )
    load_staff(staff, ["NCT2"], ["hospital"])


KINDS = [(signing_keys, of_the_service), (app_secret, of_the_app), (app_secret, of_the_sign_in)]
NAMES = ["signing keys", "secret of the app", "secret of the sign-in"]


@pytest.mark.parametrize(("write", "load"), KINDS, ids=NAMES)
@pytest.mark.parametrize(
    ("mode", "warned"),
    [(0o600, False), (0o400, False), (0o640, False), (0o440, False), (0o644, True), (0o444, True),
     (0o604, True), (0o602, True), (0o660, True)],
)  # fmt: skip
def test_a_secret_that_others_may_read_or_change_is_said_once_and_used(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    write: Callable[[Path], None],
    load: Callable[[Path], None],
    mode: int,
    warned: bool,
) -> None:
    file = tmp_path / "secret"
    write(file)
    file.chmod(mode)
    with caplog.at_level(logging.WARNING, logger="trialhook"):
        load(file)
        load(file)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == warned
    assert all(str(file) in one and f"{mode:04o}" in one and "hush" not in one for one in said)
