"""``make fuzz``: the mass run. Prints its seed; writes each failing case to tests/fuzz/cases/."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from random import SystemRandom

from tests.fuzz.kept_cases import write_case
from tests.fuzz.mass_run import Failure, run

ENOUGH = 20
"""Failures after which it stops: they are likely to be the same few faults."""


def main() -> int:
    """Runs the cases; 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="default: by chance, and printed")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case of the seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    _say(f"fuzz: SEED={seed}, {asked.cases} cases in {asked.processes} processes")
    begun, done, written = time.monotonic(), 0, set()
    for cases, failures in run(seed, asked.cases, asked.processes, asked.first):
        done += cases
        written |= {_written(failure) for failure in failures}
        if len(written) >= ENOUGH:
            _say(f"fuzz: stopped after {len(written)} failures")
            break
    seconds = time.monotonic() - begun
    rate = done / seconds if seconds else 0
    _say(f"fuzz: {done} cases, {len(written)} failures, SEED={seed}, {seconds:.0f} s, {rate:.0f} cases/s")
    return 1 if written else 0


def _written(failure: Failure) -> Path:
    path = write_case(failure)
    _say(f"FAILED {failure.invariant} (case {failure.number}): {failure.found}\n  {path}")
    return path


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
