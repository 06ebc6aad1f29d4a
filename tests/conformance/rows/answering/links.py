"""Sections 6.6 and 6.7: links, and system actions."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.faults import both, drop, in_answer, put
from tests.conformance.hospital.hearings import answers, cards
from tests.conformance.requirement import Heard, Json, Rows, every, every_card, is_text

ROWS = Rows()

LINK = "cards.0.links.0"
_DOCUMENT = Path(__file__).parents[4] / "docs" / "clients.md"


def every_link(heard: Heard) -> list[Json]:
    """All links: there must be one at least."""
    found = [link for card in every_card(heard) for link in card.get("links", [])]
    assert found, "there is no link"
    return found


@ROWS.requires(
    "L1",
    "Each link has a `label`.",
    hear=cards,
    faults={
        "none": in_answer(drop(f"{LINK}.label")),
        "blank": in_answer(put(f"{LINK}.label", "  "), "order-sign"),
        "a number": in_answer(put(f"{LINK}.label", 7)),
    },
)
def each_link_has_a_label(heard: Heard) -> None:
    assert all(is_text(one.get("label")) for one in every_link(heard))


@ROWS.requires(
    "L2",
    "The `url` of a link is absolute, for a browser to open.",
    hear=cards,
    faults={
        "none": in_answer(drop(f"{LINK}.url")),
        "relative": in_answer(put(f"{LINK}.url", "/study/NCT06920433")),
        "without scheme": in_answer(put(f"{LINK}.url", "clinicaltrials.gov/study/NCT06920433")),
        "a program": in_answer(put(f"{LINK}.url", "javascript:alert(1)")),
        "with a space": in_answer(put(f"{LINK}.url", "https://clinicaltrials.gov/study/NCT 1"), "newest"),
    },
)
def each_link_can_be_opened(heard: Heard) -> None:
    for one in every_link(heard):
        parts = urlsplit(one.get("url", ""))
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert not re.search(r"\s", one["url"])


@ROWS.requires(
    "L3",
    "The `type` of a link is `absolute` or, for clients that launch SMART apps, `smart`.",
    hear=cards,
    faults={
        "another word": in_answer(put(f"{LINK}.type", "relative")),
        "none": in_answer(drop(f"{LINK}.type"), "newest"),
        "capitals": in_answer(put(f"{LINK}.type", "SMART")),
        "smart, to a client that launches none": in_answer(put(f"{LINK}.type", "smart"), "hospital"),
    },
)
def each_link_has_a_known_type(heard: Heard) -> None:
    for name, one in heard.items():
        known = ("absolute", "smart") if name == "newest" else ("absolute",)
        assert all(link.get("type") in known for card in one.cards for link in card["links"]), name
    assert every_link(heard)


@ROWS.requires(
    "L4",
    "No link carries `iss` or `launch`: the client adds them to the address of a SMART app.",
    hear=cards,
    faults={
        "iss": in_answer(put(f"{LINK}.url", "https://app.example/launch?iss=https://ehr.example/fhir")),
        "launch": in_answer(put(f"{LINK}.url", "https://app.example/launch?x=1&launch=abc"), "newest"),
    },
)
def no_link_launches_by_itself(heard: Heard) -> None:
    for one in every_link(heard):
        assert not {"iss", "launch"} & {name for name, _ in parse_qsl(urlsplit(one["url"]).query)}


@ROWS.requires(
    "L5",
    "`appContext` is a string, and only on `smart` links.",
    hear=cards,
    faults={
        "on an absolute link": in_answer(put(f"{LINK}.appContext", "x")),
        "an object": in_answer(
            both(put(f"{LINK}.type", "smart"), put(f"{LINK}.appContext", {"study": "x"})), "newest"
        ),
        "empty": in_answer(both(put(f"{LINK}.type", "smart"), put(f"{LINK}.appContext", "")), "newest"),
    },
)
def app_context_is_for_smart_links(heard: Heard) -> None:
    for one in every_link(heard):
        if "appContext" in one:
            assert one.get("type") == "smart"
            assert is_text(one["appContext"])


@ROWS.requires(
    "L6",
    "No link is `autolaunchable`: the card could then go unread.",
    hear=cards,
    faults={
        "true": in_answer(put(f"{LINK}.autolaunchable", True)),
        "false": in_answer(put(f"{LINK}.autolaunchable", False), "newest"),
    },
)
def no_link_launches_unasked(heard: Heard) -> None:
    assert not [one for one in every_link(heard) if "autolaunchable" in one]


@ROWS.requires(
    "L7",
    "Links are https, and lead to the hosts that docs/clients.md lists for the EHR's list of allowed links.",
    hear=cards,
    faults={
        "http": in_answer(put(f"{LINK}.url", "http://clinicaltrials.gov/study/NCT06920433")),
        "a host that is not listed": in_answer(put(f"{LINK}.url", "https://evil.example/")),
        "a source that is not listed": in_answer(
            put("cards.0.source.url", "https://evil.example/"), "newest"
        ),
        "a host that ends alike": in_answer(put(f"{LINK}.url", "https://xclinicaltrials.gov/")),
    },
)
def links_lead_to_listed_hosts(heard: Heard) -> None:
    listed = set(re.findall(r"`([a-z0-9.-]+)`", _section_on_links()))
    for card in every_card(heard):
        for url in (card["source"]["url"], *(link["url"] for link in card["links"])):
            assert urlsplit(url).scheme == "https"
            assert urlsplit(url).hostname in listed, f"{urlsplit(url).hostname} is not in docs/clients.md"


def _section_on_links() -> str:
    """The paragraph of docs/clients.md that lists the hosts: it begins with 'Links on cards lead to'."""
    text = _DOCUMENT.read_text(encoding="utf-8")
    found = re.search(r"Links on cards lead to.*?(?:\n\n|\Z)", text, re.DOTALL)
    return found[0] if found else ""


@ROWS.requires(
    "Y3",
    "No system actions: a trial never changes a chart by itself.",
    hear=answers,
    faults={
        "one": in_answer(put("systemActions", [{"type": "create", "description": "x", "resource": {}}])),
        "none, said": in_answer(put("systemActions", []), "no candidate"),
        "where the sandbox once read them": in_answer(put("extension", {"systemActions": []}), "order-sign"),
    },
)
def there_are_no_system_actions(heard: Heard) -> None:
    for one in every(heard):
        assert "systemActions" not in one.answer
        assert "systemActions" not in one.answer.get("extension", {})
