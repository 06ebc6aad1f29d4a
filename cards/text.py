"""Text from data, made safe to show: one line, capped, and inert in GitHub-flavoured Markdown.

Two kinds leave this module. ``plain`` is for summaries, labels and resources: no backslashes are added.
``escaped`` is for the card's detail: parsed as GFM with autolinks it reads as exactly ``shown``, with no
link, image, HTML, heading, list, table, emphasis or code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

ELLIPSIS = "…"
LINE_LIMIT = 120

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and marks that Unicode shows as nothing; other invisible characters are of a category above.
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

# Some renderers look for addresses in the finished text, where a backslash no longer protects (remark-gfm,
# which the public test client uses, and cmark-gfm for e-mail), so an address has to be broken visibly.
_ADDRESS = re.compile(r"://|(?<=\S)@(?=\S)|(?i:www)(?=\.|$)")
_BROKEN = {"://": ": //", "@": " at "}

_MARKUP = re.compile(r"[\\`*_\[\]|~<>&]|\.(?=[^\s\d])|/(?=/)|(?<=/)/")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_INERT = re.compile(r"(?!\d+\))[A-Za-z0-9](?: ?[A-Za-z0-9,;:()%+×⁶⁹²°-]|(?<=\d)\.(?=\d)| ?/(?!/))*(?<![wW])")
"""Most texts: nothing in them means anything in Markdown, and no address can begin or end in them."""
_BLOCK_START = re.compile(r"[-+=#:]|\d+(?=[.)](?: |$))")


Read = Callable[[str], Sequence[tuple[int, int]]]
"""Where in a text that stands which was read in it: begins and ends, in order."""


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, the larger of the two usual counts of characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` UTF-16 units, cut at a word where one ends in the second half, with an ellipsis."""
    if len(text) * 2 <= limit or utf16_length(text) <= limit:
        return text
    kept = text[: limit - 1]
    while utf16_length(kept) > limit - 1:
        kept = kept[:-1]
    space = kept.rfind(" ")
    if space > limit // 2:
        kept = kept[:space]
    return kept.rstrip(" ,;:") + ELLIPSIS


def shortened_around(text: str, limit: int, read: Read) -> str:
    """``shortened``, but so that all that was read in it still stands there, after what leads to it."""
    cut = shortened(text, limit)
    found = read(text) if cut != text else []
    if not found or found[-1][1] < len(cut):
        return cut
    first, last = found[0][0], found[-1][1]
    start = _as_far_back(text, last, limit - 2)
    if start > first:  # too far apart to stand with the words between them
        pieces = dict.fromkeys(text[begin:end] for begin, end in found)
        return shortened(ELLIPSIS + ELLIPSIS.join(pieces), limit)
    word = text.find(" ", start - 1, first) + 1 if start else 0
    kept = text[word or start : last]
    return f"{ELLIPSIS if start else ''}{kept}{ELLIPSIS if last < len(text) else ''}"


def _as_far_back(text: str, last: int, limit: int) -> int:
    """Where the part begins that ends at ``last`` and has at most ``limit`` UTF-16 units."""
    start = max(0, last - limit)
    while utf16_length(text[start:last]) > limit:
        start += 1
    return start


def plain(text: str, limit: int = LINE_LIMIT) -> str:
    """One line without control, bidi or zero-width characters, capped. No markup is escaped."""
    return shortened(_one_line(text), limit)


@lru_cache(maxsize=4096)
def plain_from_definition(text: str, limit: int = LINE_LIMIT) -> str:
    """``plain``, kept. Only for words of the definitions: nothing of a patient may be kept."""
    return plain(text, limit)


def shown(text: str, limit: int = LINE_LIMIT, read: Read | None = None) -> str:
    """What a reader of the rendered Markdown sees of ``escaped(text, limit)``.

    The same as ``plain``, save that web and e-mail addresses are broken so that nothing links them.
    ``read`` finds what must not be cut away.
    """
    words = _without_addresses(_one_line(text))
    return shortened(words, limit) if read is None else shortened_around(words, limit, read)


def escaped(text: str, limit: int = LINE_LIMIT, read: Read | None = None) -> str:
    """Markdown that renders as the text ``shown(text, limit, read)`` and nothing else, wherever it stands."""
    if not text or (len(text) <= limit and _INERT.fullmatch(text)):
        return text
    safe = _MARKUP.sub(_escape, shown(text, limit, read))
    start = _BLOCK_START.match(safe)
    if start is None:
        return safe
    cut = start.end() if safe[0].isdigit() else 0
    return f"{safe[:cut]}\\{safe[cut:]}"


@lru_cache(maxsize=4096)
def escaped_from_definition(text: str, limit: int = LINE_LIMIT) -> str:
    """``escaped``, kept. Only for words of the definitions: nothing of a patient may be kept."""
    return escaped(text, limit)


def _one_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text else text.strip()
    text = " ".join(text.split())
    if not text.isprintable():
        text = "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE_CATEGORIES)
    return " ".join(_FILLERS.sub("", text).split())


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub(lambda found: _BROKEN.get(found[0]) or " ".join(found[0]), text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _ENTITIES.get(character) or "\\" + character
