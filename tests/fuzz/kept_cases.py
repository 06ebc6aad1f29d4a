"""Failing cases as files: a case that was found stays as a test."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from tests.fuzz.charts import Chart
from tests.fuzz.mass_run import Failure

FOLDER = Path(__file__).parent / "cases"


def write_case(failure: Failure, folder: Path = FOLDER) -> Path:
    """Writes a failure under a name that says the invariant; the same failure gets the same name."""
    chart = failure.chart
    document: dict[str, Any] = {
        "invariant": failure.invariant,
        "found": failure.found,
        "from": f"{chart.title} (SEED={failure.seed}, case {failure.number})",
        "day": chart.day.isoformat(),
        "patient_id": chart.patient_id,
        "not_read": list(chart.not_read),
        "bundle": chart.bundle,
    }
    text = json.dumps(document, indent=1, ensure_ascii=True)
    digest = hashlib.sha256(json.dumps(document["bundle"]).encode()).hexdigest()[:8]
    folder.mkdir(exist_ok=True)
    path = folder / f"{failure.invariant}-{digest}.json"
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def read_case(path: Path) -> tuple[str, Chart]:
    """The invariant of a kept case, and its chart."""
    document = json.loads(path.read_text(encoding="utf-8"))
    chart = Chart(
        document["from"],
        date.fromisoformat(document["day"]),
        document["patient_id"],
        tuple(document["bundle"]["entry"]),
        tuple(document["not_read"]),
    )
    return document["invariant"], chart
