"""Section 2: what a service lists of itself."""

from __future__ import annotations

import re

from tests.conformance.faults import (
    answers_as,
    body,
    both,
    drop,
    header,
    in_answer,
    put,
    request_header,
    status,
    without,
    worded,
)
from tests.conformance.hospital.calls import HOOKS, path_of
from tests.conformance.hospital.hearings import documents
from tests.conformance.hospital.register import signed
from tests.conformance.hospital.service import DISCOVERY
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Heard, Rows, every, every_service, is_text

ROWS = Rows()

PUBLISHED_VERSIONS = dict.fromkeys(HOOKS, "1.0")
"""``hookVersion`` in the table of each published hook definition."""

_SEMVER = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


def _paths(world: World) -> Heard:
    return {
        "discovery": world.demo.get(),
        "again": world.demo.get(),
        "in another process": world.demo_with().get(),
        "at the path from before 1.0": world.demo.get("/.well-known/cds-services"),
    }


@ROWS.requires(
    "D1",
    "Discovery is at `/cds-services` below the base URL, always, and nowhere else.",
    hear=_paths,
    faults={
        "not found": status(404),
        "a redirect": status(302),
        "no longer there": status(404, "again"),
        "at another path as well": answers_as("discovery", "at the path from before 1.0"),
        "other services in another process": in_answer(put("services.0.id", "x"), "in another process"),
    },
)
def discovery_is_always_at_its_path(heard: Heard) -> None:
    assert heard["discovery"].path == "/cds-services"
    for name in ("discovery", "again", "in another process"):
        assert heard[name].status == 200
        assert heard[name].answer == heard["discovery"].answer
    assert heard["at the path from before 1.0"].status == 404


@ROWS.requires(
    "D2",
    "The answer is 200 and a JSON object that holds the array `services`.",
    hear=documents,
    faults={
        "no content": status(204),
        "a bare array": body(b"[]"),
        "no services": in_answer(drop("services")),
        "services that are an object": in_answer(put("services", {})),
        "a service that is a text": in_answer(put("services.0", "trial-match")),
        "not JSON": body(b"trial-match"),
    },
)
def discovery_is_an_object_with_services(heard: Heard) -> None:
    assert all(one.services for one in every(heard))


@ROWS.requires(
    "D4",
    "Each service names its `hook`.",
    hear=documents,
    faults={
        "no hook": in_answer(drop("services.0.hook")),
        "a blank hook": in_answer(put("services.1.hook", " "), "newest"),
        "a list of hooks": in_answer(put("services.0.hook", ["patient-view"])),
        "a hook that nobody defines": in_answer(put("services.0.hook", "patient-veiw")),
    },
)
def each_service_names_its_hook(heard: Heard) -> None:
    assert all(service.get("hook") in HOOKS for service in every_service(heard))


@ROWS.requires(
    "D5",
    "Each service has a `description`.",
    hear=documents,
    faults={
        "none": in_answer(drop("services.0.description")),
        "a blank one": in_answer(put("services.4.description", "\n"), "no-trials"),
        "an object": in_answer(put("services.0.description", {"text": "x"})),
    },
)
def each_service_describes_itself(heard: Heard) -> None:
    assert all(is_text(service.get("description")) for service in every_service(heard))


def _listed_and_called(world: World) -> Heard:
    called = {f"POST {hook}": world.call(hook) for hook in HOOKS}
    return {"discovery": world.demo.get(), **called}


@ROWS.requires(
    "D6",
    "Each service has an `id`, which is the last part of its URL: letters, digits, `.`, `_` and `-` only. "
    "POST there is answered.",
    hear=_listed_and_called,
    faults={
        "an id with a space": in_answer(put("services.0.id", "trial match")),
        "an id with a slash": in_answer(put("services.0.id", "trial/match")),
        "no id": in_answer(drop("services.0.id")),
        "an id that is nowhere": in_answer(put("services.0.id", "trial-match")),
        "a service that is not found": status(404, "POST order-sign"),
        "a service that nobody called": without("POST order-sign"),
    },
)
def each_id_is_the_last_part_of_a_url_that_answers(heard: Heard) -> None:
    answering = {one.path for one in every(heard) if one.method == "POST" and one.status == 200}
    for service in heard["discovery"].services:
        assert _SEGMENT.fullmatch(str(service.get("id", "")))
        assert f"{DISCOVERY}/{service['id']}" in answering


@ROWS.requires(
    "D7",
    "Each service has a `title`.",
    hear=documents,
    faults={
        "none": in_answer(drop("services.2.title")),
        "a blank one": in_answer(put("services.0.title", "")),
        "a name, as before 1.0": in_answer(
            both(put("services.0.name", "Trials"), drop("services.0.title")), "oldest"
        ),
    },
)
def each_service_has_a_title(heard: Heard) -> None:
    assert all(is_text(service.get("title")) for service in every_service(heard))


@ROWS.requires(
    "D8",
    "`prefetch` is an object of query strings by key. A client that does not prefetch gets no such member.",
    hear=documents,
    faults={
        "empty": in_answer(put("services.0.prefetch", {})),
        "empty for a client that does not prefetch": in_answer(put("services.0.prefetch", {}), "no-prefetch"),
        "templates all the same": answers_as("demo", "no-prefetch"),
        "a list": in_answer(put("services.0.prefetch", ["Patient/{{context.patientId}}"])),
        "a template that is an object": in_answer(put("services.0.prefetch.patient", {"query": "x"})),
        "an empty template": in_answer(put("services.0.prefetch.patient", "")),
    },
)
def prefetch_is_an_object_of_templates(heard: Heard) -> None:
    for name, one in heard.items():
        for service in one.services:
            assert ("prefetch" in service) == (name != "no-prefetch"), name
            prefetch = service.get("prefetch", {"patient": "x"})
            assert isinstance(prefetch, dict)
            assert prefetch
            assert all(is_text(value) for item in prefetch.items() for value in item)
    assert "no-prefetch" in heard


@ROWS.requires(
    "D9",
    "`usageRequirements` says what a client needs: FHIR R4, prefetch or read access.",
    hear=documents,
    faults={
        "nothing": in_answer(drop("services.0.usageRequirements")),
        "no version of FHIR": worded("FHIR R4", "FHIR"),
        "an object": in_answer(put("services.0.usageRequirements", {"fhir": "R4"})),
    },
)
def usage_requirements_name_the_version_of_fhir(heard: Heard) -> None:
    for service in every_service(heard):
        words = service.get("usageRequirements")
        assert isinstance(words, str)
        assert all(word in words for word in ("FHIR R4", "refetch", "read access"))


@ROWS.requires(
    "D10",
    "A client of 3.0 is told the `version` of CDS Hooks, as a semantic version; others get no such member.",
    hear=documents,
    faults={
        "the model's word": in_answer(put("services.0.version", "STU2"), "newest"),
        "half a version": in_answer(put("services.0.version", "3.0"), "new"),
        "no version": in_answer(drop("services.1.version"), "new"),
        "a version for a client of 2.0": in_answer(put("services.0.version", "2.0.1"), "hospital"),
    },
)
def the_version_is_semantic_and_for_3_0_only(heard: Heard) -> None:
    assert {"newest", "new", "hospital"} <= heard.keys()
    for name, one in heard.items():
        for service in one.services:
            assert ("version" in service) == (name in ("newest", "new")), name
            assert _SEMVER.fullmatch(service.get("version", "3.0.0"))


@ROWS.requires(
    "D11",
    "A client of 3.0 is told the `hookVersion` that the published definition of the hook has; others are "
    "not.",
    hear=documents,
    faults={
        "another version": in_answer(put("services.0.hookVersion", "1.1"), "newest"),
        "a number": in_answer(put("services.0.hookVersion", 1.0), "newest"),
        "none": in_answer(drop("services.3.hookVersion"), "new"),
        "for a client of 1.0": in_answer(put("services.0.hookVersion", "1.0"), "oldest"),
    },
)
def the_hook_version_is_the_published_one(heard: Heard) -> None:
    assert {"newest", "new", "oldest"} <= heard.keys()
    for name, one in heard.items():
        for service in one.services:
            expected = PUBLISHED_VERSIONS[service["hook"]] if name in ("newest", "new") else None
            assert service.get("hookVersion") == expected, name


def _with_tokens(world: World) -> Heard:
    service = world.registered
    return {
        "aud is discovery": service.get(headers=signed(DISCOVERY)),
        "aud is a service": service.get(headers=signed(path_of())),
        "aud is the base URL": service.get(headers=signed("")),
        "expired": service.get(headers=signed(DISCOVERY, iat=1, exp=2)),
        "no token": service.get(),
    }


@ROWS.requires(
    "D14",
    "Discovery needs no token, since it holds nothing of patients. A token that comes must name exactly "
    "its URL as `aud`, and is checked like any other.",
    hear=_with_tokens,
    faults={
        "the right audience is refused": status(401),
        "a service's audience is accepted": answers_as("aud is discovery", "aud is a service"),
        "the base URL is accepted": answers_as("aud is discovery", "aud is the base URL"),
        "a bad token counts as none": answers_as("no token", "expired"),
        "nobody may see it": status(401, "no token"),
    },
)
def a_token_for_discovery_must_be_for_discovery(heard: Heard) -> None:
    statuses = {name: one.status for name, one in heard.items()}
    assert statuses == {
        "aud is discovery": 200,
        "aud is a service": 401,
        "aud is the base URL": 401,
        "expired": 401,
        "no token": 200,
    }


def _fetched_again(world: World) -> Heard:
    first = world.demo.get()
    return {
        "first": first,
        "from another process": world.demo_with().get(),
        "with the tag": world.demo.get(headers={"If-None-Match": first.headers["etag"]}),
        "by a client's token": world.discovery_of("newest"),
        "without a token": world.registered.get(),
    }


@ROWS.requires(
    "D17",
    "Discovery can be asked for again and again: it has an `ETag`, the same bytes in every process, and "
    "may be kept for an hour at most. `Vary` says that it depends on who asks.",
    hear=_fetched_again,
    faults={
        "no tag": header("ETag", None),
        "another tag in another process": header("ETag", '"x"', "from another process"),
        "other bytes": body(b'{"services": []}', "from another process"),
        "sent although it is known": answers_as("first", "with the tag"),
        "kept for a month": header("Cache-Control", "max-age=2592000"),
        "never kept": header("Cache-Control", "no-store"),
        "one client's document for another": header("Vary", "Origin", "by a client's token"),
        "everybody's document for a client": header("Vary", "Origin", "without a token"),
        "asked without the tag": request_header("If-None-Match", None, "with the tag"),
    },
)
def discovery_can_be_kept_for_a_short_time(heard: Heard) -> None:
    first, other, known = heard["first"], heard["from another process"], heard["with the tag"]
    assert first.headers.get("etag")
    assert (first.body, first.headers["etag"]) == (other.body, other.headers.get("etag"))
    assert known.sent_headers.get("if-none-match") == first.headers["etag"]
    assert (known.status, known.body) == (304, b"")
    age = re.search(r"max-age=(\d+)", first.headers.get("cache-control", ""))
    assert age
    assert 0 < int(age[1]) <= 3600
    for name in ("by a client's token", "without a token"):
        assert "Authorization" in heard[name].headers.get("vary", ""), "a cache may give it to another client"
