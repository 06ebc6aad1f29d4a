"""What may be said of an exception in a log: its class, and the line of ours at which it arose.

Never its message: it may quote a value from a chart.
"""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

_ROOT = Path(__file__).resolve().parents[1]


def describe(error: BaseException) -> str:
    """Class and place, such as ``KeyError at mappings/reading/values.py:120``."""
    places = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    for filename, line in reversed(places):
        path = Path(filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            return f"{type(error).__name__} at {path.relative_to(_ROOT).as_posix()}:{line}"
    return type(error).__name__
