"""What exactly is signed: a trial and everything that it reaches, in canonical form, and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from mappings.definitions.parsing.score_parser import ScoreSource
from mappings.definitions.parsing.source import MapNode, Plain, plain
from mappings.definitions.parsing.trial_parser import TrialSource
from mappings.definitions.uses import scores_of
from mappings.needs import concepts_of, with_excluded
from mappings.trial_definition import Catalog
from mappings.units.spellings import unit_table

PER_DEPLOYMENT = "recruitment"
NOT_SIGNED = frozenset({"status"})
"""To make a signed definition active must not change what was signed."""

Content = Mapping[str, Plain]


def signed_content(
    source: TrialSource,
    catalog: Catalog,
    names: Mapping[str, MapNode],
    scores: Mapping[str, ScoreSource],
) -> Content:
    """The trial with all concepts, groups, scores and tables that it uses.

    Its recruitment and status are left out: they change while what was signed does not. Taken from what was
    parsed: comments, quotes, line breaks and the order of keys make no difference, a code does. ``names``
    holds the nodes of concepts and groups.
    """
    asked = scores_of(source.trial)
    groups = set(source.used_groups).union(*(scores[name].used_groups for name in asked))
    concepts = with_excluded(concepts_of([source.trial], catalog), catalog)
    return {
        "trial": {
            key: _unsigned(plain(node)) for key, node in source.node.entries.items() if key != PER_DEPLOYMENT
        },
        "concepts": {name: plain(names[name]) for name in {*concepts, *groups}},
        "scores": {name: plain(scores[name].node) for name in asked},
        "units": _units() if any(catalog.concepts[name].unit for name in concepts) else {},
    }


def _units() -> Plain:
    """How results may write their units: a spelling that meant another unit would be another result."""
    return {unit.ucum: [*unit.written, *unit.as_written] for unit in unit_table().units}


def digest_of(content: Content) -> str:
    """``sha256:`` and the digest of a content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _unsigned(content: Plain) -> Plain:
    """The head of a trial without what may change after signing; other content as it is."""
    if not isinstance(content, dict):
        return content
    return {key: value for key, value in content.items() if key not in NOT_SIGNED}
