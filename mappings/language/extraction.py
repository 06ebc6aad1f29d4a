"""What Babel finds to translate in definitions: our own words, never the protocol's or a code system's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

import yaml

Found = tuple[int, str, str, list[str]]

TEXTS = frozenset({"label", "short_title", "question", "domain", "group"})
"""Keys whose value is a text of ours."""
LISTS = frozenset({"interpretation", "show_card_interpretation", "not_encoded", "sites"})
"""Keys whose value is a list of them."""


def words_of_definitions(
    fileobj: BinaryIO,
    keywords: Collection[str],  # noqa: ARG001 -- for Python files
    comment_tags: Collection[str],  # noqa: ARG001
    options: Mapping[str, Any],  # noqa: ARG001
) -> Iterator[Found]:
    """A method of extraction for Babel: names, labels and readings in a YAML file of ``mappings``.

    The display of a concept is ours; that of a code is its system's, and the protocol is its source's.
    """
    for line, text in _texts(yaml.compose(fileobj, yaml.BaseLoader)):
        yield line, "", text, []


def _texts(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        members = {key.value: value for key, value in node.value}
        for key, value in members.items():
            if isinstance(value, yaml.ScalarNode):
                if key in TEXTS or (key == "display" and "id" in members):
                    yield value.start_mark.line + 1, value.value
            elif key in LISTS and isinstance(value, yaml.SequenceNode):
                yield from ((item.start_mark.line + 1, item.value) for item in value.value)
            else:
                yield from _texts(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _texts(item)
