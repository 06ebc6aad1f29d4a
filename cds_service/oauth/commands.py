"""``trialhook keys signing``: the file of private keys by which this service proves itself to EHRs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cds_service.oauth.signing_keys import KeyKind, SigningKeys, SigningKeysError
from cds_service.whole_files import beside, put

_NEXT = """\
Set TRIALHOOK_SIGNING_KEYS to this file and restart every process. EHRs find the public part at
/.well-known/jwks.json below TRIALHOOK_PUBLIC_URL (docs/smart.md). Keep the file to the service alone."""


@click.command("signing")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rsa", "kind", flag_value="rsa", help="An RSA key (RS384) instead of EC P-384 (ES384).")
@click.option("--rotate", is_flag=True, help="Put a new key before the one in FILE, which stays published.")
def signing(file: Path, kind: str | None, rotate: bool) -> None:
    """Make FILE with a private key for signing, or put a new key into it."""
    chosen: KeyKind = "rsa" if kind == "rsa" else "ec"
    try:
        if rotate:
            _write(file, SigningKeys.new(chosen, SigningKeys.load(file)))
        else:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _write(file, SigningKeys.new(chosen))
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; --rotate puts a new key into it") from None
    except SigningKeysError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written ({error.strerror})") from None
    click.echo(_NEXT, err=True)


def _write(file: Path, keys: SigningKeys) -> None:
    file.chmod(0o600)  # first: what is written takes the mode of what is there
    with beside(file, keys.private().decode()) as draft:
        put(draft, file)
