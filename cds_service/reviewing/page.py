"""A review sheet as a page of HTML: one file, no script, nothing from elsewhere, made for print."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt

from mappings.definitions.review.sheet import describe
from mappings.language import ENGLISH, Language
from mappings.trial_definition import Catalog, TrialDefinition


def review_page(trial: TrialDefinition, catalog: Catalog, language: Language = ENGLISH) -> str:
    """The sheet that ``describe`` writes, as HTML. HTML in a definition stays text."""
    # Put in as it is: the renderer has made text of all HTML in it.
    body = _markdown().render(describe(trial, catalog, language))
    page = _templates().get_template("sheet.html")
    return page.render(
        title=language.text(trial.facts.title),
        trial=trial.facts.id,
        language=language.tag,
        body=body,
    )


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def _templates() -> Environment:
    loader = PackageLoader("cds_service.reviewing")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
