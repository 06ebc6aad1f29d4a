"""Small changes to a JSON document, by a path such as `cards.0.source.label`."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

Change = Callable[[Any], None]


def put(path: str, value: object) -> Change:
    """Set a member, or add it."""

    def change(document: Any) -> None:
        parent, last = _parent(document, path)
        parent[last] = value

    return change


def drop(path: str) -> Change:
    """Take a member away."""

    def change(document: Any) -> None:
        parent, last = _parent(document, path)
        del parent[last]

    return change


def both(first: Change, second: Change) -> Change:
    """Two changes that make one fault together."""

    def change(document: Any) -> None:
        first(document)
        second(document)

    return change


def changed(document: object, change: Change) -> Any:
    """A copy with the change."""
    own = copy.deepcopy(document)
    change(own)
    if json.dumps(own) == json.dumps(document):
        raise ValueError("nothing was changed")
    return own


def _parent(document: Any, path: str) -> tuple[Any, str | int]:
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in above:
        document = document[part]
    return document, last
