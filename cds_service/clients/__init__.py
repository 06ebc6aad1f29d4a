"""The EHRs that may call: who they are, what they are offered, and what they can do."""
