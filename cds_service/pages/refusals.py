"""What a page refuses, in words of its own. ``web/around`` asks ``g.page`` for the page of any refusal."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.web.problems import Problem, RefusalError


class PageRefusalError(RefusalError):
    """A request of a page that is not served: a status, and a title and a text as ``message`` marks them.

    ``again``: whether the way out is to sign in once more. ``back``: another way out, its address and words.
    """

    def __init__(
        self,
        status: int,
        title: str,
        text: str,
        headers: Mapping[str, str] | None = None,
        *,
        again: bool = False,
        back: tuple[str, str] | None = None,
    ) -> None:
        self.title, self.text, self.again, self.back = title, text, again, back
        super().__init__(Problem(status, "processing", title), headers=headers)
