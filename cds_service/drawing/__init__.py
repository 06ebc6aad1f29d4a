"""The timeline of a patient's drugs, as a picture and as a table, drawn from typed facts."""
