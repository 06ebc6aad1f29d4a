"""Writing to a FHIR server: what is sent, what is taken from its answer, and every fault as a word."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Response

from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access
from cds_service.oauth.exchange import Answer, Exchange, Limits
from cds_service.oauth.exchange import Asked as SentRequest
from cds_service.outbound.sessions import Rule
from cds_service.smart import resources
from cds_service.smart.resources import MOST_PAGES, FhirWriteError, FhirWriter, Found, Written
from tests.oauth.scripted import HERE, Asked, Scripted
from tests.outbound.places import place

TASK: dict[str, Any] = {"resourceType": "Task", "status": "requested", "intent": "order"}
KEPT = {**TASK, "id": "t1", "meta": {"versionId": "3"}}
Use = Callable[[FhirWriter], object]
USES: dict[str, Use] = {
    "create": lambda writer: writer.create(TASK, "identifier=a%7Cb"),
    "update": lambda writer: writer.update(KEPT, "3"),
    "read": lambda writer: writer.read("Task/t1"),
    "search": lambda writer: writer.search("Task?status=requested"),
}


@pytest.fixture
def writer(server: Scripted) -> FhirWriter:
    return writer_to(server)


def writer_to(server: Scripted, seconds: float = 2.0, most_bytes: int = 1_000_000) -> FhirWriter:
    base = parse_base(f"{server.base}/fhir")
    assert base is not None
    return FhirWriter(Access(base, "the-token", HERE), Exchange(limits=Limits(seconds, most_bytes)))


def everywhere(server: Scripted, body: Any, status: int = 200, **headers: str) -> None:
    for path in ("/fhir/Task", "/fhir/Task/t1"):
        server.says(path, body, status, **headers)


def test_what_these_tests_send_is_valid_fhir() -> None:
    for resource in (TASK, KEPT):
        get_fhir_model_class("Task").model_validate(resource)


# --- creating


def test_a_create_sends_its_condition_and_takes_what_the_server_keeps(
    server: Scripted, writer: FhirWriter
) -> None:
    server.says("/fhir/Task", KEPT, 201, ETag='W/"3"')
    assert writer.create(TASK, "identifier=a%7Cb") == Written("t1", "3", True, KEPT)
    [asked] = server.asked
    assert (asked.method, asked.path, orjson.loads(asked.body)) == ("POST", "/fhir/Task", TASK)
    assert asked.headers["If-None-Exist"] == "identifier=a%7Cb"
    assert asked.headers["Authorization"] == "Bearer the-token"
    assert asked.headers["Content-Type"] == "application/fhir+json"
    assert asked.headers["Prefer"] == "return=representation"


def test_what_was_there_already_is_not_created(server: Scripted, writer: FhirWriter) -> None:
    server.says("/fhir/Task", KEPT, 200)
    assert writer.create(TASK, "identifier=a") == Written("t1", "3", False, KEPT)


@pytest.mark.parametrize(
    "location",
    ["{base}/fhir/Task/t1/_history/3", "Task/t1/_history/3", "{base}/fhir/Task/t1"],
)
def test_an_answer_without_body_is_read_from_its_headers(
    server: Scripted, writer: FhirWriter, location: str
) -> None:
    server.says("/fhir/Task", b"", 201, Location=location.format(base=server.base), ETag='W/"3"')
    assert writer.create(TASK) == Written("t1", "3", True, {})


def test_an_outcome_in_place_of_the_resource_is_not_taken_for_it(
    server: Scripted, writer: FhirWriter
) -> None:
    outcome = {"resourceType": "OperationOutcome", "id": "o1"}
    server.says("/fhir/Task", outcome, 201, Location="Task/t1/_history/3")
    assert writer.create(TASK) == Written("t1", "3", True, {})


def test_an_existing_one_that_is_not_named_is_searched_for(server: Scripted, writer: FhirWriter) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": KEPT}]}

    def answer(asked: Asked) -> Response:
        return Response(b"" if asked.method == "POST" else orjson.dumps(bundle))

    server.answers["/fhir/Task"] = answer
    assert writer.create(TASK, "identifier=a%7Cb") == Written("t1", "3", False, KEPT)
    assert server.asked[1].query == {"identifier": "a|b"}


@pytest.mark.parametrize(("rows", "word"), [([], "not_fhir"), ([KEPT, {**KEPT, "id": "t2"}], "several")])
def test_an_existing_one_that_cannot_be_told_is_a_fault(
    server: Scripted, writer: FhirWriter, rows: list[Any], word: str
) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": row} for row in rows]}
    server.answers["/fhir/Task"] = lambda asked: Response(
        b"" if asked.method == "POST" else orjson.dumps(bundle)
    )
    with pytest.raises(FhirWriteError) as caught:
        writer.create(TASK, "identifier=a")
    assert caught.value.word == word


@pytest.mark.parametrize("ident", ["../Patient/1", "a b", "", 7, "x" * 65, None])
def test_a_server_that_names_no_usable_id_is_not_believed(
    server: Scripted, writer: FhirWriter, ident: object
) -> None:
    server.says("/fhir/Task", {**KEPT, "id": ident}, 201)
    with pytest.raises(FhirWriteError, match="not_fhir"):
        writer.create(TASK)


def test_a_create_is_never_sent_twice(server: Scripted, writer: FhirWriter) -> None:
    server.says("/fhir/Task", b"", 500)
    with pytest.raises(FhirWriteError):
        writer.create(TASK, "identifier=a")
    assert len(server.asked) == 1


def test_a_create_is_not_repeated_on_a_connection_that_turned_out_to_be_closed() -> None:
    """It may have been carried out before the connection ended."""
    body = orjson.dumps({"resourceType": "Task"})
    ok = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def read_then_hang_up(connection: socket.socket, head: str) -> None:
        if head.startswith("POST"):
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(ok)

    with place(behave=read_then_hang_up) as server:
        base = parse_base(f"http://127.0.0.1:{server.port}/fhir")
        assert base is not None
        writer = FhirWriter(Access(base, None, HERE), Exchange())
        writer.read("Task/t1")
        with pytest.raises(FhirWriteError) as caught:
            writer.create(TASK, "identifier=a")
        assert (caught.value.word, caught.value.retry) == ("broken_off", True)
        assert [head.split()[0] for head in server.heads] == ["GET", "POST"]


# --- updating


def test_an_update_names_the_version_that_it_replaces(server: Scripted, writer: FhirWriter) -> None:
    server.says("/fhir/Task/t1", {**KEPT, "meta": {"versionId": "4"}}, 200)
    written = writer.update(KEPT, "3")
    assert (written.id, written.version, written.created) == ("t1", "4", False)
    [asked] = server.asked
    assert (asked.method, asked.headers["If-Match"]) == ("PUT", 'W/"3"')


def test_an_update_without_a_body_in_return_keeps_its_id(server: Scripted, writer: FhirWriter) -> None:
    server.says("/fhir/Task/t1", b"", 200, ETag='W/"4"')
    assert writer.update(KEPT) == Written("t1", "4", False, {})
    assert "If-Match" not in server.asked[0].headers


@pytest.mark.parametrize("tag", ['"4"', 'W/"4"'])
def test_a_version_is_the_one_of_the_header_first(server: Scripted, writer: FhirWriter, tag: str) -> None:
    server.says("/fhir/Task/t1", KEPT, 200, ETag=tag)
    assert writer.update(KEPT, "3").version == "4"


# --- reading and searching


def test_a_read_gives_the_resource_of_that_type(server: Scripted, writer: FhirWriter) -> None:
    server.says("/fhir/Task/t1", KEPT)
    assert writer.read("Task/t1") == KEPT
    server.says("/fhir/Task/t1", {"resourceType": "Patient", "id": "t1"})
    with pytest.raises(FhirWriteError, match="not_fhir"):
        writer.read("Task/t1")


def pages(server: Scripted, count: int, foreign: str = "") -> None:
    def answer(asked: Asked) -> Response:
        number = int(asked.query.get("page", "1"))
        url = foreign or f"{server.base}/fhir/Task?page={number + 1}"
        link = [{"relation": "next", "url": url}] if number < count else []
        rows = [
            {"resource": {**KEPT, "id": f"t{number}"}},
            {"resource": {"resourceType": "OperationOutcome"}},
        ]
        body = {"resourceType": "Bundle", "link": link, "entry": [*rows, "junk", {"resource": 7}]}
        return Response(orjson.dumps(body))

    server.answers["/fhir/Task"] = answer


def test_a_search_goes_through_its_pages(server: Scripted, writer: FhirWriter) -> None:
    pages(server, 3)
    found = writer.search("Task?status=requested")
    assert [row["id"] for row in found.resources] == ["t1", "t2", "t3"]
    assert found.complete
    assert found.at is not None
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 60  # the server's clock is ours here
    assert server.asked[0].query == {"status": "requested"}
    assert all(asked.headers["Authorization"] == "Bearer the-token" for asked in server.asked)


def test_a_search_without_end_is_ended(server: Scripted, writer: FhirWriter) -> None:
    pages(server, 10_000)
    found = writer.search("Task?status=requested")
    assert (len(found.resources), found.complete) == (MOST_PAGES, False)


def test_too_many_rows_are_left_for_the_next_look(
    server: Scripted, writer: FhirWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "MOST_ROWS", 2)
    pages(server, 3)
    found = writer.search("Task?status=requested")
    assert (len(found.resources), found.complete) == (2, False)


@pytest.mark.parametrize(
    "foreign", ["https://evil.example/fhir/Task", "{base}/admin", "{base}/fhir/../admin", "//evil.example/"]
)
def test_the_token_does_not_follow_a_next_page_elsewhere(
    server: Scripted, writer: FhirWriter, foreign: str
) -> None:
    pages(server, 2, foreign.format(base=server.base))
    found = writer.search("Task?status=requested")
    assert (len(found.resources), found.complete) == (1, False)
    assert server.paths() == ["/fhir/Task"]


def test_pages_in_a_circle_end(server: Scripted, writer: FhirWriter) -> None:
    pages(server, 2, f"{server.base}/fhir/Task?page=1")
    found = writer.search("Task?page=1")
    assert (len(found.resources), found.complete) == (1, False)


@pytest.mark.parametrize(
    ("header", "updated", "at"),
    [
        ("Mon, 23 Nov 2026 10:00:00 GMT", None, datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (
            "Mon, 23 Nov 2026 10:00:00 GMT",
            "2026-11-23T10:59:00+01:00",
            datetime(2026, 11, 23, 9, 59, tzinfo=UTC),
        ),
        (
            "Mon, 23 Nov 2026 10:00:00 GMT",
            "2026-11-23T10:00:01Z",
            datetime(2026, 11, 23, 10, tzinfo=UTC),
        ),
        ("yesterday", "2026-11-23T10:00:00", None),
        ("yesterday", 7, None),
    ],
)
def test_the_time_of_a_search_is_the_servers_own(header: str, updated: object, at: datetime | None) -> None:
    bundle = {"resourceType": "Bundle", "meta": {"lastUpdated": updated}}

    class Canned(Exchange):
        def send(self, asked: SentRequest, rule: Rule) -> Answer:
            return Answer(200, {"Date": header}, orjson.dumps(bundle))

    base = parse_base("https://ehr.example/fhir")
    assert base is not None
    assert FhirWriter(Access(base), Canned()).search("Task?x=y") == Found((), True, at)


def test_the_time_of_a_search_is_that_of_its_first_page() -> None:
    class TwoPages(Exchange):
        def send(self, asked: SentRequest, rule: Rule) -> Answer:
            last = "page=2" in asked.url
            link = [] if last else [{"relation": "next", "url": "https://ehr.example/fhir/Task?page=2"}]
            body = orjson.dumps({"resourceType": "Bundle", "link": link})
            return Answer(200, {"Date": f"Mon, 23 Nov 2026 1{int(last)}:00:00 GMT"}, body)

    base = parse_base("https://ehr.example/fhir")
    assert base is not None
    found = FhirWriter(Access(base), TwoPages()).search("Task?x=y")
    assert found == Found((), True, datetime(2026, 11, 23, 10, tzinfo=UTC))


@pytest.mark.parametrize("body", [{"resourceType": "Task"}, {}, {"resourceType": "OperationOutcome"}])
def test_what_is_no_bundle_is_no_search_result(server: Scripted, writer: FhirWriter, body: Any) -> None:
    server.says("/fhir/Task", body)
    with pytest.raises(FhirWriteError, match="not_fhir"):
        writer.search("Task?x=y")


# --- faults

STATUSES = [
    (400, "invalid", False),
    (401, "unauthorized", True),
    (403, "forbidden", False),
    (404, "not_found", False),
    (405, "refused", False),
    (409, "conflict", False),
    (410, "gone", False),
    (415, "refused", False),
    (422, "invalid", False),
    (429, "too_busy", True),
    (500, "server_failed", True),
    (502, "server_failed", True),
    (503, "server_failed", True),
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(("status", "word", "retry"), STATUSES)
def test_every_status_is_a_word_that_says_whether_to_try_again(
    server: Scripted, writer: FhirWriter, use: str, status: int, word: str, retry: bool
) -> None:
    everywhere(server, {"resourceType": "OperationOutcome", "issue": "secret"}, status)
    with pytest.raises(FhirWriteError) as caught:
        USES[use](writer)
    assert (caught.value.word, caught.value.retry, str(caught.value)) == (word, retry, word)


@pytest.mark.parametrize(("use", "word"), [("create", "several"), ("update", "changed")])
def test_a_condition_that_fails_says_which(server: Scripted, writer: FhirWriter, use: str, word: str) -> None:
    everywhere(server, b"", 412)
    with pytest.raises(FhirWriteError) as caught:
        USES[use](writer)
    assert (caught.value.word, caught.value.retry) == (word, False)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("body", "status", "word"), [(b"<html>secret</html>", 200, "not_json"), (b"", 307, "redirected")]
)
def test_html_and_redirects_are_words(
    server: Scripted, writer: FhirWriter, use: str, body: bytes, status: int, word: str
) -> None:
    everywhere(server, body, status, Location="https://evil.example/")
    with pytest.raises(FhirWriteError) as caught:
        USES[use](writer)
    assert caught.value.word == word


@pytest.mark.parametrize("use", USES)
def test_a_slow_server_and_a_flood_are_words(server: Scripted, use: str) -> None:
    def slowly(_: Asked) -> Response:
        time.sleep(1)
        return Response(b"{}")

    server.answers = {"/fhir/Task": slowly, "/fhir/Task/t1": slowly}
    with pytest.raises(FhirWriteError) as caught:
        USES[use](writer_to(server, seconds=0.2))
    assert (caught.value.word, caught.value.retry) == ("too_slow", True)
    everywhere(server, b" " * 5000)
    with pytest.raises(FhirWriteError, match="too_large"):
        USES[use](writer_to(server, most_bytes=1000))


@pytest.mark.parametrize("use", USES)
def test_a_server_that_is_gone_is_unreachable(server: Scripted, use: str) -> None:
    base = parse_base("http://127.0.0.1:1/fhir")
    assert base is not None
    with pytest.raises(FhirWriteError) as caught:
        USES[use](FhirWriter(Access(base, None, HERE)))
    assert (caught.value.word, caught.value.retry) == ("unreachable", True)


@pytest.mark.parametrize("status", [429, 503])
def test_a_hint_when_to_come_back_is_handed_on(server: Scripted, writer: FhirWriter, status: int) -> None:
    everywhere(server, b"", status, Retry_After="40")
    with pytest.raises(FhirWriteError) as caught:
        writer.read("Task/t1")
    assert caught.value.retry_after == 40.0


@pytest.mark.parametrize(
    "path", ["https://evil.example/Task/1", "../admin", "//evil.example/x", "/admin", "Task/..%2f..%2fadmin"]
)
def test_nothing_leaves_the_base(server: Scripted, writer: FhirWriter, path: str) -> None:
    with pytest.raises(FhirWriteError) as caught:
        writer.read(path)
    assert (caught.value.word, caught.value.retry) == ("foreign", False)
    assert server.asked == []


def test_an_id_that_leads_elsewhere_is_not_put_there(server: Scripted, writer: FhirWriter) -> None:
    with pytest.raises(FhirWriteError, match="foreign"):
        writer.update({**KEPT, "id": "../../admin"})
    assert server.asked == []


def test_nothing_that_is_handed_out_shows_a_patient() -> None:
    shown = f"{Written('secret', '1', True, KEPT)!r} {Found((KEPT,), True)!r}"
    assert re.sub(r"[^a-z]", "", shown.lower()) == "writtenfound"


def test_every_word_is_explained_to_whoever_runs_the_service() -> None:
    text = (Path(__file__).parents[2] / "docs/smart.md").read_text(encoding="utf-8")
    assert [word for word in resources.WORDS if f"`{word}`" not in text] == []
