"""From FHIR R4 JSON to typed facts, entry by entry: one unreadable resource never takes down the rest."""
