"""What one site adds to the concepts: its own codes, names, answers and units. It never changes any."""

from mappings.definitions.sites.site import Site, load_site

__all__ = ["Site", "load_site"]
