"""Trial definitions, concepts and scores: read from YAML, checked, and written out as prose."""

from mappings.definitions.faults import DefinitionError, Fault, Mistake
from mappings.definitions.loading import load_catalog

__all__ = ["DefinitionError", "Fault", "Mistake", "load_catalog"]
