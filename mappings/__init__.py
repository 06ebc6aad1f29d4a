"""Trial definitions, and what a FHIR record says about them.

Rule of this folder: pure. No HTTP, no clock, no Flask, no environment, no printing; the day of an
assessment is always passed in. A test reads the imports and enforces it.
"""
