"""Typed reading of a mapping's keys. Each getter makes its key known; ``close`` reports the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from mappings.dates import Window
from mappings.definitions.faults import Mistake, Report, suggestion
from mappings.definitions.parsing.source import ListNode, MapNode, Node, TextNode
from mappings.definitions.parsing.values import parse_date, parse_number, parse_whole_number, parse_window

T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")


class Fields:
    """The keys of one mapping. A getter of a key that is absent or faulty gives its default."""

    def __init__(self, node: MapNode, report: Report) -> None:
        self.node = node
        self.report = report
        self._asked: dict[str, None] = {}

    def get(self, key: str) -> Node | None:
        """The node under an optional key."""
        self._asked[key] = None
        return self.node.entries.get(key)

    def need(self, key: str) -> Node | None:
        """The node under a key that must be there."""
        node = self.get(key)
        if node is None:
            self.report.add(Mistake.MISSING_KEY, self.node.line, f"the key {key!r} is missing")
        return node

    def knows(self, key: str) -> bool:
        """Whether a getter has asked for the key."""
        return key in self._asked

    def line(self, key: str) -> int:
        return self.node.lines.get(key, self.node.line)

    def text(self, key: str, default: str = "") -> str:
        return text_of(self.get(key), key, self.report) or default

    def need_text(self, key: str) -> str:
        return text_of(self.need(key), key, self.report)

    def need_id(self, key: str = "id") -> str:
        """A name made of letters, digits, dots and hyphens, 64 at most."""
        text = self.need_text(key)
        if text and not _ID.fullmatch(text):
            message = f"{text!r} is not an id: letters, digits, dots and hyphens, 64 at most"
            self.report.add(Mistake.NOT_AN_ID, self.line(key), message)
        return text

    def text_nodes(self, key: str) -> tuple[TextNode, ...]:
        """A list of texts, or one text."""
        node = self.get(key)
        return text_nodes_of(
            ListNode((node,), node.line) if isinstance(node, TextNode) else node, key, self.report
        )

    def some_text_nodes(self, key: str) -> tuple[TextNode, ...]:
        """A list of texts, or one text: never none, where a list of none would say something else."""
        _check_not_empty(self.get(key), key, self.report)
        return self.text_nodes(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(node.value for node in text_nodes_of(self.get(key), key, self.report))

    def items(self, key: str, *, needed: bool = False) -> tuple[Node, ...]:
        """A list of anything."""
        node = self.need(key) if needed else self.get(key)
        if node is not None and not isinstance(node, ListNode):
            self.report.add(Mistake.WRONG_SHAPE, node.line, f"{key!r} must be a list")
        return node.items if isinstance(node, ListNode) else ()

    def fields(self, key: str, *, needed: bool = False) -> Fields | None:
        """A mapping inside this one."""
        node = self.need(key) if needed else self.get(key)
        return None if node is None else fields_of(node, f"{key!r}", self.report)

    def choice(self, key: str, choices: Sequence[str], default: str = "", *, needed: bool = False) -> str:
        """One of a closed list of words."""
        node = self.need(key) if needed else self.get(key)
        text = text_of(node, key, self.report)
        if not text or text in choices:
            return text or default
        known = suggestion(text, choices, "one of")
        self.report.add(Mistake.NOT_A_CHOICE, self.line(key), f"{key!r} cannot be {text!r}{known}")
        return default

    def flag(self, key: str) -> bool:
        return self.choice(key, ("yes", "no")) == "yes"

    def number(self, key: str) -> float | None:
        return self.parsed(key, parse_number, Mistake.NOT_A_NUMBER, "a number such as 1.5")

    def whole_number(self, key: str, *, needed: bool = False) -> int | None:
        if needed and self.need(key) is None:
            return None
        return self.parsed(key, parse_whole_number, Mistake.NOT_A_NUMBER, "a whole number")

    def window(self, key: str) -> Window | None:
        expected = "a time from 1 day to 150 years in days, weeks, months or years, such as '90 days'"
        return self.parsed(key, parse_window, Mistake.NOT_A_WINDOW, expected)

    def date(self, key: str) -> date | None:
        return self.parsed(key, parse_date, Mistake.NOT_A_DATE, "a date such as 2025-11-14")

    def close(self, also_known: Iterable[str] = ()) -> None:
        """Report the keys that nobody asked for."""
        known = [*self._asked, *also_known]
        for key, line in self.node.lines.items():
            if key not in known:
                self.report.add(Mistake.UNKNOWN_KEY, line, f"unknown key {key!r}{self._hint(key, known)}")

    def _hint(self, key: str, known: list[str]) -> str:
        """What the key may have been meant for. Of ``{of: das28, at_least: 3,2}`` YAML makes a key ``2``."""
        node = self.node.entries.get(key)
        if key[:1].isdigit() and isinstance(node, TextNode) and not node.value:
            return "; within { } a comma begins another key: write a number as 3.2, or put a text in quotes"
        return suggestion(key, known, "known keys")

    def parsed(self, key: str, parse: Callable[[str], T | None], mistake: Mistake, expected: str) -> T | None:
        text = text_of(self.get(key), key, self.report)
        if not text:
            return None
        value = parse(text)
        if value is None:
            self.report.add(mistake, self.line(key), f"{key!r} is {text!r}, not {expected}")
        return value


def fields_of(node: Node, what: str, report: Report) -> Fields | None:
    """The node's keys, or a fault if it is not a mapping."""
    if isinstance(node, MapNode):
        return Fields(node, report)
    report.add(Mistake.WRONG_SHAPE, node.line, f"{what} must be a mapping of keys")
    return None


def text_of(node: Node | None, key: str, report: Report) -> str:
    """The node's text, with runs of white space as one blank; empty, with a fault, if it has none."""
    if node is None:
        return ""
    if not isinstance(node, TextNode):
        report.add(Mistake.WRONG_SHAPE, node.line, f"{key!r} must be a text")
        return ""
    text = " ".join(node.value.split())
    if not text:
        report.add(Mistake.EMPTY_TEXT, node.line, f"{key!r} is empty")
    return text


def some_text_nodes_of(node: Node | None, key: str, report: Report) -> tuple[TextNode, ...]:
    """The texts of a list that must hold one, each once, with their lines."""
    _check_not_empty(node, key, report)
    return text_nodes_of(node, key, report)


def _check_not_empty(node: Node | None, key: str, report: Report) -> None:
    if isinstance(node, ListNode) and not node.items:
        message = f"{key!r} must be a list of at least one"
        report.add(Mistake.WRONG_SHAPE, node.line, message)


def text_nodes_of(node: Node | None, key: str, report: Report) -> tuple[TextNode, ...]:
    """The texts of a list, each once, with their lines."""
    if node is None:
        return ()
    if not isinstance(node, ListNode):
        report.add(Mistake.WRONG_SHAPE, node.line, f"{key!r} must be a list")
        return ()
    found: dict[str, TextNode] = {}
    for item in node.items:
        text = text_of(item, key, report)
        if text in found:
            report.add(Mistake.REPEATED_VALUE, item.line, f"{key!r} names {text!r} twice")
        elif text:
            found[text] = TextNode(text, item.line)
    return tuple(found.values())
