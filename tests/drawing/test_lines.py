"""How texts are broken into lines: by the room of their letters, Chinese between letters."""

# ruff: noqa: RUF001 -- Chinese has its own punctuation

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.drawing.lines import lines, room

CASES = [
    ("", 10, ()),
    ("one line", 10, ("one line",)),
    ("more than 6 months: since May", 12, ("more than 6", "months:", "since May")),
    ("Hydroxychloroquine", 10, ("Hydroxychl", "oroquine")),
    ("超过6个月：自2026年5月22日或更早", 22, ("超过6个月：自2026年5月", "22日或更早")),
    ("甲乙丙，丁", 6, ("甲乙", "丙，丁")),
    ("甲乙（丙）丁", 6, ("甲乙", "（丙）", "丁")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "columns", "broken"), CASES)
def test_a_text_is_broken_where_a_reader_does_not_stumble(
    text: str, columns: int, broken: tuple[str, ...]
) -> None:
    assert lines(text, columns) == broken


@given(st.text(alphabet="ab 甲乙，（）。1\n"), st.integers(2, 30))
def test_no_line_is_too_long_and_no_letter_is_lost(text: str, columns: int) -> None:
    broken = lines(text, columns)

    assert all(0 < room(line) <= columns for line in broken)
    assert "".join("".join(broken).split()) == "".join(text.split())
