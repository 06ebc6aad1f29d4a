"""Section 10: CORS. TLS is the proxy's, and stands in the list of exceptions."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import answers_as, header, request_header, status, without
from tests.conformance.hospital.calls import path_of
from tests.conformance.hospital.hearings import DEMO_PAGE, refusals
from tests.conformance.hospital.register import ORIGIN, signed
from tests.conformance.hospital.service import DISCOVERY, Service
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Rows, every

ROWS = Rows()

ALLOW = "Access-Control-Allow-Origin"
PATHS = {"discovery": DISCOVERY, "a service": path_of(), "its feedback": f"{path_of()}/feedback"}
_ASKED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


def _called(world: World) -> Heard:
    service, path = world.registered, path_of()
    return {
        "a call": service.post(path, world.body(), headers={**signed(path), "Origin": ORIGIN}),
        "discovery": service.get(headers={"Origin": ORIGIN}),
        "from a page that nobody registered": service.get(headers={"Origin": "https://evil.example"}),
        "from a page that begins alike": service.get(headers={"Origin": f"{ORIGIN}.evil.example"}),
        "from no page": service.get(),
    }


@ROWS.requires(
    "T3",
    "Pages of registered origins may read answers, and no others.",
    hear=_called,
    faults={
        "not even they": header(ALLOW, None),
        "anybody": header(ALLOW, "*"),
        "another page": header(ALLOW, "https://else.example", "discovery"),
        "any page": header(ALLOW, "https://evil.example", "from a page that nobody registered"),
        "a page that begins alike": header(ALLOW, ORIGIN, "from a page that begins alike"),
        "with cookies": header("Access-Control-Allow-Credentials", "true"),
    },
)
def registered_pages_may_read_answers(heard: Heard) -> None:
    assert len(heard) == 5
    for name, one in heard.items():
        expected = ORIGIN if name in ("a call", "discovery") else None
        assert one.headers.get(ALLOW.lower()) == expected, name
        assert "access-control-allow-credentials" not in one.headers


def _preflight(service: Service, path: str, origin: str, **more: str) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return service.send("OPTIONS", path, headers={"Origin": origin, **_ASKED, **named})


def _preflights(world: World) -> Heard:
    return {
        **{name: _preflight(world.registered, path, ORIGIN) for name, path in PATHS.items()},
        "a path that is not there": _preflight(world.registered, "/nothing", ORIGIN),
        "another page": _preflight(world.registered, path_of(), "https://evil.example"),
    }


@ROWS.requires(
    "T4",
    "A preflight is answered on every path without a token: for an allowed page with its origin, GET, POST "
    "and OPTIONS, the headers Authorization, Content-Type and Accept, and how long that holds. `Vary` says "
    "that it depends on the origin.",
    hear=_preflights,
    faults={
        "a token is needed": status(401),
        "POST only": status(405, "its feedback"),
        "no path, no preflight": status(404, "a path that is not there"),
        "anybody": header(ALLOW, "*"),
        "another page": answers_as("a service", "another page"),
        "no POST": header("Access-Control-Allow-Methods", "GET, OPTIONS", "a service"),
        "no token may be sent": header("Access-Control-Allow-Headers", "Content-Type"),
        "no word of how long": header("Access-Control-Max-Age", None),
        "kept for all origins": header("Vary", None, "its feedback"),
        "with cookies": header("Access-Control-Allow-Credentials", "true"),
        "sent with a token": request_header("Authorization", "Bearer x"),
        "not tried": without("its feedback"),
    },
)
def preflights_need_no_token(heard: Heard) -> None:
    assert set(PATHS) < heard.keys()
    for name, one in heard.items():
        assert "authorization" not in one.sent_headers
        assert one.status in (200, 204), name
        assert "Origin" in one.headers.get("vary", ""), name
        assert "access-control-allow-credentials" not in one.headers
        if name == "another page":
            assert ALLOW.lower() not in one.headers
            continue
        assert one.headers.get(ALLOW.lower()) == ORIGIN, name
        assert _words(one, "methods") == {"get", "post", "options"}
        assert _words(one, "headers") >= {"authorization", "content-type", "accept"}
        assert one.headers.get("access-control-max-age", "").isdigit()


def _words(one: Exchange, name: str) -> set[str]:
    listed = one.headers.get(f"access-control-allow-{name}", "")
    return {word.strip().lower() for word in listed.split(",")}


@ROWS.requires(
    "T5",
    "Refusals have the same CORS headers, so that a page can tell what was wrong, and when to come back.",
    hear=refusals,
    faults={
        "none with a bad token": header(ALLOW, None, "401"),
        "none on a bug": header(ALLOW, None, "500"),
        "none where there is nothing": header(ALLOW, None, "404 elsewhere"),
        "anybody": header(ALLOW, "*", "413"),
        "Retry-After cannot be read": header("Access-Control-Expose-Headers", None, "429"),
        "kept for all origins": header("Vary", None, "400"),
    },
)
def refusals_have_cors_headers(heard: Heard) -> None:
    for name, one in heard.items():
        assert one.status >= 400, name
        assert one.headers.get(ALLOW.lower()) == one.sent_headers["origin"], name
        assert "Origin" in one.headers.get("vary", ""), name
    for name in ("429", "503"):
        assert "Retry-After" in heard[name].headers.get("access-control-expose-headers", "")
    assert len(every(heard)) > 9


def _private(world: World) -> Heard:
    wanted: dict[str, Any] = {"Access_Control_Request_Private_Network": "true"}
    return {
        "demo mode": _preflight(world.demo, path_of(), DEMO_PAGE, **wanted),
        "demo mode, the sandbox": _preflight(
            world.demo, path_of(), "https://sandbox.cds-hooks.org", **wanted
        ),
        "demo mode, another page": _preflight(world.demo, path_of(), "https://evil.example", **wanted),
        "demo mode, not asked for": _preflight(world.demo, path_of(), DEMO_PAGE),
        "registered clients": _preflight(world.registered, path_of(), ORIGIN, **wanted),
    }


@ROWS.requires(
    "T6",
    "In demo mode the public sandbox and local pages may reach into this machine's network; nowhere else "
    "may anybody.",
    hear=_private,
    faults={
        "the sandbox may not": header("Access-Control-Allow-Private-Network", None, "demo mode, the sandbox"),
        "any page may": header("Access-Control-Allow-Private-Network", "true", "demo mode, another page"),
        "unasked": header("Access-Control-Allow-Private-Network", "true", "demo mode, not asked for"),
        "with registered clients": header(
            "Access-Control-Allow-Private-Network", "true", "registered clients"
        ),
        "the page may not read answers": header(ALLOW, None),
    },
)
def private_networks_are_for_demo_mode(heard: Heard) -> None:
    given = [name for name, one in heard.items() if "access-control-allow-private-network" in one.headers]
    assert given == ["demo mode", "demo mode, the sandbox"]
    for name in given:
        assert heard[name].headers.get(ALLOW.lower()) == heard[name].sent_headers["origin"]
