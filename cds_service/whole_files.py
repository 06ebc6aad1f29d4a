"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile


@contextmanager
def beside(path: Path, text: str) -> Iterator[Path]:
    """A file next to the other with this text, on the disk; gone afterwards unless it was moved."""
    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        draft = Path(file.name)
        try:
            draft.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            draft.unlink()
            raise
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def put(draft: Path, path: Path) -> None:
    """Moves the draft into its place, for good."""
    draft.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
