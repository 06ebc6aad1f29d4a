"""What a sample patient is: a story, and the answer that a careful reader of the protocol would give."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cds_service.demo.samples.resources import Resource

Outcome = Literal["possible-candidate", "needs-data", "ruled-out"]


@dataclass(frozen=True)
class Sample:
    """A sample patient with the expected outcome and, in one clinical sentence, why."""

    id: str
    title: str
    story: str
    expected_outcome: Outcome
    why: str
    build: Callable[[date], Resource]
    expected_record_reason: str | None = None
    already_enrolled: bool = False

    @property
    def expects_card(self) -> bool:
        """A card is shown for possible candidates who are not in the trial already."""
        return self.expected_outcome == "possible-candidate" and not self.already_enrolled


def patient(
    ident: str,
    title: str,
    expected: Outcome,
    why: str,
    record_reason: str | None = None,
    already_enrolled: bool = False,
) -> Callable[[Callable[[date], Resource]], Sample]:
    """Turn a function that writes a chart into a Sample; its docstring is the story."""

    def told(build: Callable[[date], Resource]) -> Sample:
        story = " ".join((inspect.getdoc(build) or "").split())
        return Sample(ident, title, story, expected, why, build, record_reason, already_enrolled)

    return told
