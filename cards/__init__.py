"""An assessment in the words and shape of CDS Hooks.

Rule of this folder: pure. It imports of ``mappings`` only result types, verdicts and languages; no HTTP, no
clock, no Flask, no environment, no printing. The day, the patient and the source of uuids are passed in.
"""
