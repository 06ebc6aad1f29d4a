"""Kidney biopsies: which records are of one biopsy, and what they say of class, activity and chronicity."""

from mappings.reading.pathology.biopsies import read_biopsies
from mappings.reading.pathology.records import biopsy_resources, results_of

__all__ = ["biopsy_resources", "read_biopsies", "results_of"]
