"""Answers and strikes of a worksheet: read from FHIR, and what they make of criteria and scores."""
