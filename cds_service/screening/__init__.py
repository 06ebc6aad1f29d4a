"""Patients from files, for the command line: what a file holds, whose each record is, and a table."""
