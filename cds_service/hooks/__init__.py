"""CDS Hooks over HTTP: discovery, requests, prefetch, answers and refusals."""
