"""Writing to a FHIR server, and reading back: single resources, bounded searches, faults as closed words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple, get_args

import orjson

from cds_service.fhir.fetching import Access
from cds_service.hooks.ids import fhir_id
from cds_service.oauth.exchange import Answer, Asked, Exchange, Limits
from cds_service.oauth.faults import OAuthError
from cds_service.smart.issue_types import issue_of

Word = Literal[
    "unreachable",
    "too_slow",
    "broken_off",
    "address_refused",
    "no_secure_connection",
    "redirected",
    "too_large",
    "server_failed",
    "too_busy",
    "not_json",
    "not_fhir",
    "invalid",
    "unauthorized",
    "forbidden",
    "not_found",
    "gone",
    "conflict",
    "changed",
    "several",
    "refused",
    "foreign",
]
WORDS: tuple[str, ...] = get_args(Word)
"""Every word there is; docs/smart.md explains each."""

_WORTH_TRYING_AGAIN = frozenset(
    {"unreachable", "too_slow", "broken_off", "server_failed", "too_busy", "unauthorized", "not_json"}
)
"""``unauthorized`` with a new token; ``not_json`` because a proxy that is ill answers in HTML."""

_STATUS: Mapping[int, Word] = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    410: "gone",
    412: "changed",
    422: "invalid",
    429: "too_busy",
}

MOST_PAGES = 50
MOST_ROWS = 5000
"""Of one search. Ours: what follows is left to the next look."""

LIMITS = Limits(seconds=10.0, most_bytes=8 * 1024 * 1024)
_FHIR_JSON = "application/fhir+json"
_VERSION = re.compile(r'(?:W/)?"([A-Za-z0-9.-]{1,64})"')
_PLACE = re.compile(r"(?:^|/)([A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?/?$")


class FhirWriteError(Exception):
    """A request that did not work out. ``retry``: the same may work later; ``retry_after`` is a hint.

    ``issue``: why in a code of FHIR's, if the server says so.
    """

    def __init__(self, word: Word, retry_after: float | None = None, issue: str = "") -> None:
        self.word: Word = word
        self.retry_after, self.issue = retry_after, issue
        super().__init__(word)

    @property
    def retry(self) -> bool:
        """Whether the same may work a little later."""
        return self.word in _WORTH_TRYING_AGAIN


class Written(NamedTuple):
    """What the server has now. ``created`` False: it was there. ``resource`` {}: it did not say."""

    id: str
    version: str
    created: bool
    resource: Mapping[str, Any]

    def __repr__(self) -> str:
        return "Written()"


class Found(NamedTuple):
    """The resources of a search; ``complete`` False if there are more than were read.

    ``at``: the server's own time of its first page, None if it does not tell.
    """

    resources: tuple[dict[str, Any], ...]
    complete: bool
    at: datetime | None = None

    def __repr__(self) -> str:
        return f"Found({len(self.resources)})"


class FhirWriter:
    """One FHIR server, with the access token of ``access``. Nothing leaves its base."""

    def __init__(self, access: Access, exchange: Exchange | None = None) -> None:
        self._access, self._exchange = access, exchange or _EXCHANGE

    def create(self, resource: Mapping[str, Any], if_none_exist: str = "") -> Written:
        """Creates the resource, unless a search by ``if_none_exist`` (a query, encoded) finds one already.

        Sent once: after a fault that leaves open whether it arrived, search before trying again. A server
        may not know conditional creates.
        """
        kind = str(resource["resourceType"])
        headers = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        answer = self._ask("POST", kind, headers, resource, again=False)
        if answer.status == 412:
            raise FhirWriteError("several")
        self._raise_for(answer)
        written = self._written(answer, kind)
        if not written.id and if_none_exist:
            return self._existing(kind, if_none_exist)
        return _identified(written)

    def update(self, resource: Mapping[str, Any], if_match: str = "") -> Written:
        """Puts the resource in the place of version ``if_match``; "changed" if that is not current."""
        kind, ident = str(resource["resourceType"]), str(resource["id"])
        headers = {"If-Match": f'W/"{if_match}"'} if if_match else {}
        answer = self._ask("PUT", f"{kind}/{ident}", headers, resource, again=bool(if_match))
        self._raise_for(answer)
        written = self._written(answer, kind)
        return _identified(written._replace(id=written.id or ident))

    def read(self, path: str) -> dict[str, Any]:
        """The resource at ``Type/id``."""
        answer = self._ask("GET", path, {}, again=True)
        self._raise_for(answer)
        found = _document(answer)
        if found.get("resourceType") != path.split("/", maxsplit=1)[0]:
            raise FhirWriteError("not_fhir")
        return found

    def search(self, path: str) -> Found:
        """The resources of ``Type?query`` (encoded), page by page up to MOST_PAGES and MOST_ROWS."""
        found: list[dict[str, Any]] = []
        link, seen, at = self._own(path), set[str](), None
        while link and link not in seen and len(seen) < MOST_PAGES and len(found) < MOST_ROWS:
            seen.add(link)
            answer = self._ask("GET", link, {}, again=True)
            self._raise_for(answer)
            bundle = _document(answer)
            if bundle.get("resourceType") != "Bundle":
                raise FhirWriteError("not_fhir")
            at = at if len(seen) > 1 else _time(answer, bundle)
            found += _rows(bundle)
            link = _next(bundle)
            try:
                link = self._own(link) if link else ""
            except FhirWriteError:
                break  # rows on another server are not ours to fetch
        return Found(tuple(found[:MOST_ROWS]), complete=not link and len(found) <= MOST_ROWS, at=at)

    def _written(self, answer: Answer, kind: str) -> Written:
        """By the body if it is the resource; else by the headers, which some servers send alone.

        An id at an address elsewhere is nobody's: a proxy's inner name, or a resource of another server.
        """
        created = answer.status == 201
        try:
            body = answer.document() if answer.content.strip() else {}
        except OAuthError:
            raise FhirWriteError("not_json") from None
        if body.get("resourceType") == kind:
            written = _of_resource(body, kind, created=created)
            return written._replace(version=_version(answer) or written.version)
        said = answer.headers.get("Location", "") or answer.headers.get("Content-Location", "")
        place = _PLACE.search(said)
        if place is None or place[1] != kind or self._access.base.own(said) is None:
            return Written("", _version(answer), created, {})
        return Written(place[2], _version(answer) or place[3] or "", created, {})

    def _existing(self, kind: str, query: str) -> Written:
        """What a conditional create has found or made: some servers answer 200 or 201 and nothing else."""
        rows = self.search(f"{kind}?{query}").resources
        if len(rows) != 1:
            raise FhirWriteError("several" if rows else "not_fhir")
        return _identified(_of_resource(rows[0], kind, created=False))

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        resource: Mapping[str, Any] | None = None,
        *,
        again: bool,
    ) -> Answer:
        url = self._own(path)
        sent = {"Accept": _FHIR_JSON, "Cache-Control": "no-cache", **headers}
        if self._access.token is not None:
            sent["Authorization"] = f"Bearer {self._access.token}"
        body = None
        if resource is not None:
            body = orjson.dumps(resource)
            sent |= {"Content-Type": _FHIR_JSON, "Prefer": "return=representation"}
        try:
            return self._exchange.send(Asked(method, url, sent, body, again), self._access.rule)
        except OAuthError as error:
            raise FhirWriteError(_word(error.word)) from None

    def _own(self, path: str) -> str:
        url = self._access.base.own(path)
        if url is None:
            raise FhirWriteError("foreign")
        return url

    @staticmethod
    def _raise_for(answer: Answer) -> None:
        status = answer.status
        if status < 400:
            return
        if status >= 500:
            raise FhirWriteError("server_failed", answer.retry_after)
        raise FhirWriteError(_STATUS.get(status, "refused"), answer.retry_after, _issue(answer))


_EXCHANGE = Exchange(limits=LIMITS)


def _word(word: str) -> Word:
    return next(one for one in get_args(Word) if one == word)


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return answer.document()
    except OAuthError:
        raise FhirWriteError("not_json") from None


def _issue(answer: Answer) -> str:
    try:
        return issue_of(answer.document())
    except OAuthError:
        return ""


def _version(answer: Answer) -> str:
    tag = _VERSION.fullmatch(answer.headers.get("ETag", "").strip())
    return tag[1] if tag else ""


def _of_resource(resource: dict[str, Any], kind: str, *, created: bool) -> Written:
    meta = resource.get("meta")
    version = meta.get("versionId", "") if isinstance(meta, dict) else ""
    ident = fhir_id(resource.get("id"), kind) or ""
    return Written(ident, version if isinstance(version, str) else "", created, resource)


def _identified(written: Written) -> Written:
    if not written.id or fhir_id(written.id, "") is None:
        raise FhirWriteError("not_fhir")
    return written


def _rows(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
            yield resource


def _time(answer: Answer, bundle: Mapping[str, Any]) -> datetime | None:
    """The earlier of what the header and the Bundle say: what changes after it may not be in the page."""
    said = []
    with suppress(TypeError, ValueError):
        said.append(parsedate_to_datetime(answer.headers.get("Date", "")))
    meta = bundle.get("meta")
    with suppress(TypeError, ValueError):
        said.append(datetime.fromisoformat(meta["lastUpdated"] if isinstance(meta, dict) else ""))
    with_zone = [one for one in said if one.tzinfo is not None]
    return min(with_zone, default=None)


def _next(bundle: Mapping[str, Any]) -> str:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return ""
