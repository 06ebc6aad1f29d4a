"""Results in the words, signs and codes that laboratories write, beside those that only look alike."""

from __future__ import annotations

import pytest

from tests.mappings.reading.test_answers import (
    CONFLICTING,
    LOINC,
    SNOMED,
    UNREADABLE,
    Json,
    coded,
    observation,
    quantity,
    read,
    said,
)

# --- no casts, in the words of a sediment

SEDIMENTS = [
    *((text, "negative") for text in (
        "None seen", "NONE", "None", "Not seen", "none observed", "No casts seen", "No RBC casts", "No casts",
        "未见", "无", "未见管型", "Not detected", "0 (-)",
    )),
    *((text, UNREADABLE) for text in (
        "No hyaline casts seen", "None, few hyaline", "none seen; 2 hyaline", "未见异常", "未见透明管型",
        "Not done", "None seen on previous sample", "1,2/LPF", "5+", "无定形盐", "no result",
    )),
    ("1 (-)", CONFLICTING),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SEDIMENTS)
def test_no_casts_are_told_in_the_words_of_a_sediment(text: str, expected: str) -> None:
    assert said({"valueString": text}, "urine-casts") == expected


@pytest.mark.parametrize("name", ["hcg", "anti-dsdna", "ana", "cd19-b-cells", "lactation-status"])
@pytest.mark.parametrize("text", ["None", "None seen", "无", "Not seen"])
def test_none_is_no_answer_of_anything_else(name: str, text: str) -> None:
    assert said({"valueString": text}, name) == UNREADABLE


# --- negative in other words, by codes alone, with a sign or a number

TO_5: Json = {"referenceRange": [{"high": {"value": 5}}]}
NEGATIVES: list[tuple[str, Json, str]] = [
    *((text, {}, "negative") for text in (
        "Not reactive", "Non-reactive", "Undetected", "Undetectable", "(-)", "（-）",  # noqa: RUF001
        "Negative <5 mIU/mL", "Negative (<5 mIU/mL)", "negative, <5", "阴性 <5 mIU/mL", "0.05 (-)",
        "0.05(阴性)", "0,05 (-)", "0.05 阴性(-)", "0.05 mIU/mL (Negative)",
    )),
    *((text, TO_5, "negative") for text in ("0.05 (-)", "Negative <5 mIU/mL")),
    *((text, {}, "negative") for text in ("Not pregnant", "Negative (Not Pregnant)", "未孕", "未怀孕")),
    *((text, {}, "positive") for text in ("Pregnant", "Positive (pregnant)")),
    *((text, {}, UNREADABLE) for text in (
        "Pregnant?", "Not pregnant, weakly positive", "Negative for ectopic pregnancy", "possibly pregnant",
    )),
    *((text, {}, "positive") for text in ("(+)", "5 (+)", "125.3(阳性)")),
    # number and answer contradict each other
    *((text, TO_5, CONFLICTING) for text in ("8000 (-)", "1.2(阳性)", "8000 mIU/mL (negative)")),
    # more is said, or neither yes nor no
    *((text, TO_5, UNREADABLE) for text in (
        "-", "(±)", "(+/-)", "0.05 (±)", "0.05 (+/-)", "5+", "Negative >5", "Negative 8000",
        "Negative (repeat)", "Negative <25 (previously 80)", "Negative <5, was 80", "120,000",
        "Not reactive last week", "previously negative <5", "Positive <5",
    )),
    # a power of ten is part of the number
    *((text, TO_5, "high positive") for text in ("1.2E+04 mIU/mL", "1.2×10^4 mIU/mL", "1.2E4")),
    ("2,5 mIU/mL", TO_5, "negative normal"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "more", "expected"), NEGATIVES)
def test_a_negative_may_have_a_sign_or_a_number_beside_it(text: str, more: Json, expected: str) -> None:
    assert said({"valueString": text} | more, "hcg") == expected


BEHIND: list[tuple[str, str]] = [
    *((text, "negative normal") for text in (
        "3", "3 mIU/mL", "3 mIU / mL", "3mIU/ml", "3 IU/L", "3 U/L", "<1.0 mIU/mL", "3 m[IU]/mL",
        "3 mIU/mL (0-5)", "3 mIU/mL (N)", "3 COI", "0.2 S/CO", "3 units", "1-3 mIU/mL", "3 miu/ml *",
    )),
    ("<5 positive", CONFLICTING),
    # a sign, a second number or any other word behind a number, which alone would have counted
    *((text, UNREADABLE) for text in (
        "3 (previously 8000)", "3, previously 8000", "3 previously 8000 mIU/mL", "3 weeks",
        "3 negative controls", "3 repeat", "1.2E+04(", "3 mIU/mL, was 8000", "3 mIU/mL previously",
        "3 or 8000", "1-3 weeks", "3 8000 mIU/mL", "0.05 /阳性", "3 / positive",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BEHIND)
def test_behind_the_number_of_a_finding_stands_a_unit_and_nothing_else(text: str, expected: str) -> None:
    assert said({"valueString": text} | TO_5, "hcg") == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("complement-c3", text)
            for text in ("50 mg/dL", "50 mg/dL L", "50 ↓", "50 mg/dL (L)", "50 mg/100mL", "50")
        ),
        *(("anti-dsdna", text) for text in ("88 IU/mL", "88 [IU]/mL H", "88 U/ml ↑", "88 kIU/L", "88 RU/mL")),
        *(("anti-beta2-glycoprotein-1", text) for text in ("88 SGU", "88 SMU*", "88 CU", "88 GPL")),
    ],
)
def test_units_marks_and_ranges_behind_a_number_change_nothing(name: str, text: str) -> None:
    side = {"low": {"value": 60}} if name == "complement-c3" else {"high": {"value": 60}}
    expected = "low" if name == "complement-c3" else "high positive"
    assert said({"valueString": text, "referenceRange": [side]}, name) == expected


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        *((LOINC, code, "negative") for code in ("LA6577-6", "LA11883-8", "LA15256-3", "LA9634-2")),
        *((LOINC, code, "positive") for code in ("LA6576-8", "LA11882-0", "LA15255-5", "LA9633-4")),
        *((SNOMED, code, "negative") for code in ("260415000", "131194007", "2667000")),
        *((SNOMED, code, "positive") for code in ("260373001", "11214006")),
        # inconclusive, invalid; a code of another system
        *((LOINC, code, UNREADABLE) for code in ("LA9663-1", "LA15841-2", "LA11885-3")),
        *((SNOMED, code, UNREADABLE) for code in ("419984006", "82334004", "LA6577-6")),
        ("urn:site", "260415000", UNREADABLE),
    ],
)
def test_an_answer_is_read_by_its_code_alone(system: str, code: str, expected: str) -> None:
    assert said(coded((system, code)), "hcg") == expected
    flag = {"interpretation": [{"coding": [{"system": system, "code": code}]}]}
    flagged = said({"valueQuantity": {"value": 4}} | flag, "hcg")
    assert flagged == (expected if expected != UNREADABLE else "? imprecise")


# --- titres of antibodies that are not asked for by titres

TITRES: list[tuple[Json, str, str]] = [
    # flagged as abnormal, a titre is a positive one; nothing is abnormally low
    ({"valueString": "1:160"}, "A", "abnormal positive"),
    ({"valueString": "1/160"}, "A", "abnormal positive"),
    ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}, "A", "abnormal positive"),
    ({"valueQuantity": quantity(160, "{titer}")}, "A", "abnormal positive"),
    ({"valueString": "1:160"}, "H", "high positive"),
    ({"valueString": "1:160 (Crithidia)"}, "H", "high positive"),
    ({"valueString": "1:10"}, "N", "negative normal"),
    ({"valueString": "Negative <1:10"}, "", "negative"),
    # a titre alone, one below the first dilution, a number of units, more words
    ({"valueString": "1:160"}, "", "? imprecise"),
    ({"valueString": "<1:10"}, "A", "? imprecise"),
    ({"valueString": "1:160 (Crithidia)"}, "A", "? imprecise"),
    ({"valueString": "1/5/2024"}, "A", "? imprecise"),
    ({"valueString": "88 IU/mL"}, "A", "? imprecise"),
    ({"valueQuantity": quantity(88, "[IU]/mL")}, "A", "? imprecise"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "flag", "expected"), TITRES)
def test_a_titre_of_antibodies_that_is_abnormal_is_positive(value: Json, flag: str, expected: str) -> None:
    flagged = {"interpretation": [{"text": flag}]} if flag else {}
    for name in ("anti-dsdna", "anti-sm"):
        assert said(value | flagged, name) == expected


@pytest.mark.parametrize("value", [row[0] for row in TITRES[:3]])
def test_the_first_number_of_a_titre_is_none_of_a_range(value: Json) -> None:
    assert said(value | {"referenceRange": [{"high": {"value": 10}}]}, "anti-dsdna") == "? imprecise"
    assert (
        said({"valueString": "1:160"} | {"referenceRange": [{"high": {"value": 5}}]}, "hcg") == "? imprecise"
    )


# --- names of CD19


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        *((name, True) for name in (
            "CD19", "CD19 %", "% CD19", "%CD19+", "CD19 Abs", "CD19 (Abs)", "CD19+B淋巴细胞百分比",
            "CD3-CD19+", "CD3-CD19+ %", "CD3-/CD19+", "CD19+B细胞绝对值", "CD3-CD19+B淋巴细胞",
        )),
        # memory cells, T cells, another marker, brightness, marrow
        *((name, False) for name in (
            "CD19+CD27+", "CD19+CD5+ %", "CD3+CD19+", "CD3-CD19-", "CD3+ %", "CD20 %", "CD19 MFI",
            "CD19+记忆B细胞", "CD19 % of blasts", "骨髓CD19+B细胞", "CAR-CD19 %", "CD3-CD16+CD56+",
        )),
    ],
)  # fmt: skip
def test_cd19_cells_are_found_by_what_laboratories_call_them(name: str, is_read: bool) -> None:
    found = read(observation({"text": name}, valueQuantity=quantity(12, "%"))).results
    assert bool(found.get("cd19-b-cells")) == is_read
