"""Languages: what is not translated stays English, dates, and what stands between words."""

from __future__ import annotations

from datetime import date

import pytest

from cards import wording
from mappings.language import ENGLISH, LANGUAGES, Language, language
from mappings.language.language import catalogue
from tests.language.charts import CHINESE

DAYS = [
    # day, in full, in little room, its month
    (date(2026, 2, 16), "en", ("16 February 2026", "16 Feb 2026", "Feb 2026")),
    (date(2025, 9, 1), "en", ("1 September 2025", "1 Sep 2025", "Sep 2025")),
    (date(2026, 5, 31), "en", ("31 May 2026", "31 May 2026", "May 2026")),
    (date(2026, 2, 16), "zh-Hans", ("2026年2月16日", "2026年2月16日", "2026年2月")),
    (date(1989, 12, 3), "zh-Hans", ("1989年12月3日", "1989年12月3日", "1989年12月")),
]


@pytest.mark.parametrize(("day", "tag", "written"), DAYS)
def test_a_day_is_written_as_its_language_writes_it(day: date, tag: str, written: tuple[str, ...]) -> None:
    spoken = language(tag)
    assert (spoken.long_date(day), spoken.short_date(day), spoken.short_month(day)) == written


def test_what_has_no_translation_is_said_in_english() -> None:
    half = Language("zh-Hans", {"recruiting": "招募中", "full": ""})
    assert half.text("recruiting") == "招募中"
    assert half.text("full") == "full"
    assert half.text("never heard of") == "never heard of"
    assert (half.has("recruiting"), half.has("full"), ENGLISH.has("anything")) == (True, False, True)


def test_a_text_of_a_chart_that_looks_like_a_template_stays_as_it_is() -> None:
    assert CHINESE.text("{0.__class__}") == "{0.__class__}"


def test_there_is_one_of_each_language() -> None:
    assert [language(tag).tag for tag in LANGUAGES] == list(LANGUAGES)
    assert all(language(tag) is language(tag) for tag in LANGUAGES)
    assert language("en") is ENGLISH
    with pytest.raises(KeyError):
        language("de")


def test_a_guess_of_a_tool_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    guessed = catalogue("zh-Hans")
    entry = guessed.get("recruiting")
    assert entry is not None
    entry.flags.add("fuzzy")
    anew = language.__wrapped__
    monkeypatch.setitem(anew.__globals__, "catalogue", lambda _tag: guessed)
    assert anew("zh-Hans").text("recruiting") == "recruiting"


LISTS = [
    # words, limit, between the last two, in English, in Chinese
    (["A"], 3, wording.AND, "A", "A"),
    (["A", "B"], 3, wording.AND, "A and B", "A和B"),
    (["A", "B", "C"], 3, wording.AND, "A, B and C", "A、B和C"),
    (["A", "B", "C"], 3, wording.OR, "A, B or C", "A、B或C"),
    (["A", "B", "C", "D"], 3, wording.AND, "A, B and 2 more", "A、B和另外2项"),
    (["A", "B", "C", "D"], 3, wording.OR, "A, B or any of 2 more", "A、B或另外2项中的任一项"),
    ([], 3, wording.AND, "", ""),
]


@pytest.mark.parametrize(("words", "limit", "conjunction", "english", "chinese"), LISTS)
def test_a_list_is_joined_as_its_language_joins_it(
    words: list[str], limit: int, conjunction: str, english: str, chinese: str
) -> None:
    assert wording.listed(words, limit, conjunction) == english
    assert wording.listed(words, limit, conjunction, CHINESE) == chinese


def test_what_is_known_of_recruitment_is_said_in_both_languages() -> None:
    copied, day = date(2025, 11, 14), date(2026, 3, 1)
    assert wording.recruitment_line("recruiting", copied, copied, CHINESE) == (
        "招募中（据2025年11月14日的注册信息副本）"
    )
    assert wording.recruitment_line("full", day, copied, CHINESE) == "已招满（截至2026年3月1日）"
    assert wording.recruitment_line("unheard-of", day, copied, CHINESE) == "招募状态不明"
