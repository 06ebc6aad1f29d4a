"""Next steps and near misses at a terminal, word by word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.screening.looking_ahead import near_miss_line, next_step_lines
from mappings.results import MissingFact, NearMiss, NextStep, NextSteps, NextStepSet, Want
from tests.cli.conftest import Run

UPCR = ("urine-protein-creatinine-ratio", "UPCR")
LINES = [
    (
        NearMiss("proteinuria", "short_of", *UPCR, "0.93 g/g", "more than 1.0 g/g", 0.07, "g/g"),
        "proteinuria: UPCR, 0.93 g/g, is 0.07 g/g short of more than 1.0 g/g",
    ),
    (
        NearMiss("proteinuria", "short_of", *UPCR, "1 g/g", "more than 1.0 g/g", 0.0, "g/g"),
        "proteinuria: UPCR, 1 g/g, is at the limit, and more than 1.0 g/g is asked for",
    ),
    (
        NearMiss("ecog", "over", "ecog", "ECOG", "3", "at most 1", 2.0, "{score}"),
        "ecog: ECOG, 3, is 2 points beyond at most 1",
    ),
    (
        NearMiss("age", "over", "age", "Age", "77 years", "less than 76 years", 1.0, "a"),
        "age: Age, 77 years, is 1 year beyond less than 76 years",
    ),
    (
        NearMiss("age", "over", "age", "Age", "76 years", "less than 76 years", 0.0, "a"),
        "age: Age, 76 years, is at the limit, and less than 76 years is asked for",
    ),
    (
        NearMiss("age", "reached_on", "age", "Age", "17 years", "at least 18 years", date=date(2027, 5, 3)),
        "age: Age, 17 years, is at least 18 years from 3 May 2027",
    ),
    (
        NearMiss("biopsy", "counts_until", "class", "Biopsy", "class IV.", date=date(2026, 3, 14)),
        "biopsy: Biopsy, class IV, counts until 14 March 2026",
    ),
    (
        NearMiss("biopsy", "counted_until", "class", "Biopsy", date=date(2026, 3, 14)),
        "biopsy: Biopsy, counted until 14 March 2026",
    ),
    (
        NearMiss("hcg", "rules_out_until", "hcg", "hCG", "positive", date=date(2026, 3, 14)),
        "hcg: hCG, positive, rules out until 14 March 2026, then it is too old to rule out",
    ),
]


@pytest.mark.parametrize(("miss", "line"), LINES)
def test_a_near_miss_in_words(miss: NearMiss, line: str) -> None:
    assert near_miss_line(miss) == line


def step(how: Any, *facts: tuple[str, Want]) -> NextStep:
    return NextStep(how, "", 1, tuple(MissingFact(name, name, how, (want,), ("x",)) for name, want in facts))


NEGATIVE, POSITIVE = (Want("one_of", answers=(answer,)) for answer in ("negative", "positive"))


def test_the_second_way_is_told_by_what_it_has_instead() -> None:
    hcg, ecog = step("blood", ("hCG", NEGATIVE)), step("bedside", ("ECOG", Want("at_most", "1")))
    cells, dsdna = (
        step("urine", ("red cells", Want("greater_than", "5 /[HPF]"))),
        step("blood", ("dsDNA", POSITIVE)),
    )
    sets = (NextStepSet(3, (ecog, cells, hcg)), NextStepSet(4, (ecog, dsdna, hcg)), NextStepSet(9, (ecog,)))
    hcg_positive = MissingFact("hcg", "hCG", "blood", (Want("none_of", answers=("negative",)),), ("x",))

    lines = list(next_step_lines(NextSteps(sets, True, (hcg_positive,), ("consent",), ("b-cell-target",))))

    first = "ask or measure: ECOG 1 or less; urine: red cells above 5 /[HPF]; blood: hCG negative"
    assert lines == [
        f"could settle it: {first}",
        "or, in place of red cells: blood: dsDNA positive",
        "1 or more other ways: --json lists them",
        "one of these would rule out: hCG positive",
        "for a person to judge: consent",
        "nothing done today can settle: b-cell-target",
    ]


def test_nothing_open_says_nothing() -> None:
    assert list(next_step_lines(NextSteps())) == []


def test_the_table_says_what_failed_by_how_much_and_what_would_settle_the_rest(
    run: Run, written: Callable[[str, object], Path], bundles: dict[str, Any]
) -> None:
    result = run("assess", written("a.json", bundles["deng-lan"]), "--as-of", "2026-06-15")

    told = " ".join(result.stdout.split())
    assert "105 mg/mmol, is 0.072 g/g short of more than 1.0 g/g" in told
    assert "counted until 15 April 2026" in told
    assert "24-hour collection: 24-hour urine protein above 0.5 g/d" in told
    assert "one of these would rule out:" in told
