"""Writing to a FHIR server: what is sent, and what is taken from its answer."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Response

from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access
from cds_service.oauth.exchange import Answer, Exchange
from cds_service.oauth.exchange import Asked as SentRequest
from cds_service.outbound.sessions import Rule
from cds_service.smart import resources
from cds_service.smart.resources import MOST_PAGES, FhirWriteError, FhirWriter, Found, Written
from tests.oauth.scripted import HERE, Asked, Scripted
from tests.outbound.places import place
from tests.smart.writing import KEPT, TASK


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


ELSEWHERE = [
    "https://inner.example:8443/fhir/Task/t1/_history/3",
    "{base}/other/Task/t1/_history/3",
    "//evil.example/fhir/Task/t1",
    "../Task/t1",
]


@pytest.mark.parametrize("location", ELSEWHERE)
@pytest.mark.parametrize("status", [200, 201])
def test_an_id_at_an_address_elsewhere_is_not_ours_and_what_was_made_is_searched_for(
    server: Scripted, writer: FhirWriter, location: str, status: int
) -> None:
    """A proxy that leaves the server's inner name in place, or another server."""
    kept = {**KEPT, "id": "own"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": kept}]}
    place = location.format(base=server.base)

    def answer(asked: Asked) -> Response:
        if asked.method == "POST":
            return Response(b"", status, {"Location": place})
        return Response(orjson.dumps(bundle))

    server.answers["/fhir/Task"] = answer
    assert writer.create(TASK, "identifier=a").id == "own"


@pytest.mark.parametrize("location", ELSEWHERE)
def test_without_a_way_to_find_it_again_an_address_elsewhere_is_no_answer(
    server: Scripted, writer: FhirWriter, location: str
) -> None:
    server.says("/fhir/Task", b"", 201, Location=location.format(base=server.base))
    with pytest.raises(FhirWriteError, match="not_fhir"):
        writer.create(TASK)


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
