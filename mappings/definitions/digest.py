"""What exactly was signed: one digest over a trial and everything that it uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from mappings.definitions.parsing.score_parser import ScoreSource
from mappings.definitions.parsing.source import MapNode, Plain, plain
from mappings.definitions.parsing.trial_parser import TrialSource
from mappings.definitions.uses import scores_of
from mappings.needs import concepts_of
from mappings.trial_definition import Catalog

PER_DEPLOYMENT = "recruitment"


def digest_of(
    source: TrialSource,
    catalog: Catalog,
    names: Mapping[str, MapNode],
    scores: Mapping[str, ScoreSource],
) -> str:
    """``sha256:`` and a digest of the trial without its recruitment, with all concepts and scores it uses.

    Taken from what was parsed: comments, quotes, line breaks and the order of keys do not change it, a code
    does. ``names`` holds the nodes of concepts and groups.
    """
    asked = scores_of(source.trial)
    groups = set(source.used_groups).union(*(scores[name].used_groups for name in asked))
    concepts = _with_excluded(concepts_of([source.trial], catalog), catalog)
    trial = {key: node for key, node in source.node.entries.items() if key != PER_DEPLOYMENT}
    content: Mapping[str, Plain] = {
        "trial": {key: plain(node) for key, node in trial.items()},
        "concepts": {name: plain(names[name]) for name in {*concepts, *groups}},
        "scores": {name: plain(scores[name].node) for name in asked},
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _with_excluded(names: Iterable[str], catalog: Catalog) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(catalog.concepts[name].excluding)
    return found
