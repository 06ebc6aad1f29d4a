"""Concept files: what clinical names mean in codes, units and words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, cast, get_args

from mappings.concept import (
    OBSERVATION_CATEGORIES,
    SYSTEMS,
    Code,
    Concept,
    ConceptGroup,
    ConceptKind,
    TimedCollection,
)
from mappings.definitions.code_checks import code_fault
from mappings.definitions.conversions import conversions_of
from mappings.definitions.faults import Mistake, Report, suggestion
from mappings.definitions.parsing.amounts_in_rules import concept_limit
from mappings.definitions.parsing.fields import Fields, fields_of, some_text_nodes_of, text_of
from mappings.definitions.parsing.leaf_rules import GENERAL_ANSWERS
from mappings.definitions.parsing.source import MapNode, Node, TextNode
from mappings.reading.code_index import normalised
from mappings.results import How
from mappings.units import is_unit

KINDS: tuple[ConceptKind, ...] = get_args(ConceptKind)
EFFORTS: tuple[How, ...] = tuple(how for how in get_args(How) if how != "chart")
_WEEKS = re.compile(r"(\d{1,4}) to (\d{1,4}) weeks", re.ASCII)
_RANGE_WORDS = ("low", "normal", "high")
_WITH_VALUES = ("measurement", "finding")
_KEYS_OF_KINDS = {
    "unit": _WITH_VALUES,
    "conversions": _WITH_VALUES,
    "whole_number_to": _WITH_VALUES,
    "cannot_exceed": ("measurement",),
    "cannot_be_below": ("measurement",),
    "collection": ("measurement",),
    "order": _WITH_VALUES,
    "answers": _WITH_VALUES,
    "from_range": _WITH_VALUES,
    "positive_above": _WITH_VALUES,
    "positive_from": _WITH_VALUES,
    "blood_cells": ("finding",),
    "imprecise_when_positive": _WITH_VALUES,
    "filed_under": _WITH_VALUES,
    "same_test_as": _WITH_VALUES,
    "excluding": ("condition",),
    "lasted": ("condition",),
    "covers": ("drug",),
    "pathology": (*_WITH_VALUES, "condition", "procedure"),
}


class ConceptSource(NamedTuple):
    """A concept as read, the node it was read from, and where names in it are to be checked."""

    concept: Concept
    node: MapNode
    report: Report
    excluding: tuple[TextNode, ...]


class GroupSource(NamedTuple):
    group: ConceptGroup
    node: MapNode
    report: Report
    members: tuple[TextNode, ...]


class ConceptFile(NamedTuple):
    concepts: tuple[ConceptSource, ...]
    groups: tuple[GroupSource, ...]


def parse_concept_file(root: MapNode, report: Report) -> ConceptFile:
    """The concepts and groups of one file."""
    fields = Fields(root, report)
    fields.choice("schema", ("1",), needed=True)
    concepts = [_concept(node, report) for node in fields.items("concepts")]
    groups = [_group(node, report) for node in fields.items("groups")]
    fields.close()
    return ConceptFile(tuple(c for c in concepts if c), tuple(g for g in groups if g))


def check_concepts(files: Iterable[ConceptFile], concepts: dict[str, Concept]) -> None:
    """Names in concepts and groups: known, and of the right kind."""
    for file in files:
        for source in file.concepts:
            _check_names(source.excluding, source.concept.kind, concepts, source.report)
            _check_same_test(source, concepts)
        for group in file.groups:
            kinds = (concepts[m].kind for m in group.group.members if m in concepts)
            kind = next((kind for kind in kinds if kind in KINDS), "")
            _check_names(group.members, kind, concepts, group.report)


def _check_names(
    nodes: tuple[TextNode, ...], kind: str, concepts: dict[str, Concept], report: Report
) -> None:
    for node in nodes:
        other = concepts.get(node.value)
        if other is None:
            message = f"unknown concept {node.value!r}{suggestion(node.value, concepts)}"
            report.add(Mistake.UNKNOWN_CONCEPT, node.line, message)
        elif kind in KINDS and other.kind in KINDS and other.kind != kind:  # a faulty one is told already
            message = f"{node.value!r} is a concept of kind {other.kind}; here it must be {kind}"
            report.add(Mistake.WRONG_KIND, node.line, message)


def _filed_under(fields: Fields) -> tuple[str, ...]:
    nodes = fields.some_text_nodes("filed_under")
    if nodes and not fields.texts("names"):
        message = "'filed_under' means nothing without 'names': what has a code is found by it"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("filed_under"), message)
    for node in nodes:
        if node.value not in OBSERVATION_CATEGORIES:
            known = suggestion(node.value, OBSERVATION_CATEGORIES, "one of")
            message = f"'filed_under' cannot hold {node.value!r}{known}"
            fields.report.add(Mistake.NOT_A_CHOICE, node.line, message)
    return tuple(node.value for node in nodes)


def _check_same_test(source: ConceptSource, concepts: dict[str, Concept]) -> None:
    node = source.node.entries.get("same_test_as")
    if isinstance(node, TextNode) and source.concept.kind in _WITH_VALUES:
        other = "finding" if source.concept.kind == "measurement" else "measurement"
        named = TextNode(source.concept.same_test_as, node.line)
        _check_names((named,), other, concepts, source.report)


def _group(node: Node, report: Report) -> GroupSource | None:
    fields = fields_of(node, "a group", report)
    if fields is None:
        return None
    name = fields.need_id()
    fields.report = report = report.at(f"group {name!r}")
    display = fields.need_text("display")
    fields.need("members")
    members = some_text_nodes_of(fields.get("members"), "members", report)
    fields.close()
    group = ConceptGroup(name, display, tuple(member.value for member in members))
    return GroupSource(group, fields.node, report, members) if name else None


def _concept(node: Node, report: Report) -> ConceptSource | None:
    fields = fields_of(node, "a concept", report)
    if fields is None:
        return None
    name = fields.need_id()
    fields.report = report = report.at(f"concept {name!r}")
    kind = fields.choice("kind", KINDS, needed=True)
    excluding = fields.some_text_nodes("excluding")
    concept = _read(fields, name, kind, tuple(node.value for node in excluding))
    concept = _with_limits(fields, concept)
    for key, kinds in _KEYS_OF_KINDS.items():
        if kind and kind not in kinds and key in fields.node.entries:
            message = f"{key!r} means nothing for a concept of kind {kind}"
            report.add(Mistake.NOT_ALLOWED_HERE, fields.line(key), message)
    fields.close()
    return ConceptSource(concept, fields.node, report, excluding) if name else None


def _read(fields: Fields, name: str, kind: str, excluding: tuple[str, ...]) -> Concept:
    display = fields.need_text("display")
    unit = _unit(fields, kind)
    codes = _codes(fields.fields("codes"))
    answers = _answers(fields)
    factors = conversions_of(fields, unit)
    return Concept(
        id=name,
        display=display,
        kind=cast(ConceptKind, kind),
        codes=codes,
        names=fields.texts("names"),
        unit=unit,
        conversions={other: one.times for other, one in factors.items()},
        offsets={other: one.plus for other, one in factors.items() if one.plus},
        whole_number_to=fields.whole_number("whole_number_to"),
        collection=_collection(fields, unit),
        answers=answers,
        from_range=_from_range(fields, answers),
        positive_above=fields.number("positive_above"),
        positive_from=fields.number("positive_from"),
        blood_cells=fields.flag("blood_cells"),
        imprecise_when_positive=frozenset(_code_lists(fields.fields("imprecise_when_positive"))),
        excluding=excluding,
        lasted=_lasted(fields, codes),
        filed_under=_filed_under(fields),
        effort=fields.choice("effort", EFFORTS),
        same_test_as=fields.text("same_test_as"),
        pathology=fields.flag("pathology"),
        orderable=_order(fields, codes, display),
        covers_days=_covers(fields),
        source=fields.text("source"),
    )


def _unit(fields: Fields, kind: str) -> str:
    node = fields.need("unit") if kind == "measurement" else fields.get("unit")
    unit = text_of(node, "unit", fields.report)
    if unit != "{titer}" and "positive_from" in fields.node.entries:
        message = "'positive_from' is for titres, in the unit '{titer}'; other numbers have 'positive_above'"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("positive_from"), message)
    if unit and not is_unit(unit):
        message = f"{unit!r} is not a UCUM unit; a bare number has '{{score}}'"
        fields.report.add(Mistake.NOT_A_UNIT, fields.line("unit"), message)
    return unit


def _with_limits(fields: Fields, concept: Concept) -> Concept:
    """``cannot_exceed: 50 g/g`` and ``cannot_be_below: 10 Cel``, in the concept's own unit."""
    limits = {}
    for key in ("cannot_exceed", "cannot_be_below"):
        text = fields.text(key)
        limits[key] = concept_limit(concept, fields.report)(text, fields.line(key)) if text else None
    most, least = limits.values()
    if most is not None and least is not None and least >= most:
        message = "no number is at least 'cannot_be_below' and at most 'cannot_exceed'"
        fields.report.add(Mistake.BOUNDS_CONTRADICT, fields.line("cannot_be_below"), message)
    return replace(concept, cannot_exceed=most, cannot_be_below=least)


def _collection(fields: Fields, unit: str) -> TimedCollection | None:
    """``{concentration: {loinc: ...}, volume: {loinc: ...}}`` of an amount per day."""
    inner = fields.fields("collection")
    if inner is None:
        return None
    if not unit.endswith("/d"):
        message = "'collection' is for an amount per day, in a unit such as g/d"
        fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("collection"), message)
    codes = [_codes(inner.fields(key, needed=True)) for key in ("concentration", "volume")]
    inner.close()
    return TimedCollection(*codes)


def _codes(systems: Fields | None) -> tuple[Code, ...]:
    """``{loinc: {2890-2: display}}``."""
    found = []
    for name, node in _by_system(systems):
        report = systems.report if systems else Report("")
        inner = fields_of(node, f"{name!r}", report)
        if inner is not None:
            for code, display in inner.node.entries.items():
                _check_code(name, code, inner.line(code), report)
                found.append(Code(SYSTEMS[name], code, text_of(display, code, report)))
    return tuple(found)


def _code_lists(systems: Fields | None) -> set[str]:
    """``{loinc: [8061-4]}`` as ``system|code``."""
    found = set()
    for name, node in _by_system(systems):
        report = systems.report if systems else Report("")
        for code in some_text_nodes_of(node, name, report):
            _check_code(name, code.value, code.line, report)
            found.add(f"{SYSTEMS[name]}|{code.value}")
    return found


def _by_system(systems: Fields | None) -> Iterator[tuple[str, Node]]:
    """What stands under each code system; names that are none are reported."""
    if systems is None:
        return
    for name in systems.node.entries:
        if name in SYSTEMS:
            node = systems.get(name)
            if node is not None:
                yield name, node
        elif not systems.knows(name):
            message = f"unknown code system {name!r}{suggestion(name, SYSTEMS)}"
            systems.report.add(Mistake.UNKNOWN_CODE_SYSTEM, systems.line(name), message)


def _check_code(system: str, code: str, line: int, report: Report) -> None:
    fault = code_fault(system, code)
    if fault:
        report.add(Mistake.BAD_CODE, line, f"{code!r} {fault}")


def _answers(fields: Fields) -> dict[str, frozenset[str]]:
    inner = fields.fields("answers")
    found = {}
    for token in inner.node.entries if inner else ():
        answer = inner.fields(token) if inner else None
        if answer is not None:
            texts = [normalised(text) or text for text in answer.texts("text")]
            found[token] = frozenset((*_code_lists(answer), *texts))
    return found


def _lasted(fields: Fields, codes: tuple[Code, ...]) -> dict[str, tuple[int, int]]:
    """``{14 to 28 weeks: {icd10cm: [...], names: [...]}}``, of the concept's own codes and names, in days."""
    inner, report = fields.fields("lasted"), fields.report
    known = {code.token for code in codes} | {normalised(name) for name in fields.texts("names")}
    found: dict[str, tuple[int, int]] = {}
    if inner is None:
        return found
    for key in inner.node.entries:
        days, row = _weeks(key), inner.fields(key)
        if days is None:
            message = f"{key!r} must be a time such as '14 to 28 weeks'"
            report.add(Mistake.NOT_A_WINDOW, inner.line(key), message)
        if row is None or days is None:
            continue
        names = [normalised(name) for name in row.texts("names")]
        for told in (*sorted(_code_lists(row)), *names):
            if told not in known:
                message = f"{told!r} in 'lasted' is no code and no name of the concept"
                report.add(Mistake.NOT_ALLOWED_HERE, row.node.line, message)
            elif told in found:
                report.add(Mistake.REPEATED_VALUE, row.node.line, f"{told!r} in 'lasted' has a time already")
            found[told] = days
    return found


def _weeks(text: str) -> tuple[int, int] | None:
    match = _WEEKS.fullmatch(text)
    least, most = (int(match[1]) * 7, int(match[2]) * 7) if match else (0, 0)
    return (least, most) if least < most else None


def _from_range(fields: Fields, answers: dict[str, frozenset[str]]) -> dict[str, str]:
    inner = fields.fields("from_range")
    if inner is None:
        return {}
    tokens = (*GENERAL_ANSWERS, *answers)
    found = {word: inner.choice(word, tokens) for word in _RANGE_WORDS}
    inner.close()
    return {word: token for word, token in found.items() if token}


def _order(fields: Fields, codes: tuple[Code, ...], display: str) -> Code | None:
    for name, node in _by_system(fields.fields("order")):
        code = text_of(node, name, fields.report)
        _check_code(name, code, node.line, fields.report)
        known = {c.code: c.display for c in codes if c.system == SYSTEMS[name]}
        return Code(SYSTEMS[name], code, known.get(code, display))
    return None


def _covers(fields: Fields) -> int | None:
    window = fields.window("covers")
    if window is None:
        return None
    if window.unit not in ("days", "weeks"):
        message = "'covers' must be a number of days or weeks"
        fields.report.add(Mistake.NOT_A_WINDOW, fields.line("covers"), message)
    return window[0] * (7 if window.unit == "weeks" else 1)
