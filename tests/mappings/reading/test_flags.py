"""The laboratory's flag beside a number and its range: believed only as far as they do not contradict it."""

from __future__ import annotations

import pytest

from tests.mappings.reading.test_qualified_results import (
    HCG,
    HCG_IN_SERUM,
    MIU,
    Json,
    between,
    flagged,
    observation,
    quantity,
    read,
    said,
)

HCG_0_5: Json = {"referenceRange": [between(0, 5)]}
MG = "mg/dL"
C3_90_180: Json = {"referenceRange": [{"low": quantity(90, MG), "high": quantity(180, MG)}]}
BELOW_30: Json = {"referenceRange": [{"high": quantity(30, "[IU]/mL")}]}
C3_CODE, DSDNA_CODE, ANA_BY_EIA = "4485-9", "5130-0", "5047-6"


INDEX: Json = {"valueQuantity": quantity(0.2, "{index_val}") | {"unit": "AI"}}
INDEX |= {"referenceRange": [{"high": {"value": 1.0, "unit": "AI"}}]}
INDEX_ABOVE = INDEX | {"valueQuantity": quantity(3.0, "{AI}")}


def below(value: float, unit: str) -> Json:
    return {"valueQuantity": quantity(value, unit) | {"comparator": "<"}}


def above(value: float, unit: str) -> Json:
    return {"valueQuantity": quantity(value, unit) | {"comparator": ">"}}


def number(value: float, unit: str = "") -> Json:
    return {"valueQuantity": quantity(value, unit) if unit else {"value": value}}


FLAGGED: list[tuple[str, str, str, Json, str]] = [
    # an hCG whose number is not below its range, however it is written
    ("as a text", "hcg", HCG, {"valueString": "8000 mIU/mL"} | HCG_0_5 | flagged("N"), "? conflicting"),
    ("as a text, NEG", "hcg", HCG, {"valueString": "8000 mIU/mL"} | HCG_0_5 | flagged("NEG"),
     "? conflicting"),
    ("as a text, within", "hcg", HCG, {"valueString": "2 mIU/mL"} | HCG_0_5 | flagged("N"),
     "negative normal"),
    ("as a text, without flag", "hcg", HCG, {"valueString": "<1.0 mIU/mL"} | HCG_0_5, "negative normal"),
    ("an integer", "hcg", HCG,
     {"valueInteger": 8000, "referenceRange": [{"high": {"value": 5}}]} | flagged("N"), "? conflicting"),
    ("a range of numbers", "hcg", HCG,
     {"valueRange": between(6000, 8000)} | HCG_0_5 | flagged("N"), "? imprecise"),
    ("above the limit", "hcg", HCG, above(5, MIU) | HCG_0_5 | flagged("N"), "? conflicting"),
    ("above the limit, NEG", "hcg", HCG, above(5, MIU) | HCG_0_5 | flagged("NEG"), "? conflicting"),
    ("below the limit, POS", "hcg", HCG, below(5, MIU) | HCG_0_5 | flagged("POS"), "? conflicting"),
    ("without unit, NEG", "hcg", HCG, number(8000) | HCG_0_5 | flagged("NEG"), "? imprecise"),
    ("on the limit the flag decides", "hcg", HCG, number(5, MIU) | HCG_0_5 | flagged("NEG"), "negative"),
    # below what can be measured is within a range from zero
    ("below detection", "hcg", HCG, below(1, MIU) | HCG_0_5, "negative normal"),
    ("below the limit itself", "hcg", HCG, below(5, MIU) | HCG_0_5, "negative normal"),
    ("below a number that is above the range", "hcg", HCG, below(20, MIU) | HCG_0_5, "? imprecise"),
    ("below detection, flagged", "hcg", HCG, below(1, MIU) | HCG_0_5 | flagged("N"), "negative normal"),
    ("antibodies below detection", "anti-dsdna", DSDNA_CODE,
     below(10, "[IU]/mL") | {"referenceRange": [between(0, 30)]}, "? imprecise"),
    ("antibodies below detection, from zero", "anti-dsdna", DSDNA_CODE,
     below(10, "[IU]/mL") | {"referenceRange": [{"low": quantity(0, "[IU]/mL"),
                                                 "high": quantity(30, "[IU]/mL")}]}, "negative normal"),
    # complement and antibodies
    ("C3 as a text", "complement-c3", C3_CODE, {"valueString": "50 mg/dL"} | C3_90_180 | flagged("N"),
     "? conflicting"),
    ("C3 as a text, low", "complement-c3", C3_CODE, {"valueString": "50 mg/dL"} | C3_90_180, "low"),
    ("C3 without unit, normal", "complement-c3", C3_CODE, number(50) | C3_90_180 | flagged("N"),
     "? imprecise"),
    ("C3 without unit, low", "complement-c3", C3_CODE, number(120) | C3_90_180 | flagged("L"),
     "? imprecise"),
    ("C3 below the limit", "complement-c3", C3_CODE, below(90, MG) | C3_90_180 | flagged("N"),
     "? conflicting"),
    ("C3 in a text as low", "complement-c3", C3_CODE,
     number(50, MG) | {"referenceRange": [{"text": "90-180"}]}, "low"),
    ("C3 in a text of adults", "complement-c3", C3_CODE,
     number(120, MG) | {"referenceRange": [{"text": "Adults: 0.9 \u2013 1.8 g/L"}]}, "normal"),
    ("C3 in a text of men", "complement-c3", C3_CODE,
     number(50, MG) | {"referenceRange": [{"text": "Male 90-180"}]}, "? imprecise"),
    ("C3 in a text, outside, flagged", "complement-c3", C3_CODE,
     {"valueString": "120 mg/dL", "referenceRange": [{"text": "90~180 mg/dL"}]} | flagged("L"),
     "? conflicting"),
    ("C3 on a limit that is outside", "complement-c3", C3_CODE,
     number(90, MG) | {"referenceRange": [{"text": ">90"}]}, "? imprecise"),
    ("C3 in grams beside milligrams", "complement-c3", C3_CODE,
     number(1.2, "g/L") | C3_90_180 | flagged("N"), "normal"),
    ("dsDNA above the limit", "anti-dsdna", DSDNA_CODE, above(30, "[IU]/mL") | BELOW_30 | flagged("N"),
     "? conflicting"),
    ("dsDNA without unit", "anti-dsdna", DSDNA_CODE, number(100) | BELOW_30 | flagged("N"), "? imprecise"),
    ("dsDNA as a text", "anti-dsdna", DSDNA_CODE, {"valueString": "100 IU/mL"} | BELOW_30, "high positive"),
    ("ANA without unit", "ana", ANA_BY_EIA,
     number(30) | {"referenceRange": [{"high": quantity(20, "U/mL")}]} | flagged("N"), "? imprecise"),
    ("ANA as a text", "ana", ANA_BY_EIA,
     {"valueString": "30 U/mL", "referenceRange": [{"high": quantity(20, "U/mL")}]} | flagged("N"),
     "? conflicting"),
    ("an index, in its written unit", "anti-sm", "11090-8", INDEX | flagged("N"), "negative normal"),
    ("an index, above", "anti-sm", "11090-8", INDEX_ABOVE | flagged("N"), "? conflicting"),
    # flags that contradict each other, or the answer
    ("normal and low", "complement-c3", C3_CODE, number(85, MG) | flagged("L", "N"), "? conflicting"),
    ("low and very low", "complement-c3", C3_CODE, number(85, MG) | flagged("L", "LL"), "low"),
    ("the word low flagged normal", "complement-c3", C3_CODE, {"valueString": "low"} | flagged("N"),
     "? conflicting"),
    ("the word normal flagged low", "complement-c3", C3_CODE, {"valueString": "normal"} | flagged("L"),
     "? conflicting"),
    ("negative flagged abnormal", "hcg", HCG_IN_SERUM, {"valueString": "negative"} | flagged("A"),
     "? conflicting"),
    ("positive flagged abnormal", "hcg", HCG_IN_SERUM, {"valueString": "positive"} | flagged("A"),
     "abnormal positive"),
    ("negative flagged indeterminate", "hcg", HCG_IN_SERUM, {"valueString": "negative"} | flagged("IND"),
     "? imprecise"),
    ("normal and indeterminate", "hcg", HCG, number(3, MIU) | flagged("N", "IND"), "? imprecise"),
    ("weakly reactive within the range", "hcg", HCG, number(3, MIU) | HCG_0_5 | flagged("WR"),
     "? imprecise"),
    ("a flag that nobody knows, within the range", "hcg", HCG, number(3, MIU) | HCG_0_5 | flagged("Q7"),
     "? imprecise"),
    ("a flag that nobody knows, beside an answer", "hcg", HCG_IN_SERUM,
     {"valueString": "negative"} | flagged("Q7"), "negative"),
    ("off the scale, within the range", "hcg", HCG, below(1, MIU) | HCG_0_5 | flagged("<"),
     "negative normal"),
    ("ANA flagged equivocal", "ana", "29953-7", {"valueString": "positive"} | flagged("E"), "? imprecise"),
    ("B cells not detected", "cd19-b-cells", "8117-4", number(0.4, "%") | flagged("ND"), "? conflicting"),
    ("B cells indeterminate", "cd19-b-cells", "8117-4", number(0.01, "%") | flagged("IND"), "? imprecise"),
    ("B cells flagged low", "cd19-b-cells", "8117-4", number(0.4, "%") | flagged("L"), "positive"),
    ("no B cells flagged abnormal", "cd19-b-cells", "8117-4", number(0, "%") | flagged("A"), "negative"),
    ("casts flagged negative", "urine-casts", "5807-3", number(3, "/[LPF]") | flagged("NEG"),
     "? conflicting"),
    ("casts flagged normal", "urine-casts", "5807-3", number(3, "/[LPF]") | flagged("N"), "? conflicting"),
    ("casts flagged abnormal", "urine-casts", "5807-3", number(3, "/[LPF]") | flagged("A"), "positive"),
    ("a titre that meets the criterion stands", "ana", "29953-7",
     {"valueString": "1:160"} | flagged("NEG"), "positive"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code", "members", "expected"), [row[1:] for row in FLAGGED], ids=[row[0] for row in FLAGGED]
)
def test_a_flag_is_believed_only_as_far_as_the_number_allows(
    name: str, code: str, members: Json, expected: str
) -> None:
    assert said(read(observation(code, **members)), name) == expected


def in_words(text: str) -> Json:
    return {"interpretation": [{"text": text}]}


FLAGS_IN_WORDS: list[tuple[Json, str]] = [
    *((in_words(text), "low") for text in ("Low", "L", "↓", "偏低", "Below low normal", "l")),
    *((in_words(text), "? conflicting") for text in ("High", "↑", "偏高", "Normal", "正常", "erhöht")),
    *((in_words(text), "? imprecise") for text in ("Borderline", "可疑", "grenzwertig", "±", "see note")),
    *((in_words(text), "low") for text in ("-", "", "n/a", "Abnormal", "*")),
    ({"interpretation": [{"coding": [{"code": "*L", "display": "Low"}]}]}, "low"),
    ({"interpretation": [{"coding": [{"code": "laboratory's own"}, {"code": "L"}]}]}, "low"),
    ({"interpretation": [{"coding": [{"code": "L"}], "text": "Low"}]}, "low"),
    ({"interpretation": [{"coding": [{"code": "L"}], "text": "see comment"}]}, "low"),
    ({"interpretation": {"text": "Low"}}, "low"),
    ({"interpretation": ["Low"]}, "low"),
    ({"interpretation": [{}]}, "low"),
]


@pytest.mark.parametrize(("flag", "expected"), FLAGS_IN_WORDS)
def test_a_flag_is_read_in_its_words_too(flag: Json, expected: str) -> None:
    low = observation(C3_CODE, **number(50, MG), **C3_90_180, **flag)
    assert said(read(low), "complement-c3").replace("abnormal ", "") == expected


# What laboratories write for a flag; what is read of it beside a C3 of 50, 120 and 200 with a range of 90 to
# 180 ("=" what number and range say, "x" conflicting, "?" a flag that is not known), and without a range.
WRITTEN_FLAGS: list[tuple[str, str, str]] = [
    # the flag of a low, a normal, a high number; marked, in brackets, told twice
    *((text, "= x x", "low") for text in (
        "L*", "*L", "(L)", "[L]", "L!", "LO", "lo", "Low (L)", "L - Low", "L-Low", "Abnormal Low",
        "Alert low", "Crit Low", "LL*", "Panic Low", "Critically low", "low, abnormal", "L: low", "L↓",
        "偏低↓", "Low*", "** L **", "Below reference range", "Below lower panic limits",
    )),
    *((text, "x x =", "high") for text in (
        "H*", "HI", "(H)", "H - High", "Alert high", "Abnormal High", "↑H", "Above upper panic limits",
    )),
    *((text, "x = x", "normal") for text in (
        "Normal (N)", "(N)", "N - Normal", "Within reference range", "Within Reference Interval",
        "Normal (applies to non-numeric results)",
    )),
    *((text, "= x =", "abnormal") for text in (
        "A*", "(A)", "ABN", "Abnormal (A)", "Abnormal (applies to non-numeric results)", "Alert abnormal",
    )),
    # no flag at all: the number and its range say it
    *((text, "= = =", "") for text in (
        "N/A", "n/a", "N.A.", "NA", "Not applicable", "Off scale low", "Off scale high",
        "Significant change up",
    )),
    # neighbours of these: another word, two sides, or nobody knows
    *((text, "? ? ?", "") for text in (
        "#N/A", "A/N", "N/L", "Left", "L arm", "L hand (L)", "low normal", "Low-Normal", "high normal",
        "H/L", "L, H", "L?", "H-", "not low", "previously low", "low risk", "Alert", "Critical", "very",
        "normal abnormal", "A1", "F", "OK", "HIV", "LOW (repeat)", "Nil", "abnormal, see comment", "N A",
    )),
]  # fmt: skip
_C3 = {"low": 50, "normal": 120, "high": 200}
_MEANT = {"x": "? conflicting", "?": "? imprecise"}


@pytest.mark.parametrize(
    ("text", "beside", "alone"), WRITTEN_FLAGS, ids=[row[0] or "nothing" for row in WRITTEN_FLAGS]
)
def test_a_flag_is_read_as_it_is_written(text: str, beside: str, alone: str) -> None:
    for (side, value), expected in zip(_C3.items(), beside.split(), strict=True):
        for flag in (in_words(text), {"interpretation": [{"coding": [{"code": text}]}]}):
            result = read(observation(C3_CODE, **number(value, MG), **C3_90_180, **flag))
            meant = said(result, "complement-c3").replace("abnormal ", "").replace(" abnormal", "")
            assert meant == _MEANT.get(expected, side), (value, flag)
    without_range = read(observation(C3_CODE, **number(120, MG), **in_words(text)))
    expected = alone if alone not in ("", "abnormal") else "? imprecise"
    assert said(without_range, "complement-c3") == expected


@pytest.mark.parametrize("text", ["N/A", "n/a", "L", "LO", "Low (L)", "F", "OK", "Off scale low"])
def test_a_flag_that_says_not_which_way_makes_no_negative_hcg(text: str) -> None:
    assert said(read(observation(HCG, **number(8000, MIU), **in_words(text))), "hcg") == "? imprecise"


def test_a_flag_whose_words_say_otherwise_than_its_code_is_conflicting() -> None:
    flag: Json = {"interpretation": [{"coding": [{"code": "L"}], "text": "High"}]}
    low = observation(C3_CODE, status="amended", **number(50, MG), **C3_90_180, **flag)
    assert said(read(low), "complement-c3") == "? conflicting"


@pytest.mark.parametrize("flag", ["Positive", "POSITIVE", "阳性", "pos", "Reactive", "High", "H"])
@pytest.mark.parametrize("value", [number(3, MIU) | HCG_0_5, {"valueString": "negative"}])
def test_a_negative_hcg_whose_flag_says_positive_in_words_is_conflicting(value: Json, flag: str) -> None:
    for written in (in_words(flag), flagged(flag)):
        assert said(read(observation(HCG, **value, **written)), "hcg") == "? conflicting"


@pytest.mark.parametrize("flag", ["Negative", "NEG", "阴性", "neg", "Not detected", "Normal", "Nonreactive"])
@pytest.mark.parametrize("value", [number(3, MIU) | HCG_0_5, {"valueString": "negative"}])
def test_a_negative_hcg_whose_flag_says_so_in_words_is_negative(value: Json, flag: str) -> None:
    assert "negative" in said(read(observation(HCG, **value, **in_words(flag))), "hcg").split()
