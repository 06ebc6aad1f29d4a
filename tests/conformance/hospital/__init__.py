"""The real service with the sample patients' hospital around it: FHIR server, key server, clients; no sockets."""
