"""``python -m tests.trials FILE.yaml ...``: worked patients of any trial, by the definitions that are set."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from cds_service.assessing import definitions
from mappings.definitions import DefinitionError
from mappings.trial_definition import Catalog
from tests.trials.expectations import mismatches
from tests.trials.worked_patients import PatientError, assessment_of, load_patients, read_document


def main() -> int:
    """Prints what is not as a patient expects; 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("files", metavar="FILE.yaml", nargs="+", type=Path)
    files: list[Path] = parser.parse_args().files
    try:
        catalog = definitions()
        found = [line for path in files for line in tried(path, catalog)]
    except (DefinitionError, PatientError, OSError) as error:
        found = [str(error)]
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


def tried(path: Path, catalog: Catalog) -> Iterator[str]:
    """What is not as the worked patients of a file expect."""
    name = read_document(path, ("trial", "unless_said_otherwise", "patients"))["trial"]
    trial = next((one for one in catalog.trials if one.id == name), None)
    if trial is None:
        known = ", ".join(one.id for one in catalog.trials)
        raise PatientError(f"{path}: unknown trial {name!r}; known: {known}")
    patients = load_patients(path, [criterion.id for criterion in trial.criteria])
    wrong = [mismatches(patient, assessment_of(patient, name, catalog)) for patient in patients]
    sys.stdout.write(f"{path}: {len(patients)} patients, {sum(map(bool, wrong))} not as expected\n")
    yield from (line for each in wrong for line in each)


if __name__ == "__main__":
    sys.exit(main())
