"""``python -m tests.trials``: worked patients of a trial that a site has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.definitions import load_catalog
from tests.trials.__main__ import tried
from tests.trials.worked_patients import PatientError

GOOD = Path(__file__).parents[1] / "bad_definitions" / "_good"
PATIENTS = """\
trial: T-GOOD
unless_said_otherwise: {as_of: 2026-06-15, who: woman born 1990-03-01}
patients:
  - patient: A grown woman with heavy proteinuria
    chart: [{upcr: 2 g/g on 2026-06-01}, {condition: sle since 2020-01-01}, {procedure: biopsy on 2026-01-01}]
    expect: {age: met, proteinuria: EXPECTED, lactation: unknown}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "patients.yaml"


def test_any_trial_and_concept_can_be_tried(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(PATIENTS.replace("EXPECTED", "met"), encoding="utf-8")
    assert list(tried(file, load_catalog(root=GOOD))) == []
    assert capsys.readouterr().out == f"{file}: 1 patients, 0 not as expected\n"


def test_what_is_not_as_expected_is_told(file: Path) -> None:
    file.write_text(PATIENTS.replace("EXPECTED", "not met"), encoding="utf-8")
    (told,) = tried(file, load_catalog(root=GOOD))
    assert "criterion 'proteinuria': expected not met, got met; evidence:" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PATIENTS.replace("T-GOOD", "T-NONE"), "unknown trial 'T-NONE'; known: T-GOOD"),
        (PATIENTS.replace("upcr", "uprc"), "uprc"),
        ("patients: []", "needs 'trial'"),
    ],
)
def test_a_file_that_cannot_be_tried_is_told(file: Path, text: str, said: str) -> None:
    file.write_text(text.replace("EXPECTED", "met"), encoding="utf-8")
    with pytest.raises(PatientError, match=said):
        list(tried(file, load_catalog(root=GOOD)))
