"""A worker that records calls until it is killed, and prints the hookInstance of each one acknowledged."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from cds_service.audit.key_ring import KeyRing
from cds_service.audit.trail import Trail
from tests.audit.databases import TrialDatabase
from tests.audit.records import call_record


def main(folder: Path, how: str) -> None:
    """Four threads that record, with the database there ("up") or "away"."""
    database = TrialDatabase(folder)
    database.away = how == "away"
    trail = Trail(database, KeyRing.random(), folder / "spool", 5.0)

    def work() -> None:
        while True:
            record = call_record()
            trail.call(record)
            sys.stdout.write(f"{record.hook_instance}\n")
            sys.stdout.flush()

    for _ in range(4):
        threading.Thread(target=work).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
