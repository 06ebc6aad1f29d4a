from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cards.text import escaped, plain, shortened, shown, utf16_length
from tests.cards.markdown import LINKED_IN_FINISHED_TEXT, PARSERS, text_of, tokens
from tests.cards.strategies import HOSTILE, anything

TEXT_ONLY = {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_renders_as_plain_words(text: str, parser: object) -> None:
    for place in ("{}", "- {}", "- Label: {}", "Before\n{}", "- **Label:** ({})", "a. {}. b"):
        source = place.format(escaped(text))
        allowed = TEXT_ONLY | {token.type for token in tokens(place.format("x"))}
        found = {token.type for p in PARSERS if p is parser for token in tokens(source, p)}
        assert found <= allowed, source


@given(anything)
@example("\\")
@example("1.")
@example("12) x")
@example("a.www")
@settings(max_examples=400)
def test_escaped_text_reads_as_exactly_the_shown_text_and_nothing_else(text: str) -> None:
    source = escaped(text)

    assert text_of(source) == shown(text)
    for parser in PARSERS:
        assert {token.type for token in tokens(source, parser)} <= TEXT_ONLY


@given(st.text("aWwh1290 ,;:()%+-×⁹²°./", max_size=14))
@settings(max_examples=400)
def test_ordinary_values_read_as_exactly_the_shown_text_too(text: str) -> None:
    """The letters of values with units, most of which are known to mean nothing in Markdown at a glance."""
    source = escaped(text)

    assert text_of(source) == shown(text)
    for parser in PARSERS:
        assert {token.type for token in tokens(source, parser)} <= TEXT_ONLY


@given(anything)
@settings(max_examples=400)
def test_no_client_finds_an_address_even_in_the_finished_text(text: str) -> None:
    for sentence in (f"{shown(text)}.", f"({shown(text)})", f"{shown(text)}; next"):
        assert LINKED_IN_FINISHED_TEXT.search(sentence) is None


@given(anything)
def test_text_without_addresses_is_shown_as_it_is(text: str) -> None:
    if not any(part in text.lower() for part in ("@", "://", "www")):
        assert shown(text) == plain(text)


@given(anything, st.integers(2, 200))
def test_plain_text_is_one_capped_line_of_visible_characters(text: str, limit: int) -> None:
    words = plain(text, limit)

    assert utf16_length(words) <= limit
    assert words == words.strip()
    assert words.isprintable()
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"} for c in words)
    assert "  " not in words


@given(anything)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("1.4 g/g", "1.4 g/g"),
        ("class IV + V", "class IV + V"),
        ("140 10*9/L", r"140 10\*9/L"),
        ("<0.1 mg/dL", "&lt;0.1 mg/dL"),
        ("R&D_a|b", r"R&amp;D\_a\|b"),
        ("1. item", r"1\. item"),
        ("# heading", r"\# heading"),
        ("evil.com", r"evil\.com"),
        ("www.evil.com", r"w w w\.evil\.com"),
        ("http://evil.com", r"http: \/\/evil\.com"),
        ("eve@evil.com", r"eve at evil\.com"),
        ("line\nbreak", "line break"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("no\u202ebidi\u200b", "nobidi"),
        ("fil\u3164l\u2800er\ufe0f", "filler"),
    ],
)
def test_escaping_leaves_ordinary_values_readable(text: str, markdown: str) -> None:
    assert escaped(text) == markdown


def test_a_long_text_is_cut_at_a_word() -> None:
    assert shortened("relapsed or refractory lupus nephritis", 24) == "relapsed or refractory…"


def test_length_is_counted_in_utf16_units() -> None:
    assert utf16_length("a🩺") == 3
    assert shortened("🩺🩺🩺", 5) == "🩺🩺…"
