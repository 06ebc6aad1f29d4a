"""A FHIR server in memory that does what servers do when they are in trouble, on command.

``handle`` is the server; ``served`` puts it on a port, where a dropped connection is a dropped connection.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

Resource = dict[str, Any]
FHIR_JSON = "application/fhir+json"


class DroppedError(Exception):
    """The connection ends without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    status: int
    body: Resource
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request. ``applied``: only after the server did what was asked.

    ``status`` 0: the connection is dropped. ``only`` and ``about``: methods, and a part of the path, that it
    happens to; nothing happens before that.
    """

    status: int = 0
    applied: bool = False
    retry_after: str = ""
    only: str = "GET POST PUT"
    about: str = ""


@dataclass
class FhirServer:
    """Resources by type and id, with all their versions; the last of them None once deleted."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    page: int = 100
    takes_if_none_exist: bool = True
    takes_identifier_search: bool = True
    takes_last_updated: bool = True
    says_date: bool = True
    token: str | None = None
    kept: dict[tuple[str, str], list[Resource | None]] = field(default_factory=dict)
    stamps: dict[tuple[str, str], datetime] = field(default_factory=dict)
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[tuple[str, str]] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)
    base: str = "https://ehr.example/fhir"

    # --- for tests

    def all(self, kind: str) -> list[Resource]:
        """What is there now."""
        current = [versions[-1] for (of, _), versions in self.kept.items() if of == kind]
        return [one for one in current if one is not None]

    def only(self, kind: str) -> Resource:
        """The one there is."""
        (one,) = self.all(kind)
        return one

    def put_there(self, resource: Resource, **changes: Any) -> Resource:
        """Somebody at the EHR creates or changes a resource."""
        with self.lock:
            body = {**resource, **changes}
            body = {name: value for name, value in body.items() if value is not None}
            body.setdefault("id", f"ehr-{len(self.kept) + 1}")
            return self._keep(body)

    def delete(self, kind: str, ident: str) -> None:
        """Somebody at the EHR deletes it."""
        self.kept[kind, ident].append(None)

    def writes(self) -> list[tuple[str, str]]:
        """The requests that would change something, as method and path."""
        return [(method, path) for method, path in self.asked if method != "GET"]

    # --- the server

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answers one request, or raises DroppedError."""
        with self.lock:
            self.asked.append((method, target))
            fault = self._fault(method, target)
            if fault and not fault.applied:
                return self._failed(fault)
            answer = self._answer(method, target, {k.lower(): v for k, v in headers.items()}, body)
            return self._failed(fault) if fault else answer

    def _fault(self, method: str, target: str) -> Fault | None:
        if self.faults and method in self.faults[0].only and self.faults[0].about in target:
            return self.faults.popleft()
        return None

    @staticmethod
    def _failed(fault: Fault) -> Answer:
        if not fault.status:
            raise DroppedError
        return _outcome(fault.status, **({"Retry-After": fault.retry_after} if fault.retry_after else {}))

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if self.token is not None and headers.get("authorization") != f"Bearer {self.token}":
            return _outcome(401)
        url = urlsplit(target)
        kind, _, ident = url.path.strip("/").removeprefix("fhir").strip("/").partition("/")
        if method == "GET":
            return self._read(kind, ident) if ident else self._search(kind, parse_qsl(url.query))
        sent = orjson.loads(body)
        if problems := _faults_of(kind, sent):
            return _outcome(422, problems)
        return (
            self._create(kind, sent, headers)
            if method == "POST"
            else self._update(kind, ident, sent, headers)
        )

    def _read(self, kind: str, ident: str) -> Answer:
        versions = self.kept.get((kind, ident))
        if versions is None:
            return _outcome(404)
        return _of(versions[-1]) if versions[-1] is not None else _outcome(410)

    def _create(self, kind: str, sent: Resource, headers: Mapping[str, str]) -> Answer:
        condition = headers.get("if-none-exist", "")
        if condition and self.takes_if_none_exist:
            there = self._matching(kind, parse_qsl(condition))
            if len(there) > 1:
                return _outcome(412)
            if there:
                return _of(there[0])
        return _of(self._keep({**sent, "id": f"s{len(self.kept) + 1}"}), 201)

    def _update(self, kind: str, ident: str, sent: Resource, headers: Mapping[str, str]) -> Answer:
        versions = self.kept.get((kind, ident))
        if versions is None or versions[-1] is None:
            return _outcome(404 if versions is None else 410)
        expected = re.fullmatch(r'(?:W/)?"([^"]+)"', headers.get("if-match", ""))
        if expected and expected[1] != versions[-1]["meta"]["versionId"]:
            return _outcome(412)
        if sent.get("id") != ident:
            return _outcome(400)
        return _of(self._keep(sent))

    def _keep(self, body: Resource) -> Resource:
        key = (body["resourceType"], body["id"])
        versions = self.kept.setdefault(key, [])
        stamp = self.now()
        meta = {
            **body.get("meta", {}),
            "versionId": str(len(versions) + 1),
            "lastUpdated": stamp.isoformat(timespec="milliseconds"),
        }
        kept = {**body, "meta": meta}
        versions.append(kept)
        return kept

    def _search(self, kind: str, query: Sequence[tuple[str, str]]) -> Answer:
        names = {name for name, _ in query}
        if ("identifier" in names and not self.takes_identifier_search) or (
            "_lastUpdated" in names and not self.takes_last_updated
        ):
            return _outcome(400)
        found = self._matching(kind, query)
        given = dict(query)
        start, count = int(given.get("_from", "0")), min(int(given.get("_count", "100")), self.page)
        end = start + count
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        rows = [{"resource": one, "search": {"mode": "match"}} for one in found[start:end]]
        if rows:
            bundle["entry"] = rows
        if end < len(found):
            rest = "&".join(f"{name}={value}" for name, value in query if name != "_from")
            url = f"{self.base}/{kind}?{rest}&_from={end}"
            bundle["link"] = [{"relation": "next", "url": url.replace("+", "%2B").replace("|", "%7C")}]
        date = {"Date": format_datetime(self.now(), usegmt=True)} if self.says_date else {}
        return Answer(200, bundle, date)

    def _matching(self, kind: str, query: Sequence[tuple[str, str]]) -> list[Resource]:
        found = self.all(kind)
        for name, value in query:
            if name in ("identifier", "_id", "_lastUpdated", "patient"):
                found = [one for one in found if _matches(one, name, value)]
            elif name == "url":
                found = [one for one in found if one["channel"]["endpoint"] == value]
            elif name not in ("_sort", "_count", "_from", "_format"):
                found = [one for one in found if str(one.get(name)) in value.split(",")]
        return sorted(found, key=lambda one: (str(one["meta"]["lastUpdated"]), str(one["id"])))


def _matches(resource: Resource, name: str, value: str) -> bool:
    if name == "_id":
        return resource["id"] in value.split(",")
    if name == "_lastUpdated":
        since = datetime.fromisoformat(value.removeprefix("ge"))
        return datetime.fromisoformat(resource["meta"]["lastUpdated"]) >= since
    if name == "patient":
        whose = resource.get("subject") or resource.get("for") or resource.get("individual") or {}
        return f"/{whose.get('reference', '')}".endswith(f"/{value}")
    system, _, code = value.partition("|")
    held = resource.get("identifier", [])
    return any(
        one.get("system") == system and (not code or one.get("value") == code)
        for one in (held if isinstance(held, list) else [held])
    )


def _of(resource: Resource, status: int = 200) -> Answer:
    headers = {"ETag": f'W/"{resource["meta"]["versionId"]}"'}
    if status == 201:
        headers["Location"] = f"{resource['resourceType']}/{resource['id']}/_history/1"
    return Answer(status, resource, headers)


def _faults_of(kind: str, sent: Any) -> str:
    """Every resource that the service sends has to be valid R4."""
    try:
        get_fhir_model_class(kind).model_validate({k: v for k, v in sent.items() if k != "meta"})
    except ValidationError as error:
        return str(error)
    return "" if sent.get("resourceType") == kind else "another type"


def _outcome(status: int, text: str = "no", **headers: str) -> Answer:
    issue = {"severity": "error", "code": "processing", "diagnostics": text}
    return Answer(status, {"resourceType": "OperationOutcome", "issue": [issue]}, headers)


@contextmanager
def served(server: FhirServer) -> Iterator[str]:
    """The server on a port of this machine; gives its base URL."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    thread = Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.base = f"http://127.0.0.1:{http.server_port}/fhir"
    try:
        yield server.base
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(server: FhirServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nothing."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The server's own time."""
            return format_datetime(server.now(), usegmt=True)

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                answer = server.handle(self.command, self.path, dict(self.headers.items()), body)
            except DroppedError:
                self.close_connection = True
                return
            raw = orjson.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name != "Date":
                    self.send_header(name, value)
            self.send_header("Content-Type", FHIR_JSON)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815

    return Handler


@dataclass
class Clock:
    """A time that stands still until it is moved."""

    time: datetime = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **much: float) -> datetime:
        """Lets time pass."""
        self.time += timedelta(**much)
        return self.time
