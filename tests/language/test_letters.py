"""In which letters something is written."""

from __future__ import annotations

import pytest

from mappings.language.letters import tag_of


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("SLEDAI-2000 \u22658;", "en"),
        ("SLEDAI-2000\u8bc4\u5206\u22658\u5206", "zh"),
        ("CAR-T\u7ec6\u80de (CD19/BCMA)", "zh"),
        ("", "en"),
    ],
)
def test_one_chinese_character_tells_the_language_of_a_quotation(text: str, tag: str) -> None:
    assert tag_of(text) == tag
