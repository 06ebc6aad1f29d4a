"""The worklist in a browser: the list, the search, and the file of codes and states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, request, stream_with_context
from sqlalchemy import true

from cards.wording import NAMES
from cds_service.audit.events import ListRecord
from cds_service.deployment import Deployment, Records
from cds_service.pages.blueprint import NavigationEntry, page_blueprint
from cds_service.pages.rendering import page_language, render
from cds_service.referrals.states import State
from cds_service.signing_in.guard import current_account, needs, refuse_existence
from cds_service.signing_in.staff import Account, Right
from cds_service.worklist import words
from cds_service.worklist.candidates import candidate_page
from cds_service.worklist.csv_file import csv_lines
from cds_service.worklist.filters import (
    AGES,
    ANY_ATTENTION,
    PAGE_SIZE,
    Asked,
    Choices,
    Show,
    Sort,
    understood,
)
from cds_service.worklist.lines import CSV_COLUMNS, CandidateLine, Line, Wording
from cds_service.worklist.listing import Closed, all_rows, count_of, narrowed, page_of, rows_with
from cds_service.worklist.opening.reading import Reading
from cds_service.worklist.opening.routes import add_row_routes
from cds_service.worklist.places import Places, closed_trials, grants_in_words, places_of
from cds_service.worklist.scope import scope_of
from cds_service.worklist.searching import MOST_FOUND, Search, Sought
from mappings.language import ENGLISH, Language


class Option(NamedTuple):
    """One choice of a filter."""

    value: str
    words: str
    chosen: bool


def worklist_routes(deployment: Deployment) -> Blueprint:
    """``/worklist`` and what lies below it, but for the funnel."""
    records = deployment.records
    assert records is not None  # noqa: S101 -- there are no pages without a database
    pages = page_blueprint(
        "worklist",
        __name__,
        navigation=[NavigationEntry("worklist.listed", words.TITLE, (Right.SEE,))],
    )
    reading = Reading(deployment)
    view = _List(deployment, records, Search(deployment, records, reading))

    @pages.get("/worklist")
    @needs(Right.SEE)
    def listed() -> Response:
        return view.page(current_account())

    @pages.post("/worklist/search")
    @needs(Right.SEE)
    def search() -> Response:
        return view.found(current_account(), request.form.get("text", ""))

    @pages.get("/worklist/export.csv")
    @needs(Right.EXPORT)
    def export() -> Response:
        return view.export(current_account())

    add_row_routes(pages, deployment, records, reading)
    return pages


class _List:
    def __init__(self, deployment: Deployment, records: Records, search: Search) -> None:
        self._deployment, self._records, self._search = deployment, records, search

    def page(self, account: Account) -> Response:
        """The list as its address asks for it."""
        language, scope, now = page_language(), scope_of(account), self._now()
        wording, closed = self._wording(language, now)
        with self._records.database.autocommit() as connection:
            places = places_of(connection, self._deployment, scope)
            asked, left_out = understood(request.args, _choices(places))
            lines: list[Line] = []
            candidates: list[CandidateLine] = []
            if asked.show is Show.POSSIBLE:
                possible = candidate_page(connection, self._deployment.ring, scope, asked, now)
                candidates = [wording.candidate(row) for row in possible.rows]
                total, page = possible.total, possible.page
            else:
                found = page_of(connection, narrowed(scope, asked, closed, now), asked)
                lines = [wording.line(row) for row in found.rows]
                total, page = found.total, found.page
            anybody = bool(total) or bool(rows_with(connection, scope, true(), 1))
        asked = asked._replace(page=page)
        return render(
            "worklist/list.html",
            language,
            title=words.TITLE,
            words=words,
            asked=asked,
            filters=_filters(asked, places, language),
            left_out=_names_of(left_out, language),
            lines=lines,
            candidates=candidates,
            count=total,
            pages=max(-(-total // PAGE_SIZE), 1),
            anybody=anybody,
            grants=grants_in_words(scope, language),
            may_export=account.may(Right.EXPORT),
            most_found=MOST_FOUND,
            actions=wording,
        )

    def found(self, account: Account, text: str) -> Response:
        """What a search brought. It stands in no address and is kept nowhere."""
        language, scope, now = page_language(), scope_of(account), self._now()
        sought = Sought(text, account, scope, now)
        result = self._search.find(sought)
        wording, _ = self._wording(language, now)
        return render(
            "worklist/search.html",
            language,
            title=words.SEARCH_TITLE,
            words=words,
            fault=result.fault_in(language),
            lines=[wording.line(row) for row in result.rows],
            not_asked=result.not_asked,
            cut=result.cut,
        )

    def export(self, account: Account) -> Response:
        """The rows of a filter as CSV. Codes and states, so that nobody's name leaves by this door."""
        scope, now = scope_of(account, Right.EXPORT), self._now()
        with self._records.database.autocommit() as connection:
            places = places_of(connection, self._deployment, scope)
        asked = understood(request.args, _choices(places)).asked
        if asked.show is Show.POSSIBLE:  # they are no referrals, and have no code to be found by
            refuse_existence()
        wording, closed = self._wording(ENGLISH, now)
        which = narrowed(scope, asked, closed, now)
        with self._records.database.autocommit() as connection:
            count = count_of(connection, which)
        record = ListRecord(now, "export", account.id, count, asked.trial, asked.site)
        self._records.trail.listed(record)
        rows = all_rows(self._records.database, which)
        first = next(rows, None)  # a database that is away is said before anything is sent

        def cells() -> Iterator[list[str]]:
            if first is not None:
                yield wording.cells(first)
                yield from map(wording.cells, rows)

        lines = csv_lines(CSV_COLUMNS, cells())
        headers = {"Content-Disposition": f'attachment; filename="worklist-{now:%Y-%m-%d}.csv"'}
        return Response(stream_with_context(lines), content_type="text/csv; charset=utf-8", headers=headers)

    def _wording(self, language: Language, now: datetime) -> tuple[Wording, Closed]:
        closed = closed_trials(self._deployment, now)
        return Wording(self._deployment.catalog, language, now, closed), closed

    def _now(self) -> datetime:
        return self._deployment.now(self._deployment.settings.time_zone)


def _choices(places: Places) -> Choices:
    return Choices(places.trials, places.sites, [state.value for state in State], words.ATTENTION_WORDS)


def _filters(asked: Asked, places: Places, language: Language) -> dict[str, list[Option]]:
    """The choices of each filter, by its name in the address."""
    say = language.text
    anything = ("", say(words.ANY))
    states = [(state.value, say(words.STATES[state])) for state in State]
    looks = [(word, say(text)) for word, text in words.ATTENTION_WORDS.items()]
    ages = [(str(days), say(words.OLDER_THAN).format(days=days)) for days in AGES]
    choices = {
        "show": [(show.value, say(words.SHOW[show])) for show in Show],
        "trial": [anything, *((trial, trial) for trial in places.trials)],
        "site": [anything, *((site, site) for site in places.sites)],
        "state": [anything, *states],
        "attention": [anything, (ANY_ATTENTION, say(words.ANY_ATTENTION)), *looks],
        "age": [anything, *ages],
        "sort": [(sort.value, say(words.SORTS[sort])) for sort in Sort],
    }
    chosen = {name: str(value or "") for name, value in asked._asdict().items()}
    return {
        name: [Option(value, text, value == chosen[name]) for value, text in options]
        for name, options in choices.items()
    }


def _names_of(left_out: tuple[str, ...], language: Language) -> str:
    return language.between(NAMES).join(language.text(words.FILTER_NAMES[name]) for name in left_out)
