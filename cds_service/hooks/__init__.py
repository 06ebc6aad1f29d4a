"""The hooks of CDS Hooks: requests, prefetch, answers, and what each client gets of them."""
