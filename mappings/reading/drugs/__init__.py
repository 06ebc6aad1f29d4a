"""Drug records as exposures: which drug, from when to when, how it is known, and what is doubtful."""

from mappings.reading.drugs.exposures import read_exposures

__all__ = ["read_exposures"]
