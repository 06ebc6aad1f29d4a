"""The demo: sample patients, an embedded FHIR server, and a page that plays the EHR. Loopback only."""
