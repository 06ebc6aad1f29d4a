"""Every example of HL7's FHIR R4 specification: hl7.fhir.r4.examples 4.0.1 (CC0), as npm has it."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

FOLDER = Path(__file__).parent / "hl7" / "target"
PACKAGE = "hl7.fhir.r4.examples@4.0.1"
ARCHIVE = FOLDER / "hl7.fhir.r4.examples-4.0.1.tgz"
SHA256 = "dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682"


class Example(NamedTuple):
    """A file of the package, parsed."""

    name: str
    document: Any


def download() -> Path:
    """The package as npm delivers it, fetched once; RuntimeError if it is not the one that was examined."""
    if not ARCHIVE.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(FOLDER)]
        run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"npm pack failed:\n{(run.stdout + run.stderr)[-4000:]}")
    if hashlib.sha256(ARCHIVE.read_bytes()).hexdigest() != SHA256:
        ARCHIVE.unlink()
        raise RuntimeError(f"{ARCHIVE.name} is not the file that these tests were written for")
    return ARCHIVE


def examples() -> Iterator[Example]:
    """All files, in the order of the package."""
    with tarfile.open(download()) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield Example(Path(member.name).name, orjson.loads(file.read()))
