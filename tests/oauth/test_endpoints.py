"""Discovery documents: what is taken from them, what is not, and how often they are fetched."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Response

from cds_service.clients.registered import FhirServer
from cds_service.fhir.allow_list import FhirBase, parse_base
from cds_service.oauth.endpoints import (
    FAILURE_KEPT_SECONDS,
    KEPT_SECONDS,
    Discovery,
    Endpoints,
    is_endpoint,
    rule_of,
)
from cds_service.oauth.exchange import Exchange, Limits
from cds_service.oauth.faults import OAuthError
from cds_service.outbound.sessions import PUBLIC, Rule
from tests.oauth.scripted import HERE, Asked, Scripted
from tests.outbound.places import Clock

SMART = "/fhir/.well-known/smart-configuration"
OPENID = "/op/.well-known/openid-configuration"
AUTH = "https://auth.example"


def document(**changed: Any) -> dict[str, Any]:
    good = {
        "issuer": AUTH,
        "jwks_uri": f"{AUTH}/jwks",
        "authorization_endpoint": f"{AUTH}/authorize",
        "token_endpoint": f"{AUTH}/token",
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["launch-ehr", "permission-v2"],
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def fhir_server(server: Scripted, **changed: Any) -> FhirServer:
    base = parse_base(f"{server.base}/fhir")
    assert isinstance(base, FhirBase)
    return replace(FhirServer(base, HERE.networks, insecure_http=True), **changed)


def smart_fault(server: Scripted, body: Any, status: int = 200) -> str:
    server.says(SMART, body, status)
    with pytest.raises(OAuthError) as caught:
        Discovery().smart(fhir_server(server))
    return caught.value.word


def test_the_endpoints_of_a_fhir_server_are_read_under_its_own_rule(server: Scripted) -> None:
    server.says(SMART, document(token_endpoint_auth_signing_alg_values_supported=["RS384"], more=1))
    fhir = fhir_server(server)
    found = Discovery().smart(fhir)
    assert found == Endpoints(
        token=f"{AUTH}/token",
        authorization=f"{AUTH}/authorize",
        issuer=AUTH,
        jwks=f"{AUTH}/jwks",
        algorithms=frozenset({"RS384"}),
        capabilities=frozenset({"launch-ehr", "permission-v2"}),
        rule=HERE,
    )
    assert found.signs_in
    assert Endpoints.of_kept(found.kept(), rule_of(fhir)) == found


def test_a_server_that_signs_nobody_in_still_launches(server: Scripted) -> None:
    server.says(SMART, document(issuer=..., jwks_uri=...))
    assert not Discovery().smart(fhir_server(server)).signs_in


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (document(authorization_endpoint=...), "incomplete"),
        (document(token_endpoint=...), "incomplete"),
        (document(code_challenge_methods_supported=["plain"]), "no_pkce"),
        (document(code_challenge_methods_supported=[]), "no_pkce"),
        (document(code_challenge_methods_supported="S256"), "no_pkce"),
        (document(token_endpoint=7), "endpoint_refused"),
        (document(token_endpoint="/token"), "endpoint_refused"),
        (document(token_endpoint="ftp://auth.example/token"), "endpoint_refused"),
        (document(token_endpoint="https://user:pass@auth.example/token"), "endpoint_refused"),
        (document(token_endpoint="https://auth.example\\@evil.example/token"), "endpoint_refused"),
        (document(token_endpoint="https://auth.example/token#here"), "endpoint_refused"),
        (document(token_endpoint="https://auth.example/a/../token"), "endpoint_refused"),
        (document(authorization_endpoint="javascript:alert(1)"), "endpoint_refused"),
        (document(jwks_uri="file:///etc/passwd"), "endpoint_refused"),
        (document(issuer="http:"), "endpoint_refused"),
        (b"<html>sign in</html>", "not_json"),
        (["a list"], "not_json"),
    ],
)
def test_a_document_that_cannot_be_used_says_why(server: Scripted, body: Any, word: str) -> None:
    assert smart_fault(server, body) == word


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (404, "not_offered"),
        (401, "not_offered"),
        (429, "too_busy"),
        (500, "server_failed"),
        (503, "server_failed"),
    ],
)
def test_a_status_that_is_no_success_is_a_word(server: Scripted, status: int, word: str) -> None:
    assert smart_fault(server, document(), status) == word


def test_without_a_list_of_challenge_methods_pkce_is_simply_used(server: Scripted) -> None:
    server.says(SMART, document(code_challenge_methods_supported=...))
    assert Discovery().smart(fhir_server(server)).authorization == f"{AUTH}/authorize"


@pytest.mark.parametrize(
    ("url", "secure_only", "either"),
    [
        ("https://auth.example/token", True, True),
        ("https://auth.example/token?tenant=a%20b", True, True),
        ("http://auth.example/token", False, True),
        ("https://auth.example/token?a=<b>", False, False),
        ("https://auth.example/token?a=b\r\nHost: c", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_plain_http_counts_only_where_it_is_declared(url: object, secure_only: bool, either: bool) -> None:
    assert is_endpoint(url, PUBLIC) is secure_only
    assert is_endpoint(url, Rule(insecure_http=True)) is either


def test_a_document_is_fetched_once_and_again_when_it_is_old(server: Scripted) -> None:
    clock = Clock()
    discovery, fhir = Discovery(clock=clock), fhir_server(server)
    server.says(SMART, document())
    first = discovery.smart(fhir)
    server.says(SMART, document(token_endpoint=f"{AUTH}/moved"))
    clock.now += KEPT_SECONDS - 1
    assert discovery.smart(fhir) == first
    assert len(server.asked) == 1
    clock.now += 2
    assert discovery.smart(fhir).token == f"{AUTH}/moved"


def test_a_failure_is_remembered_shortly(server: Scripted) -> None:
    clock = Clock()
    discovery, fhir = Discovery(clock=clock), fhir_server(server)
    for _ in range(3):
        with pytest.raises(OAuthError, match="not_offered"):
            discovery.smart(fhir)
    assert len(server.asked) == 1
    server.says(SMART, document())
    clock.now += FAILURE_KEPT_SECONDS + 1
    assert discovery.smart(fhir).token == f"{AUTH}/token"


def test_servers_of_other_rules_do_not_share_what_was_found(server: Scripted) -> None:
    server.says(SMART, document())
    discovery = Discovery()
    discovery.smart(fhir_server(server))
    found = discovery.smart(fhir_server(server, networks=(ip_network("127.0.0.1/32"),)))
    assert found.rule.networks == (ip_network("127.0.0.1/32"),)
    assert len(server.asked) == 2


def test_many_who_ask_at_once_wait_for_one_fetch(server: Scripted) -> None:
    def slowly(_: Asked) -> Response:
        time.sleep(0.2)
        return Response(
            b'{"token_endpoint":"https://a.example/t","authorization_endpoint":"https://a.example/a"}'
        )

    server.answers[SMART] = slowly
    discovery, fhir = Discovery(), fhir_server(server)
    threads = [threading.Thread(target=discovery.smart, args=(fhir,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1


# --- bases that strangers name: anything below a registered one


def tenant(server: Scripted, name: str) -> tuple[FhirServer, str]:
    """A base that lies below the registered one, and that one."""
    base = parse_base(f"{server.base}/fhir/{name}")
    assert isinstance(base, FhirBase)
    return fhir_server(server, base=base), f"{server.base}/fhir"


def of_tenant(name: str) -> str:
    return f"/fhir/{name}/.well-known/smart-configuration"


def suppressed(discovery: Discovery, fhir: FhirServer, below: str) -> None:
    with suppress(OAuthError):
        discovery.smart(fhir, below)


def test_below_a_registered_base_one_is_looked_for_at_a_time(server: Scripted) -> None:
    going, go_on = threading.Event(), threading.Event()

    def slowly(_: Asked) -> Response:
        going.set()
        go_on.wait(10)
        return Response("no", 404)

    server.says(SMART, document())
    server.says(of_tenant("main"), document())
    server.answers[of_tenant("x")] = slowly
    discovery = Discovery()
    main, below = tenant(server, "main")
    discovery.smart(main, below)
    stranger = threading.Thread(target=suppressed, args=(discovery, *tenant(server, "x")))
    stranger.start()
    assert going.wait(10)
    for name in ("x", "y"):
        with pytest.raises(OAuthError, match="too_busy"):
            discovery.smart(*tenant(server, name))
    # What is registered, what is known, and what lies elsewhere is looked for all the same.
    assert discovery.smart(fhir_server(server)).signs_in
    assert discovery.smart(main, below).signs_in
    with pytest.raises(OAuthError, match="not_offered"):
        discovery.smart(tenant(server, "z")[0], "https://other.example/fhir")
    go_on.set()
    stranger.join()
    with pytest.raises(OAuthError, match="not_offered"):
        discovery.smart(*tenant(server, "y"))


def test_ever_new_bases_take_no_more_room_and_do_not_drive_out_what_was_found(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.oauth.endpoints.MOST_BELOW", 4)
    for name in ("main", "children", "a", "b", "c"):
        server.says(of_tenant(name), document())
    discovery = Discovery()

    def look(name: str) -> int:
        """How many requests it took."""
        before = len(server.asked)
        with suppress(OAuthError):
            discovery.smart(*tenant(server, name))
        return len(server.asked) - before

    assert [look(name) for name in ("main", "children")] == [1, 1]
    assert [look(f"strange-{number}") for number in range(20)] == [1] * 20
    assert [look(name) for name in ("main", "children", "strange-19")] == [0, 0, 0]
    assert [look(name) for name in ("a", "b", "c")] == [1, 1, 1]
    assert [look(name) for name in ("c", "b", "a", "children", "main")] == [0, 0, 0, 0, 1]


def test_an_openid_issuer_must_name_itself_and_its_keys(server: Scripted) -> None:
    issuer = f"{server.base}/op"
    server.says(OPENID, document(issuer=issuer))
    found = Discovery().openid(issuer, HERE)
    assert (found.issuer, found.jwks, found.rule) == (issuer, f"{AUTH}/jwks", HERE)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"issuer": "https://other.example"}, "other_issuer"),
        ({"issuer": ...}, "other_issuer"),
        ({"jwks_uri": ...}, "incomplete"),
    ],
)
def test_an_openid_document_of_another_issuer_is_refused(
    server: Scripted, changed: dict[str, Any], word: str
) -> None:
    issuer = f"{server.base}/op"
    server.says(OPENID, document(**{"issuer": issuer, **changed}))
    with pytest.raises(OAuthError) as caught:
        Discovery().openid(issuer, HERE)
    assert caught.value.word == word


def test_a_slow_document_is_given_up_in_time(server: Scripted) -> None:
    def slowly(_: Asked) -> Response:
        time.sleep(1.5)
        return Response(b"{}")

    server.answers[SMART] = slowly
    began = time.monotonic()
    with pytest.raises(OAuthError, match="too_slow"):
        Discovery(Exchange(limits=Limits(seconds=0.3))).smart(fhir_server(server))
    assert time.monotonic() - began < 1.2
