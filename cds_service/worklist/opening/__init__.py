"""One row of the worklist, opened: the patient as the FHIR server has them now, history, notes and moves."""
