"""Checks of whole trials: the gate, circles among criteria, the protocol's words, and the empty record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mappings.definitions.faults import Mistake
from mappings.definitions.parsing.trial_parser import TrialSource
from mappings.definitions.uses import criteria_in, rules_of
from mappings.facts import PatientFacts, PatientRecord
from mappings.trial_definition import Catalog
from mappings.verdicts import Reason, Verdict

_REMEDY = "take out 'absent_means' if it is there, or add a 'judgement' under 'any'"
_EMPTY_RECORD = PatientRecord(PatientFacts("Patient/none", None, ""))


def check_trial(source: TrialSource, folder: Path) -> None:
    """What can be told from the trial itself. ``folder`` holds the source text that the trial names."""
    _check_gate(source)
    _check_circles(source)
    if source.source_text:
        _check_protocols(source, folder / source.source_text)


def check_on_empty_record(source: TrialSource, catalog: Catalog) -> None:
    """No criterion may be MET, and no gate pass, for a patient about whom nothing is known.

    A rule that holds for an empty record takes absence for an answer; nothing else would find that out.
    """
    from mappings.assessment import assess  # noqa: PLC0415 - the engine is no part of parsing

    trial = source.trial
    assessment = assess(trial, _EMPTY_RECORD, trial.facts.registry_copy_of, catalog)
    for result in assessment.criteria:
        if result.verdict is Verdict.MET:
            how = "it does not apply and so is met" if result.reason is Reason.NOT_APPLICABLE else "it is met"
            report = source.report.at(f"criterion {result.id!r}")
            message = f"for an empty record {how}; what is not known must leave it unknown; {_REMEDY}"
            report.add(Mistake.MET_FOR_EMPTY_RECORD, source.lines[result.id], message)
    if assessment.gate is Verdict.MET:
        report = source.report.at("show_card_when_met")
        message = "passes for an empty record; every patient would be flagged"
        report.add(Mistake.GATE_PASSES_EMPTY_RECORD, source.gate_line, message)


def _check_gate(source: TrialSource) -> None:
    if "show_card_when_met" in source.node.entries and not any(criteria_in(source.trial.show_card_when_met)):
        report = source.report.at("show_card_when_met")
        message = "names no criterion; a card must rest on at least one"
        report.add(Mistake.GATE_WITHOUT_CRITERION, source.gate_line, message)


def _check_circles(source: TrialSource) -> None:
    uses = {
        criterion.id: [name for rule in rules_of(criterion) for name in criteria_in(rule)]
        for criterion in source.trial.criteria
    }
    told: set[str] = set()
    for name in uses:
        circle = _circle(name, uses)
        if circle and not told.intersection(circle):
            told.update(circle)
            report = source.report.at(f"criterion {name!r}")
            report.add(Mistake.CYCLE, source.lines[name], f"goes in a circle: {' -> '.join(circle)}")


def _circle(start: str, uses: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A way from ``start`` back to itself; empty if there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in uses.get(way[-1], ()):
            if name == start:
                return (*way, name)
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def _check_protocols(source: TrialSource, path: Path) -> None:
    """Each protocol text is an unbroken piece of the source text, white space aside."""
    text = _text_of(source, path)
    if text is None:
        return
    for criterion in source.trial.criteria:
        if criterion.protocol not in text:
            report = source.report.at(f"criterion {criterion.id!r}")
            begin = _longest_begin(criterion.protocol, text)
            where = f"parts from it after {begin[-40:]!r}" if begin else "does not stand in it"
            message = f"'protocol' is no unbroken piece of {path.name}: {where}"
            report.add(Mistake.NOT_IN_SOURCE, source.lines[f"{criterion.id} protocol"], message)


def _text_of(source: TrialSource, path: Path) -> str | None:
    """The words of the source text; None, with the fault reported, if they cannot be had."""
    try:
        return " ".join(path.read_text(encoding="utf-8").split())
    except OSError as error:
        mistake, what = Mistake.FILE_NOT_FOUND, f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        mistake, what = Mistake.NOT_UTF8, f"is not UTF-8 text in line {line}; save it with that encoding"
    source.report.add(mistake, source.source_line, f"the source text {path.name!r} {what}")
    return None


def _longest_begin(piece: str, text: str) -> str:
    low, high = 0, len(piece)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if piece[:middle] in text else (low, middle - 1)
    return piece[:low]
