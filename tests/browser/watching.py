"""A browser context that keeps what must not happen: errors, refused content, requests to elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Request, Response, WebError

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
    referrers: list[str] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)

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
        self.referrers += filter(None, [request.headers.get("referer")])
        if request.is_navigation_request():
            self.opened.add(origin(request.url))
        elif not request.url.startswith("data:") and origin(request.url) not in self._own_origins(request):
            self.faults.append(f"another origin was asked for {request.url}")

    def _own_origins(self, request: Request) -> set[str]:
        """Of the page that asks; while its tab is only being opened that is one of those opened."""
        try:
            return {origin(request.frame.url)}
        except Error:
            return self.opened

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"status {response.status}: {response.request.method} {response.url}")
