"""What pydantic finds wrong with an entry of clients.yaml, in our words and with the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cds_service.clients.schema import MODELS
from mappings.definitions.faults import suggestion
from mappings.definitions.parsing.source import ListNode, MapNode, Node

_SHAPES = {
    "tuple_type": "must be a list; write it as [a, b], or with a line for each that begins with '-'",
    "model_type": "must be a mapping of keys; indent them below it",
    "dict_type": "must be a mapping of keys; indent them below it",
}


class PlacedMessage(NamedTuple):
    """``message`` is ``what; what to do``. ``key`` is the key of the entry in which the fault lies."""

    line: int
    key: str
    message: str


def in_words(error: ValidationError, node: MapNode) -> Iterator[PlacedMessage]:
    """Every fault of an entry, with its place in the node that the entry was read from."""
    for details in error.errors(include_url=False, include_input=False):
        place = details["loc"]
        yield PlacedMessage(line_of(node, place), str(place[0]) if place else "", _message(details))


def line_of(node: Node, place: Sequence[int | str]) -> int:
    """The line of a place in a node, as far as the place exists: of its key if it has one."""
    line = node.line
    for step in place:
        if isinstance(node, MapNode) and step in node.entries:
            line, node = node.lines[str(step)], node.entries[str(step)]
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line = node.line
        else:
            break
    return line


def _message(details: ErrorDetails) -> str:
    place, kind = details["loc"], details["type"]
    words = [step for step in place if isinstance(step, str)]
    key = words[-1] if words else ""
    if kind == "extra_forbidden":
        model = MODELS.get(words[-2] if len(words) > 1 else "")
        known = model.model_fields if model else ()
        return f"unknown key {key!r}{suggestion(key, known, 'known keys')}"
    if kind == "missing":
        return f"the key {key!r} is missing; add it"
    name = f"an entry of {key!r}" if place and isinstance(place[-1], int) else repr(key)
    if kind == "value_error":
        return f"{key!r} {details['ctx']['error']}"
    return f"{name} {_SHAPES.get(kind, 'cannot be read; see docs/clients.md')}"
