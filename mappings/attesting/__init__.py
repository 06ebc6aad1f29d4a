"""What the record cannot say: a clinician's answers and strikes, as FHIR, and what follows from them."""
