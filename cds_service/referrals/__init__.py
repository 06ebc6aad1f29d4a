"""One patient's referral to one trial: its states, its history, and what of it FHIR servers keep."""
