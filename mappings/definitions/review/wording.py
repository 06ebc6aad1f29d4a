"""How a review sheet says things in a language: sentences, lists, look-backs, Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mappings.dates import Window
from mappings.language import ENGLISH, Language, message

_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_<[|"})
_MARKS_AT_START = ("#", ">", "-", "+")

COMMA = message(", ")
LIST = {"or": message("{items} or {last}"), "and": message("{items} and {last}")}
NOTHING = message("nothing")
_WINDOWS = {
    ("days", False): message("{length} days"),
    ("days", True): message("{length} day"),
    ("weeks", False): message("{length} weeks"),
    ("weeks", True): message("{length} week"),
    ("months", False): message("{length} months"),
    ("months", True): message("{length} month"),
    ("years", False): message("{length} years"),
    ("years", True): message("{length} year"),
}


def plain_text(text: str) -> str:
    """The text with Markdown's marks made plain."""
    marked = text.translate(_MARKS)
    return f"\\{marked}" if marked.startswith(_MARKS_AT_START) else marked


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says the messages of a sheet in one language."""

    language: Language = ENGLISH

    def say(self, text: str, **places: object) -> str:
        """A message of this service, its places filled with what is ready for Markdown."""
        said = self.language.text(text)
        return said.format(**places) if places else said

    def plain(self, text: str) -> str:
        """Words of a definition, translated where there is a translation, for Markdown."""
        return plain_text(self.language.text(text))

    def listed(self, words: Sequence[str], last: str) -> str:
        """Words side by side, with "or" or "and" before the last."""
        if len(words) < 2:
            return words[0] if words else self.say(NOTHING)
        return self.say(LIST[last], items=self.say(COMMA).join(words[:-1]), last=words[-1])

    def window(self, window: Window) -> str:
        """A look-back in words."""
        return self.say(_WINDOWS[window.unit, window.length == 1], length=window.length)

    def bullets(self, texts: Iterable[str]) -> list[str]:
        """A bullet for each text of a definition."""
        return [f"- {self.plain(text)}" for text in texts]
