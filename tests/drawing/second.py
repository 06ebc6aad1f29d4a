"""A second trial beside the packaged one: with exclusions, and with several treatment rules."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mappings.definitions import load_catalog
from mappings.trial_definition import Catalog


@cache
def second() -> Catalog:
    """A catalog whose only trial is T-SECOND, with the packaged concepts and scores."""
    return load_catalog([Path(__file__).parent / "second_trial"])
