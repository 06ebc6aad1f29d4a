"""What goes wrong around a command is told in a line, never in a traceback."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.assessing import definitions
from tests.cli.conftest import Run

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"
Write = Callable[[str, object], Path]


@pytest.fixture
def patient(written: Write, bundles: dict[str, Any]) -> Path:
    return written("a.json", bundles["lin-mei"])


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of trials, empty so far."""
    folder = tmp_path / "trials"
    folder.mkdir()
    monkeypatch.setenv("TRIALHOOK_TRIALS", str(folder))
    definitions.cache_clear()
    yield folder
    definitions.cache_clear()


COMMANDS = [
    ["assess", "PATIENT", "--as-of", "2026-06-15"],
    ["assess", "PATIENT", "--trial", "NCT06920433", "--json"],
    ["timeline", "PATIENT"],
    ["codes", "coverage", "PATIENT"],
    ["codes", "check", "SITE"],
    ["clients", "check", "CLIENTS"],
    ["staff", "check", "STAFF"],
    ["trials", "check"],
    ["trials", "print", "NCT06920433"],
    ["trials", "sign", "NCT06920433", "--reviewer", "Dr A", "--digest", "sha256:0123456789ab"],
    ["trials", "diff", "NCT06920433"],
    ["trials", "state"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "holds no trial definition"),
        ("schema: 1\ninclsion: []\n", "bad.yaml:2: unknown key 'inclsion'; did you mean 'inclusion'?"),
    ],
    ids=["an empty folder", "a misspelt key"],
)
def test_a_bad_definition_is_told_by_every_command_that_reads_definitions(
    run: Run, trials: Path, patient: Path, command: list[str], text: str | None, said: str
) -> None:
    if text is not None:
        (trials / "bad.yaml").write_text(text, encoding="utf-8")
    files = {
        "PATIENT": patient,
        "SITE": SAMPLES / "sites",
        "CLIENTS": SAMPLES / "compose-clients.yaml",
        "STAFF": SAMPLES / "staff.yaml",
    }
    result = run(*(files.get(word, word) for word in command))
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert isinstance(result.exception, SystemExit)  # no traceback


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1899-12-31", "2201-01-01"])
@pytest.mark.parametrize("command", ["assess", "timeline"])
def test_a_day_far_from_our_time_is_refused(run: Run, patient: Path, command: str, day: str) -> None:
    result = run(command, patient, "--as-of", day)
    assert result.exit_code == 2
    assert "is not a day of the years 1900 to 2200" in result.stderr


@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31"])
def test_the_first_and_the_last_day_are_assessed(run: Run, patient: Path, day: str) -> None:
    assert run("assess", patient, "--as-of", day, "--json").exit_code == 0


def test_the_end_of_an_export_may_not_be_beyond_all_days(run: Run) -> None:
    result = run("audit", "export", "--until", "9999-12-31")
    assert result.exit_code == 2
    assert "is not a day of the years 1900 to 2200" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize("command", [["assess"], ["assess", "--json"], ["timeline"], ["trials", "print"]])
def test_a_full_disk_is_told(patient: Path, command: list[str]) -> None:
    last = "NCT06920433" if command[0] == "trials" else str(patient)
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "cds_service.cli", *command, last],
            stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert ran.stderr.decode() == "Error: output cannot be written: No space left on device\n"
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("encoded", "said"),
    [
        (lambda text: text.encode("latin-1"), "is not UTF-8 text; save it with that encoding"),
        (lambda text: text.encode("utf-16"), "is not UTF-8 text; save it with that encoding"),
        (lambda text: text.encode("utf-16-le"), "is not UTF-8 text; save it with that encoding"),
        (lambda text: gzip.compress(text.encode()), "is compressed (gzip); unpack it"),
    ],
    ids=["latin-1", "utf-16", "utf-16 without its mark", "gzip"],
)
def test_a_file_of_another_encoding_is_told(
    run: Run, written: Write, encoded: Callable[[str], bytes], said: str
) -> None:
    text = '{"resourceType": "Patient", "id": "p", "name": [{"family": "Müller"}]}'
    result = run("assess", written("a.json", encoded(text)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    ours = written("b.json", orjson.dumps(orjson.loads(text)))
    assert run("assess", ours).exit_code == 0
