"""An assessment for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.assessment_json import NOT_REVIEWED
from cds_service.screening.looking_ahead import near_miss_line, next_step_lines
from mappings.results import Assessment, CriterionResult, Evidence
from mappings.verdicts import Reason, Verdict

_STYLE = {Verdict.MET: "green", Verdict.UNKNOWN: "yellow", Verdict.NOT_MET: "red"}
_WORDS = {Verdict.MET: "met", Verdict.UNKNOWN: "unknown", Verdict.NOT_MET: "not met"}
_LONGEST = 160
_LONGEST_STEP = 600


def print_patient(console: Console, patient: str, assessments: Sequence[Assessment]) -> None:
    """Every trial of one patient, each with a line per criterion."""
    for assessment in assessments:
        console.print(_heading(patient, assessment))
        if assessment.criteria:
            console.print(_criteria(assessment))
        for score in assessment.scores:
            console.print(Text(f"{score.label}: {score.at_least} to {score.at_most} ({score.basis})"))
        for line in _remarks(assessment):
            console.print(Text(f"- {shown(line)}"))
        _print_outlook(console, assessment)
        console.print()


def _print_outlook(console: Console, assessment: Assessment) -> None:
    """What failed by how much, when windows close and open, and what would settle what is open."""
    for heading, lines in (
        ("By how much, and until when", [near_miss_line(miss) for miss in assessment.near_misses]),
        ("Next steps", list(next_step_lines(assessment.next_steps))),
    ):
        if lines:
            console.print(Text(heading, "bold"))
        for line in lines:
            console.print(Text(f"- {shown(line, _LONGEST_STEP)}"))


def _heading(patient: str, assessment: Assessment) -> Text:
    met, unknown, not_met = assessment.counts()
    text = Text.assemble(
        (shown(patient), "bold"),
        f"  {assessment.trial.id}  ",
        (assessment.outcome, "bold"),
        f" ({assessment.record_reason})" if assessment.record_reason else "",
        f"  as of {assessment.as_of.isoformat()}",
    )
    if assessment.criteria:
        text.append(f"\n{met} met, {unknown} to check, {not_met} not met")
    if not assessment.trial.reviewed_by:
        text.append(f"; {NOT_REVIEWED}", "italic")
    return text


def _criteria(assessment: Assessment) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for column in ("criterion", "verdict", "because"):
        table.add_column(column, no_wrap=column == "verdict")
    for criterion in assessment.criteria:
        table.add_row(
            Text(criterion.id), Text(*_verdict(criterion)), Text("\n".join(_because(criterion)) or "")
        )
    return table


def _verdict(criterion: CriterionResult) -> tuple[str, str]:
    if not criterion.applies:
        return "does not apply", "dim"
    return _WORDS[criterion.verdict], _STYLE[criterion.verdict]


def _because(criterion: CriterionResult) -> list[str]:
    if criterion.reason is Reason.NOT_APPLICABLE:
        return []
    reason = [] if criterion.reason is Reason.VALUE else [criterion.reason.value.replace("_", " ")]
    return [*reason, *(line for line in map(_evidence, criterion.evidence[:3]) if line)]


def _evidence(evidence: Evidence) -> str:
    if not evidence.reference and not evidence.text:
        return ""
    parts = [evidence.label, evidence.text, evidence.date, evidence.reference, evidence.note]
    return shown(", ".join(part for part in parts if part))


def _remarks(assessment: Assessment) -> list[str]:
    enrolled = [f"already a subject of this study ({assessment.enrolment})"] if assessment.enrolment else []
    others = [f"in another study: {study}" for study in assessment.other_studies]
    unread = [f"not retrieved: {what}" for what in assessment.not_retrieved]
    unreadable = [f"unreadable: {one.reference}: {one.what}" for one in assessment.unreadable]
    return [*enrolled, *others, *assessment.not_encoded, *unread, *unreadable]


def shown(text: str, longest: int = _LONGEST) -> str:
    """Text from a record on one line, without anything that steers a terminal."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
