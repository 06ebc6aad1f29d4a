"""How a pathologist may word the class and the NIH indices, and what is read. For physicians to check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.reading.pathology.indices import read_index
from mappings.reading.pathology.wording import read_class
from mappings.verdicts import Reason

UNREADABLE, JUDGEMENT = Reason.UNREADABLE, Reason.NEEDS_JUDGEMENT
YEAR = 2025
"""All texts belong to a biopsy taken in this year."""

# the text | the class read | or why none is
CLASS_WORDING: list[tuple[str, str, Reason | None]] = [
    # plain
    ("class IV", "IV", None),
    ("Class III", "III", None),
    ("class iv", "IV", None),
    ("Lupus nephritis, class II.", "II", None),
    ("Minimal mesangial lupus nephritis, class I", "I", None),
    ("Class VI, advanced sclerosing lupus nephritis", "VI", None),
    ("Kidney, needle biopsy: lupus nephritis, ISN/RPS class IV.", "IV", None),
    ("ISN/RPS (2018) class III", "III", None),
    ("2018 revised ISN/RPS classification: class III", "III", None),
    ("ISN/RPS 2018: IV", "IV", None),
    ("36-year-old woman. Diagnosis: diffuse lupus nephritis, class IV.", "IV", None),
    ("consistent with class IV lupus nephritis", "IV", None),
    ("lupus nephritis IV", "IV", None),
    ("LN-III", "III", None),
    ("Type IV lupus nephritis", "IV", None),
    ("Klasse IV", "IV", None),
    # Arabic numerals
    ("class 4", "IV", None),
    ("ISN/RPS class: 3", "III", None),
    ("classes 3 and 5", "III V", None),
    ("class IV, 2 cores, 14 glomeruli", "IV", None),
    ("class V, 5 of 10 glomeruli sclerosed", "V", None),
    ("class IV and 3 crescents", "IV", None),
    # mixed
    ("class IV + V", "IV V", None),
    ("classes III and V", "III V", None),
    ("class III and class V", "III V", None),
    ("class III/V", "III V", None),
    ("class II+V", "II V", None),
    ("class IV with superimposed class V", "IV V", None),
    ("Class IV lupus nephritis with membranous (class V) features", "IV V", None),
    # 2003 suffixes
    ("class III (C)", "III(C)", None),
    ("class III (A)", "III(A)", None),
    ("ISN/RPS class IV-G (A/C)", "IV(A/C)", None),
    ("ISN/RPS class IV-S (A)", "IV(A)", None),
    ("class IV-G(A/C) + V", "IV(A/C) V", None),
    ("class III (A/C) and V", "III(A/C) V", None),
    ("class IV A/C", "IV(A/C)", None),
    ("class IV (active and chronic)", "IV(A/C)", None),
    ("class IV (B)", "", UNREADABLE),
    ("class IV (A). Summary: class IV (C).", "", UNREADABLE),
    # denials of something else
    ("Lupus nephritis without crescents, ISN/RPS class IV", "IV", None),
    ("No thrombotic microangiopathy. Class IV-G (A/C). No crescents.", "IV(A/C)", None),
    ("Class IV lupus nephritis. No evidence of class V.", "IV", None),
    # denied
    ("no evidence of class IV", "", UNREADABLE),
    ("Without features of class III, IV or V", "", UNREADABLE),
    ("There is no\nclass IV lesion", "", UNREADABLE),
    ("class IV not identified", "", UNREADABLE),
    ("class IV is excluded", "", UNREADABLE),
    ("Class IV lupus nephritis, no class V component", "", UNREADABLE),
    ("rule out class IV", "", UNREADABLE),
    ("未见IV型狼疮性肾炎", "", UNREADABLE),
    # earlier
    ("previous biopsy class III", "", UNREADABLE),
    ("Prior class IV lupus nephritis", "", UNREADABLE),
    ("history of class IV lupus nephritis", "", UNREADABLE),
    ("class IV in 2019", "", UNREADABLE),
    ("class IV (2019)", "", UNREADABLE),
    ("class III 5 years ago", "", UNREADABLE),
    ("known class IV lupus nephritis", "", UNREADABLE),
    ("Clinical history: SLE, class III", "", UNREADABLE),
    ("class III transformed to class IV", "", UNREADABLE),
    ("Compared with the previous biopsy (class III), class IV", "", UNREADABLE),
    ("Previous biopsy at another hospital. Class III.", "", UNREADABLE),
    ("Previous biopsy 2019: class III. Class IV.", "", UNREADABLE),
    ("Previous biopsy 2019: class III. Current biopsy: class IV-G (A/C).", "IV(A/C)", None),
    ("Biopsy of 2025-05-12: class IV", "IV", None),
    # headings on lines of their own
    ("CLINICAL HISTORY\nClass IV lupus nephritis\nDIAGNOSIS\nThin basement membrane disease", "", UNREADABLE),
    ("CLINICAL HISTORY\nSLE, proteinuria\nDIAGNOSIS\nLupus nephritis, class IV", "IV", None),
    ("Anamnese\nLupusnephritis Klasse IV\nDiagnose\nMinimal change", "", UNREADABLE),
    ("Anamnese\nSLE, Proteinurie\nDiagnose\nLupusnephritis Klasse IV", "IV", None),
    ("临床资料\n狼疮性肾炎Ⅳ型\n病理诊断\n薄基底膜肾病", "", UNREADABLE),
    ("临床资料\n系统性红斑狼疮\n病理诊断\n狼疮性肾炎Ⅳ型", "IV", None),
    # not certain
    ("?class IV", "", UNREADABLE),
    ("class IV?", "", UNREADABLE),
    ("possible class IV", "", UNREADABLE),
    ("suggestive of class IV", "", UNREADABLE),
    ("cannot exclude class IV", "", UNREADABLE),
    ("at least class III", "", UNREADABLE),
    ("class II-III", "", UNREADABLE),
    ("class III or IV", "", UNREADABLE),
    ("class III/IV", "", UNREADABLE),
    ("class III versus class V", "", UNREADABLE),
    ("Class IV. Comment: class III.", "", UNREADABLE),
    # WHO
    ("WHO class IV", "IV", JUDGEMENT),
    ("World Health Organization class V", "V", JUDGEMENT),
    ("class IV (WHO 1982)", "IV", JUDGEMENT),
    ("Lupus nephritis WHO class III + V", "III V", JUDGEMENT),
    ("class Vc", "V", JUDGEMENT),
    ("class III C", "III", JUDGEMENT),
    ("ISN/RPS class IV (WHO class IV)", "IV", None),
    ("previous WHO class IV", "", UNREADABLE),
    ("A patient who has class IV", "IV", None),
    # Chinese
    ("狼疮性肾炎IV型", "IV", None),
    ("狼疮性肾炎(Ⅳ+Ⅴ型)", "IV V", None),
    ("狼疮性肾炎\uff08Ⅳ-G\uff09", "IV", None),
    ("狼疮性肾炎IV-G(A/C)+V型", "IV(A/C) V", None),
    ("IV型狼疮性肾炎", "IV", None),
]

NO_CLASS = [
    "",
    "Minimal change disease",
    "IgA nephropathy, Oxford M1 E0 S1 T0 C0",
    "Renal allograft: no rejection, Banff class II",
    "Diabetic nephropathy class III",
    "NYHA class III heart failure",
    "HLA class II antibodies",
    "collagen type IV",
    "Lupus nephritis: IV methylprednisolone given",
    "first-class tissue",
    "The class in question",
    "class of 2018",
]


@pytest.mark.parametrize(("text", "classes", "problem"), CLASS_WORDING)
def test_the_class_in_plain_words(text: str, classes: str, problem: Reason | None) -> None:
    reading = read_class(text, YEAR)
    assert reading is not None
    assert (reading.tokens, reading.problem) == (frozenset(classes.split()), problem), reading.note
    assert bool(reading.note) == (problem is not None)
    assert reading.quote
    assert "\n" not in reading.quote


@pytest.mark.parametrize("text", NO_CLASS)
def test_words_that_name_no_class_of_lupus_nephritis(text: str) -> None:
    assert read_class(text, YEAR) is None


@pytest.mark.parametrize(
    ("answer", "classes", "problem"),
    [
        ("IV", "IV", None),
        ("IV + V", "IV V", None),
        ("III (C)", "III(C)", None),
        ("IV-G (A/C)", "IV(A/C)", None),
        ("IV lupus nephritis", "IV", None),
        ("4", "IV", None),
        ("Class III", "III", None),
        ("III/IV", "", UNREADABLE),
        ("II-III", "", UNREADABLE),
        ("IV?", "", UNREADABLE),
        ("?IV", "", UNREADABLE),
        ("not classified", "", UNREADABLE),
        ("previously IV", "", UNREADABLE),
        ("7", "", UNREADABLE),
    ],
)
def test_the_answer_to_a_question_for_the_class(answer: str, classes: str, problem: Reason | None) -> None:
    reading = read_class(answer, YEAR, answer=True)
    assert reading is not None
    assert (reading.tokens, reading.problem) == (frozenset(classes.split()), problem)


def test_a_year_without_a_known_year_of_the_biopsy_may_be_another() -> None:
    reading = read_class("Biopsy of 2025-05-12: class IV", None)
    assert reading is not None
    assert reading.problem is UNREADABLE


# the text | activity index | chronicity index ("-": none mentioned, "?": unreadable)
INDEX_WORDING = [
    ("AI 8/24", "8", "-"),
    ("AI 8/24, CI 2/12", "8", "2"),
    ("AI: 8; CI: 2", "8", "2"),
    ("AI=8", "8", "-"),
    ("activity index 15", "15", "-"),
    ("NIH activity index: 8 of 24", "8", "-"),
    ("NIH activity index (AI): 8/24; chronicity index (CI) 2/12", "8", "2"),
    ("modified NIH activity index 0/24", "0", "-"),
    ("activity index of 2", "2", "-"),
    ("activity index is 3.", "3", "-"),
    ("activity index (0-24): 8", "8", "-"),
    ("activity index 8 (max 24)", "8", "-"),
    ("activity index = 8 out of a possible 24", "8", "-"),
    ("Activity score 7/24", "7", "-"),
    ("activity 8/24, chronicity 2/12", "8", "2"),
    ("Activity/chronicity indices: 8/24 and 2/12", "8", "2"),
    ("AI/CI: 8 and 2", "8", "2"),
    ("AI/CI 8/2", "?", "?"),
    ("Class IV-G (A/C), no crescents, AI 3/24", "3", "-"),
    ("活动性指数(AI) 8, 慢性指数 2", "8", "2"),
    ("activity index 8-10", "?", "-"),
    ("activity index 8 to 10", "?", "-"),
    ("AI 8.5", "?", "-"),
    ("AI 8/20", "?", "-"),
    ("AI 25", "?", "-"),
    ("AI >8", "?", "-"),
    ("AI about 8", "?", "-"),
    ("AI 8+", "?", "-"),
    ("CI 13/12", "-", "?"),
    ("CI 2/24", "-", "?"),
    ("previous AI 5/24", "?", "-"),
    ("AI 8/24 in 2019", "?", "-"),
    ("AI 8/24. AI 9/24", "?", "-"),
    ("previous AI 5/24, now AI 10/24", "?", "-"),
    ("Previous biopsy: AI 5/24. Current biopsy: AI 10/24.", "10", "-"),
    ("SLE disease activity index 12", "-", "-"),
    ("AI: not reported", "-", "-"),
    ("AI, 12 glomeruli", "-", "-"),
    ("low activity", "-", "-"),
]


@pytest.mark.parametrize(("text", "activity", "chronicity"), INDEX_WORDING)
def test_the_nih_indices_in_plain_words(text: str, activity: str, chronicity: str) -> None:
    for index, expected in (("activity", activity), ("chronicity", chronicity)):
        reading = read_index(text, index, YEAR)
        if expected == "-":
            assert reading is None
        else:
            assert reading is not None
            assert str(reading.value) == ("None" if expected == "?" else expected), reading.note
            assert reading.problem is (UNREADABLE if expected == "?" else None)


@pytest.mark.parametrize(
    ("answer", "value"),
    [("8", 8), ("8/24", 8), ("8 of 24", 8), ("8.0", None), ("8-10", None), ("25", None), ("high", None)],
)
def test_the_answer_to_a_question_for_an_index(answer: str, value: int | None) -> None:
    reading = read_index(answer, "activity", YEAR, answer=True)
    assert reading is not None
    assert (reading.value, reading.problem) == (value, None if value is not None else UNREADABLE)


def test_a_text_cut_short_for_its_length_is_unreadable() -> None:
    reading = read_class("class IV. " + "Glomeruli. " * 10_000 + "No class IV.", YEAR)
    assert reading is not None
    assert reading.problem is UNREADABLE


def test_a_long_report_is_quoted_around_its_class() -> None:
    reading = read_class(
        "light microscopy of the cortex " * 20 + "shows class IV lupus nephritis " + "and more " * 30, YEAR
    )
    assert reading is not None
    assert len(reading.quote) <= 120
    assert "class IV" in reading.quote


PIECES = st.sampled_from(
    [
        *(
            "class",
            "IV",
            "V",
            "III",
            "(A/C)",
            "(C)",
            "WHO",
            "ISN/RPS",
            "no",
            "previous",
            "AI",
            "CI",
            "8/24",
            "2-3",
        ),
        *(
            " ",
            "\n",
            ".",
            ",",
            "+",
            "/",
            "-",
            "?",
            "2019",
            "activity index",
            "or",
            "狼疮性肾炎",
            "型",
            "(",
            ")",
        ),
    ]
)


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(PIECES, max_size=20).map(" ".join),
        st.lists(PIECES, max_size=20).map("".join),
    )
)
def test_no_text_makes_it_raise_and_no_problem_goes_without_words(text: str) -> None:
    for answer in (False, True):
        reading = read_class(text, YEAR, answer=answer)
        assert reading is None or (reading.problem is None) == (not reading.note)
        assert reading is None or bool(reading.tokens) == (reading.problem in (None, JUDGEMENT))
        index = read_index(text, "activity", YEAR, answer=answer)
        assert index is None or (index.value is None) == (index.problem is not None)


@given(
    st.sampled_from(["class IV", "class III (A) + V", "lupus nephritis, class V"]),
    st.sampled_from(["", " Crescents 20 %."]),
)
def test_a_denial_or_history_before_the_class_never_leaves_a_finding(mention: str, more: str) -> None:
    for cue in (
        "no ",
        "No evidence of ",
        "previous biopsy: ",
        "history of ",
        "rule out ",
        "?",
        "in 2018: ",
        "possible ",
    ):
        reading = read_class(f"{cue}{mention}.{more}", YEAR)
        assert reading is not None
        assert reading.problem is UNREADABLE
        assert not reading.tokens


@pytest.mark.parametrize(
    "text",
    [
        "class " * 3000,
        "no " * 6000,
        "IV-" * 6000,
        "(" * 19_000,
        "class IV, " * 2000,
        "class IV x " * 1800,
        "AI (" * 4000,
        "AI 8 no " * 2000,
        "class IV" + "(" * 19_000,
        "IV" + "." * 19_000,
        "class IV" + "\n" * 19_000 + "x",
        "AI 8/" + "1" * 9_000,
        "AI/CI " + "\n" * 9_000,
        "1" * 9_000,
        "a" * 19_000,
        "known lupus nephritis " * 800 + "class IV",
        "class IV was were " * 1000,
        "clinical history and " * 900 + "class IV",
        "mother " * 2700 + "class IV",
        "class IV\nhistory\n" * 1000,
        "class IV. it a a " * 1100,
        "klasse IV " * 1900,
        "é" * 19_000 + " class IV",
        "report diagnosis " * 1_100 + "class IV",
        "no glomeruli in the " * 950 + "class IV",
        "number of glomeruli " * 900 + "class IV",
        "EM " * 6_000 + "no glomeruli. class IV",
        "type IV-" * 2_400,
        "clinical lupus " * 1_300 + "class IV",
        "cannot be " * 1_900 + "class IV",
        "nefritis lúpica difusa " * 800,
        "[ ] " * 4_900 + "class IV",
    ],
)
@pytest.mark.timeout(60)
def test_a_hostile_text_takes_no_endless_time_and_makes_no_finding(text: str) -> None:
    for answer in (False, True):
        class_ = read_class(text, YEAR, answer=answer)
        index = read_index(text, "activity", YEAR, answer=answer)
        assert class_ is None or class_.problem is not None or class_.tokens <= {"IV"}
        assert index is None or index.problem is not None or index.value == 8
