"""``python -m tests.trials``: worked patients of a trial that a site has written."""

from __future__ import annotations

import re
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


def test_a_patient_without_anything_on_the_chart_can_be_tried(file: Path) -> None:
    empty = re.sub(r"chart: .*", "chart: []", PATIENTS).replace("EXPECTED", "not met (absent by rule)")
    file.write_text(empty, encoding="utf-8")
    assert list(tried(file, load_catalog(root=GOOD))) == []


ONE = PATIENTS.replace("EXPECTED", "met")
HEAD, _, _ = ONE.partition("patients:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ONE.replace("T-GOOD", "T-NONE"), ": unknown trial 'T-NONE'; known: T-GOOD"),
        (ONE.replace("trial: T-GOOD", "trial: [T-GOOD]"), ": 'trial' must be a text"),
        (ONE.replace("upcr", "uprc"), ": unknown line of a chart 'uprc'"),
        ("patients: []", ": needs 'trial' and 'unless_said_otherwise' and 'patients'"),
        ("", ": needs 'trial'"),
        (HEAD + "patients:\n", ": 'patients' is empty; begin each patient with '- patient: ' and a title"),
        (HEAD + "patients: []\n", ": 'patients' is empty"),
        (HEAD + "patients: {a: b}\n", ": 'patients' must be a list"),
        (HEAD + "patients: [a b]\n", ": a patient begins with '- patient: ' and a title, not with 'a b'"),
        (ONE.replace("    chart", "\tchart"), ":5: a tab; YAML is indented with spaces"),
        (ONE.replace("    chart", "   chart"), ":5: not YAML: "),
        (ONE.replace("    chart", "   chart"), "; check the indentation"),
        (ONE.replace("heavy", "h\xe9avy"), ":4: is not UTF-8 text; save it with that encoding"),
        (ONE + "trial: T-GOOD\n", ": line 1: repeated key trial"),
        (
            ONE.replace(", who: woman born 1990-03-01", ""),
            ": 'unless_said_otherwise' needs 'as_of' and 'who'",
        ),
        (
            ONE.replace("{as_of: 2026-06-15, who: woman born 1990-03-01}", ""),
            ": 'unless_said_otherwise' needs 'as_of' and 'who'",
        ),
        (ONE.replace("2026-06-15", "15.6.2026"), ": 'as_of' is '15.6.2026'; write the day as 2026-06-15"),
        (re.sub(r"expect: .*", "expect: [age]", ONE), ": 'expect' must be a mapping"),
        (re.sub(r"expect: .*", "expect: {age: [met]}", ONE), ": 'age' under 'expect' must be a text"),
        (re.sub(r"expect: .*", "evidence: {age: 36}", ONE), ": 'age' under 'evidence' must be a list"),
        (re.sub(r"expect: .*", "scores: {a: b}", ONE), ": 'a' under 'scores' must be a mapping"),
        (re.sub(r"chart: .*", "chart: {upcr: 2 g/g undated}", ONE), ": 'chart' must be a list"),
        (ONE + "    not_read: [reslts]\n", ": 'not_read': unknown kind of record 'reslts'"),
        (ONE + "more_in: [none.yaml]\n", "none.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_tried_is_told_in_one_line(file: Path, text: str, said: str) -> None:
    file.write_text(text, encoding="latin-1")
    with pytest.raises(PatientError) as error:
        list(tried(file, load_catalog(root=GOOD)))
    message = str(error.value)
    assert said in message
    assert file.parent.as_posix() in message or message.startswith("patients.yaml: ")
    assert "\n" not in message
