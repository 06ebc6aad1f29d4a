"""Short standard texts are kept between records; what may be a sentence about a patient is not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from cds_service.assessing import assess_resources
from cds_service.demo import samples
from mappings.reading.keeping import texts
from mappings.reading.keeping.texts import LONGEST, kept, kept_for_words

CACHED = re.compile(r"lru_cache\([^)]*\)\n?(?:def (\w+))?")
READING = Path(texts.__file__).parents[1]
CALLS: list[object] = []
LONG = "x" * (LONGEST + 1)


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    CALLS.clear()
    texts.forget()


def noted(text: str, *further: object, **named: object) -> int:
    CALLS.append(text)
    return len(text)


def test_a_short_text_is_read_once_for_all_records() -> None:
    read = kept(8)(noted)
    assert (read("IV + V"), read("IV + V")) == (6, 6)
    texts.forget()
    assert read("IV + V") == 6
    assert CALLS == ["IV + V"]


def test_a_long_text_is_read_once_for_each_record_and_then_forgotten() -> None:
    read = kept(8)(noted)
    assert read(LONG) == read(LONG) == LONGEST + 1
    assert len(CALLS) == 1
    texts.forget()
    read(LONG)
    assert len(CALLS) == 2


def test_further_arguments_count() -> None:
    read = kept(8)(noted)
    for text in ("IV", LONG):
        CALLS.clear()
        read(text)
        read(text, 2024)
        read(text, answer=True)
        read(text, answer=False)
        assert len(CALLS) == 4


def test_words_are_kept_unless_one_of_them_is_long() -> None:
    def found(tokens: tuple[str, ...], words: tuple[str, ...]) -> int:
        CALLS.append(words)
        return len(words)

    find = kept_for_words(8)(found)
    for words in (("short",), ("short", "y" * 2 * LONGEST), ("short", "y" * (2 * LONGEST + 1))):
        CALLS.clear()
        find((), words)
        find((), words)
        assert len(CALLS) == (2 if len(words[-1]) > 2 * LONGEST else 1)


def test_when_a_record_has_been_read_no_long_text_of_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    forget = texts.forget

    def noting() -> None:
        seen.append(len(texts._of_this_record))
        forget()

    monkeypatch.setattr(texts, "forget", noting)
    sample = next(one for one in samples.ALL if one.expects_card)
    resources = [entry["resource"] for entry in sample.build(date(2026, 6, 15))["entry"]]
    for resource in resources:
        if resource["resourceType"] == "DiagnosticReport":
            resource["conclusion"] = "Lupus nephritis, class IV, " + "and nothing else was seen. " * 5
    assess_resources(resources, date(2026, 6, 15))
    assert seen[0] > 0
    assert texts._of_this_record == {}


def test_no_other_cache_of_the_reader_is_keyed_by_texts() -> None:
    """Two are not: the reader of a catalog, and a token, whose parts are codes."""
    found = {
        f"{path.name}: {name}"
        for path in READING.rglob("*.py")
        if path.parent.name != "keeping"
        for name in re.findall(
            r"lru_cache\([^)]*\)(?:\n    *)?\n?def (\w+)|= (?:lru_)?cache\(", path.read_text()
        )
    }
    assert found == {"record.py: _reading", "fhir_elements.py: _token"}
