"""Kidney biopsies: which records are of one biopsy, and what they say of class, activity and chronicity."""

from mappings.reading.pathology.biopsies import read_biopsies

__all__ = ["read_biopsies"]
