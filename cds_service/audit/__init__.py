"""The audit trail: who asked what about whom, pseudonymous and append-only."""
