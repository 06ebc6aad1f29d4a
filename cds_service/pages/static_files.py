"""Style sheets and scripts of all pages, from the ``static`` folders of their packages.

Each stands under a name with its digest, so that a browser may keep it for good.
"""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from flask import Response, abort, g, url_for

_PACKAGES = Path(__file__).resolve().parents[1]
_KINDS = (".css", ".js", ".svg", ".png")
_NOT_OURS = ("demo",)
_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"


class StaticFile(NamedTuple):
    """A file that any browser may have."""

    content: bytes
    digest: str
    media_type: str


@lru_cache(maxsize=1)
def static_files() -> dict[str, StaticFile]:
    """All of them, by name. A name may stand in one package only."""
    found: dict[str, StaticFile] = {}
    for path in sorted(_PACKAGES.glob("*/static/*")):
        if path.suffix not in _KINDS or path.parent.parent.name in _NOT_OURS:
            continue
        if path.name in found:
            raise RuntimeError(f"two packages have a static file {path.name}: give one another name")
        content = path.read_bytes()
        media_type = mimetypes.types_map.get(path.suffix, "application/octet-stream")
        found[path.name] = StaticFile(content, sha256(content).hexdigest()[:16], media_type)
    return found


def asset(name: str) -> str:
    """Where a static file is. KeyError for a name that none has."""
    return url_for("static_files.file", digest=static_files()[name].digest, name=name)


def answer(digest: str, name: str) -> Response:
    """A file. Under another digest, from a page of another version: what there is now, for a minute."""
    g.facts["service"] = "static"
    file = static_files().get(name)
    if file is None:
        abort(404)
    response = Response(file.content, content_type=f"{file.media_type}; charset=utf-8")
    response.headers["Cache-Control"] = _FOR_GOOD if digest == file.digest else _FOR_A_MINUTE
    return response
