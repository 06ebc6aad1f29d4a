"""CKD-EPI 2021 against its published check values (reference: clinical facts, section 7)."""

from __future__ import annotations

import pytest

from mappings.kidney import egfr_ckd_epi_2021


@pytest.mark.parametrize(
    ("creatinine", "age", "female", "expected"),
    [
        (0.8, 70, False, 95.2),
        (0.8, 70, True, 79.2),
        (0.9, 55, True, 75.5),
        (1.0, 50, False, 91.69),
        (1.0, 50, True, 68.63),
        (0.7, 30, True, 119.24),
        (0.9, 30, False, 117.83),
        (0.5, 22, True, 135.91),
        (1.2, 35, True, 60.54),
        (2.5, 40, True, 24.32),
        (4.0, 28, True, 14.91),
        (1.7, 80, True, 30.13),
    ],
)
def test_egfr_equals_the_published_values(creatinine: float, age: int, female: bool, expected: float) -> None:
    assert egfr_ckd_epi_2021(creatinine, age, female=female) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("creatinine", "age"), [(0, 40), (-1, 40), (1.0, 17)])
def test_egfr_refuses_children_and_impossible_creatinine(creatinine: float, age: int) -> None:
    with pytest.raises(ValueError, match=r"creatinine|adults"):
        egfr_ckd_epi_2021(creatinine, age, female=True)
