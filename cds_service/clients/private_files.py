"""Files with secrets that more people may read than need to: said, and used all the same."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

_TOO_OPEN = 0o026
"""Others may read or write, or the group may write. A group that may read is often the service's own."""

_LOG = logging.getLogger("trialhook.files")


def mind(path: Path) -> None:
    """Warns, once in a process, of a file of secrets that everybody on this machine may read or change.

    No more than that: what is mounted into a container often has no better mode.
    """
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        return
    if mode & _TOO_OPEN:
        _warn(path, mode)


@cache
def _warn(path: Path, mode: int) -> None:
    _LOG.warning(
        "%s must be its owner's alone, and others may read or change it (mode %04o): chmod 600 it, and "
        "replace what is in it if somebody may have",
        path,
        mode,
    )
