"""Synthea's general population: 200 living patients and those who died on the way, with ten years of history.

Unlike the ten patients of ``tests.hapi``, nobody here is given lupus. The same seed gives the same files.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.hapi.lupus_patients import LEFT_OUT, REFERENCE_DATE
from tests.hapi.maven import SYNTHEA, build

FOLDER = Path(__file__).parent / "synthea" / "target"
PATIENTS = 200
SEED = 7
NOT_PATIENTS = ("hospitalInformation", "practitionerInformation")


def general_patients() -> list[Path]:
    """One transaction Bundle for each patient; generated once."""
    mark, command = FOLDER / "command.txt", _command()
    if not mark.exists() or mark.read_text() != "\n".join(command):
        libraries = build(SYNTHEA) / "libraries"
        FOLDER.mkdir(parents=True, exist_ok=True)
        for bundle in (FOLDER / "fhir").glob("*.json"):
            bundle.unlink()
        java = ["java", "-Xmx1g", "-Duser.timezone=UTC", "-Duser.language=en", "-cp", f"{libraries}/*"]
        run = subprocess.run([*java, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"Synthea failed:\n{(run.stdout + run.stderr)[-4000:]}")
        mark.write_text("\n".join(command))
    bundles = sorted((FOLDER / "fhir").glob("*.json"))
    return [bundle for bundle in bundles if not bundle.name.startswith(NOT_PATIENTS)]


def _command() -> list[str]:
    return [
        *("App", "-r", REFERENCE_DATE, "-e", REFERENCE_DATE),
        *("-s", str(SEED), "-cs", str(SEED), "-p", str(PATIENTS)),
        # With more threads the same seed gives other patients.
        "--generate.thread_pool_size=1",
        "--generate.only_alive_patients=false",
        "--exporter.baseDirectory=./",
        "--exporter.years_of_history=10",
        "--exporter.pretty_print=false",
        "--exporter.metadata.export=false",
        f"--exporter.fhir.excluded_resources={LEFT_OUT}",
    ]
