"""CDS Hooks cards as the demo's EHR shows them: Markdown rendered without HTML, only safe links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

Resource = dict[str, Any]
INDICATORS = {"info": "Information", "warning": "Warning", "critical": "Critical"}


def _external_link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, env)


def _words_of_image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return escapeHtml(renderer.renderInlineAsText(tokens[index].children, options, env))


def _markdown() -> MarkdownIt:
    """GitHub-flavoured Markdown; HTML is shown as text, and pictures are not loaded from anywhere."""
    parser = MarkdownIt("gfm-like", {"html": False})
    parser.add_render_rule("link_open", _external_link)
    parser.add_render_rule("image", _words_of_image)
    return parser


MARKDOWN = _markdown()


@dataclass(frozen=True)
class Link:
    """A link of a card; one without `url` cannot be followed as it is. `launches`: it opens a SMART app."""

    label: str
    url: str
    launches: bool = False


@dataclass(frozen=True)
class Suggestion:
    """A suggestion button, and in words what it will do."""

    uuid: str
    label: str
    recommended: bool
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A card, ready to be shown."""

    uuid: str
    indicator: str
    indicator_name: str
    summary: str
    detail: Markup
    source: Link
    topic: str
    suggestions: tuple[Suggestion, ...]
    one_choice: bool
    links: tuple[Link, ...]
    reasons: tuple[str, ...]


def show(card: Mapping[str, Any], position: int) -> Card:
    """The card as shown; tolerant of what a service left out. A card without uuid goes by its position."""
    indicator = card.get("indicator") if card.get("indicator") in INDICATORS else "info"
    source = card.get("source") or {}
    return Card(
        uuid=str(card.get("uuid") or f"card-{position}"),
        indicator=str(indicator),
        indicator_name=INDICATORS[str(indicator)],
        summary=str(card.get("summary", "(a card without a summary)")),
        detail=render(str(card.get("detail", ""))),
        source=_link({**source, "type": "absolute"}),
        topic=str((source.get("topic") or {}).get("display", "")),
        suggestions=tuple(_suggestion(s) for s in card.get("suggestions", [])),
        one_choice=card.get("selectionBehavior") == "at-most-one",
        links=tuple(_link(link) for link in card.get("links", [])),
        reasons=tuple(str(r.get("display") or r.get("code")) for r in card.get("overrideReasons", [])),
    )


def render(detail: str) -> Markup:
    """A card's detail as safe HTML."""
    return Markup(MARKDOWN.render(detail))  # noqa: S704  the parser above escapes HTML


def _suggestion(suggestion: Mapping[str, Any]) -> Suggestion:
    return Suggestion(
        uuid=str(suggestion.get("uuid", "")),
        label=str(suggestion.get("label", "(no label)")),
        recommended=suggestion.get("isRecommended") is True,
        actions=tuple(str(a.get("description", a.get("type", ""))) for a in suggestion.get("actions", [])),
    )


def _link(link: Mapping[str, Any]) -> Link:
    label, url = str(link.get("label", "")), str(link.get("url", ""))
    if link.get("type") == "smart":
        return Link(label, "", launches=True)
    if urlsplit(url).scheme not in {"http", "https"}:
        return Link(label, "")
    return Link(label, url)
