"""``trialhook timeline``: the table in the terminal, the picture in a file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from tests.drawing.charts import EVERYTHING, bundle, file_with, ordered


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
