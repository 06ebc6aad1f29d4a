"""``python -m bench`` measures everything in one run, prints the tables and writes RESULTS.md.

With names of parts (``python -m bench library``) only these are measured, and nothing is written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date
from time import monotonic

from rich.console import Console

from bench.growth import as_the_record_grows
from bench.hook_call.hook_calls import with_prefetch
from bench.hook_call.without_prefetch import on_hapi
from bench.library import against_orjson
from bench.load.signed import signed_and_recorded
from bench.load.storm import storm
from bench.results import Part, failures, keep, show
from bench.worklist import with_many_referrals
from cds_service.clock import today_in
from mappings.definitions import load_catalog
from mappings.trial_definition import Catalog

PARTS: Mapping[str, Callable[[Catalog, date], Part]] = {
    "library": against_orjson,
    "growth": as_the_record_grows,
    "prefetch": with_prefetch,
    "hapi": on_hapi,
    "signed": signed_and_recorded,
    "storm": storm,
    "worklist": with_many_referrals,
}


def main(wanted: list[str]) -> int:
    """0 if every bar is met, else 1."""
    unknown = sorted(set(wanted) - PARTS.keys())
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    console = Console() if sys.stdout.isatty() else Console(width=150)
    catalog, today, started = load_catalog(), today_in(""), monotonic()
    parts = []
    for name in wanted or PARTS:
        parts.append(PARTS[name](catalog, today))
        show(parts[-1:], console)
    if not wanted:
        keep(parts, today, monotonic() - started)
    missed = failures(parts)
    console.print(f"{missed} of the bars missed" if missed else "all bars met", style="bold")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
