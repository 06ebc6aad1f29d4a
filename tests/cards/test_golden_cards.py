"""Whole cards, as a clinician reads them: golden/*.md.

After a wanted change of wording ``python -m tests.cards.test_golden_cards`` writes them anew: read the diff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cards.composing import compose_cards
from mappings.results import Assessment, Unreadable
from mappings.verdicts import Reason
from tests.cards.examples import (
    CONTEXT,
    NOT_MET,
    candidate_with_missing_tests,
    clear_candidate,
    criterion,
    found,
    uuids,
)

GOLDEN = Path(__file__).parent / "golden"
CARDS: dict[str, Callable[[], Assessment]] = {
    "clear-candidate": clear_candidate,
    "candidate-with-missing-tests": candidate_with_missing_tests,
}
TEN_SECONDS_LINES = 25
TEN_SECONDS_CHARACTERS = 2400
LONGEST_LINE = 280


def page_of(assessment: Assessment) -> str:
    """Summary, detail and buttons on one page."""
    (card,) = compose_cards(assessment, CONTEXT, uuids())
    buttons = [f"[ {suggestion.label} ]" for suggestion in card.suggestions]
    reasons = [reason.display for reason in card.override_reasons]
    parts = [
        f"# {card.summary}",
        card.detail,
        "---",
        "\n\n".join(buttons),
        f"Dismiss: {' / '.join(reasons)}",
        f"Source: {card.source.label}, {card.source.url}",
    ]
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", CARDS)
def test_the_card_reads_as_its_golden_page(name: str) -> None:
    assert page_of(CARDS[name]()) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CARDS)
def test_the_detail_reads_in_ten_seconds(name: str) -> None:
    (card,) = compose_cards(CARDS[name](), CONTEXT, uuids())

    lines = [line for line in card.detail.split("\n") if line]
    assert len(lines) <= TEN_SECONDS_LINES
    assert len(card.detail) <= TEN_SECONDS_CHARACTERS
    assert max(map(len, lines)) <= LONGEST_LINE


def test_the_fullest_card_there_can_be_stays_within_its_lines() -> None:
    full = clear_candidate()
    reasons = (Reason.VALUE, Reason.NOT_FOUND, Reason.NEEDS_JUDGEMENT)
    many = [
        criterion(f"{reason}{n}", f"C {n}", reason, found("X", "1")) for reason in reasons for n in range(20)
    ]
    failed = [result._replace(verdict=NOT_MET) for result in many[:5]]
    everything = replace(
        full,
        criteria=(*full.criteria, *many, *failed),
        other_studies=("A",) * 9,
        shown=full.gate_evidence * 9,
        not_retrieved=("B",) * 9,
        unreadable=(Unreadable("Observation/1", "no code"),) * 9,
    )

    (card,) = compose_cards(everything, CONTEXT, uuids())

    assert len([line for line in card.detail.split("\n") if line]) == TEN_SECONDS_LINES


if __name__ == "__main__":
    for each, assessment in CARDS.items():
        (GOLDEN / f"{each}.md").write_text(page_of(assessment()), encoding="utf-8")
