"""Referrals on the EHRs' FHIR servers: what is written there, and how changes made there are learnt."""
