"""The catalogues as files, and what Babel finds to translate today."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from mappings.language import LANGUAGES
from mappings.language.language import catalogue

ROOT = Path(__file__).parents[2]
OTHER_LANGUAGES = LANGUAGES[1:]


@cache
def extracted() -> dict[str, frozenset[str]]:
    """Every message of the code and the definitions, with the files in which it stands."""
    with (ROOT / "mappings/language/babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found: dict[str, set[str]] = {}
    for folder in folders_that_make_reads():
        for name, _, message, _, _ in extract_from_dir(
            ROOT / folder, methods, options, keywords={"message": None}
        ):
            found.setdefault(str(message), set()).add(f"{folder}/{name}")
    return {message: frozenset(files) for message, files in found.items()}


def folders_that_make_reads() -> list[str]:
    """The folders that ``make messages`` goes through."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    (command,) = [
        shlex.split(line.replace("@$(BIN)/", "")) for line in lines if "pybabel --quiet extract" in line
    ]
    return command[command.index("--output-file") + 2 :]


def entries(tag: str) -> Iterator[Message]:
    """The messages of a catalogue, without its header."""
    return (entry for entry in catalogue(tag) if entry.id)
