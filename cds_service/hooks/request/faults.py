"""What is wrong with a request: collected, so that all of it is reported at once."""

from __future__ import annotations

from cds_service.web.problems import Problem, bad


class Faults:
    """The faults of one request. No text in it holds anything that the caller sent."""

    def __init__(self, hook: str) -> None:
        self._hook = hook
        self.problems: list[Problem] = []

    def add(self, where: str, text: str, code: str = "value") -> None:
        """A member that is not as it must be."""
        self.problems.append(bad(code, text, where))

    def missing(self, where: str) -> None:
        """A member that is not there."""
        self.add(where, f"This member is required by the {self._hook} hook. Send it.", "required")

    def wrong_kind(self, where: str, what: str) -> None:
        """A member that is of another JSON type."""
        self.add(where, f"Must be {what}.", "structure")
