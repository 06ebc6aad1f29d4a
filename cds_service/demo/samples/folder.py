"""Writes the sample patients as files, one Bundle each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import orjson

from cds_service.demo.samples.sample import Sample


def write_samples(samples: Iterable[Sample], folder: Path, today: date) -> list[Path]:
    """Write `<id>.json` for every sample, as seen on the day, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in samples:
        path = folder / f"{sample.id}.json"
        path.write_bytes(orjson.dumps(sample.build(today), option=orjson.OPT_INDENT_2))
        paths.append(path)
    return paths
