"""Classes, indices and questions of a kidney biopsy that look like others. All are of 2025."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.reading.pathology.indices import index_number
from mappings.reading.pathology.questions import question_in
from mappings.reading.pathology.wording import read_class
from mappings.verdicts import Reason
from tests.mappings.reading.test_pathology import AI, CI, observation, of

NOT_ONE = Reason.UNREADABLE

WORDING = [
    # the text | the class read, "none" if it gives none | why none is read
    ("class 3 crescents", "none", None),
    ("class 5 of 10 glomeruli", "none", None),
    ("class 3 and 5 crescents", "III", None),
    ("class III (class V)", "", NOT_ONE),
    ("Diffuse lupus nephritis, class III+IV. Membranous lupus nephritis, class V", "III IV V", None),
]


@pytest.mark.parametrize(("text", "classes", "problem"), WORDING, ids=[row[0] for row in WORDING])
def test_a_number_that_counts_is_no_class_and_two_classes_need_a_word_that_joins_them(
    text: str, classes: str, problem: Reason | None
) -> None:
    reading = read_class(text, 2025)
    if classes == "none":
        assert reading is None
    else:
        assert reading is not None
        assert (" ".join(sorted(reading.tokens)), reading.problem) == (classes, problem)


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("肾组织活动性指数", "activity"),
        ("肾组织慢性指数", "chronicity"),
        ("NIH activity index", "activity"),
        ("NIH chronicity index", "chronicity"),
    ],
)
def test_activity_and_chronicity_are_told_apart_in_english_and_chinese(code: str, question: str) -> None:
    assert question_in(code) == question


@pytest.mark.parametrize(("number", "read"), [(0, 0), (12, 12), (13, None), (-1, None), (1.5, None)])
def test_a_chronicity_index_is_a_whole_number_from_0_to_12(number: float, read: int | None) -> None:
    assert index_number(number, "chronicity")[0] == read


def test_ai_and_ci_ask_for_the_indices_beside_a_class() -> None:
    parts: list[dict[str, Any]] = [
        {"code": {"text": "AI"}, "valueInteger": 8},
        {"code": {"text": "CI"}, "valueInteger": 0},
    ]
    panel = observation("ISN/RPS class", valueString="class IV", component=parts)
    [activity], [chronicity] = of(AI, panel), of(CI, panel)
    assert activity.amount is not None
    assert chronicity.amount is not None
    assert (activity.amount.low, chronicity.amount.low) == (8, 0)
