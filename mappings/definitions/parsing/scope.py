"""What a rule may refer to where it stands, and how it is read there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from mappings.definitions.faults import Report
from mappings.definitions.parsing.names import Names
from mappings.definitions.parsing.source import Node
from mappings.rules import Pick, Rule


@dataclass(frozen=True, slots=True)
class NamedRules:
    """The rules under ``definitions:``; each is read once, where it is first used or at the end."""

    nodes: Mapping[str, Node]
    rules: dict[str, Rule | None] = field(default_factory=dict)
    being_read: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scope:
    """``pick`` is the default of measurements and findings.

    A rule inside a score may refer to no criterion, no score and no named rule. ``scores`` holds their
    maxima; it is None where it is not known which there are.
    """

    names: Names
    report: Report
    pick: Pick
    criteria: Collection[str] = ()
    scores: Mapping[str, int] | None = field(default_factory=dict)
    named: NamedRules = field(default_factory=lambda: NamedRules({}))
    in_score: bool = True

    def at(self, where: str) -> Scope:
        return replace(self, report=self.report.at(where))
