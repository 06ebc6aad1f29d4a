"""Sentences by gettext, dates by Babel. English is the source: its messages are the sentences themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGUAGES = ("en", "zh-Hans")
"""BCP 47 tags of the languages that there are texts in; the first is the source."""

DOMAIN = "trialhook"
_LOCALES = Path(__file__).resolve().parent / "locale"
_DATES: Mapping[str, tuple[str, str, str]] = {
    "en": ("d MMMM y", "d MMM y", "MMM y"),
    "zh-Hans": ("y年M月d日", "y年M月d日", "y年M月"),
}
"""How a day, a day in little room and a month are written. English of a fixed form: a card must not depend on
the version of a locale database."""

_NONE: Mapping[str, str] = MappingProxyType({})


def message(text: str) -> str:
    """Marks a text as one that is translated where it is shown. It stays as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """A language to speak in. What has no translation is said in English, never left out."""

    tag: str
    messages: Mapping[str, str] = field(default_factory=lambda: _NONE, hash=False)

    def text(self, message: str) -> str:
        """The message in this language; a template keeps the names of its places (``{count}``)."""
        return self.messages.get(message) or message

    def has(self, message: str) -> bool:
        """Whether this language says the message in words of its own; English always does."""
        return self.tag == LANGUAGES[0] or bool(self.messages.get(message))

    def long_date(self, day: date) -> str:
        """14 November 2025"""
        return self._date(day, 0)

    def short_date(self, day: date) -> str:
        """14 Nov 2025"""
        return self._date(day, 1)

    def short_month(self, day: date) -> str:
        """Nov 2025"""
        return self._date(day, 2)

    def _date(self, day: date, form: int) -> str:
        return _written(day, self.tag, form)


@lru_cache(maxsize=4096)
def _written(day: date, tag: str, form: int) -> str:
    return format_date(day, _DATES[tag][form], locale=Locale.parse(tag, sep="-"))


ENGLISH = Language(LANGUAGES[0])


@lru_cache(maxsize=len(LANGUAGES))
def language(tag: str) -> Language:
    """The language of a BCP 47 tag of ``LANGUAGES``. KeyError for any other."""
    if tag not in LANGUAGES:
        raise KeyError(tag)
    if tag == ENGLISH.tag:
        return ENGLISH
    said = {str(entry.id): str(entry.string) for entry in catalogue(tag) if entry.id and entry.string}
    return Language(tag, MappingProxyType(said))


def catalogue(tag: str) -> Catalog:
    """The gettext catalogue of a language as it stands in its file."""
    with catalogue_file(tag).open("rb") as file:
        return read_po(file, locale=Locale.parse(tag, sep="-"), domain=DOMAIN)


def catalogue_file(tag: str) -> Path:
    """Where the catalogue of a language lies, as gettext lays them out."""
    return _LOCALES / tag.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po"
