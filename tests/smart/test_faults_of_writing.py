"""Faults of a FHIR server that is written to: each a closed word, and whether to try again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access
from cds_service.smart import resources
from cds_service.smart.resources import FhirWriteError, FhirWriter, Found, Written
from tests.oauth.scripted import HERE, Asked, Scripted
from tests.smart.writing import KEPT, TASK, writer_to

USES: dict[str, Callable[[FhirWriter], object]] = {
    "create": lambda writer: writer.create(TASK, "identifier=a%7Cb"),
    "update": lambda writer: writer.update(KEPT, "3"),
    "read": lambda writer: writer.read("Task/t1"),
    "search": lambda writer: writer.search("Task?status=requested"),
}


def everywhere(server: Scripted, body: Any, status: int = 200, **headers: str) -> None:
    for path in ("/fhir/Task", "/fhir/Task/t1"):
        server.says(path, body, status, **headers)


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
