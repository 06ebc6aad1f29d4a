"""What passes between a referral and its resources at one FHIR server."""
