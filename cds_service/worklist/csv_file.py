"""The list as CSV: codes and states, never a name or a value. Written row by row, whatever its length.

UTF-8 with a byte order mark, without which Excel takes Chinese for another code page; CRLF, as RFC 4180
has it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 -- Excel reads these too
_MARK = "\ufeff"


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The file in pieces."""
    yield _MARK.encode() + _line(header)
    for row in rows:
        yield _line(row)


def _line(cells: Sequence[str]) -> bytes:
    held = StringIO()
    csv.writer(held, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return held.getvalue().encode("utf-8", "replace")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it."""
    plain = cell.replace("\0", "")
    return f"'{plain}" if plain.lstrip(" \u00a0").startswith(_FORMULA) else plain
