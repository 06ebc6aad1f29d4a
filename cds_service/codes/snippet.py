"""A site's file from a report: what looks relevant, as proposals that a person has to confirm.

Only what looks like one concept, with nothing left over in its words, stands as an entry; all else stands as
a comment. What is written loads: it is tried against the definitions first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cds_service.codes.report import HIDDEN, Found, NotUnderstood, Report
from mappings.concept import SYSTEMS, Code, Concept
from mappings.definitions.sites.additions import Additions, ClashError, Meant
from mappings.definitions.sites.reading import fault_of, is_system
from mappings.trial_definition import Catalog

HEAD = """\
# Proposals by name, checked by nobody yet. Keep a line only if the code means exactly what the concept means:
# the same analyte, specimen, timing and kind of answer. A wrong line gives wrong verdicts.
schema: 1
"""
_NAMES = {uri: name for name, uri in SYSTEMS.items()}


def snippet_of(report: Report, catalog: Catalog) -> str:
    """A site's file in YAML, with comments; it adds nothing that is known."""
    writing = _Writing(catalog)
    concepts = list(writing.concepts(report))
    lines = [*_section("concepts", concepts), *_answers(report.answers), *_units(report.units)]
    return HEAD + "".join(f"{line}\n" for line in lines)


class _Writing:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._additions = Additions(catalog)

    def concepts(self, report: Report) -> Iterator[str]:
        proposed: dict[str, list[tuple[Found, bool]]] = {}
        for concept, found in report.by_name.items():
            for one in found:
                proposed.setdefault(concept, []).append((one, True))
        for one in report.unmapped:
            for like in one.like:
                proposed.setdefault(like.concept, []).append((one, like.sure))
        for name in self._catalog.concepts:
            entries = [(one, sure) for one, sure in proposed.get(name, ()) if one.code and one.system]
            yield from self._of_concept(self._catalog.concepts[name], entries)

    def _of_concept(self, concept: Concept, entries: list[tuple[Found, bool]]) -> Iterator[str]:
        written = [(self._entry(one, concept), self._fits(one, concept, sure), one) for one, sure in entries]
        if not written:
            return
        any_sure = any(sure for _, sure, _ in written)
        yield f"  {'' if any_sure else '# '}{concept.id}:"
        for entry, sure, one in written:
            yield f"  {'  ' if sure else '#   '}- {entry}  # {_often(one)}"

    def _fits(self, found: Found, concept: Concept, sure: bool) -> bool:
        if not sure or not found.whole or found.display in ("", HIDDEN):
            return False
        if not is_system(found.system) or fault_of(found.system, found.code):
            return False
        code = Code(found.system, found.code, found.display)
        try:
            return self._additions.code((Meant(concept),), code)
        except ClashError:
            return False

    @staticmethod
    def _entry(found: Found, concept: Concept) -> str:
        members = {
            "system": _NAMES.get(found.system, found.system),
            "code": found.code,
            "display": found.display or HIDDEN,
        }
        if concept.imprecise_when_positive:
            members["imprecise_when_positive"] = "yes"
        return "{" + ", ".join(f"{key}: {_quoted(text)}" for key, text in members.items()) + "}"


def _often(found: Found) -> str:
    times = "once" if found.times == 1 else f"{found.times} times"
    return f"{times}, last {found.last}" if found.last else times


def _section(name: str, lines: list[str]) -> list[str]:
    """The key above its lines, as a comment if they all are."""
    if not lines:
        return []
    all_comments = all(line.lstrip().startswith("#") for line in lines)
    return [f"# {name}:" if all_comments else f"{name}:", *lines]


def _answers(found: tuple[NotUnderstood, ...]) -> list[str]:
    """Which answer each is, only a person can say."""
    lines = []
    for one in found:
        if one.display == HIDDEN:
            continue
        way = (
            {"system": one.system, "code": one.code, "display": one.display}
            if one.code
            else {"text": one.display}
        )
        entry = ", ".join(f"{key}: {_quoted(text)}" for key, text in way.items())
        lines.append(f"  # {one.concept}: {{positive or negative?: [{{{entry}}}]}}  # {one.times} times")
    return _section("answers", lines)


def _units(found: tuple[NotUnderstood, ...]) -> list[str]:
    """What each stands for, only a person can say."""
    lines = [
        f"  # {one.concept}: {{{_quoted(one.display)}: which UCUM unit?}}  # {one.times} times"
        for one in found
        if one.display != HIDDEN
    ]
    return _section("units", lines)


def _quoted(text: str) -> str:
    """As JSON writes it, which YAML reads."""
    return json.dumps(text, ensure_ascii=False)
