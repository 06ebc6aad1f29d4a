"""HL7's own validator, offline: many documents in one run of Java, what it says of each by name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.hapi.maven import build

HL7 = Path(__file__).parent / "hl7"
TESTCASES = HL7 / "target/testcases/org/hl7/fhir/testcases"
MODELS = TESTCASES / "r5/uml/input"
RUN_LIMIT = 300.0

MODEL = "http://hl7.org/fhir/tools/StructureDefinition/"
SERVICES = f"{MODEL}CDSHooksServices"
REQUEST = f"{MODEL}CDSHooksRequest"
RESPONSE = f"{MODEL}CDSHooksResponse"
RESOURCE = ""
"""A FHIR R4 resource: its own `resourceType` says of what kind."""

_VERSION_OF_A_MODEL = re.compile(rf"({re.escape(MODEL)}\w+)\|[\w.-]+")


@dataclass(frozen=True)
class Document:
    """JSON as it goes over the wire, and the model that it is to follow."""

    text: str
    model: str


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that the validator says. Versions of the CDS Hooks models are left out of the words."""

    severity: str
    path: str
    text: str

    @property
    def is_error(self) -> bool:
        """Whether the document is refused for it."""
        return self.severity in {"error", "fatal"}

    @property
    def is_warning(self) -> bool:
        """Whether it asks for a second look."""
        return self.severity == "warning"


def finding(severity: str, path: str, text: str) -> Finding:
    """A finding in words that can be compared between versions of the models."""
    return Finding(severity, path, _VERSION_OF_A_MODEL.sub(r"\1", text))


def prepare() -> None:
    """Download and build what the runs need; a plain sentence if that cannot be done."""
    missing = [tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None]
    if missing:
        raise RuntimeError(f"Not installed: {', '.join(missing)}. `make test-validator` may install it.")
    build(HL7)


def validate(documents: Mapping[str, Document], folder: Path) -> dict[str, list[Finding]]:
    """Everything that the validator says of each document; the folder takes its input and output."""
    prepare()
    asked, answered = folder / "documents.json", folder / "findings.json"
    rows = [{"name": name, "model": one.model, "text": one.text} for name, one in documents.items()]
    asked.write_text(json.dumps(rows), encoding="utf-8")
    _run([str(MODELS), str(asked), str(answered)])
    found = json.loads(answered.read_text(encoding="utf-8"))
    return {
        name: [finding(one["severity"], one["path"], one["text"]) for one in found[name]]
        for name in documents
    }


def _run(arguments: list[str]) -> None:
    command = [
        "java",
        "-Xmx1g",
        "-XX:+UseSerialGC",
        "-jar",
        str(HL7 / "target/hl7-validator.jar"),
        *arguments,
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RUN_LIMIT)
    if run.returncode != 0:
        raise RuntimeError(f"HL7's validator failed:\n{(run.stdout + run.stderr)[-4000:]}")
