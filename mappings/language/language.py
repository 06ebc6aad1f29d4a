"""Sentences by gettext catalogues, read by Babel. English is the source: its messages are the sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LANGUAGES = ("en", "zh-Hans")
"""BCP 47 tags of the languages that there are texts in; the first is the source."""

DOMAIN = "trialhook"
_LOCALES = Path(__file__).resolve().parent / "locale"

_NONE: Mapping[str, str] = MappingProxyType({})


def message(text: str) -> str:
    """Marks a text as one that is translated where it is shown. It stays as it is."""
    return text


class _DateForms(NamedTuple):
    """How a language writes a day, a day in little room, and a month."""

    day: Callable[[date], str]
    short_day: Callable[[date], str]
    month: Callable[[date], str]


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SHORT_MONTHS = tuple(name[:3] for name in _MONTHS)


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


_DATES: Mapping[str, _DateForms] = {
    "en": _DateForms(
        lambda day: f"{day.day} {_MONTHS[day.month - 1]} {day.year}",
        lambda day: f"{day.day} {_SHORT_MONTHS[day.month - 1]} {day.year}",
        lambda day: f"{_SHORT_MONTHS[day.month - 1]} {day.year}",
    ),
    "zh-Hans": _DateForms(_chinese_day, _chinese_day, lambda day: f"{day.year}年{day.month}月"),
}
"""Of fixed forms: a card must not depend on the version of a locale database."""


class _Translations(dict[str, str]):
    """What a catalogue says; a message that it lacks is said as it was written."""

    def __missing__(self, key: str) -> str:
        return key


def _as_written(message: str) -> str:
    return message


class _Betweens(dict[str, str]):
    """What stands between the two places of templates, found once for each."""

    def __init__(self, text: Callable[[str], str]) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, key: str) -> str:
        self[key] = found = self._text(key).partition("}")[2].partition("{")[0]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language to speak in. What has no translation is said in English, never left out.

    ``text`` gives a message in this language; a template keeps the names of its places (``{count}``).
    ``between`` gives what stands between the two places of a template: ", " in ``{name}, {next}``. It keeps
    the templates that it was given, so give it none but this service's own. ``long_date``: 14 November 2025;
    ``short_date``: 14 Nov 2025; ``short_month``: Nov 2025. There is one of each language, from ``language``;
    they are compared by identity.
    """

    tag: str
    messages: Mapping[str, str] = field(default_factory=lambda: _NONE)
    text: Callable[[str], str] = field(init=False, repr=False)
    between: Callable[[str], str] = field(init=False, repr=False)
    long_date: Callable[[date], str] = field(init=False, repr=False)
    short_date: Callable[[date], str] = field(init=False, repr=False)
    short_month: Callable[[date], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        said = {message: words for message, words in self.messages.items() if words}
        text = _Translations(said).__getitem__ if said else _as_written
        prepared = (text, _Betweens(text).__getitem__, *_DATES[self.tag])
        for name, function in zip(_PREPARED, prepared, strict=True):
            object.__setattr__(self, name, function)

    @property
    def is_source(self) -> bool:
        """Whether messages are shown as they were written."""
        return self.tag == LANGUAGES[0]

    def has(self, message: str) -> bool:
        """Whether this language says the message in words of its own; English always does."""
        return self.is_source or bool(self.messages.get(message))


_PREPARED = ("text", "between", "long_date", "short_date", "short_month")
"""A card asks for these some hundred times, so each is a function made once."""

ENGLISH = Language(LANGUAGES[0])


@lru_cache(maxsize=len(LANGUAGES))
def language(tag: str) -> Language:
    """The language of a BCP 47 tag of ``LANGUAGES``. KeyError for any other."""
    if tag not in LANGUAGES:
        raise KeyError(tag)
    if tag == ENGLISH.tag:
        return ENGLISH
    said = {str(entry.id): str(entry.string) for entry in catalogue(tag) if _is_ready(entry)}
    return Language(tag, MappingProxyType(said))


def _is_ready(entry: Message) -> bool:
    return bool(entry.id and entry.string and not entry.fuzzy)


def catalogue(tag: str) -> Catalog:
    """The gettext catalogue of a language as it stands in its file."""
    with catalogue_file(tag).open("rb") as file:
        return read_po(file, locale=Locale.parse(tag, sep="-"), domain=DOMAIN)


def catalogue_file(tag: str) -> Path:
    """Where the catalogue of a language lies, as gettext lays them out."""
    return _LOCALES / tag.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po"
