"""HL7's own CDS Hooks samples, good and bad, each with what its validator is to say of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.validator.hl7_validator import (
    REQUEST,
    RESPONSE,
    SERVICES,
    TESTCASES,
    Document,
    Finding,
    finding,
)

FOLDER = TESTCASES / "validator"
MODULE = "cdshooks"


@dataclass(frozen=True)
class Hl7Sample:
    """A file of HL7's and the errors that belong to it."""

    file: str
    document: Document
    expected: list[Finding]


GOOD = {
    "cdshooks-services-good": SERVICES,
    "cdshooks-request-pv-good": REQUEST,
    "cdshooks-request-patient-view-good": REQUEST,
    "cdshooks-request-order-select-good": REQUEST,
    "cdshooks-request-order-sign-good": REQUEST,
    "cdshooks-response-good": RESPONSE,
    "cdshooks-response-empty": RESPONSE,
    "cdshooks-response-link": RESPONSE,
    "cdshooks-response-no-link": RESPONSE,
    "cdshooks-response-source-link": RESPONSE,
    "cdshooks-response-two-cards": RESPONSE,
}
BAD = {
    "cdshooks-services-order-select-extensions": SERVICES,
    "cdshooks-request-patient-view-bad": REQUEST,
    "cdshooks-request-order-select-bad": REQUEST,
    "cdshooks-request-order-select-extensions": REQUEST,
    "cdshooks-request-bad-1": REQUEST,
    "cdshooks-request-order-sign-bad-2": REQUEST,
    "cdshooks-response-empty2": RESPONSE,
    "cdshooks-response-empty-source": RESPONSE,
    "cdshooks-response-suggestion": RESPONSE,
}
"""By the names in HL7's manifest. Written here, so that tests are listed before anything is downloaded."""


def read_samples() -> dict[str, Hl7Sample]:
    """Every sample that HL7's manifest lists for CDS Hooks."""
    manifest = _json("manifest.json")
    cases = [case for case in manifest["test-cases"] if case.get("module") == MODULE]
    return {case["name"]: _sample(case) for case in cases}


def _sample(case: dict[str, Any]) -> Hl7Sample:
    text = (FOLDER / case["file"]).read_text(encoding="utf-8")
    outcome = _json(f"outcomes/{case['logical']['java']}")
    issues = [
        finding(issue["severity"], issue["expression"][0], issue["details"]["text"])
        for issue in outcome.get("issue", [])
    ]
    return Hl7Sample(case["file"], Document(text, case["logical"]["format"]), issues)


def _json(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
