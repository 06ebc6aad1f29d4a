"""`python -m tests.accuracy` judges the cohort and writes docs/accuracy.md."""

from __future__ import annotations

import sys

from tests.accuracy import counting
from tests.accuracy.judging import judged_cohort
from tests.accuracy.page import PAGE, page


def main() -> int:
    """0 if every answer is the expected one."""
    cohort = judged_cohort()
    PAGE.write_text(page(cohort), encoding="utf-8")
    wrong = counting.wrong(cohort)
    sys.stdout.write(f"docs/accuracy.md: {len(cohort)} patients, {len(wrong)} not as expected\n")
    for name, found in wrong:
        sys.stdout.write(f"{name}\n  {'; '.join(found)}\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
