"""A client that only fetches: the same URLs as the service, in parallel, and nothing done with what comes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter

_TIMEOUT = 60.0
# As the service sends them; without "no-cache" HAPI would answer a repeated search from its cache.
_HEADERS = {
    "Accept": "application/fhir+json",
    "Accept-Encoding": "gzip",
    "Cache-Control": "no-cache",
    "User-Agent": "bench",
}


class BareClient:
    """Kept connections, as many as there are URLs."""

    def __init__(self, concurrency: int) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(_HEADERS)
        self._session.mount("http://", HTTPAdapter(pool_maxsize=concurrency))
        self._threads = ThreadPoolExecutor(concurrency)

    def fetch_all(self, urls: Sequence[str]) -> int:
        """All pages of all URLs at once; the number of requests that it took."""
        return sum(self._threads.map(self.fetch, urls))

    def fetch(self, url: str) -> int:
        """One URL and the pages after it."""
        return len(self.pages(url))

    def pages(self, url: str) -> list[Any]:
        """The pages of a search, or a resource."""
        found = []
        while url:
            answer = self._session.get(url, timeout=_TIMEOUT)
            answer.raise_for_status()
            content = answer.content
            # Only a page with another after it has to be looked into.
            page = orjson.loads(content) if b'"next"' in content else content
            found.append(page)
            links = page.get("link", []) if isinstance(page, dict) else []
            url = next((link["url"] for link in links if link.get("relation") == "next"), "")
        return found
