"""Speaks to the demo's FHIR server over HTTP, as an EHR's own front end would."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import orjson
import requests

Resource = dict[str, Any]
TIMEOUT = (2.0, 15.0)
FHIR_JSON = "application/fhir+json"


class FhirClient:
    """Reads and creates resources under one base URL."""

    def __init__(self, base: str) -> None:
        """Speak to the server at `base`, which has no slash at its end; proxies are not used."""
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept"] = FHIR_JSON

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, query: str) -> Resource | None:
        """The answer to a relative read or search, or None if the server has no good one."""
        answer = self._session.get(urljoin(f"{self.base}/", query), timeout=TIMEOUT)
        return orjson.loads(answer.content) if answer.ok else None

    def create(self, resource: Resource) -> str:
        """Create the resource; returns an empty string, or what the server said against it."""
        kind = str(resource.get("resourceType", ""))
        answer = self._session.post(
            f"{self.base}/{kind}",
            data=orjson.dumps(resource),
            headers={"Content-Type": FHIR_JSON},
            timeout=TIMEOUT,
        )
        if answer.ok:
            return ""
        return "; ".join(said(answer.content)) or f"the FHIR server answered {answer.status_code}"


def said(body: bytes) -> list[str]:
    """The words of an OperationOutcome; nothing if the body is something else."""
    try:
        outcome = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return []
    return [words for issue in outcome.get("issue", []) if (words := _words(issue))]


def _words(issue: Resource) -> str:
    text = issue.get("details", {}).get("text", "")
    return " — ".join(part for part in (text, issue.get("diagnostics", "")) if part)
