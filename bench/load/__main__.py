"""``python -m bench.load`` runs the storm and the signed calls alone. ``python -m bench`` keeps them."""

from __future__ import annotations

import sys

from bench.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["signed", "storm"]))
