"""One meaning each: codes and names of a result or drug stand for one concept, those of an answer for one.

A slip in a table (the code of haemoglobin under CRP) would else give a verdict by the wrong test. Diagnoses
and procedures may share codes and names: class IV lupus nephritis is lupus nephritis. The number and the
answer of one test may, where one says ``same_test_as`` the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mappings.concept import SYSTEMS, Concept
from mappings.definitions.faults import Mistake
from mappings.definitions.parsing.concept_parser import ConceptSource
from mappings.definitions.parsing.leaf_rules import GENERAL_ANSWERS
from mappings.definitions.parsing.source import ListNode, MapNode, TextNode
from mappings.language.letters import has_han
from mappings.reading.answers import GENERAL_CODES, GENERAL_WORDS
from mappings.reading.code_index import normalised

_RESULTS = frozenset({"measurement", "finding"})
_SYSTEM_KEYS = {uri: name for name, uri in SYSTEMS.items()}
_SHORTEST_DRUG_NAME = 3
_OF_DOSAGES = re.compile(
    "tab(?:let)?s?|cap(?:sule)?s?|inj(?:ection)?|oral|solution|suspension|infusion|doses?|daily|once|twice"
    "|days?|weeks?|units?|mcg|[mun]?mol|meq"
)
"""Words that stand beside every drug, so that none of them names one."""


class _Sign(NamedTuple):
    """A code or a name as it stands in a file. ``kept`` is what is compared."""

    words: str
    kept: str
    line: int


def check_meanings(sources: Iterable[ConceptSource]) -> None:
    """Report what stands for two things, at the later of the two places.

    No name may be what another concept before it is called.
    """
    held: dict[tuple[bool, str], list[ConceptSource]] = {}
    for source in sources:
        _check_answers(source)
        kind = source.concept.kind
        if kind == "drug":
            _check_drug_names(source)
        elif kind not in _RESULTS:
            continue
        for sign in (*_codes(source), *_names(source)):
            others = held.setdefault((kind == "drug", sign.kept), [])
            _check_sign(sign, source, others)
            others.append(source)
        held.setdefault((kind == "drug", normalised(source.concept.display)), []).append(source)


def same_test(one: Concept, other: Concept) -> bool:
    """Whether two concepts are, by their author's word, the number and the answer of one test."""
    said = one.same_test_as == other.id or other.same_test_as == one.id
    return said and {one.kind, other.kind} == _RESULTS


def _check_sign(sign: _Sign, source: ConceptSource, others: Iterable[ConceptSource]) -> None:
    concept = source.concept
    other = next(
        (o for o in others if o.concept.id != concept.id and not same_test(o.concept, concept)), None
    )
    if other is None:
        return
    place = f"{other.report.file}:{other.node.line}"
    message = f"{sign.words} stands for {other.concept.id!r} already ({place}) and cannot mean both; "
    source.report.add(Mistake.REPEATED_VALUE, sign.line, message + _remedy(concept, other.concept))


def _remedy(concept: Concept, other: Concept) -> str:
    if {concept.kind, other.kind} == _RESULTS:
        return f"if they are the number and the answer of one test, add 'same_test_as: {other.id}'"
    return "rules may name that concept" + (", or a group of several" if concept.kind == "drug" else "")


def _codes(source: ConceptSource) -> Iterator[_Sign]:
    systems = source.node.entries.get("codes")
    for code in source.concept.codes:
        name = _SYSTEM_KEYS.get(code.system, "")
        listed = systems.entries.get(name) if isinstance(systems, MapNode) else None
        line = listed.lines.get(code.code, listed.line) if isinstance(listed, MapNode) else source.node.line
        yield _Sign(f"the code {code.code!r}", code.token, line)


def _names(source: ConceptSource) -> Iterator[_Sign]:
    listed = source.node.entries.get("names")
    for node in listed.items if isinstance(listed, ListNode) else ():
        if isinstance(node, TextNode):
            text = " ".join(node.value.split())
            yield _Sign(f"the name {text!r}", normalised(text) or text, node.line)


def _check_drug_names(source: ConceptSource) -> None:
    """Names of drugs are looked for inside texts, which also hold amounts and forms."""
    for name in _names(source):
        short = len(name.kept) < _SHORTEST_DRUG_NAME and not has_han(name.kept)
        if short or _OF_DOSAGES.fullmatch(name.kept):
            message = (
                f"{name.words} would be found in the dosages of other drugs; write the ingredient in full"
            )
            source.report.add(Mistake.NOT_ALLOWED_HERE, name.line, message)


def _check_answers(source: ConceptSource) -> None:
    """A code or text gives one answer, and the general words keep what they mean for every concept."""
    answers = source.concept.answers
    node = source.node.entries.get("answers")
    lines = node.lines if isinstance(node, MapNode) else {}
    meant: dict[str, str] = {token: token for token in answers}
    for token, ways in answers.items():
        for way in sorted(ways):
            other = meant.setdefault(way, token)
            general = _general(way)
            if other == token and token in GENERAL_ANSWERS and general not in ("", token):
                other = general
            if other != token:
                already = "for every concept" if other == general else "already"
                message = f"{way.rpartition('|')[2]!r} means {other!r} {already} and cannot mean {token!r}"
                source.report.add(Mistake.REPEATED_VALUE, lines.get(token, source.node.line), message)


def _general(way: str) -> str:
    """What a code (``system|code``) or text says for every concept; empty if nothing."""
    return GENERAL_CODES.get(way) or GENERAL_WORDS.get(way, "")
