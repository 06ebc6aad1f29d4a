"""How the service gets a patient's data: prefetch, and the client's FHIR server."""
