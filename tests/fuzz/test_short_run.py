"""The short run of ``make test``: some hundred changed charts, every chart as it is, and all kept cases."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.changing.damage import damaged
from tests.fuzz.changing.variation import varied
from tests.fuzz.charts import beginnings
from tests.fuzz.exceptions import EXCEPTIONS
from tests.fuzz.invariants import INVARIANTS, fault, faults
from tests.fuzz.kept_cases import FOLDER, read_case
from tests.fuzz.mass_run import changed_chart

SEED = 20260615
"""Always the same here, so that a change of the code, and not of chance, makes the test fail."""

CASES, PARTS = 480, 4
KEPT = sorted(FOLDER.glob("*.json"))
PAGE = (Path(__file__).parents[2] / "docs" / "invariants.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", range(PARTS))
def test_charts_changed_at_random_violate_no_invariant(part: int) -> None:
    for number in range(part, CASES, PARTS):
        chart, random = changed_chart(SEED, number)
        found = list(faults(chart, random))
        assert not found, f"SEED={SEED}, case {number}, {chart.title!r}: {found}"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_chart_as_it_was_written_keeps_the_invariants(part: int) -> None:
    for number, chart in enumerate(beginnings()[part::PARTS]):
        found = list(faults(chart, Random(f"{SEED}/{part}/{number}")))
        assert not found, f"{chart.title!r}: {found}"


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_a_case_that_once_failed_fails_no_more(path: Path) -> None:
    invariant, chart = read_case(path)
    assert fault(invariant, chart) == ""


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(0, len(beginnings()) - 1), st.integers(0, 3), st.integers(0, 3))
def test_changes_that_hypothesis_chooses_violate_no_invariant(
    data: st.DataObject, number: int, variations: int, damages: int
) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    chart = beginnings()[number]
    for _ in range(variations):
        chart = varied(chart, random)
    for _ in range(damages):
        chart = damaged(chart, random)
    assert list(faults(chart, Random(number))) == []


def test_the_page_states_every_invariant_and_every_exception() -> None:
    assert [name for name in INVARIANTS if f"`{name}`" not in PAGE] == []
    assert [each.name for each in EXCEPTIONS if each.name not in PAGE] == []
