"""YAML as text with line numbers: no scalar is turned into anything, no key may repeat, nothing is shared.

Built from YAML's events rather than by a constructor, so that ``on``, ``no``, ``0.10`` and ``010`` stay what
was written. Aliases are refused: a reviewer reads a rule where it stands, and a small file stays small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mappings.definitions.faults import Mistake, Report

LARGEST_FILE = 1_000_000
DEEPEST = 40

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_LISTS = {
    "inclusion": "criterion",
    "exclusion": "criterion",
    "concepts": "concept",
    "groups": "group",
    "items": "item",
}
_QUOTE = (
    "put a text in quotes if it starts with > | @ % & * ! ? - { [ or holds ': ' or ' #', "
    "or stands within braces and holds { } [ ] or a comma"
)
_INDENT = (
    "check the indentation: the keys of one mapping begin in the same column, and so do the '-' of one list"
)
_INDENT_OR_COLON = f"{_INDENT}; a key ends with ': ', and a text that holds ': ' is put in quotes"
_SECOND_COLON = "mapping values are not allowed"


@dataclass(frozen=True, slots=True)
class TextNode:
    """A scalar, as written."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class ListNode:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping: for each key its node, with the key's own line in ``lines``."""

    entries: dict[str, Node]
    lines: dict[str, int]
    line: int


Node = TextNode | ListNode | MapNode
Plain = str | list["Plain"] | dict[str, "Plain"]


def plain(node: Node) -> Plain:
    """The content alone, without lines, runs of white space as one blank."""
    if isinstance(node, TextNode):
        return " ".join(node.value.split())
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def read_source(path: Path, report: Report) -> MapNode | None:
    """The mapping that a file holds; None, with the fault reported, if it holds none."""
    text = read_text(path, report)
    if text is None:
        return None
    try:
        node = _Builder(text, report).document()
    except _RefusedError:
        return None
    except yaml.YAMLError as error:
        report_yaml_error(error, text, report)
        return None
    if node is None:
        report.add(Mistake.EMPTY_FILE, 1, "the file is empty")
    elif not isinstance(node, MapNode):
        report.add(Mistake.WRONG_SHAPE, node.line, "the file must be a mapping of keys, such as 'schema: 1'")
    return node if isinstance(node, MapNode) else None


def read_text(path: Path, report: Report) -> str | None:
    """The text of a file; None, with the fault reported, if it cannot be had."""
    try:
        content = path.read_bytes()
    except OSError as error:
        report.add(Mistake.FILE_NOT_FOUND, 0, f"cannot be read: {error.strerror}")
        return None
    if len(content) > LARGEST_FILE:
        report.add(Mistake.TOO_LARGE, 0, f"is larger than {LARGEST_FILE} bytes")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        report.add(Mistake.NOT_UTF8, line, "is not UTF-8 text; save it with that encoding")
        return None


def report_yaml_error(error: yaml.YAMLError, text: str, report: Report) -> None:
    """What the parser of YAML found wrong with a text, with what to do."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    lines = text.splitlines()
    before = lines[line - 1][: mark.column + 1] if mark is not None and line <= len(lines) else ""
    if "\t" in before:
        report.add(Mistake.TAB, line, "a tab; YAML is indented with spaces")
        return
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    advice = _advice(error, problem, before[:-1])
    report.add(Mistake.NOT_YAML, line, f"not YAML: {problem}" + (f"; {advice}" if advice else ""))


def _advice(error: yaml.YAMLError, problem: str, before: str) -> str:
    """What to do. ``before`` is what stands on the line before the place at which the parser gave up.

    Where it gave up at the beginning of a line, that line stands in a wrong column.
    """
    if isinstance(error, yaml.reader.ReaderError):  # a character that no YAML may hold
        return ""
    context = getattr(error, "context", None) or "a block"
    if isinstance(error, yaml.parser.ParserError) and "a block" in context and not before.strip():
        return _INDENT
    if problem.startswith(_SECOND_COLON) and ": " not in before:
        return _INDENT_OR_COLON
    return _QUOTE


def _place(root: Node, line: int) -> str:
    """Which criterion, concept or item of the file a line belongs to."""
    entries = root.entries if isinstance(root, MapNode) else {}
    begun = [
        (item.line, f"{word} {name.value!r}")
        for key, word in _LISTS.items()
        for item in getattr(entries.get(key), "items", ())
        if isinstance(item, MapNode) and isinstance(name := item.entries.get("id"), TextNode)
    ]
    others = [(first, "") for first in root.lines.values()] if isinstance(root, MapNode) else []
    return max((place for place in (*begun, *others) if place[0] <= line), default=(0, ""))[1]


class _RefusedError(Exception):
    """Reading cannot go on; the fault is already reported."""


class _Builder:
    """Builds nodes from YAML events."""

    def __init__(self, text: str, report: Report) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._report = report
        self._repeats: list[tuple[int, str]] = []

    def document(self) -> Node | None:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        node = self._node(next(self._events), 0)
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse(Mistake.NOT_YAML, event, "a second YAML document; one file holds one definition")
        for line, message in self._repeats:
            self._report.at(_place(node, line)).add(Mistake.REPEATED_KEY, line, message)
        empty = isinstance(node, TextNode) and not node.value
        return None if empty else node

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self._refuse(Mistake.ALIAS, event, f"the alias *{event.anchor}; write out what it stands for")
        if getattr(event, "tag", None) is not None:
            self._refuse(Mistake.TAG, event, f"the YAML tag {event.tag!r}; every value is plain text here")
        if depth > DEEPEST:
            self._refuse(Mistake.NESTED_TOO_DEEP, event, f"nested more than {DEEPEST} levels deep")
        if isinstance(event, yaml.ScalarEvent):
            return TextNode(event.value, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(tuple(self._items(depth)), line)
        return self._mapping(line, depth)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, line: int, depth: int) -> MapNode:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, TextNode):
                self._refuse(Mistake.WRONG_SHAPE, event, f"a key must be a plain text; {_QUOTE}")
            elif key.value in entries:
                self._repeats.append(
                    (key.line, f"the key {key.value!r} stands on line {lines[key.value]} too")
                )
            else:
                entries[key.value], lines[key.value] = value, key.line
        return MapNode(entries, lines, line)

    def _refuse(self, mistake: Mistake, event: Any, message: str) -> None:
        self._report.add(mistake, event.start_mark.line + 1, message)
        raise _RefusedError
