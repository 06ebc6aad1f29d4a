"""What names in a rule may mean: concepts, groups and scores, as far as the definition lists their files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from mappings.concept import Concept, ConceptGroup
from mappings.definitions.faults import Mistake, Report, suggestion
from mappings.definitions.parsing.source import TextNode
from mappings.rules import Named


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All concepts and groups, and the file (its name without ``.yaml``) in which each stands.

    ``broken``: some file could not be read, so that a name which is not found may well be in it. ``unread``:
    the folder of each file that lies beside what is checked, and is not read with it.
    """

    concepts: Mapping[str, Concept]
    groups: Mapping[str, ConceptGroup]
    files: Mapping[str, str]
    stems: Collection[str]
    broken: bool = False
    unread: Mapping[str, str] = field(default_factory=dict)

    def check_listed(self, nodes: Iterable[TextNode], report: Report) -> frozenset[str]:
        """The names under ``concepts:``, those that are no file reported."""
        listed = frozenset(node.value for node in nodes)
        for node in nodes:
            if node.value in self.unread:
                folder = self.unread[node.value]
                message = f"the concept file {node.value!r} is read with its whole set only; check {folder}"
                report.add(Mistake.UNKNOWN_CONCEPT_FILE, node.line, message)
            elif node.value not in self.stems:
                message = f"no concept file {node.value!r}{suggestion(node.value, self.stems)}"
                report.add(Mistake.UNKNOWN_CONCEPT_FILE, node.line, message)
        return listed


@dataclass(frozen=True, slots=True)
class Names:
    """The vocabulary as one definition may use it. Keeps the groups that were used, for the digest."""

    vocabulary: Vocabulary
    listed: frozenset[str]
    used_groups: set[str] = field(default_factory=set)

    def concept(self, node: TextNode, kinds: Collection[str], report: Report) -> Concept | None:
        """One concept of one of these kinds."""
        if node.value in self.vocabulary.groups:
            message = f"{node.value!r} is a group; name one concept"
            report.add(Mistake.WRONG_KIND, node.line, message)
            return None
        return self._known(node.value, node.line, kinds, report)

    def members(self, nodes: Iterable[TextNode], kinds: Collection[str], report: Report) -> Named:
        """Concept ids, groups replaced by their members, each once."""
        found: dict[str, None] = {}
        written: dict[str, None] = {}
        for node in nodes:
            written[node.value] = None
            group = self.vocabulary.groups.get(node.value)
            if group is not None:
                self._check_file(node.value, node.line, report)
                self.used_groups.add(group.id)
            for name in group.members if group else (node.value,):
                if self._known(name, node.line, kinds, report):
                    found[name] = None
        return Named(found, written)

    def _known(self, name: str, line: int, kinds: Collection[str], report: Report) -> Concept | None:
        concept = self.vocabulary.concepts.get(name)
        if concept is None:
            if not self.vocabulary.broken and self.listed.isdisjoint(self.vocabulary.unread):
                known = [*self.vocabulary.concepts, *self.vocabulary.groups]
                message = f"unknown concept {name!r}{suggestion(name, known)}"
                report.add(Mistake.UNKNOWN_CONCEPT, line, message)
            return None
        self._check_file(name, line, report)
        if kinds and concept.kind not in kinds:
            if concept.kind:  # one without a kind is reported where it stands
                message = (
                    f"{name!r} is a concept of kind {concept.kind}; here it must be {' or '.join(kinds)}"
                )
                report.add(Mistake.WRONG_KIND, line, message)
            return None
        return concept

    def _check_file(self, name: str, line: int, report: Report) -> None:
        stem = self.vocabulary.files.get(name, "")
        if stem not in self.listed:
            message = f"{name!r} is in concepts/{stem}.yaml, which is not listed under 'concepts'"
            report.add(Mistake.CONCEPT_FILE_NOT_LISTED, line, message)
