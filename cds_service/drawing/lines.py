"""Text in lines: by the room that its letters take, so that Chinese is broken too, where nobody stumbles."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_NOT_AT_THE_START = "\uff0c\u3002\u3001\uff1b\uff1a\uff01\uff1f\uff09\u300b\u300d\u300f\u201d\u2019\uff05"
_NOT_AT_THE_END = "\uff08\u300a\u300c\u300e\u201c\u2018"
_PIECE = re.compile(
    f"[{_NOT_AT_THE_END}]*[^\\s\\u2e80-\\uffef]+[{_NOT_AT_THE_START}]*"
    f"|[{_NOT_AT_THE_END}]*[\\u2e80-\\uffef][{_NOT_AT_THE_START}]*|\\s+"
)
"""What is not broken: a word, or a Chinese letter, with the signs that belong to it; or the space between."""


def room(text: str) -> int:
    """How many letters of Latin print have the room that a text takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def lines(text: str, columns: int) -> tuple[str, ...]:
    """A text in lines of at most so many letters; what is longer than a line is broken anywhere."""
    found: list[str] = []
    line = ""
    for piece in _PIECE.findall(text):
        if line and room(line) + room(piece.rstrip()) > columns:
            found.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while room(line.rstrip()) > columns:
            first = _first(line, columns)
            found.append(first)
            line = line[len(first) :]
    return tuple(filter(None, (*found, line.rstrip())))


def _first(text: str, columns: int) -> str:
    """As much of the beginning as there is room for, and one letter at least."""
    end = 1
    while end < len(text) and room(text[: end + 1]) <= columns:
        end += 1
    return text[:end]
