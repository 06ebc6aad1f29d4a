"""The table of phrasings (pathology_wording.yaml): the class, or why none is read, and both NIH indices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.reading.pathology import cues, wording
from mappings.reading.pathology.indices import Index, read_index
from mappings.reading.pathology.mentions import plain
from mappings.reading.pathology.wording import WHO_NOTE, read_class
from mappings.verdicts import Reason

YEAR = 2025
"""In which all biopsies of the table were taken."""

TABLE = Path(__file__).with_name("pathology_wording.yaml")


class Row(NamedTuple):
    """One phrase and what is to be read from it, as the table has it."""

    words: str
    class_: str
    activity: str
    chronicity: str


def rows(group: str = "") -> list[Row]:
    """The rows of the groups whose name begins so."""
    return [row for each in _groups() if each["group"].startswith(group) for row in _rows_of(each["rows"])]


def _groups() -> list[dict[str, str]]:
    found: list[dict[str, str]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return found


def _rows_of(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        yield Row(*(cell.strip().replace("⏎", "\n") for cell in line.split(" | ")))


def class_read(words: str) -> str:
    """What is read of the class, in the table's words."""
    reading = read_class(words, YEAR)
    if reading is None:
        return "none"
    tokens = " + ".join(sorted(reading.tokens, key=_numeral))
    if reading.problem is None:
        return tokens
    if reading.problem is Reason.UNREADABLE:
        return f"unknown: {reading.note.removeprefix('class ')}"
    return f"WHO {tokens}" if reading.note == WHO_NOTE else f"judge {tokens}: {reading.note}"


def _numeral(token: str) -> int:
    return ("I", "II", "III", "IV", "V", "VI").index(token.partition("(")[0])


def index_read(words: str, index: Index) -> str:
    """What is read of an index, in the table's words."""
    reading = read_index(words, index, YEAR)
    if reading is None:
        return "-"
    return "?" if reading.value is None else str(reading.value)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.words)
def test_a_phrase_is_read_as_the_table_says(row: Row) -> None:
    found = class_read(row.words)
    assert found == row.class_ or (":" in row.class_ and found.startswith(row.class_))
    assert (index_read(row.words, "activity"), index_read(row.words, "chronicity")) == row[2:]


def test_the_table_is_as_large_as_was_asked_for_and_says_what_it_was_made_after() -> None:
    chinese = rows("中文")
    assert len(chinese) >= 35
    assert len(rows()) - len(chinese) >= 70
    assert len({row.words for row in rows()}) == len(rows())
    assert all(group["after"] for group in _groups())


# --- whatever the phrase

ASCII_ROWS = [row for row in rows() if row.words.isascii()]
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


@pytest.mark.parametrize("row", ASCII_ROWS, ids=lambda row: row.words)
def test_full_width_letters_are_read_like_any_others(row: Row) -> None:
    wide = row.words.translate(FULL_WIDTH)
    assert class_read(wide) == class_read(row.words)
    for index in ("activity", "chronicity"):
        assert index_read(wide, index) == index_read(row.words, index)


def is_about_lupus(words: str) -> bool:
    """Not a bare type of something, which counts only where it is the whole text."""
    return "型" not in words or re.search("狼|LN|[肾腎]", words) is not None


FINDINGS = [
    row
    for row in rows()
    if row.class_[0] in "IVWj" and not re.search(r"[,.。;]", plain(row.words)) and is_about_lupus(row.words)
]
BEFORE = {
    "denied": ("No evidence of {}", "未见{}", "排除{}"),
    "of an earlier biopsy": ("Previous biopsy: {}", "既往肾活检:{}", "In 2019: {}", "外院病理:{}"),
    "not certain": ("Possible {}", "疑似{}", "考虑{}", "at least {}"),
}
CUES = [(cue, why) for why, cues_ in BEFORE.items() for cue in cues_]


@pytest.mark.parametrize(("cue", "why"), CUES, ids=[cue for cue, _ in CUES])
def test_no_phrase_is_a_finding_once_it_is_denied_remembered_or_doubted(cue: str, why: str) -> None:
    assert len(FINDINGS) > 80
    for row in FINDINGS:
        assert class_read(cue.format(row.words)).startswith(f"unknown: {why}"), row.words


SENTENCE_BESIDE = (
    "Immunofluorescence: IgG 3+, C3 3+, C1q 3+. {}. Arteries show mild fibrosis.",
    "免疫荧光: IgG 3+, C3 2+。{}。小动脉未见明显增厚。",
)


@pytest.mark.parametrize("beside", SENTENCE_BESIDE, ids=["English", "Chinese"])
def test_other_sentences_of_a_report_change_nothing(beside: str) -> None:
    for row in FINDINGS:
        assert class_read(beside.format(row.words)) == class_read(row.words), row.words


# --- what makes it fast must not change what it says

EVERY_PATTERN = [
    *(cues.DENIED_BEFORE, cues.DENIED_AFTER, cues.EARLIER, cues.OLD_BIOPSY),
    *(cues.UNCERTAIN_BEFORE, cues.UNCERTAIN_AFTER, cues.STILL_OPEN_BEFORE, cues.STILL_OPEN_AFTER),
]
WORDS_OF_DOUBT = """
no not none without never nor neither denied negative for free of absent lack lacking excluded ruled out r/o
fails to rather than instead insufficient previous prior past earlier former history hx h/o ago since
originally initially outside baseline status post s/p at diagnosis onset diagnosed in used transformed
compared with clinical indications referral known from first last old index renal biopsy report possibly
probably suspicious suggestive can't could may might either differential presumably borderline equivocal
indeterminate pending query uncertain unclear least most provisional tentative consider approaching or
organized organ resembling nephrology sinusoidal PAS-positive ruler 2016 isn't wasn't against unlike
rejected refuted nil prev hist remotely preceding elsewhere childhood long-standing before pre-treatment
background treatment of therapy biopsied because pre-biopsy submitted pmhx as a child the established
carries diagnosis reason mother's sister family donor son twin poss prob susp dd ddx d/d questionable
doubtful perhaps maybe whether would seems potential thought assumed hypothetical concern worrisome
mimicking simulating masquerading imitating like akin to confirm evaluation work-up pattern patterns in rule
ruling unproven unconfirmed tbc question type changes nicht nie weder ausgeschlossen Ausschluss
auszuschliessen statt gegen ni nunca ninguno descarta excluye ausencia no se V.a. Z.n. Z. n. V. a. St.p.
Zustand nach bekannte frueher Vorbiopsie vor drei Jahren ehemals damals seit seinerzeit Anamnese klinisch
Fragestellung Einweisung Zuweisung Erstdiagnose externe vergleichbar Mutter Tochter antecedentes previa
anterior conocida hace historia motivo clinica Verdacht fraglich moeglich wahrscheinlich vermutlich eher
ehesten evtl eventuell Differentialdiagnose kann scheint mindestens unklar unsicher Hinweis zweifelhaft wie
sospecha posible sugiere puede duda parece al menos frente madre hija familiar
withdrawn retracted rescinded revoked void voided cancelled erroneous mistakenly incorrect nullified n/a
less likely disfavored improbable low probability preliminary between clinically clinical by definition
as seen in defined as a consideration bordering for 5 years x 10 years last year dx 5/19 working
preoperative pre-procedure pre-biopsy impression per clinician according to the physician stepsister
grandma grandchild partner spouse girlfriend boyfriend mom mum dad fhx child with her children
evaluate for unwahrscheinlich cannot be excluded unable to exclude not ruled out no se puede excluir [ ] ( )
"""
VOCABULARY = sorted({*WORDS_OF_DOUBT.split(), *(word for row in rows() for word in row.words.split())})
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=9).map(" ".join)


def test_no_word_or_phrase_of_doubt_is_passed_over_as_plain() -> None:
    """Each word of doubt alone, and each few that stand side by side in the list or in a row."""
    told = [WORDS_OF_DOUBT.split(), *(row.words.split() for row in rows())]
    for words in told:
        for begin in range(len(words)):
            for end in range(begin + 1, min(begin + 5, len(words)) + 1):
                phrase = plain(" ".join(words[begin:end]))
                found = [pattern.pattern[:30] for pattern in EVERY_PATTERN if pattern.search(phrase)]
                assert cues.may_hold_a_cue(phrase) or not found, phrase


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_a_sentence_passed_over_as_plain_holds_no_cue(text: str) -> None:
    words = plain(text)
    if not cues.may_hold_a_cue(words):
        assert not any(pattern.search(words) for pattern in EVERY_PATTERN)


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_anchors_looked_for_by_their_first_letters_are_those_that_the_pattern_finds(text: str) -> None:
    words = plain(text)
    if not words.isascii():
        return
    starts, position = wording._starts(words), 0
    while True:
        slow = wording._ANCHOR.search(words, position)
        fast = wording._next_anchor(words, position, starts)
        assert (slow and slow.span()) == (fast and fast.span())
        if slow is None:
            return
        position = max(slow.end(), slow.start() + 1)
