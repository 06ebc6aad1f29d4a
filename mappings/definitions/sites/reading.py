"""The site file: which keys it has, and what may stand under them. docs/sites.md is the manual.

schema: 1
concepts:
  urine-protein-creatinine-ratio:
    - {system: "urn:oid:1.2.3.4", code: UPCR, display: Protein/creatinine ratio (urine)}
names:
  urine-protein-creatinine-ratio: [尿蛋白/尿肌酐]
answers:
  all: {positive: [{system: "urn:oid:1.2.3.5", code: POS, display: positive}, {text: posi}]}
units:
  urine-protein-creatinine-ratio: {mg/mmol Krea: mg/mmol}
concept_maps: [local-to-loinc.json]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from mappings.concept import SYSTEMS, Code, Concept
from mappings.definitions.code_checks import code_fault
from mappings.definitions.faults import Mistake, Report, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of, text_nodes_of
from mappings.definitions.parsing.leaf_rules import GENERAL_ANSWERS
from mappings.definitions.parsing.source import ListNode, MapNode, Node, TextNode
from mappings.definitions.sites.additions import (
    BIOPSY_CLASSES,
    Additions,
    ClashError,
    Meant,
    Part,
    answers_of,
    read_as,
    takes_general_answers,
)
from mappings.reading.code_index import normalised
from mappings.trial_definition import Catalog
from mappings.units import convert, is_bare_number

ALL = "all"
"""Stands for every concept to which an answer or a unit can belong."""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_NAMES: Mapping[str, str] = {uri: name for name, uri in SYSTEMS.items()}
_PARTS = ("concepts", "names", "answers", "units", "concept_maps")
_SHORTEST_NAME = 2
_LONGEST_UNIT = 60


class SiteFile:
    """Reads one site file into additions; faults go to ``report``, what is known already to ``redundant``."""

    def __init__(self, catalog: Catalog, additions: Additions, report: Report) -> None:
        self._catalog, self._additions, self._report = catalog, additions, report
        self.redundant: list[str] = []

    def read(self, root: MapNode) -> tuple[TextNode, ...]:
        """Everything but the ConceptMaps: their names, with the lines on which they stand."""
        fields = Fields(root, self._report)
        fields.choice("schema", ("1",), needed=True)
        if not any(part in root.entries for part in _PARTS):
            message = f"adds nothing; give {', '.join(_PARTS[:-1])} or {_PARTS[-1]}"
            self._report.add(Mistake.MISSING_KEY, root.line, message)
        self._each(fields.fields("concepts"), self._codes)
        self._each(fields.fields("names"), self._names)
        self._each(fields.fields("answers"), self._answers, self._answers_of_all)
        self._each(fields.fields("units"), self._units, self._units_of_all)
        maps = text_nodes_of(fields.get("concept_maps"), "concept_maps", self._report)
        fields.close()
        return maps

    def _each(
        self,
        fields: Fields | None,
        read: Callable[[Node, Concept, Report], None],
        read_all: Callable[[Node, Report], None] | None = None,
    ) -> None:
        for name, node in fields.node.entries.items() if fields else ():
            concept = self._catalog.concepts.get(name)
            report = self._report.at(f"concept {name!r}")
            if name == ALL and read_all is not None:
                read_all(node, self._report.at(ALL))
            elif concept is not None:
                read(node, concept, report)
            elif fields:
                also = (ALL,) if read_all is not None else ()
                known = suggestion(name, (*self._catalog.concepts, *also))
                self._report.add(
                    Mistake.UNKNOWN_CONCEPT, fields.line(name), f"unknown concept {name!r}{known}"
                )

    def _add(self, add: Callable[[], bool], line: int, what: str, report: Report) -> None:
        """Adds one thing; a clash is a fault, and what is known already a remark."""
        try:
            if not add():
                place = f"{report.where}: " if report.where else ""
                self.redundant.append(
                    f"{report.file}:{line}: {place}{what} is known already; it may be taken out"
                )
        except ClashError as clash:
            report.add(Mistake.REPEATED_VALUE, line, str(clash))

    # --- codes and names

    def _codes(self, node: Node, concept: Concept, report: Report) -> None:
        if not isinstance(node, ListNode):
            report.add(Mistake.WRONG_SHAPE, node.line, "the codes of a concept must be a list")
            return
        seen: set[str] = set()
        for item in node.items:
            fields = fields_of(item, "a code", report)
            if fields is None:
                continue
            imprecise, part = _imprecise(fields, concept), _part(fields, concept)
            code = code_of(fields)
            fields.close()
            if code is None:
                continue
            if code.token in seen:
                message = f"the code {code.code!r} is listed twice; take one out"
                report.add(Mistake.REPEATED_VALUE, item.line, message)
                continue
            seen.add(code.token)
            meant = Meant(concept, part)
            add = _later(self._additions.code, (meant,), code, imprecise=(concept.id,) if imprecise else ())
            self._add(add, item.line, f"the code {code.code!r}", report)

    def _names(self, node: Node, concept: Concept, report: Report) -> None:
        if concept.kind in ("drug", "consent"):
            message = (
                f"names of a {concept.kind} cannot be added, since they are found inside texts; add codes"
            )
            report.add(Mistake.NOT_ALLOWED_HERE, node.line, message)
            return
        for text in text_nodes_of(node, "names", report):
            if len(normalised(text.value)) < _SHORTEST_NAME:
                message = f"the name {text.value!r} is too short; give the whole text that the record has"
                report.add(Mistake.EMPTY_TEXT, text.line, message)
            else:
                add = _later(self._additions.name, concept, text.value)
                self._add(add, text.line, f"the name {text.value!r}", report)

    # --- answers

    def _answers(self, node: Node, concept: Concept, report: Report) -> None:
        known = answers_of(concept)
        if known:
            self._answers_by_way(node, (concept,), known, report)
        else:
            message = f"{concept.id!r}, a {concept.kind}, has no answers that could be added"
            report.add(Mistake.NOT_ALLOWED_HERE, node.line, message)

    def _answers_of_all(self, node: Node, report: Report) -> None:
        concepts = tuple(one for one in self._catalog.concepts.values() if takes_general_answers(one))
        self._answers_by_way(node, concepts, GENERAL_ANSWERS, report)

    def _answers_by_way(
        self, node: Node, concepts: tuple[Concept, ...], known: tuple[str, ...], report: Report
    ) -> None:
        fields = fields_of(node, "the answers", report)
        for answer, ways in fields.node.entries.items() if fields else ():
            if answer not in known:
                told = suggestion(answer, known, "known answers")
                message = f"{answer!r} is not an answer here{told}"
                report.add(Mistake.UNKNOWN_ANSWER, fields.line(answer) if fields else 0, message)
            elif not isinstance(ways, ListNode):
                report.add(Mistake.WRONG_SHAPE, ways.line, f"what means {answer!r} must be a list")
            else:
                self._ways(ways, answer, concepts, report)

    def _ways(self, ways: ListNode, answer: str, concepts: tuple[Concept, ...], report: Report) -> None:
        for item in ways.items:
            way, what = _way(item, report)
            if way and answer in BIOPSY_CLASSES and "|" not in way:
                message = "words of a class are read as they stand; add codes"
                report.add(Mistake.NOT_ALLOWED_HERE, item.line, message)
            elif way:
                add = _later(self._additions.answer, concepts, answer, way)
                self._add(add, item.line, f"{what} for {answer!r}", report)

    # --- units

    def _units(self, node: Node, concept: Concept, report: Report) -> None:
        if not concept.unit:
            message = f"{concept.id!r} has no unit, so none is converted into it"
            report.add(Mistake.NOT_ALLOWED_HERE, node.line, message)
            return
        for text, unit, line in self._spellings(node, report):
            if all(convert(1.0, unit, one) is None for one in read_as(concept)):
                self._not_convertible(unit, line, f"into {concept.unit}, the unit of {concept.id!r}", report)
            else:
                self._add(_later(self._additions.unit, (concept,), text, unit), line, f"{text!r}", report)

    def _units_of_all(self, node: Node, report: Report) -> None:
        """For every concept into whose unit it converts; for the others the text must mean nothing."""
        with_unit = [one for one in self._catalog.concepts.values() if one.unit]
        for text, unit, line in self._spellings(node, report):
            fitting = [one for one in with_unit if convert(1.0, unit, one) is not None]
            other = next(
                (one for one in with_unit if one not in fitting and convert(1.0, text, one) is not None), None
            )
            if not fitting:
                self._not_convertible(unit, line, "into the unit of any concept", report)
            elif other is not None:
                message = f"{text!r} is a unit of {other.id!r} already, and not the same as {unit!r}"
                report.add(Mistake.REPEATED_VALUE, line, message)
            else:
                self._add(_later(self._additions.unit, fitting, text, unit), line, f"{text!r}", report)

    @staticmethod
    def _spellings(node: Node, report: Report) -> Iterator[tuple[str, str, int]]:
        fields = fields_of(node, "the units", report)
        for text in fields.node.entries if fields else ():
            unit = fields.text(text) if fields else ""
            line = fields.line(text) if fields else 0
            if not text.strip() or len(text) > _LONGEST_UNIT:
                message = f"the unit must be a text of 1 to {_LONGEST_UNIT} characters, as results have it"
                report.add(Mistake.NOT_A_UNIT, line, message)
            elif is_bare_number(text):
                report.add(Mistake.NOT_A_UNIT, line, f"{text!r} means a bare number, which has no unit")
            elif unit:
                yield text, unit, line

    @staticmethod
    def _not_convertible(unit: str, line: int, into: str, report: Report) -> None:
        message = f"{unit!r} cannot be converted {into}; write what the text stands for in UCUM"
        report.add(Mistake.UNIT_NOT_COMPARABLE, line, message)


def _later(function: Callable[..., bool], *arguments: object, **named: object) -> Callable[[], bool]:
    return lambda: function(*arguments, **named)


def _part(fields: Fields, concept: Concept) -> Part:
    """Which part of a 24-hour collection a code measures, if it does not measure the amount itself."""
    if "part" in fields.node.entries and concept.collection is None:
        message = f"'part' means nothing for {concept.id!r}; take it out"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("part"), message)
    found = fields.choice("part", ("concentration", "volume"))
    return "concentration" if found == "concentration" else "volume" if found == "volume" else ""


def _imprecise(fields: Fields, concept: Concept) -> bool:
    """Where some codes of the concept say too little when positive, each new one must say which it is."""
    key = "imprecise_when_positive"
    if key in fields.node.entries and not concept.imprecise_when_positive:
        message = f"{key!r} means nothing for {concept.id!r}; take it out"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line(key), message)
        return fields.flag(key)
    if key not in fields.node.entries and concept.imprecise_when_positive:
        message = f"say {key}: yes if a positive answer under it lacks the titre that rules need, else no"
        fields.report.add(Mistake.MISSING_KEY, fields.node.line, message)
    return fields.flag(key)


def _way(item: Node, report: Report) -> tuple[str, str]:
    """A code as ``system|code`` or a text as it is compared, and how to call it; empty with the fault."""
    fields = fields_of(item, "what means an answer", report)
    if fields is None:
        return "", ""
    if "text" in fields.node.entries:
        text = fields.text("text")
        fields.close()
        if "|" in text:
            report.add(
                Mistake.NOT_ALLOWED_HERE, fields.line("text"), f"the text {text!r} holds '|'; give a code"
            )
            return "", ""
        return normalised(text) or text, f"the text {text!r}"
    code = code_of(fields)
    fields.close(("text",))
    return (code.token, f"the code {code.code!r}") if code else ("", "")


def code_of(fields: Fields) -> Code | None:
    """``system``, ``code`` and ``display``; None, with the fault, if the code cannot be one."""
    system, code, display = (fields.need_text(key) for key in ("system", "code", "display"))
    uri = SYSTEMS.get(system, system)
    if system and not is_system(uri):
        message = f"unknown code system {system!r}; write its URI, or one of {', '.join(SYSTEMS)}"
        fields.report.add(Mistake.UNKNOWN_CODE_SYSTEM, fields.line("system"), message)
        return None
    fault = fault_of(uri, code) if code else ""
    if fault:
        fields.report.add(Mistake.BAD_CODE, fields.line("code"), f"{code!r} {fault}")
        return None
    return Code(uri, code, display) if system and code and display else None


def is_system(uri: str) -> bool:
    """Whether a text is in the form of a URI, as the system of a code must be."""
    return _URI.fullmatch(uri) is not None


def fault_of(system: str, code: str) -> str:
    """What is wrong with a code of a system (URI) that we know; nothing is known of others."""
    return code_fault(_NAMES[system], code) if system in _NAMES else ""
