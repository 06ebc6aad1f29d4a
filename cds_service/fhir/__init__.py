"""Reading from the EHR's FHIR server: only allowed hosts, under one deadline, within limits."""
