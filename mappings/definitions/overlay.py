"""A site's own codes, laid over the concepts. They are only added: nothing is removed or redefined.

schema: 1
concepts:
  urine-protein-creatinine-ratio:
    - {system: "urn:oid:1.2.3.4", code: UPCR, display: Protein/creatinine ratio (urine)}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mappings.concept import SYSTEMS, Code, Concept
from mappings.definitions.code_checks import code_fault
from mappings.definitions.faults import DefinitionError, Mistake, Report, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of
from mappings.definitions.parsing.source import ListNode, MapNode, Node, read_source
from mappings.trial_definition import Catalog

_NAMES: Mapping[str, str] = {uri: name for name, uri in SYSTEMS.items()}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_MAY_SHARE = {"condition", "procedure"}


def with_site_codes(catalog: Catalog, overlay: Path | MapNode) -> Catalog:
    """A catalog in which concepts have a site's codes too. The one given stays as it is.

    Raises DefinitionError with every fault: an unknown concept or code system, a code that fails its check
    digit, or that stands for another measurement, finding or drug already.
    """
    report = Report(overlay.as_posix() if isinstance(overlay, Path) else "site codes")
    node = read_source(overlay, report) if isinstance(overlay, Path) else overlay
    added = _read(node, catalog, report) if node else {}
    if report.faults:
        raise DefinitionError(report.faults)
    concepts = {
        name: replace(catalog.concepts[name], codes=(*catalog.concepts[name].codes, *codes))
        for name, codes in added.items()
    }
    return replace(catalog, concepts={**catalog.concepts, **concepts})


def _read(root: MapNode, catalog: Catalog, report: Report) -> dict[str, tuple[Code, ...]]:
    fields = Fields(root, report)
    fields.choice("schema", ("1",), needed=True)
    concepts = fields.fields("concepts", needed=True)
    fields.close()
    meanings = _Meanings(catalog.concepts.values())
    added = {}
    for name, node in concepts.node.entries.items() if concepts else ():
        concept = catalog.concepts.get(name)
        line = concepts.line(name) if concepts else 0
        if concept is None:
            message = f"unknown concept {name!r}{suggestion(name, catalog.concepts)}"
            report.add(Mistake.UNKNOWN_CONCEPT, line, message)
        else:
            added[name] = _codes(node, concept, meanings, report.at(f"concept {name!r}"))
    return added


def _codes(node: Node, concept: Concept, meanings: _Meanings, report: Report) -> tuple[Code, ...]:
    if not isinstance(node, ListNode):
        report.add(Mistake.WRONG_SHAPE, node.line, "the codes of a concept must be a list")
        return ()
    found: dict[str, Code] = {}
    for item in node.items:
        code = _code(item, report)
        if code is None:
            continue
        if code.token in found:
            message = f"the code {code.code!r} is listed twice; take one out"
            report.add(Mistake.REPEATED_VALUE, item.line, message)
        elif other := meanings.clash(code, concept):
            message = f"the code {code.code!r} stands for {other.id!r} already; it cannot mean both"
            report.add(Mistake.REPEATED_VALUE, item.line, message)
        elif not meanings.has(code, concept):
            found[code.token] = code
            meanings.add(code, concept)
    return tuple(found.values())


def _code(item: Node, report: Report) -> Code | None:
    fields = fields_of(item, "a code", report)
    if fields is None:
        return None
    system, code, display = (fields.need_text(key) for key in ("system", "code", "display"))
    fields.close()
    uri = SYSTEMS.get(system, system)
    if system and not _URI.fullmatch(uri):
        message = f"unknown code system {system!r}; write its URI, or one of {', '.join(SYSTEMS)}"
        report.add(Mistake.UNKNOWN_CODE_SYSTEM, fields.line("system"), message)
        return None
    fault = code_fault(_NAMES[uri], code) if code and uri in _NAMES else ""
    if fault:
        report.add(Mistake.BAD_CODE, fields.line("code"), f"{code!r} {fault}")
        return None
    return Code(uri, code, display) if system and code and display else None


class _Meanings:
    """Which concepts each code stands for: in the catalog, and in the overlay as far as it is read."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts: dict[str, list[Concept]] = {}
        for concept in concepts:
            for code in concept.codes:
                self.add(code, concept)

    def add(self, code: Code, concept: Concept) -> None:
        self._concepts.setdefault(code.token, []).append(concept)

    def has(self, code: Code, concept: Concept) -> bool:
        return any(known.id == concept.id for known in self._concepts.get(code.token, ()))

    def clash(self, code: Code, concept: Concept) -> Concept | None:
        """A concept that the code stands for already and that this one cannot share it with.

        Diagnoses and procedures may: class IV lupus nephritis is lupus nephritis. One result is not two.
        """
        for known in self._concepts.get(code.token, ()):
            if known.id != concept.id and not {known.kind, concept.kind} <= _MAY_SHARE:
                return known
        return None
