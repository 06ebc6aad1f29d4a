"""Synthea's patients with active lupus: the same ones for the same seed, on any machine."""

import json
import subprocess
import zipfile
from pathlib import Path

from tests.hapi.maven import SYNTHEA, build

SYNTHEA_JAR = "synthea-3.3.0.jar"
# Fixed, because the ages and the history depend on it.
REFERENCE_DATE = "20260101"
# Billing and free text are half of the volume, and nothing here reads them.
LEFT_OUT = "Claim,ExplanationOfBenefit,Provenance,DocumentReference"
# The patients' bundles refer to what these two create.
LOADED_FIRST = ("hospitalInformation", "practitionerInformation")


def default_patients() -> list[Path]:
    """The ten patients of the tests, generated once."""
    return generate_synthea(count=10, folder=SYNTHEA / "target" / "patients", seed=1)


def generate_synthea(count: int, folder: Path, seed: int) -> list[Path]:
    """Write the bundles of `count` adults into `folder`/fhir; return them in the order they must be loaded.

    Bundles that an earlier run wrote with the same options are kept.
    """
    libraries = build(SYNTHEA) / "libraries"
    command = _command(libraries, count, folder, seed)
    mark = folder / "command.txt"
    if not mark.exists() or mark.read_text() != "\n".join(command):
        _clear(folder, mark)
        _write_lupus_module(libraries / SYNTHEA_JAR, folder / "modules")
        _run(command, folder)
        mark.write_text("\n".join(command))
    return sorted((folder / "fhir").glob("*.json"), key=_load_order)


def _command(libraries: Path, count: int, folder: Path, seed: int) -> list[str]:
    java = ["java", "-Xmx1g", "-Duser.timezone=UTC", "-Duser.language=en", "-cp", f"{libraries}/*", "App"]
    dates = ["-r", REFERENCE_DATE, "-e", REFERENCE_DATE]
    people = ["-s", str(seed), "-cs", str(seed), "-p", str(count), "-a", "35-65"]
    lupus = ["-d", str(folder / "modules"), "-k", str(SYNTHEA / "keep_active_lupus.json")]
    settings = [
        # With more threads the same seed gives other patients.
        "--generate.thread_pool_size=1",
        "--generate.only_alive_patients=true",
        f"--exporter.baseDirectory={folder}/",
        "--exporter.years_of_history=3",
        "--exporter.pretty_print=false",
        "--exporter.metadata.export=false",
        f"--exporter.fhir.excluded_resources={LEFT_OUT}",
    ]
    return [*java, *dates, *people, *lupus, *settings]


def _clear(folder: Path, mark: Path) -> None:
    mark.unlink(missing_ok=True)
    for bundle in (folder / "fhir").glob("*.json"):
        bundle.unlink()


def _write_lupus_module(jar: Path, modules: Path) -> None:
    """Synthea's own module, changed in one place: everyone gets lupus at some age, not 1 woman in 2,000."""
    with zipfile.ZipFile(jar) as archive:
        module = json.loads(archive.read("modules/lupus.json"))
    initial = module["states"]["Initial"]
    del initial["complex_transition"]
    initial["direct_transition"] = "Delay_Until_Lupus"
    modules.mkdir(parents=True, exist_ok=True)
    (modules / "lupus.json").write_text(json.dumps(module))


def _run(command: list[str], folder: Path) -> None:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"Synthea failed:\n{(run.stdout + run.stderr)[-4000:]}")


def _load_order(bundle: Path) -> tuple[int, str]:
    for place, start in enumerate(LOADED_FIRST):
        if bundle.name.startswith(start):
            return place, bundle.name
    return len(LOADED_FIRST), bundle.name
