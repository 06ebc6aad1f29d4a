"""The words of closed lists that definitions use, which review sheets say in a language."""

from __future__ import annotations

from mappings.language.language import message

STATUSES = (
    *(message("draft"), message("reviewed"), message("active"), message("closed")),
    *(message("recruiting"), message("full"), message("unknown")),
    *(message("inactive"), message("remission"), message("resolved"), message("relapse")),
    message("recurrence"),
)
"""Of trials, of recruitment, and of diagnoses (FHIR's)."""

KINDS = (
    *(message("measurement"), message("finding"), message("condition"), message("procedure")),
    *(message("drug"), message("consent")),
)
"""Of concepts."""
