"""``python -m bench.load`` runs the storm and the signed calls, and puts both into RESULTS.md."""

from __future__ import annotations

import sys

from bench.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["signed", "storm"]))
