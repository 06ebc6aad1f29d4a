"""What readers say in their own words is translated; what a chart says is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mappings.language import ENGLISH
from mappings.language.record_words import (
    GAP_PATTERNS,
    NOTE_PATTERNS,
    STATUSES,
    VALUE_PATTERNS,
    drugs_in,
    gap_in,
    note_in,
    value_in,
    window_in,
)
from tests.language.catalogues import ROOT
from tests.language.charts import CHINESE

VALUES = [
    # value, in Chinese; what comes from the chart stays as it is
    ("34 years", "34岁"),
    ("33 or 34 years", "33或34岁"),
    ("class IV + V", "IV + V型"),
    ("class III(A/C)", "III(A/C)型"),
    ("no", "否"),
    ("female", "女"),
    ("1 g/g to 2 g/g", "1 g/g至2 g/g"),
    ("predniSONE 20 MG Oral Tablet, ordered", "predniSONE 20 MG Oral Tablet，已开医嘱"),
    ("泼尼松片 5mg, given", "泼尼松片 5mg，已给药"),
    ("1.4 g/g", "1.4 g/g"),
    ("Delirium", "Delirium"),  # words of a chart that are also a name of ours
    ("Negative", "Negative"),
    ("class IV lupus nephritis", "class IV lupus nephritis"),
    ("two to three casts", "two to three casts"),
    ("good general condition", "good general condition"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "chinese"), VALUES)
def test_a_value_is_translated_only_if_all_of_it_is_ours(text: str, chinese: str) -> None:
    assert value_in(CHINESE, text) == chinese
    assert value_in(ENGLISH, text) == text


NOTES = [
    ("recognised by name", "按名称识别"),
    ("until 2026-01-01", "至2026-01-01"),
    ("until 2026", "至2026"),
    ("shown, not counted; until 2026-01-01; recognised by name", "仅显示，未计入；至2026-01-01；按名称识别"),
    (
        "since then without a break; inferred from drug dates and activity",
        "此后未中断；根据用药日期和疾病活动推断",
    ),
    ("active", "临床状态：活动"),
    ("active, verification status not recorded", "临床状态为活动，未记录确认状态"),
    ("not a whole number from 0 to 24", "不是0至24的整数"),
    ("Low complement", "低补体"),
    ("a code of a status that nobody knows", "a code of a status that nobody knows"),
    ("", ""),
]


@pytest.mark.parametrize(("note", "chinese"), NOTES)
def test_a_note_is_translated_part_by_part(note: str, chinese: str) -> None:
    assert note_in(CHINESE, note) == chinese
    assert note_in(ENGLISH, note) == note


@pytest.mark.parametrize(
    ("words", "chinese"),
    [("1 day", "1天"), ("90 days", "90天"), ("42 weeks", "42周"), ("6 months", "6个月"), ("1 year", "1年")],
)
def test_a_look_back_is_translated_with_its_number(words: str, chinese: str) -> None:
    assert window_in(CHINESE, words) == chinese


GAPS = [
    ("Observation: deadline of 2 s reached", "Observation：已达到2秒时限"),
    (
        "Condition: not in the prefetch; this FHIR server may not be called",
        "Condition：预取数据中没有；不允许访问该FHIR服务器",
    ),
    ("Medication: 3 referenced, not read", "Medication：引用了3项，未读取"),
    ("Procedure: the access token does not cover Procedure", "Procedure：访问令牌未授权Procedure"),
]


@pytest.mark.parametrize(("what", "chinese"), GAPS)
def test_what_was_not_read_is_translated_and_the_resource_keeps_its_name(what: str, chinese: str) -> None:
    assert gap_in(CHINESE, what) == chinese
    assert gap_in(ENGLISH, what) == what


def test_the_drugs_of_a_treatment_bear_the_names_of_the_definitions() -> None:
    assert drugs_in(CHINESE, "prednisone + mycophenolate + mepacrine") == "泼尼松 + 麦考酚酸类 + 米帕林"
    assert drugs_in(CHINESE, "prednisone + something new") == "泼尼松 + something new"


# --- completeness

SENTENCE = re.compile(r"[A-Za-z][A-Za-z'-]*(?:[,;]? [A-Za-z0-9('{}:)-]+)+")
"""Two words or more: what a reader says for people looks like this, and codes, patterns and keys do not."""

OF_PEOPLE = (
    *("mappings/reading", "mappings/evaluation", "mappings/timeline"),
    *("cds_service/fhir", "cds_service/hooks/gathering.py", "cds_service/hooks/prefetch.py"),
    "cds_service/screening/files.py",
)
"""Where the words of notes, values and gaps are written."""

NEVER_ON_A_CARD = frozenset(
    {
        # answers, ranges and cues that are looked for in a text
        *("not detected", "none detected", "non reactive", "normal range", "reference range"),
        *("World Health", "nicht nachweisbar", "bone marrow"),
        *("not detectable", "not reactive", "none observed", "none seen", "not seen"),
        # flags of laboratories, as they are written
        *("abnormal applies to non numeric results", "normal applies to non numeric results"),
        *("above absolute high off instrument scale", "below absolute low off instrument scale"),
        *("above upper panic limits", "below lower panic limits", "off scale high", "off scale low"),
        *("above reference range", "below reference range", "in reference range", "outside reference range"),
        *("within normal range", "within reference interval", "within reference range", "no range defined"),
        *("significant change down", "significant change up"),
        *(
            "above high normal",
            "above normal",
            "above range",
            "below low normal",
            "below normal",
            "below range",
        ),
        *("critical abnormal", "critical high", "critical low", "critically high", "critically low"),
        *(
            "in range",
            "not applicable",
            "out of range",
            "outside range",
            "within range",
            "within normal limits",
        ),
        *("significantly high", "significantly low", "very abnormal", "very high", "very low"),
        *("schwach positiv", "weak positive", "weakly positive", "weakly reactive"),
        # of entries that could not be read: the card counts them, and their words are for informaticists
        *("not a resource", "no resourceType", "no code", "does not say whose it is", "value cannot be read"),
        *("names no medication", "contained Medication is missing", "Medication entered in error"),
        "conclusion is not a text",
        *("daysSupply is not a number of days", "boundsDuration is not a number of days"),
        "expectedSupplyDuration is not a number of days",
        # the answer of a consent that was refused
        "not {}",
        # errors of callers, and what is sent to servers
        "is not UTF-8 text; save it with that encoding",
        *("no Patient resource", "it was not there", "Bearer {}"),
        # a look-back beside a fact that counts, which is not shown
        "more than {}",
        # part of a key by which servers are told apart
        "too deep {}",
        # halves of notes that are listed as wholes
        "in a language that is not read",
        *("of an earlier biopsy or the clinical history", "not certain", "index {}", "class {}"),
        *("also a class {}", "no {} index in the records of this biopsy"),
        *("refused this search", "the FHIR server {} ({})"),
    }
)


def sentences_in(path: Path) -> Iterator[str]:
    """The texts in a module but its docstrings; of f-strings, with ``{}`` for what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed_over = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed_over |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
            yield node.value


def is_translated(text: str) -> bool:
    """Whether a card in Chinese says all of it in Chinese."""
    filled = re.sub(r"\{[^}]*\}", "2026", text)
    parts = [STATUSES.get(part, part) for part in filled.split("; ")]
    patterns = [expression for expression, _ in (*NOTE_PATTERNS, *GAP_PATTERNS, *VALUE_PATTERNS)]
    return all(CHINESE.has(part) or any(each.fullmatch(part) for each in patterns) for part in parts)


def test_every_sentence_that_a_reader_can_write_is_translated() -> None:
    files = [
        path
        for place in OF_PEOPLE
        for path in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))
    ]
    unknown = {
        (path.name, text)
        for path in files
        for text in sentences_in(path)
        if SENTENCE.fullmatch(text) and text not in NEVER_ON_A_CARD and not is_translated(text)
    }
    assert unknown == set(), "add them to record_words.py, or to NEVER_ON_A_CARD with the reason"


def test_what_is_excused_is_still_there() -> None:
    written = {
        text
        for place in OF_PEOPLE
        for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
        for text in sentences_in(path)
    }
    assert NEVER_ON_A_CARD - written == set()
