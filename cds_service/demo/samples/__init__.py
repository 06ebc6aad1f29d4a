"""Sample patients: FHIR R4 records written as clinical stories, each with its expected outcome."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cds_service.demo.samples import candidates, needs_data, ruled_out
from cds_service.demo.samples.folder import write_samples
from cds_service.demo.samples.sample import Sample

__all__ = ["ALL", "Sample", "write_folder"]

ALL: tuple[Sample, ...] = (*candidates.SAMPLES, *ruled_out.SAMPLES, *needs_data.SAMPLES)


def write_folder(folder: Path, today: date) -> list[Path]:
    """Write one `<id>.json` Bundle per sample patient, as seen on the day."""
    return write_samples(ALL, folder, today)
