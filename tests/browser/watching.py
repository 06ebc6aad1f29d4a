"""A browser context that keeps what must not happen: errors, refused content, requests to elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# What the browser itself says of a page whose status is an error: the test asked for that page.
STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
TELL_REFUSED = """addEventListener("securitypolicyviolation", (refused) => console.error(
  `refused by the policy: ${refused.violatedDirective} ${refused.blockedURI} at ${refused.sourceFile}`));"""


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass
class Watch:
    """What was seen in one context. ``expected``: statuses of pages that a test opens on purpose."""

    expected: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> BrowserContext:
        """Begin to watch the context and every page in it."""
        context.add_init_script(TELL_REFUSED)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("response", self._response)
        return context

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not STATUS.match(message.text):
            self.faults.append(f"console {message.type}: {message.text}")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"uncaught: {error.error.message}")

    def _request(self, request: Request) -> None:
        self.addresses.append(request.url)
        if request.is_navigation_request() or request.url.startswith("data:"):
            return
        if origin(request.url) != origin(request.frame.url):
            self.faults.append(f"{request.frame.url} asked another origin for {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"status {response.status}: {response.request.method} {response.url}")
