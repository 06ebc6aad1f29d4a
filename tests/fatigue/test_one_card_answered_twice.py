"""Several answers to one card: what of them corrects what, and what stands beside it."""

from __future__ import annotations

import pytest

from cds_service.fatigue.history import Answer
from tests.fatigue.situations import accepted, answer, by_a_colleague, history, one_decision

DECLINED = answer("patient-declined", 9, card="c")


@pytest.mark.parametrize(
    ("answers", "word", "why"),
    [
        ([DECLINED, accepted(8, card="c")], "declined", "a test ordered from it takes no patient's no back"),
        ([DECLINED, by_a_colleague(accepted(8, card="c"))], "declined", "nor does a colleague's order"),
        ([answer("already-referred", 9, card="c"), accepted(8, card="c")], "referred", "is in hand already"),
        (
            [DECLINED, accepted(8, card="c"), answer("not-now", 7, card="c")],
            "not_now",
            "corrected by another override, whatever was accepted between them",
        ),
        (
            [answer("not-now", 9, card="c"), accepted(8, card="c"), DECLINED._replace(at=accepted(7).at)],
            "declined",
            "the last override counts",
        ),
        ([answer("not-advised", 9, card="c"), accepted(8, card="c")], "tests_ordered", "thought again"),
    ],
)
def test_an_acceptance_is_no_correction_of_an_override_of_its_card(
    answers: list[Answer], word: str, why: str
) -> None:
    assert one_decision(history(*answers)).silenced == word, why
