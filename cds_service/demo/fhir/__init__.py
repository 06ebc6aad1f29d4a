"""Parts of the demo's FHIR server, and the client that speaks to it."""
