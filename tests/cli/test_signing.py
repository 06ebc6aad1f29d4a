"""trialhook trials print, sign and diff, on a folder of a hospital's own definitions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from cds_service.assessing import definitions
from tests.cli.conftest import Run

PACKAGED = Path(__file__).resolve().parents[2] / "mappings" / "trials"
ID = "NCT06920433"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A hospital's folder of trials."""
    path = tmp_path / "trials"
    path.mkdir()
    for file in PACKAGED.glob(f"{ID}.*"):
        shutil.copy(file, path)
    monkeypatch.setenv("TRIALHOOK_TRIALS", str(path))
    definitions.cache_clear()
    yield path
    definitions.cache_clear()


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / f"{ID}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def digest_on_the_sheet(run: Run) -> str:
    sheet = run("trials", "print", ID).stdout
    return sheet.split("- Digest: `")[1].split("`")[0]


def test_a_definition_is_printed_signed_made_active_and_loses_its_signature_by_an_edit(
    folder: Path, run: Run
) -> None:
    edit(folder, "status: draft", "status: active")
    assert run("trials", "check").exit_code == 1
    digest = digest_on_the_sheet(run)

    signed = run("trials", "sign", ID, "--reviewer", "Dr A. Weber", "--digest", digest, "--on", "2026-01-31")
    assert signed.exit_code == 0, signed.output
    assert f"{ID} signed by Dr A. Weber on 2026-01-31" in signed.stdout
    assert "signed by Dr A. Weber on 2026-01-31" in run("trials", "check").stdout
    assert "reviewed by Dr A. Weber on 2026-01-31" in run("trials", "print", ID).stdout
    unchanged = run("trials", "diff", ID)
    assert (unchanged.exit_code, unchanged.stdout.startswith(f"{ID} is what was signed")) == (0, True)

    edit(folder, "greater_than: 1.0 g/g, within: 90 days", "greater_than: 1.0 g/g, within: 60 days")
    refused = run("trials", "check")
    assert refused.exit_code == 1
    assert "changed after Dr A. Weber signed it" in refused.stderr
    changed = run("trials", "diff", ID)
    assert changed.exit_code == 1
    assert "changed in 1 places since it was signed by Dr A. Weber on 2026-01-31" in changed.stdout
    assert "within\n  - 90 days\n  + 60 days" in changed.stdout


def test_a_sheet_of_another_state_of_the_definition_cannot_be_recorded_as_signed(
    folder: Path, run: Run
) -> None:
    digest = digest_on_the_sheet(run)
    edit(folder, "within: 90 days", "within: 91 days")
    result = run("trials", "sign", ID, "--reviewer", "Dr A. Weber", "--digest", digest)
    assert result.exit_code == 1
    assert "print the sheet again" in result.stderr
    assert not (folder / "signatures").exists()


def sign(run: Run, reviewer: str, *more: str) -> Result:
    digest = digest_on_the_sheet(run)
    return run("trials", "sign", ID, "--reviewer", reviewer, "--digest", digest, "--on", "2026-01-31", *more)


@pytest.mark.parametrize("content", ["", "garbage", "{}"])
def test_a_damaged_signature_is_told_and_can_be_signed_again(folder: Path, run: Run, content: str) -> None:
    assert sign(run, "Dr A. Weber").exit_code == 0
    path = folder / "signatures" / f"{ID}.json"
    path.write_text(content, encoding="utf-8")
    for command in (["trials", "check"], ["trials", "diff", ID]):
        told = run(*command)
        assert told.exit_code == 1
        assert f"{path}: is not " in told.stderr
        assert f"sign again with 'trialhook trials sign {ID}'" in told.stderr
    again = sign(run, "Dr A. Weber")
    assert again.exit_code == 0
    assert "This takes the place of a signature that could not be used: is not " in again.stderr
    assert "signed by Dr A. Weber on 2026-01-31" in run("trials", "check").stdout


def test_a_signature_that_holds_is_replaced_only_if_asked_for(folder: Path, run: Run) -> None:
    assert sign(run, "Dr A. Weber").stderr == ""
    assert sign(run, "Dr A. Weber").exit_code == 0  # the same again
    refused = sign(run, "Dr B. Chen")
    assert refused.exit_code == 1
    assert "holds the signature by Dr A. Weber on 2026-01-31; --replace" in refused.stderr
    assert "signed by Dr A. Weber" in run("trials", "check").stdout
    asked = sign(run, "Dr B. Chen", "--replace")
    assert asked.exit_code == 0
    assert "This takes the place of the signature by Dr A. Weber on 2026-01-31." in asked.stderr
    assert "signed by Dr B. Chen" in run("trials", "check").stdout


def test_who_signed_an_earlier_text_is_said_when_it_is_signed_again(folder: Path, run: Run) -> None:
    assert sign(run, "Dr A. Weber").exit_code == 0
    edit(folder, "greater_than: 1.0 g/g, within: 90 days", "greater_than: 1.0 g/g, within: 60 days")
    again = sign(run, "Dr B. Chen")
    assert again.exit_code == 0
    assert "the signature by Dr A. Weber on 2026-01-31, on an earlier text" in again.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reviewer", " ", "--digest", "sha256:0123456789ab"], "--reviewer is empty"),
        (["--reviewer", "Dr\nA", "--digest", "sha256:0123456789ab"], "--reviewer holds control characters"),
        (["--reviewer", "Dr A", "--digest", "sha256:0123"], "at least 12 digits"),
        (["--reviewer", "Dr A", "--digest", "sha256:0123456789ab", "--on", "2999-01-01"], "a day to come"),
        (["--reviewer", "Dr A"], "Missing option '--digest'"),
    ],
)
def test_a_signature_that_says_too_little_is_refused(
    options: list[str], said: str, folder: Path, run: Run
) -> None:
    result = run("trials", "sign", ID, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (folder / "signatures").exists()


def test_a_folder_that_cannot_be_written_is_told(folder: Path, run: Run) -> None:
    digest = digest_on_the_sheet(run)
    (folder / "signatures").write_text("a file in the way", encoding="utf-8")
    result = run("trials", "sign", ID, "--reviewer", "Dr A. Weber", "--digest", digest)
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_a_trial_that_nobody_signed_has_nothing_to_be_compared_with(folder: Path, run: Run) -> None:
    result = run("trials", "diff", ID)
    assert result.exit_code == 1
    assert "has not been signed" in result.stderr


def test_the_sheet_is_also_a_page_for_print(folder: Path, run: Run, tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    assert run("trials", "print", ID, "--format", "html", "--output", page).exit_code == 0
    html = page.read_text(encoding="utf-8")
    for piece in ("<blockquote>\n<p>(UPCR)&gt;1.0g/g, or 24-hour", "<table>", "Signature", "sha256:"):
        assert piece in html
    for piece in ("<script", "http-equiv", "src=", "href="):
        assert piece not in html


def test_html_in_a_definition_stays_text(folder: Path, run: Run) -> None:
    edit(folder, "label: Proteinuria", 'label: "<b onclick=x>Proteinuria</b> ![x](http://evil.example/)"')
    html = run("trials", "print", ID, "--format", "html").stdout
    assert "<b onclick" not in html
    assert "<img" not in html
    assert "&lt;b onclick" in html


def test_a_folder_of_trials_that_is_not_there_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_TRIALS", "/nowhere")
    result = run("trials", "state")
    assert result.exit_code == 2
    assert "TRIALHOOK_TRIALS must be a folder of trial definitions" in result.stderr
