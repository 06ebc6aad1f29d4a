"""Markdown as the strictest of clients would parse it: GFM with autolinks and raw HTML."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSERS = (MarkdownIt("gfm-like"), MarkdownIt("gfm-like2"))

LINKED_IN_FINISHED_TEXT = re.compile(
    r"(https?://|www(?=\.))[-.\w]+|[-.\w+]+@[-\w]+(?:\.[-\w]+)+|(?:ftp|xmpp|mailto):\S*[@/]", re.IGNORECASE
)
"""What remark-gfm and cmark-gfm turn into links after parsing, where escapes no longer protect."""


def tokens(markdown: str, parser: MarkdownIt = PARSERS[0]) -> list[Token]:
    """All tokens, blocks and what is in them, in one list."""
    flat: list[Token] = []
    for token in parser.parse(markdown):
        flat.append(token)
        flat.extend(token.children or ())
    return flat


def text_of(markdown: str) -> str:
    """The words that a reader sees, one line per block."""
    blocks = (token.children for token in PARSERS[0].parse(markdown) if token.children is not None)
    return "\n".join("".join(child.content for child in children) for children in blocks)
