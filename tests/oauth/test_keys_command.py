"""``trialhook keys signing``."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.oauth.signing_keys import SigningKeys


def signing(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["keys", "signing", *arguments])


def kids(path: Path) -> list[str]:
    return [key["kid"] for key in SigningKeys.load(path).public()["keys"]]


@pytest.mark.parametrize(("options", "algorithm"), [((), "ES384"), (("--rsa",), "RS384")])
def test_a_file_is_made_that_only_its_owner_reads(
    tmp_path: Path, options: tuple[str, ...], algorithm: str
) -> None:
    path = tmp_path / "signing.json"
    result = signing(str(path), *options)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKeys.load(path).algorithms == (algorithm,)
    assert "TRIALHOOK_SIGNING_KEYS" in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "signing.json"
    path.write_text("precious")
    result = signing(str(path))
    assert result.exit_code == 1
    assert "--rotate" in result.stderr
    assert path.read_text() == "precious"


def test_rotating_puts_a_new_key_first_and_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "signing.json"
    signing(str(path))
    [before] = kids(path)
    path.chmod(0o644)
    assert signing(str(path), "--rotate").exit_code == 0
    new, kept = kids(path)
    assert kept == before
    assert new != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [None, "not a key set"])
def test_rotating_what_holds_no_keys_changes_nothing(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "signing.json"
    if content is not None:
        path.write_text(content)
    assert signing(str(path), "--rotate").exit_code == 1
    assert (path.read_text() if path.exists() else None) == content


def test_a_folder_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    result = signing(str(tmp_path / "no" / "signing.json"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
