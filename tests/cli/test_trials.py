"""trialhook trials: check and print definitions."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
from fhir.resources.R4B.questionnaire import Questionnaire

from tests.cli.conftest import Run

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"
TRIAL = MAPPINGS / "trials" / "NCT06920433.yaml"


def test_the_installed_definitions_are_sound(run: Run) -> None:
    result = run("trials", "check")
    assert result.exit_code == 0, result.stderr
    assert "NCT06920433 version 1, draft" in result.stdout


def test_a_file_a_folder_and_a_whole_set_can_be_checked(run: Run) -> None:
    for path in (TRIAL, TRIAL.parent, MAPPINGS):
        result = run("trials", "check", path)
        assert (result.exit_code, result.stderr) == (0, "")


def test_every_fault_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    for path in TRIAL.parent.iterdir():
        shutil.copy(path, tmp_path)
    broken = tmp_path / TRIAL.name
    text = broken.read_text(encoding="utf-8")
    broken.write_text(text.replace("require:", "requires:"), encoding="utf-8")
    result = run("trials", "check", broken)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert len(lines) > 1
    assert all(f"{TRIAL.name}:" in line for line in lines)
    assert "did you mean 'require'?" in result.stderr


def test_a_path_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    result = run("trials", "check", tmp_path / "none")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_a_trial_is_printed_as_prose(run: Run) -> None:
    result = run("trials", "print", "NCT06920433")
    assert result.exit_code == 0
    assert "# Universal CD19/BCMA CAR T-cells" in result.stdout


def test_the_worksheet_of_a_trial_is_printed_as_a_questionnaire(run: Run, tmp_path: Path) -> None:
    result = run("trials", "print", "NCT06920433", "--format", "questionnaire", "--language", "zh-Hans")
    questionnaire = orjson.loads(result.stdout)
    Questionnaire.model_validate(questionnaire)
    assert questionnaire["url"].endswith("/Questionnaire/NCT06920433-worksheet")
    assert questionnaire["language"] == "zh-Hans"
    path = tmp_path / "worksheet.json"
    printed = run("trials", "print", "NCT06920433", "--format", "questionnaire", "--output", path)
    assert "the worksheet of NCT06920433" in printed.stdout
    assert orjson.loads(path.read_bytes())["item"]


def test_an_unknown_trial_is_told_with_those_that_are_known(run: Run) -> None:
    result = run("trials", "print", "NCT0")
    assert result.exit_code == 2
    assert "known: NCT06920433" in result.stderr
