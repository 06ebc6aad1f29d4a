"""Whole cards, as a clinician reads them: golden/*.md.

After a wanted change of wording ``python -m tests.cards.test_golden_cards`` writes them anew: read the diff.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cards.composing import compose_cards
from mappings.results import Assessment
from tests.cards.examples import CONTEXT, candidate_with_missing_tests, clear_candidate, uuids

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


if __name__ == "__main__":
    for each, assessment in CARDS.items():
        (GOLDEN / f"{each}.md").write_text(page_of(assessment()), encoding="utf-8")
