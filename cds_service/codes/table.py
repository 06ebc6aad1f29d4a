"""A report for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.codes.report import Counts, Found, NotUnderstood, Report
from mappings.concept import SYSTEMS

_NAMES = {uri: name for name, uri in SYSTEMS.items()}


def print_report(console: Console, report: Report) -> None:
    """What was found by concept, what was not understood, and the counts."""
    _found(console, report)
    _unmapped(console, report.unmapped)
    drugs = {
        concept: [one for one in found if one.area == "drugs"] for concept, found in report.by_name.items()
    }
    rows = [(concept, one) for concept, found in sorted(drugs.items()) for one in found]
    _print(
        console,
        "Drugs recognised only by the name in their words (a code of the site's makes it certain)",
        ("concept", "system", "code", "words", "times", "last"),
        ([concept, *_cells(one)] for concept, one in rows),
    )
    _print(console, "Answers that nothing understands", *_not_understood(report.answers))
    _print(console, "Units that cannot be converted", *_not_understood(report.units))
    for line in count_lines(report.counts):
        console.print(Text(line))


def _found(console: Console, report: Report) -> None:
    rows = []
    for concept in report.concepts:
        found = [(one, "") for one in report.codes.get(concept, ())]
        found += [(one, "by name") for one in report.by_name.get(concept, ()) if one.area != "drugs"]
        rows += [[concept, *_cells(one), how] for one, how in found]
    _print(console, "Found", ("concept", "system", "code", "words", "times", "last", "how"), rows)
    missing = [name for name in report.concepts if name not in report.codes and name not in report.by_name]
    if missing:
        console.print(Text("Not found: " + ", ".join(missing)))
        console.print()


def _unmapped(console: Console, unmapped: Sequence[Found]) -> None:
    rows = [[*_cells(one), ", ".join(like.concept for like in one.like)] for one in unmapped]
    title = "Looks relevant, and nothing reads it"
    _print(console, title, ("system", "code", "words", "times", "last", "looks like"), rows)


def _not_understood(found: Sequence[NotUnderstood]) -> tuple[tuple[str, ...], Iterable[list[str]]]:
    columns = ("concept", "system", "code", "words", "times")
    return columns, (
        [one.concept, _system(one.system), one.code, one.display, str(one.times)] for one in found
    )


def _cells(found: Found) -> list[str]:
    return [_system(found.system), found.code, found.display, str(found.times), found.last]


def _system(uri: str) -> str:
    return _NAMES.get(uri, uri)


def _print(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table, if it has rows; columns that are empty in all of them are left out."""
    lines = list(rows)
    if not lines:
        return
    used = [place for place in range(len(columns)) if any(line[place] for line in lines)]
    table = Table(title=Text(title, "bold"), title_justify="left", show_edge=False, pad_edge=False)
    for place in used:
        table.add_column(
            columns[place], justify="right" if columns[place] == "times" else "left", overflow="fold"
        )
    for line in lines:
        table.add_row(*(Text(line[place]) for place in used))
    console.print(table)
    console.print()


def count_lines(counts: Counts) -> list[str]:
    """The counts in words; they add up."""
    lines = [f"{counts.resources} resources of {counts.patients} patients"]
    if counts.without_patient:
        lines.append(f"{counts.without_patient} resources without a patient were left out")
    lines.append(
        f"{counts.codings} codings: {counts.known} known, {counts.by_name} known by name, "
        f"{counts.look_relevant} look relevant, {counts.irrelevant} irrelevant"
    )
    return lines
