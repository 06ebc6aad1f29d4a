"""clients.yaml as tests write it: one good client, and changes to it."""

from __future__ import annotations

from pathlib import Path

from cds_service.clients.reading import ClientsError, load_clients
from cds_service.clients.registered import Client

START = """\
schema: 1
clients:
  - id: a
    issuer: https://a.example
"""
KEYS = "    keys: {jwks_url: https://a.example/jwks.json}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "clients.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def client_with(folder: Path, members: str) -> Client:
    """The good client with more keys, written as lines of the file."""
    (client,) = load_clients(write(folder, START + KEYS + indented(members)))
    return client


def indented(members: str) -> str:
    return "".join(f"    {line}\n" for line in members.splitlines())


def faults_in(folder: Path, text: str) -> list[str]:
    """What is wrong with the file, without the folder that it is in."""
    try:
        load_clients(write(folder, text))
    except ClientsError as error:
        return [str(fault).replace(f"{folder.as_posix()}/", "") for fault in error.faults]
    return []
