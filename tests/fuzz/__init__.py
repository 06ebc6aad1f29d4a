"""Fuzzing of whole records: charts are changed at random, and what must hold for any chart is checked.

docs/invariants.md says what must hold, which exceptions there are, and how to run this.
"""
