"""What the server refuses, in OAuth's words."""

from __future__ import annotations


class RefusedError(Exception):
    """A refusal: the ``error`` of RFC 6749, a sentence, and the status of a direct answer."""

    def __init__(self, error: str, why: str, status: int = 400) -> None:
        self.error, self.why, self.status = error, why, status
        super().__init__(error)
