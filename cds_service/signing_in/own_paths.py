"""Where somebody may be led after the sign-in: paths of this service and nowhere else."""

from __future__ import annotations

import re

_OWN = re.compile(r"/[A-Za-z0-9_~-][A-Za-z0-9._~/-]*(?:\?[A-Za-z0-9._~%&=+,:-]*)?")
_LONGEST = 1000
_NEVER = ("/sign-in", "/sign-out", "/static")


def own_path(text: str) -> str:
    """The path if it is one of ours, else "": a browser takes ``//host``, ``/\\host`` and more for a host."""
    path = text.partition("?")[0]
    if len(text) > _LONGEST or not _OWN.fullmatch(text) or "//" in path or "/." in path:
        return ""
    return "" if any(path == one or path.startswith(f"{one}/") for one in _NEVER) else text
