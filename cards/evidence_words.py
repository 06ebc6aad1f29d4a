"""One fact in words: its name, its value and its date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from cards import wording
from cards.text import Read, escaped, escaped_from_definition, plain, utf16_length
from mappings.language import ENGLISH, Language
from mappings.language.record_words import TREATMENT, drugs_in, note_in, value_in
from mappings.results import ANSWER, STRIKE, Evidence
from mappings.verdicts import Reason

LABEL_LIMIT = 48
VALUE_LIMIT = 72
NOTE_LIMIT = 72
DATE_LIMIT = 20

_ABBREVIATION = re.compile(r"[(\uff08]([A-Za-z][A-Za-z0-9/+-]{1,11})[)\uff09]$")
_FIRST_WORD = re.compile(r"[^\W_]{3,}")
"""Up to a hyphen or a blank. Shorter ones are abbreviations, such as Hb and Ki-67, and so is HbA1c."""
_OPENING, _CLOSING = "(\uff08", ")\uff09"
_WIDE_BRACKET = "\uff09"
"""Brings its own space with it."""
_SAID = frozenset({ANSWER, STRIKE})
_ROMAN = r"(?-i:VI|IV|V|I{1,3})"
_SUFFIX = r"(?:\s?-?(?-i:[SG]|[abcd])(?![a-z]))?(?:\s?-?\s?\([acsg/+, ]{1,7}\)|\s?-?a/c)?(?![a-z0-9])"
_AND = r"\s?(?:[-+/&,、]|and|with|plus|und|mit|y|con|和|与|及|合并|伴)\s?(?:class\s|klasse\s|clase\s)?"
_CLASSES = re.compile(
    rf"(?<![a-z])(?:(?:class(?:es|e)?|klassen?|clases?|[ck]l\.|isn\s?/?\s?rps)[\s:=(),]{{0,3}}(?:\d{{4}}[\s:),]{{1,3}})?"
    rf"(?:{_ROMAN}|[1-6]){_SUFFIX}|(?<![a-z0-9])(?-i:VI|IV|I{{2,3}}){_SUFFIX})"
    rf"(?:{_AND}(?:{_ROMAN}|[1-6]){_SUFFIX})*(?:\s?[型级級类類])?|(?:[一二三四五六1-6]|[IV]{{1,3}})\s?[型级級类類]",
    re.IGNORECASE,
)
_INDEX = re.compile(
    r"(?:index|score|[ií]ndice\D{0,14}|\bAI|\bCI|指数|评分|积分)\D{0,12}\d+(?:\s?/\s?\d+)?", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![0-9.,])[0-9]+(?:[.,][0-9]+)?(?![0-9]|[.,][0-9])")
_READ_FOR = {"class": _CLASSES, "index": _INDEX}
"""How that is written which a report is read for, by a word of the concept's id."""
_WRITTEN_DAY = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}(-[0-9]{2})?(?![0-9])")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?(?![0-9])")


def label_words(label: str) -> str:
    """A label, for Markdown."""
    return escaped_from_definition(label, LABEL_LIMIT)


# Labels are words of the definitions, never of a record, so that keeping them keeps nothing of a patient.
@lru_cache(maxsize=4096)
def short_label(label: str) -> str:
    """``short_name``, for Markdown."""
    return escaped(short_name(label), LABEL_LIMIT)


@lru_cache(maxsize=4096)
def short_name(label: str) -> str:
    """Its abbreviation if a label ends in one, else the label as it stands inside a sentence. Plain text."""
    words = plain(label, LABEL_LIMIT)
    abbreviation = _ABBREVIATION.search(words)
    if abbreviation:
        return abbreviation[1]
    first = _FIRST_WORD.match(words)
    ordinary = first is not None and first[0].istitle() and first[0].isalpha()
    return words[0].lower() + words[1:] if ordinary else words


def without_addition(label: str, comma: str) -> str:
    """What stands before the first comma that is in no bracket; ``comma`` as a language writes it."""
    depth = 0
    for position, letter in enumerate(label):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if not depth and label.startswith(comma, position):
            return label[:position]
    return label


def date_words(written: str, language: Language = ENGLISH) -> str:
    """A FHIR date in words, as precise as it was written: 12 Feb 2026, Feb 2026, 2026."""
    if not written:
        return ""
    found = _DATE.match(written)
    if found is None:
        return escaped(written, DATE_LIMIT)
    year, month, day = found.groups()
    try:
        known = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return escaped(written, DATE_LIMIT)
    if day:
        return language.short_date(known)
    return language.short_month(known) if month else year


def fact_words(fact: Evidence, language: Language, beside: str = "", in_sentence: bool = False) -> str:
    """UPCR 1.4 g/g (12 Feb 2026), without the name where the line already says it.

    In a sentence: UPCR 1.4 g/g of 12 Feb 2026. ``beside`` is the label that the line bears, untranslated.
    """
    words = value_words(fact, beside, language)
    day, note = date_words(fact.date, language), escaped(_note_of(fact, language), NOTE_LIMIT)
    if in_sentence and words:
        of_date = language.text(wording.OF_DATE).format(value=words, date=day) if day else words
        return dated(of_date, note, language)
    beside_it = language.between(wording.PHRASES).join(filter(None, (day, note)))
    return dated(words, beside_it, language) or day or note


def _note_of(fact: Evidence, language: Language) -> str:
    """Its note in a language, days as people write them; what a clinician wrote stays as it is."""
    if fact.reason is Reason.ATTESTED and fact.concept != STRIKE:
        return fact.note
    return _WRITTEN_DAY.sub(lambda day: date_words(day[0], language), note_in(language, fact.note))


def value_words(fact: Evidence, beside: str, language: Language) -> str:
    """UPCR 1.4 g/g, without the name where the line already says it."""
    text, label = value_of(fact), language.text(fact.label)
    said = drugs_in(language, text) if fact.concept == TREATMENT else value_in(language, text)
    value = escaped(said, VALUE_LIMIT, read_in(fact) if utf16_length(said) > VALUE_LIMIT else None)
    if fact.reason is Reason.ABSENT_BY_RULE and not value:
        value = language.text(wording.ABSENT_BY_RULE)
    elif fact.reason is Reason.ATTESTED and not value:
        value = language.text(wording.ATTESTED)
    elif label is not fact.label and text.casefold() == fact.label.casefold():
        value = ""  # no more than our own name for it, which the label translates
    # A report that is quoted may say "ISN/RPS class IV" itself.
    written, names = fact.text.casefold(), (label.casefold(), short_name(label).casefold())
    if fact.concept in _SAID:  # the value tells that somebody said so
        return value or short_label(label)
    named = value and (says(beside, fact.label) or any(name in written for name in names))
    return _side_by_side("" if named else short_label(label), value)


def read_in(fact: Evidence) -> Read | None:
    """How what a long quotation was read for is found in it, so that it stands in the part that is shown."""
    value = fact.value
    if isinstance(value, (int, float)):
        return lambda text: [
            n.span() for n in _NUMBER.finditer(text) if float(n[0].replace(",", ".")) == value
        ]
    kinds = [pattern for kind, pattern in _READ_FOR.items() if f"-{kind}-" in f"-{fact.concept}-"]
    return (lambda text: [found.span() for found in kinds[0].finditer(text)]) if kinds else None


def value_of(fact: Evidence) -> str:
    """The value as written, in a notation that people read; not yet escaped; empty if there is none."""
    text = fact.text
    if not text and fact.value is not None:
        number = f"{fact.value:g}" if isinstance(fact.value, (int, float)) else fact.value
        text = f"{number} {fact.unit}"
    for notation, words in wording.UNIT_NOTATIONS:
        if notation in text:
            text = text.replace(notation, words)
    return text.strip().rstrip(".")


def says(words: str, label: str) -> bool:
    """Whether two names are about the same thing, so that one of them is enough."""
    one, other = f" {words.casefold()} ", f" {label.casefold()} "
    return one in other or other in one


def _side_by_side(name: str, value: str) -> str:
    """Kidney biopsy class IV, where the name ends in the word with which the value begins."""
    if not name or not value:
        return name or value
    if name[-1] == _WIDE_BRACKET:
        return name + value
    shared = value.partition(" ")[0]
    if name.endswith(f" {shared}"):
        name = name[: -len(shared) - 1]
    return f"{name} {value}"


def dated(words: str, day: str, language: Language) -> str:
    """Words with a date, already in words, in brackets; either may be missing."""
    return language.text(wording.DATED).format(value=words, date=day) if words and day else words


def distinct(words: Iterable[str]) -> list[str]:
    """Each phrase once, without blanks, in order."""
    return list(dict.fromkeys(word for word in words if word))
