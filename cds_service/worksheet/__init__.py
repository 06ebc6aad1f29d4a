"""The worksheet: one page for a clinician about one patient and one trial, and the links that lead to it."""
