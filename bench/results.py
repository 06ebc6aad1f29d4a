"""The rows of the table, and how they are shown: on the terminal and in RESULTS.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

FILE = Path(__file__).with_name("RESULTS.md")
COLUMNS = ("what", "ours", "against", "ratio", "bar", "")


class Row(NamedTuple):
    """One comparison. ``passed`` is None for a number that has no bar, or that could not be measured."""

    what: str
    ours: str
    against: str = ""
    ratio: str = ""
    bar: str = ""
    passed: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        return (*self[:5], "" if self.passed is None else "pass" if self.passed else "FAIL")


class Part(NamedTuple):
    """A group of rows, and how they were measured."""

    title: str
    method: str
    rows: Sequence[Row]


def prose(text: str) -> str:
    """A text of several lines as one paragraph."""
    return " ".join(text.split())


def failures(parts: Sequence[Part]) -> int:
    return sum(row.passed is False for part in parts for row in part.rows)


def show(parts: Sequence[Part], console: Console) -> None:
    """Prints a table for each part."""
    for part in parts:
        table = Table(*COLUMNS, title=part.title, title_justify="left", title_style="bold")
        for row in part.rows:
            style = {True: "green", False: "bold red", None: ""}[row.passed]
            table.add_row(*row.cells[:5], f"[{style}]{row.cells[5]}[/]" if style else "")
        console.print(table)


def keep(parts: Sequence[Part], day: date, seconds: float) -> None:
    """Writes RESULTS.md."""
    FILE.write_text("\n\n".join([_head(day, seconds), *map(_markdown, parts)]) + "\n", encoding="utf-8")


def _head(day: date, seconds: float) -> str:
    machine = f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}"
    note = prose(
        """
        Figures are medians, with the least and the greatest in brackets. A ratio is the median of
        the ratios of measurements made side by side.
        """
    )
    return f"# Speed\n\nWritten by `make bench` on {day.isoformat()} in {seconds:.0f} s: {machine}.\n\n{note}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""


def _markdown(part: Part) -> str:
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    rows = "\n".join(f"| {' | '.join(row.cells)} |" for row in part.rows)
    return f"## {part.title}\n\n{head}\n{rows}\n\n{part.method}"
