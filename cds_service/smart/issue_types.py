"""What a FHIR server says was wrong, in a code of FHIR's: its own words may name somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ISSUE_TYPES = frozenset(
    (
        "invalid",
        "structure",
        "required",
        "value",
        "invariant",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "duplicate",
        "multiple-matches",
        "not-found",
        "deleted",
        "too-long",
        "code-invalid",
        "extension",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
        "informational",
    )
)
"""All codes of R4's IssueType."""


def issue_of(outcome: Mapping[str, Any]) -> str:
    """The code of the first error in an OperationOutcome; "" if there is none, or not of R4."""
    issues = outcome.get("issue")
    for issue in issues if isinstance(issues, list) else ():
        code = issue.get("code") if isinstance(issue, dict) else None
        if isinstance(code, str) and code in ISSUE_TYPES and issue.get("severity") in ("error", "fatal"):
            return code
    return ""
