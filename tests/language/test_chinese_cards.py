"""Cards in Simplified Chinese: whole pages as a clinician reads them, and no English of ours in any.

After a wanted change ``python -m tests.language.test_chinese_cards`` writes the pages anew: read the diff.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cards.cds_hooks import Action, Card
from cards.evidence_words import VALUE_LIMIT, read_in, value_of
from cards.text import shown, utf16_length
from mappings.language import ENGLISH
from mappings.results import Assessment, Evidence
from tests.cards.markdown import text_of
from tests.language.charts import CHINESE, CONTACT, assessments, card_in
from tests.language.test_catalogues import LATIN_IN_CHINESE

GOLDEN = Path(__file__).parent / "golden"
PATIENTS = ("lin-mei", "zhou-yan", "zhang-wei", "sofia-almeida")
"""A clear candidate; much still open; a man, units of other laboratories; records of another country."""

_LATIN = """
    NCT VI Observation Condition MedicationRequest MedicationAdministration MedicationStatement
    DiagnosticReport Medication Procedure Consent
"""
LATIN_ON_CARDS = LATIN_IN_CHINESE | frozenset(_LATIN.split())
"""The trial's id, a biopsy class, and the names of FHIR resources."""
MACHINE_READ = frozenset(
    {"system", "code", "value", "reference", "url", "indicator", "type", "status", "uuid"}
)
WORD = re.compile(r"[A-Za-z]{2,}")


def page_of(card: Card) -> str:
    """Summary, detail, and buttons with what they do, on one page."""
    parts = [
        f"# {card.summary}",
        card.detail,
        "---",
        *(f"[ {one.label} ]\n" + "\n".join(map(lines_of, one.actions)) for one in card.suggestions),
        " / ".join(reason.display for reason in card.override_reasons),
        f"{card.source.label}, {card.links[0].label}",
    ]
    return "\n\n".join(parts) + "\n"


def lines_of(action: Action) -> str:
    """What an action says it does, and the texts of its draft."""
    texts = [text for key, text in texts_of(action.resource) if key == "text"]
    return "\n".join([f"- {action.description}", *(f"  - {text}" for text in texts)])


def texts_of(value: object) -> Iterator[tuple[str, object]]:
    """The members of a resource, at any depth."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield key, member
            yield from texts_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_of(member)


@pytest.mark.parametrize("name", PATIENTS)
def test_the_chinese_card_reads_as_its_golden_page(name: str) -> None:
    page = page_of(card_in(CHINESE, assessments()[name]))
    assert page == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


def test_no_english_of_ours_is_left_on_any_chinese_card() -> None:
    left = {
        (word, line)
        for assessment in assessments().values()
        for line in text_of(card_in(CHINESE, assessment).detail).split("\n")
        for word in WORD.findall(without_data(line, assessment))
        if word not in LATIN_ON_CARDS
    }
    assert left == set()


def without_data(line: str, assessment: Assessment) -> str:
    """A line without what comes from the chart, which is never translated."""
    for text in sorted(data_of(assessment), key=len, reverse=True):
        line = line.replace(text, " ")
    return line


def data_of(assessment: Assessment) -> set[str]:
    """Values as written, with what is shown of long ones; studies; gaps that only tests have."""
    facts = [*assessment.shown, *(e for criterion in assessment.criteria for e in criterion.evidence)]
    values = {part for fact in facts for part in words_of_value(fact)}
    gaps = {gap.partition(": ")[2] for gap in assessment.not_retrieved}
    return {CONTACT, *values, *gaps, *assessment.other_studies} - {""}


def words_of_value(fact: Evidence) -> set[str]:
    text = value_of(fact)
    drug = re.sub(r", (?:ordered|stated|given|dispensed)$", "", text)
    return {part for each in (text, drug) for part in (each, shown(each, VALUE_LIMIT, read_in(fact)))}


def test_every_chinese_card_keeps_its_limits() -> None:
    for assessment in assessments().values():
        card = card_in(CHINESE, assessment)
        assert utf16_length(card.summary) < 140
        assert all(utf16_length(one.label) <= 80 for one in card.suggestions)
        assert "**" not in text_of(card.detail), "an emphasis that Markdown does not see"


def test_a_chinese_card_decides_and_orders_the_same_as_the_english_one() -> None:
    for assessment in assessments().values():
        ours, theirs = (card_in(spoken, assessment) for spoken in (CHINESE, ENGLISH))
        assert ours.detail.count("\n") == theirs.detail.count("\n")
        assert codes_of(ours) == codes_of(theirs)


def codes_of(card: Card) -> object:
    """What a machine reads of a card."""
    pairs = [(key, text) for key, text in texts_of(card.to_json()) if key in MACHINE_READ]
    return [pair for pair in pairs if isinstance(pair[1], str)]


if __name__ == "__main__":
    for each in PATIENTS:
        card = card_in(CHINESE, assessments()[each])
        (GOLDEN / f"{each}.md").write_text(page_of(card), encoding="utf-8")
