"""SMART on FHIR: launching the worksheet from an EHR, and reading and writing there by ourselves."""
