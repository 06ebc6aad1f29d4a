"""What clients ask for: discovery, prefetch templates, requests and their contexts."""
