"""``trialhook timeline``: the table in the terminal, the picture in a file, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.assessing import definitions
from cds_service.cli import main
from tests.drawing.charts import EVERYTHING, bundle, file_with, ordered

SECOND = Path(__file__).parent / "second_trial" / "T-SECOND.yaml"


def run(*arguments: str | Path) -> Result:
    words = ["timeline", *map(str, arguments), "--as-of", "2026-06-15"]
    return CliRunner().invoke(main, words, env={"COLUMNS": "200"})


def test_the_table_has_a_line_for_each_course(tmp_path: Path) -> None:
    result = run(file_with(tmp_path, bundle(*EVERYTHING)))
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.replace("│", " ").split()) for line in result.output.splitlines()]
    assert lines[0] == "Patient/p1 drugs on 15 Jun 2026"
    assert "Prednisone ongoing since 2 Sep 2024, ongoing ordered and dispensed" in lines
    assert any(
        line.startswith("Azathioprine") and line.endswith("ordered only, not known to be taken")
        for line in lines
    )
    assert "Rituximab ended by 30 May 2026 a record without a usable date" in lines
    assert "- Up to 30 days without a record do not break a course." in lines


def test_several_patients_are_told_one_after_the_other(tmp_path: Path) -> None:
    file = file_with(tmp_path, bundle(ordered("prednisone", "2025-01-01")), bundle(patient="p2"))
    output = run(file).output
    assert output.index("Patient/p1") < output.index("Patient/p2")
    assert "no drug on record that a trial asks about" in output
    assert "Patient/p1" not in run(file, "--patient", "p2").output
    assert "Patient/p2" in run(file, "--patient", "Patient/p2").output


def test_a_picture_is_written_to_the_file_and_nothing_else(tmp_path: Path) -> None:
    picture = tmp_path / "drugs.svg"
    result = run(file_with(tmp_path, bundle(*EVERYTHING)), "--svg", picture)
    assert (result.exit_code, result.output) == (0, "")
    assert picture.read_text(encoding="utf-8").startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--svg", "out.svg"], "several patients: say which with --patient ID"),
        (["--patient", "secret-7"], "no patient with this id"),
    ],
)
def test_what_cannot_be_drawn_is_said_without_naming_anybody(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    file = file_with(tmp_path, bundle(), bundle(patient="p2"))
    result = run(file, *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "secret-7" not in result.output
    assert not (tmp_path / "out.svg").exists()


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result = run(file_with(tmp_path, bundle()), "--svg", tmp_path / "nowhere" / "out.svg")
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_a_file_that_is_no_fhir_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{", encoding="utf-8")
    result = run(file)
    assert result.exit_code == 2
    assert "is not JSON" in result.output


def test_a_site_s_own_drug_codes_are_drawn_with_its_file(tmp_path: Path) -> None:
    site = Path(__file__).resolve().parents[2] / "docs" / "samples" / "sites" / "hangzhou-example.yaml"
    local = ordered("YP-000123", "2026-01-01")
    local["medicationCodeableConcept"] = {"coding": [{"system": "urn:oid:2.999.571.2", "code": "YP-000123"}]}
    file = file_with(tmp_path, bundle(local))
    assert "Prednisone" not in run(file).stdout
    assert "Prednisone" in run(file, "--site", site).stdout


# --- several trials


@pytest.fixture
def two_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with the second trial and one just like it that excludes prednisone, not dexamethasone."""
    folder = tmp_path / "trials"
    folder.mkdir()
    shutil.copy(SECOND, folder)
    text = SECOND.read_text(encoding="utf-8").replace("T-SECOND", "T-THIRD")
    third = text.replace(
        "exclude: {treatment: {of: dexamethasone}}", "exclude: {treatment: {of: prednisone}}"
    )
    (folder / "T-THIRD.yaml").write_text(third, encoding="utf-8")
    monkeypatch.setenv("TRIALHOOK_TRIALS", str(folder))
    definitions.cache_clear()
    yield
    definitions.cache_clear()


DRUGS = (
    ordered("mycophenolate mofetil", "2026-01-01"),
    ordered("tacrolimus", "2026-05-01"),
    ordered("prednisone", "2026-05-01"),
)


@pytest.mark.usefixtures("two_trials")
def test_of_several_trials_each_line_says_of_which_it_is(tmp_path: Path) -> None:
    result = run(file_with(tmp_path, bundle(*DRUGS)))
    assert result.exit_code == 0, result.output
    lines = [line for line in result.output.splitlines() if line.startswith("- ")]
    for trial in ("T-SECOND", "T-THIRD"):
        assert f"- {trial}: Drugs that the trial excludes: Tacrolimus." in lines
        assert sum(line.startswith(f"- {trial}: Mycophenolate: ") for line in lines) == 1
    assert lines.count("- Up to 30 days without a record do not break a course.") == 1


@pytest.mark.usefixtures("two_trials")
def test_one_trial_of_several_can_be_asked_for(tmp_path: Path) -> None:
    file, picture = file_with(tmp_path, bundle(*DRUGS)), tmp_path / "drugs.svg"
    only = run(file, "--trial", "T-THIRD")
    assert "- Drugs that the trial excludes: Tacrolimus." in only.output.splitlines()
    assert "T-SECOND" not in only.output
    assert run(file, "--trial", "T-THIRD", "--svg", picture).exit_code == 0
    assert "the trial excludes it: No dexamethasone" in picture.read_text(encoding="utf-8")
    assert run(file, "--trial", "T-SECOND", "--svg", picture).exit_code == 0
    assert "the trial excludes it" not in picture.read_text(encoding="utf-8")


@pytest.mark.usefixtures("two_trials")
def test_a_picture_is_of_one_trial(tmp_path: Path) -> None:
    file, picture = file_with(tmp_path, bundle(*DRUGS)), tmp_path / "drugs.svg"
    for words, said in (
        ((), "there are several trials: say which with --trial ID; known: T-SECOND, T-THIRD"),
        (("--trial", "T-NONE"), "no trial 'T-NONE'; known: T-SECOND, T-THIRD"),
    ):
        result = run(file, "--svg", picture, *words)
        assert result.exit_code == 2
        assert said in " ".join(result.output.replace("│", " ").split())
    assert not picture.exists()
