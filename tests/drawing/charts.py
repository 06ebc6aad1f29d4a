"""Charts with drugs, as files of FHIR. The day is 15 June 2026."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

TODAY = date(2026, 6, 15)


def record(kind: str, drug: str, status: str = "", **more: Any) -> dict[str, Any]:
    active = kind in ("MedicationRequest", "MedicationStatement")
    return {
        "resourceType": kind,
        "id": f"{drug.split(maxsplit=1)[0].lower()}-{len(json.dumps([kind, more]))}",
        "status": status or ("active" if active else "completed"),
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
        **more,
    }


def ordered(drug: str, day: str | None, status: str = "") -> dict[str, Any]:
    return record("MedicationRequest", drug, status, authoredOn=day)


def stated(drug: str, start: str | None) -> dict[str, Any]:
    return record("MedicationStatement", drug, effectivePeriod={"start": start})


def given(drug: str, day: str | None) -> dict[str, Any]:
    return record("MedicationAdministration", drug, effectiveDateTime=day)


def dispensed(drug: str, day: str, days: int) -> dict[str, Any]:
    return record("MedicationDispense", drug, whenHandedOver=day, daysSupply={"value": days, "code": "d"})


def bundle(*records: dict[str, Any], patient: str = "p1") -> dict[str, Any]:
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    entries = [{"resourceType": "Patient", "id": patient}, *({**one, **subject} for one in records)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}


def file_with(folder: Path, *bundles: dict[str, Any]) -> Path:
    path = folder / "chart.ndjson"
    path.write_text("\n".join(json.dumps(one) for one in bundles), encoding="utf-8")
    return path


EVERYTHING = (
    ordered("prednisone 10 mg", "2024-09-02"),
    dispensed("prednisone 10 mg", "2024-09-03", 30),
    dispensed("prednisone 10 mg", "2024-11-20", 30),
    ordered("azathioprine 50 mg", "2023-01-10", "stopped"),
    stated("mycophenolate mofetil 500 mg", "2025-03"),
    ordered("CellCept 500 mg", "2026-04-01", "on-hold"),
    stated("hydroxychloroquine", None),
    given("cyclophosphamide 750 mg", "2025-01-03"),
    given("cyclophosphamide 750 mg", "2025-02-20"),
    given("rituximab 1000 mg", "2025-12-01"),
    given("rituximab 1000 mg", None),
    dispensed("tacrolimus 1 mg capsule", "2018-02-01", 90),
    given("anifrolumab 300 mg", "2026-03-01"),
)
