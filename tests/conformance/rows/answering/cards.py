"""Sections 6.2, 6.3 and 6.8: the card, its source, and codings."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from tests.cards.markdown import LINKED_IN_FINISHED_TEXT, PARSERS, text_of, tokens
from tests.conformance.faults import drop, in_answer, put
from tests.conformance.hospital.calls import searchset
from tests.conformance.hospital.hearings import cards
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Heard, Json, Rows, every_card, is_text

ROWS = Rows()

MOST_UNITS = 139


@ROWS.requires(
    "C1",
    "Every card has a `uuid` of its own, a UUID of version 4, new in every answer.",
    hear=cards,
    faults={
        "none": in_answer(drop("cards.0.uuid")),
        "a number": in_answer(put("cards.0.uuid", 7), "order-sign"),
        "a name": in_answer(put("cards.0.uuid", "NCT06920433")),
        "a prefix": in_answer(put("cards.0.uuid", "urn:uuid:88cc5d08-e067-4f91-938d-f2105f78a68e")),
        "made from the time": in_answer(put("cards.0.uuid", "88cc5d08-e067-1f91-938d-f2105f78a68e")),
        "the same in two answers": lambda heard: {**heard, "again": heard["patient-view"]},
    },
)
def each_card_has_its_own_uuid(heard: Heard) -> None:
    uuids = [card.get("uuid") for card in every_card(heard)]
    assert all(is_uuid4(one) for one in uuids)
    assert len(set(uuids)) == len(uuids)


def is_uuid4(value: object) -> bool:
    """Whether it is a UUID of version 4 as CDS Hooks writes it."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return False
    return UUID(value).version == 4


@ROWS.requires(
    "C2",
    "`summary` is one line of fewer than 140 characters, counted in UTF-16.",
    hear=cards,
    faults={
        "140 characters": in_answer(put("cards.0.summary", "x" * 140)),
        "70 characters outside the basic plane": in_answer(put("cards.0.summary", "\U0001f9ec" * 70)),
        "none": in_answer(drop("cards.0.summary"), "newest"),
        "a list": in_answer(put("cards.0.summary", ["x"])),
        "two lines": in_answer(put("cards.0.summary", "Possible\ncandidate"), "oldest"),
        "blank": in_answer(put("cards.0.summary", " ")),
    },
)
def the_summary_is_short(heard: Heard) -> None:
    for card in every_card(heard):
        summary = card.get("summary")
        assert isinstance(summary, str)
        assert is_text(summary)
        assert len(summary.encode("utf-16-le")) // 2 <= MOST_UNITS
        assert len(summary.splitlines()) == 1


HOSTILE = "<img src=x onerror=alert(1)> [click](javascript:alert(1)) **bold** `code` | # x"


def hostile_chart(world: World) -> Json:
    """A chart whose texts try to be Markdown and HTML: the name of a study that the patient is in."""
    texts = (
        HOSTILE,
        "<script>alert(1)</script>",
        "https://evil.example/?x=1 www.evil.example a@evil.example",
    )
    subjects = [
        {
            "resourceType": "ResearchSubject",
            "id": f"rs{number}",
            "status": "on-study",
            "individual": {"reference": "Patient/chen-jing"},
            "study": {"display": text},
        }
        for number, text in enumerate(texts)
    ]
    return world.prefetch(research_subjects=searchset(*subjects))


def _hostile(world: World) -> Heard:
    return {"hostile": world.call(prefetch=hostile_chart(world)), **world.hear(cards)}


def _said(words: str) -> Any:
    return in_answer(lambda answer: _append(answer, words))


def _append(answer: Any, words: str) -> None:
    answer["cards"][0]["detail"] += f"\n\n{words}"


@ROWS.requires(
    "C3",
    "`detail` is GitHub-flavoured Markdown in which nothing from a chart is markup: no HTML, no link, no "
    "image.",
    hear=_hostile,
    faults={
        "HTML": _said("<b>x</b>"),
        "a block of HTML": _said("<script>alert(1)</script>"),
        "a link": _said("[click](https://evil.example)"),
        "a link to a program": _said("[click](javascript:alert(1))"),
        "an image": _said("![x](https://evil.example/x.png)"),
        "an address that becomes a link": _said("see https://evil.example"),
        "a heading": _said("# x"),
        "code": _said("`x`"),
        "the chart's words are lost": in_answer(put("cards.0.detail", "*nothing*")),
        "a number": in_answer(put("cards.0.detail", 7), "order-sign"),
        "blank": in_answer(put("cards.0.detail", " "), "lin-mei"),
    },
)
def the_detail_is_markdown_of_our_own(heard: Heard) -> None:
    for card in every_card(heard):
        detail = card.get("detail", "x")
        assert isinstance(detail, str)
        assert detail.strip()
        for parser in PARSERS:
            found = {token.type for token in tokens(detail, parser)}
            assert found <= _OUR_MARKUP, found - _OUR_MARKUP
        assert not LINKED_IN_FINISHED_TEXT.search(text_of(detail))
        assert not re.search(r"(?<!\\)\]\(", detail), "another parser would see a link"
    [card] = heard["hostile"].cards
    assert "<img src=x onerror=alert(1)> [click]" in text_of(card["detail"])


_OUR_MARKUP = {"inline", "text", "text_special", "softbreak"} | {
    f"{name}_{end}"
    for name in ("paragraph", "strong", "em", "bullet_list", "list_item")
    for end in ("open", "close")
}


@ROWS.requires(
    "C4",
    "`indicator` is `info`: a trial is never urgent (the specification allows info, warning, critical).",
    hear=cards,
    faults={
        "warning": in_answer(put("cards.0.indicator", "warning")),
        "hard-stop, of before 1.0": in_answer(put("cards.0.indicator", "hard-stop"), "order-sign"),
        "capitals": in_answer(put("cards.0.indicator", "INFO")),
        "none": in_answer(drop("cards.0.indicator"), "newest"),
    },
)
def the_indicator_is_info(heard: Heard) -> None:
    assert all(card.get("indicator") == "info" for card in every_card(heard))


@ROWS.requires(
    "C5",
    "`source` is an object.",
    hear=cards,
    faults={
        "none": in_answer(drop("cards.0.source")),
        "a text": in_answer(put("cards.0.source", "ClinicalTrials.gov"), "oldest"),
        "a list": in_answer(put("cards.0.source", [{"label": "x"}])),
        "empty": in_answer(put("cards.0.source", {})),
    },
)
def the_source_is_an_object(heard: Heard) -> None:
    for card in every_card(heard):
        assert isinstance(card.get("source"), dict)
        assert card["source"]


@ROWS.requires(
    "C6",
    "`suggestions` is an array of objects, and left out where there are none.",
    hear=cards,
    faults={
        "empty": in_answer(put("cards.0.suggestions", [])),
        "one object": in_answer(put("cards.0.suggestions", {"label": "x"})),
        "a text in it": in_answer(put("cards.0.suggestions.1", "Refer")),
        "for a client that has none": in_answer(put("cards.0.suggestions", [{"label": "x"}]), "plain-cards"),
    },
)
def suggestions_are_an_array(heard: Heard) -> None:
    for card in every_card(heard):
        suggestions = card.get("suggestions", [{}])
        assert isinstance(suggestions, list)
        assert suggestions
        assert all(isinstance(one, dict) for one in suggestions)
    assert "suggestions" not in heard["plain-cards"].cards[0]


@ROWS.requires(
    "C7",
    "`selectionBehavior` is there where suggestions are, and only there: `any`, but `at-most-one` for a "
    "client of 1.0, which knows nothing else.",
    hear=cards,
    faults={
        "none": in_answer(drop("cards.0.selectionBehavior")),
        "another word": in_answer(put("cards.0.selectionBehavior", "all")),
        "any, to a client of 1.0": in_answer(put("cards.0.selectionBehavior", "any"), "oldest"),
        "without suggestions": in_answer(put("cards.0.selectionBehavior", "any"), "plain-cards"),
        "capitals": in_answer(put("cards.0.selectionBehavior", "Any"), "newest"),
    },
)
def suggestions_say_how_many_may_be_taken(heard: Heard) -> None:
    assert "oldest" in heard
    for name, one in heard.items():
        known = ("at-most-one",) if name == "oldest" else ("any", "at-most-one")
        for card in one.cards:
            assert ("selectionBehavior" in card) == ("suggestions" in card), name
            assert card.get("selectionBehavior", "at-most-one") in known, name


@ROWS.requires(
    "C8",
    "Each of `overrideReasons` has `code`, `system` and `display`, and no code comes twice.",
    hear=cards,
    faults={
        "no display": in_answer(drop("cards.0.overrideReasons.0.display")),
        "no system": in_answer(drop("cards.0.overrideReasons.1.system"), "newest"),
        "a blank code": in_answer(put("cards.0.overrideReasons.0.code", " ")),
        "a code twice": in_answer(put("cards.0.overrideReasons.1.code", "not-eligible")),
        "words alone": in_answer(put("cards.0.overrideReasons", ["Not eligible"])),
        "empty": in_answer(put("cards.0.overrideReasons", [])),
        "none": in_answer(drop("cards.0.overrideReasons"), "oldest"),
    },
)
def override_reasons_are_complete(heard: Heard) -> None:
    for card in every_card(heard):
        reasons = card.get("overrideReasons")
        assert isinstance(reasons, list)
        assert reasons
        for reason in reasons:
            assert isinstance(reason, dict)
            assert all(is_text(reason.get(name)) for name in ("code", "system", "display"))
        assert len({(one["system"], one["code"]) for one in reasons}) == len(reasons)


@ROWS.requires(
    "C9",
    "`links` is an array of objects; every card leads to the study's page.",
    hear=cards,
    faults={
        "empty": in_answer(put("cards.0.links", [])),
        "none": in_answer(drop("cards.0.links")),
        "one object": in_answer(put("cards.0.links", {"label": "x", "url": "https://x.example"})),
        "an address alone": in_answer(put("cards.0.links.0", "https://clinicaltrials.gov"), "newest"),
        "another study's page": in_answer(
            put("cards.0.links.0.url", "https://clinicaltrials.gov/study/NCT00000000")
        ),
    },
)
def links_are_an_array(heard: Heard) -> None:
    for card in every_card(heard):
        links = card.get("links")
        assert isinstance(links, list)
        assert all(isinstance(one, dict) for one in links)
        assert "https://clinicaltrials.gov/study/NCT06920433" in [one.get("url") for one in links]


@ROWS.requires(
    "SO1",
    "`source.label` says in a few words where the guidance comes from.",
    hear=cards,
    faults={
        "none": in_answer(drop("cards.0.source.label")),
        "blank": in_answer(put("cards.0.source.label", " "), "order-sign"),
        "a paragraph": in_answer(put("cards.0.source.label", "x" * 200)),
        "an object": in_answer(put("cards.0.source.label", {"text": "x"})),
    },
)
def the_source_has_a_label(heard: Heard) -> None:
    for card in every_card(heard):
        label = card["source"].get("label")
        assert is_text(label)
        assert len(label) <= 80


@ROWS.requires(
    "SO2",
    "`source.url` is an absolute address of the source, the trial's own registry entry, and tells nothing "
    "of the patient.",
    hear=cards,
    faults={
        "relative": in_answer(put("cards.0.source.url", "/study/NCT06920433")),
        "no address": in_answer(put("cards.0.source.url", "clinicaltrials.gov")),
        "a drill-down for this patient": in_answer(
            put("cards.0.source.url", "https://clinicaltrials.gov/study/NCT06920433?patient=chen-jing")
        ),
        "a program": in_answer(put("cards.0.source.url", "javascript:alert(1)"), "newest"),
    },
)
def the_source_s_address_is_absolute(heard: Heard) -> None:
    for card in every_card(heard):
        parts = urlsplit(card["source"].get("url", ""))
        assert (parts.scheme, bool(parts.hostname)) == ("https", True)
        assert not parts.query
        assert not parts.fragment


@ROWS.requires(
    "SO4",
    "`source.topic` is a coding of our own: this is a clinical trial match.",
    hear=cards,
    faults={
        "none": in_answer(drop("cards.0.source.topic")),
        "a text": in_answer(put("cards.0.source.topic", "trial")),
        "no code": in_answer(drop("cards.0.source.topic.code"), "order-select"),
        "no system": in_answer(drop("cards.0.source.topic.system")),
        "another topic": in_answer(put("cards.0.source.topic.code", "coverage-info")),
    },
)
def the_source_has_a_topic(heard: Heard) -> None:
    for card in every_card(heard):
        topic = card["source"].get("topic")
        assert isinstance(topic, dict)
        assert is_text(topic.get("system"))
        assert topic.get("code") == "clinical-trial-match"


@ROWS.requires(
    "6.8.coding",
    "Every coding of a card has `code` and `system` as strings, and `system` is a URI.",
    hear=cards,
    faults={
        "no code in a reason": in_answer(drop("cards.0.overrideReasons.2.code")),
        "a code that is a number": in_answer(put("cards.0.overrideReasons.0.code", 1)),
        "a system that is a word": in_answer(put("cards.0.source.topic.system", "loinc"), "newest"),
        "a display that is null": in_answer(put("cards.0.source.topic.display", None)),
    },
)
def codings_have_code_and_system(heard: Heard) -> None:
    for card in every_card(heard):
        for coding in (card["source"]["topic"], *card["overrideReasons"]):
            assert is_text(coding.get("code"))
            assert is_text(coding.get("system"))
            assert urlsplit(coding["system"]).scheme in ("https", "http", "urn")
            assert is_text(coding.get("display", "x"))
