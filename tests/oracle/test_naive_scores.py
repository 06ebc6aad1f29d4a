"""The naive scores are themselves right: the worked cases of the clinical reference, section 8, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.oracle.facts import SNOMED, Biopsy, Chart, Illness, Lab
from tests.oracle.naive_classification import naive_classification
from tests.oracle.naive_reading import Answer, days_of, within_days
from tests.oracle.naive_sledai import naive_sledai

DAY = "2026-06-15"


def lab(what: str, number: str = "", unit: str = "", **more: str) -> Lab:
    return Lab(what, "", number, unit, day="2026-06-01", **more)  # type: ignore[arg-type]


def ill(what: str, onset: str = "2026-06-01") -> Illness:
    return Illness(what, SNOMED, "", onset=onset)


ANA_80, ANA_40, ANA_160 = lab("ANA", "80"), lab("ANA", "40"), lab("ANA", "160")
DSDNA = lab("anti-dsDNA", answer="positive")
LOW_C3, LOW_C4 = lab("C3", flag="L"), lab("C4", flag="L")
UPCR_2, RED_20 = lab("UPCR", "2", "g/g"), lab("urine red cells", "20", "/[HPF]")
WHITE_12, CASTS = lab("urine white cells", "12", "/[HPF]"), lab("casts", answer="positive")


def chart(*facts: Lab | Illness | Biopsy) -> Chart:
    return Chart(
        DAY,
        tuple(fact for fact in facts if isinstance(fact, Lab)),
        tuple(fact for fact in facts if isinstance(fact, Illness)),
        tuple(fact for fact in facts if isinstance(fact, Biopsy)),
    )


def biopsy(*classes: str) -> Biopsy:
    return Biopsy(classes, "ISN/RPS", "2019-05-01")


@pytest.mark.parametrize(
    ("case", "facts", "points", "classified"),
    [
        ("1. ANA 1:80 and class III", [ANA_80, biopsy("III")], 10, True),
        ("2. ANA 1:40 with class IV and dsDNA fails at the entry", [ANA_40, biopsy("IV"), DSDNA], 16, False),
        (
            "3. dsDNA, low C3 and C4 and lupus anticoagulant: no clinical item",
            [ANA_160, DSDNA, LOW_C3, LOW_C4, lab("lupus anticoagulant", answer="positive")],
            12,
            None,
        ),
        ("4. class V with low C3", [ANA_160, biopsy("V"), LOW_C3], 11, True),
        ("5. class V alone", [ANA_160, biopsy("V")], 8, None),
        ("6. white cells 4.0", [ANA_160, lab("white cells", "4.0", "10*9/L")], 0, None),
        ("6. white cells 3.99", [ANA_160, lab("white cells", "3.99", "10*9/L")], 3, None),
        ("7. 38.3 degrees", [ANA_160, lab("temperature", "38.3", "Cel")], 0, None),
        ("7. 38.4 degrees", [ANA_160, lab("temperature", "38.4", "Cel")], 2, None),
        ("8. 24-hour protein 0.5 g", [ANA_160, lab("24 h urine protein", "0.5", "g/d")], 0, None),
        ("8. 24-hour protein 0.51 g", [ANA_160, lab("24 h urine protein", "0.51", "g/d")], 4, None),
        ("9. Coombs without haemolysis", [ANA_160, lab("Coombs test", answer="positive")], 0, None),
        (
            "10. fever, leukopenia, dsDNA",
            [ANA_160, lab("temperature", "39", "Cel"), lab("white cells", "3", "10*9/L"), DSDNA],
            11,
            True,
        ),
        (
            "11. class IV + V and protein 3 g",
            [ANA_160, biopsy("IV", "V"), lab("24 h urine protein", "3", "g/d")],
            10,
            True,
        ),
        (
            "12. leukopenia of one year and a rash of another",
            [
                ANA_160,
                lab("white cells", "3", "10*9/L")._replace(day="2019-04-01"),
                ill("discoid lupus", "2024-07-01"),
            ],
            7,
            None,
        ),
        ("only a negative ANA, but lupus is diagnosed", [ANA_40, biopsy("IV"), ill("SLE")], 10, None),
        ("no ANA", [biopsy("IV")], 10, None),
        ("two arthritides count once", [ANA_160, ill("arthritis"), ill("arthritis")], 6, None),
    ],
)
def test_the_naive_classification_counts_as_the_reference_does(
    case: str, facts: Sequence[Lab | Illness | Biopsy], points: int, classified: Answer
) -> None:
    score = naive_classification(chart(*facts))
    assert (score.at_least, score.reached) == (points, classified), case
    assert score.at_most == 51


@pytest.mark.parametrize(
    ("case", "facts", "points", "reached"),
    [
        ("none", [], 0, None),
        ("proteinuria and haematuria", [UPCR_2, RED_20], 8, True),
        ("and pyuria", [UPCR_2, RED_20, WHITE_12], 12, True),
        ("and casts", [UPCR_2, RED_20, WHITE_12, CASTS], 16, True),
        ("and low C3 and dsDNA", [UPCR_2, RED_20, WHITE_12, CASTS, LOW_C3, DSDNA], 20, True),
        ("proteinuria, dsDNA, low C4", [UPCR_2, DSDNA, LOW_C4], 8, True),
        ("proteinuria and low complement", [UPCR_2, LOW_C3], 6, None),
        ("white cells 3.5", [lab("white cells", "3.5", "10*9/L")], 0, None),
        ("white cells 2.9", [lab("white cells", "2.9", "10*9/L")], 1, None),
        ("38.2 degrees", [lab("temperature", "38.2", "Cel")], 1, None),
        ("platelets 99", [lab("platelets", "99", "10*9/L")], 1, None),
        ("red cells 5", [lab("urine red cells", "5", "/[HPF]")], 0, None),
        ("red cells 6", [lab("urine red cells", "6", "/[HPF]")], 4, None),
        ("both C3 and C4 low", [LOW_C3, LOW_C4], 2, None),
        ("arthritis that began 31 days ago", [ill("arthritis", "2026-05-15")], 0, None),
        ("arthritis that began 30 days ago", [ill("arthritis", "2026-05-16")], 4, None),
        ("a recorded 7", [lab("SLEDAI-2K", "7")], 7, False),
        ("a recorded 8", [lab("SLEDAI-2K", "8")], 8, True),
        ("a recorded 7 that the items contradict", [lab("SLEDAI-2K", "7"), UPCR_2, RED_20], 8, None),
    ],
)
def test_the_naive_sledai_counts_as_the_reference_does(
    case: str, facts: Sequence[Lab | Illness | Biopsy], points: int, reached: Answer
) -> None:
    score = naive_sledai(chart(*facts))
    assert (score.at_least, score.reached) == (points, reached), case


def test_with_every_laboratory_item_normal_it_could_still_be_83() -> None:
    normal = [
        lab("casts", answer="negative"),
        lab("urine red cells", "0", "/[HPF]"),
        lab("UPCR", "0.1", "g/g"),
        lab("urine white cells", "0", "/[HPF]"),
        lab("C3", flag="N"),
        lab("C4", flag="N"),
        lab("anti-dsDNA", answer="negative"),
        lab("platelets", "210", "10*9/L"),
        lab("white cells", "6.1", "10*9/L"),
    ]
    assert naive_sledai(chart(*normal)).at_most == 83
    assert naive_sledai(chart()).at_most == 105


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("2026-05-16", True),
        ("2026-05-15", False),
        ("2026-06", True),
        ("2026-05", None),
        ("2026", None),
        ("", None),
    ],
)
def test_a_date_lies_in_the_window_outside_it_or_nobody_can_tell(text: str, inside: Answer) -> None:
    assert within_days(text, 30, days_of(DAY)[0]) is inside
