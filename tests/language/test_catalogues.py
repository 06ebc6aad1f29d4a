"""No text is left untranslated, and no translation has lost or gained a place to be filled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from string import Formatter

import pytest

from mappings.language.language import catalogue, catalogue_file
from tests.language.catalogues import OTHER_LANGUAGES, ROOT, entries, extracted

THE_SAME_IN_CHINESE = frozenset(
    {
        *("ALT", "AST", "ECOG", "hCG", "SLEDAI-2K", "eGFR (CKD-EPI 2021)"),
        *("EHR", "the EHR", "Trialhook"),
        "- 1 {unit} is {amount} {canonical}",  # an equals sign
    }
)
MARKS = re.compile(r"\*\*|[`#|_→]|^- |^\*|\*$")
"""What a translation has to keep: headings, bullets, tables, emphasis, code."""
WORD = re.compile(r"[A-Za-z]{2,}")
_LATIN = """
    ACR ALT ANA APL AST BCMA Beliumab Bundle CAR CD CH CKD CSV Coombs DNA ECOG EHR EPI EULAR FHIR Farr
    GPL II III ISN IV IgA IgG IgM JSON LDH LVEF MB MPL NIH Patient RPS SLE SLEDAI STAFF Sm TRIALHOOK
    Trialhook UPCR WHO
    activity as dL eGFR hCG https id index nih pregnancy such test valueCodeableConcept valueInteger
    valueQuantity valueRange valueRatio valueString
"""
LATIN_IN_CHINESE = frozenset(_LATIN.split())
"""Abbreviations, names of FHIR, ids of criteria and words quoted from the protocol: the same in Chinese."""
CHINESE = re.compile("[\u4e00-\u9fff]")
_CHARACTER = "[\u4e00-\u9fff]"
HALF_WIDTH = re.compile(
    f"(?<={_CHARACTER})[,;:?!]|[,;:?!](?={_CHARACTER})|\\((?={_CHARACTER})|(?<={_CHARACTER})\\)"
)
NO_SENTENCES = frozenset(
    {"TOPIC_SYSTEM", "OVERRIDE_SYSTEM", "REGISTRIES", "SOURCE_WITHOUT_REGISTRY", "UNIT_NOTATIONS"}
)


def places(text: str) -> set[str]:
    """The names between braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def words_of(text: str) -> str:
    """The text without its places."""
    return " ".join(literal for literal, *_ in Formatter().parse(text))


@pytest.mark.parametrize("tag", OTHER_LANGUAGES)
def test_the_catalogue_holds_what_the_code_and_the_definitions_say_and_nothing_else(tag: str) -> None:
    known = {str(entry.id) for entry in entries(tag)}
    missing, obsolete = extracted().keys() - known, known - extracted().keys()
    assert not missing, "make messages adds them; then translate them"
    assert not obsolete, "make messages takes them out"
    assert not catalogue(tag).obsolete


@pytest.mark.parametrize("tag", OTHER_LANGUAGES)
def test_every_message_is_translated_and_none_by_a_guess(tag: str) -> None:
    assert [entry.id for entry in entries(tag) if not entry.string] == []
    assert [entry.id for entry in entries(tag) if entry.fuzzy] == []


@pytest.mark.parametrize("tag", OTHER_LANGUAGES)
def test_a_translation_fills_the_same_places(tag: str) -> None:
    assert [e.id for e in entries(tag) if places(str(e.id)) != places(str(e.string))] == []


@pytest.mark.parametrize("tag", OTHER_LANGUAGES)
def test_a_translation_keeps_the_marks_of_markdown(tag: str) -> None:
    assert [e.id for e in entries(tag) if MARKS.findall(str(e.id)) != MARKS.findall(str(e.string))] == []


def test_what_has_words_in_english_has_words_in_chinese() -> None:
    without = {
        str(entry.id)
        for entry in entries("zh-Hans")
        if WORD.search(words_of(str(entry.id))) and not CHINESE.search(str(entry.string))
    }
    assert without == THE_SAME_IN_CHINESE


def test_chinese_has_no_english_left_but_abbreviations() -> None:
    left = {
        (word, entry.id)
        for entry in entries("zh-Hans")
        for word in WORD.findall(words_of(str(entry.string)))
        if word not in LATIN_IN_CHINESE and entry.id not in THE_SAME_IN_CHINESE
    }
    assert left == set()


def test_chinese_is_written_with_chinese_punctuation() -> None:
    assert [entry.string for entry in entries("zh-Hans") if HALF_WIDTH.search(str(entry.string))] == []


def sentences(value: object) -> Iterator[str]:
    """The texts in a constant that are no codes."""
    if isinstance(value, str):
        if not re.fullmatch(r"[a-z]+(?:-[a-z]+)+", value):
            yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from sentences(member)
    elif isinstance(value, tuple):
        for member in value:
            yield from sentences(member)


@pytest.mark.parametrize("module", ["wording", *(p.stem for p in (ROOT / "cards").glob("next_steps.py"))])
def test_every_sentence_of_a_card_is_a_message(module: str) -> None:
    constants = vars(import_module(f"cards.{module}")).items()
    said = {
        text
        for name, value in constants
        if name.isupper() and name not in NO_SENTENCES
        for text in sentences(value)
    }
    assert len(said) > 3
    assert said - extracted().keys() == set(), "mark them by message(...)"


@pytest.mark.parametrize("tag", OTHER_LANGUAGES)
def test_the_catalogue_file_shows_what_changed_and_no_more(tag: str) -> None:
    text = catalogue_file(tag).read_text(encoding="utf-8")
    assert "FULL NAME" not in text
    assert not re.search(r"^#: .*:\d+", text, re.MULTILINE), "files, without lines that move"
    assert "POT-Creation-Date: 2026-06-15" in text
