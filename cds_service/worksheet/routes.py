"""``/worksheet/...``: the page, what its forms send, and the link of a card; ``/trials/...`` beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NoReturn

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from cds_service.audit.events import ViewRecord
from cds_service.clock import now_utc
from cds_service.deployment import Deployment, Records
from cds_service.drawing.trends.charted import MONTHS
from cds_service.pages.blueprint import PageBlueprint, page_blueprint
from cds_service.pages.refusals import PageRefusalError
from cds_service.pages.rendering import render
from cds_service.storage.records import StorageAwayError
from cds_service.worksheet import words
from cds_service.worksheet.charts import Chart, base_or_nothing
from cds_service.worksheet.forms import FormError, answers_in, strike_in, version_of, words_in
from cds_service.worksheet.links import CardLinks, follow_link
from cds_service.worksheet.opening import Opened, open_worksheet
from cds_service.worksheet.referring import Referring
from cds_service.worksheet.sheets import Sheet, Sheets
from cds_service.worksheet.source import marked, shortened
from cds_service.worksheet.trial_page import show_trial
from cds_service.worksheet.view.history import history_of
from cds_service.worksheet.view.page import WorksheetView, worksheet_view
from cds_service.worksheet.view.person import person_view
from cds_service.worksheet.view.saying import Saying
from cds_service.worksheet.writing import Writing
from mappings.attesting.codes import CAUSES
from mappings.attesting.responses import LONGEST_NOTE

PAGE, SOURCE_PAGE = "worksheet", "worksheet-source"


def worksheet_routes(deployment: Deployment) -> PageBlueprint:
    """The routes. A service that has them links to them from its cards."""
    assert deployment.records is not None  # noqa: S101 -- without a database there are no pages
    pages = page_blueprint("worksheet", __name__)
    sheets = _Worksheets(deployment, deployment.records)
    pages.get("/worksheet/<ident>", endpoint="shown")(sheets.shown)
    pages.get("/worksheet/<ident>/chart/<mark>", endpoint="source")(sheets.source)
    pages.post("/worksheet/<ident>/answers", endpoint="answers")(sheets.answers)
    pages.post("/worksheet/<ident>/strikes", endpoint="strikes")(sheets.strikes)
    pages.post("/worksheet/<ident>/refer", endpoint="refer")(sheets.refer)
    links = CardLinks(deployment, deployment.records)
    deployment.answering.with_worksheets(links)
    pages.get("/worksheet/links/<link>", endpoint="link")(lambda link: follow_link(links, link))
    pages.get("/trials/<trial>", endpoint="trial")(lambda trial: show_trial(deployment, trial))
    return pages


class _Worksheets:
    def __init__(self, deployment: Deployment, records: Records) -> None:
        self._deployment, self._records = deployment, records
        self._sheets = Sheets(deployment, records)
        self._writing = Writing(deployment, self._sheets)
        self._referring = Referring(deployment, records, self._sheets, self._writing)

    def shown(self, ident: str) -> Response:
        """The page, with what could not be read."""
        opened = open_worksheet(self._deployment, ident)
        if isinstance(opened, Response):
            return opened
        sheet = self._sheets.sheet(opened)
        self._record_view(opened, PAGE)
        if sheet.assessed is None:
            return _without_chart(opened, sheet.chart)
        recruitment = self._referring.state_of(opened).recruitment
        with self._deployment.answering.turns.one():
            view = worksheet_view(sheet.assessed, recruitment, opened.language)
        return self._page(opened, sheet, view)

    def source(self, ident: str, mark: str) -> Response:
        """A resource of the chart, as it is now."""
        opened = open_worksheet(self._deployment, ident)
        if isinstance(opened, Response):
            return opened
        chart = self._sheets.charts.read(opened)
        if chart.fault:
            return _without_chart(opened, chart)
        resource = marked(self._deployment.ring, opened, chart, mark)
        if resource is None:
            raise PageRefusalError(404, words.NO_SOURCE, words.NO_SOURCE_TEXT, back=_back(opened))
        self._record_view(opened, SOURCE_PAGE)
        return render(
            "worksheet_source.html",
            opened.language,
            title=words.SOURCE,
            words=words,
            ident=ident,
            person=person_view(chart.patient, self._today(opened), Saying(opened.language)),
            resource=shortened(resource),
            address=f"{base_or_nothing(opened)}/{resource['resourceType']}/{resource.get('id', '')}",
            day=opened.language.long_date(self._today(opened)),
        )

    def _today(self, opened: Opened) -> date:
        return self._deployment.now(opened.client.time_zone).date()

    def answers(self, ident: str) -> Response:
        """Keeps what was answered."""

        def keep(opened: Opened) -> str:
            return self._writing.say(opened, answers=answers_in(request.form, opened.offered.trial))

        return self._done(ident, keep, "answers")

    def strikes(self, ident: str) -> Response:
        """Keeps that an item has another cause, or has none after all."""

        def keep(opened: Opened) -> str:
            struck = strike_in(request.form, opened.offered.trial, opened.offers.catalog)
            return self._writing.say(opened, strikes=[struck])

        return self._done(ident, keep, f"score-{request.form.get('score', '')}")

    def refer(self, ident: str) -> Response:
        """Makes the referral."""

        def refer(opened: Opened) -> str:
            if not self._referring.state_of(opened).open:
                raise FormError("takes_nobody")
            return self._referring.refer(opened, words_in(request.form, "why"))

        return self._done(ident, refer, "referral")

    def _done(self, ident: str, do: Callable[[Opened], str], anchor: str) -> Response:
        """Does it, then leads back to the page, which says what was done."""
        opened = open_worksheet(self._deployment, ident)
        if isinstance(opened, Response):
            return opened
        try:
            said = do(opened)
        except FormError as fault:
            _refuse(opened, fault.cause)
        except StorageAwayError:
            raise PageRefusalError(503, words.FORM_TITLE, words.NOT_SAVED_TEXT, back=_back(opened)) from None
        return redirect(url_for("worksheet.shown", ident=ident, said=said, _anchor=anchor), 303)

    def _page(self, opened: Opened, sheet: Sheet, view: WorksheetView) -> Response:
        said = request.args.get("said", "")
        return render(
            "worksheet.html",
            opened.language,
            title=words.TITLE,
            words=words,
            sheet=view,
            ident=opened.access.id,
            version=version_of(opened.offered.trial),
            referral=self._referring.view(opened, view),
            history=history_of(sheet.kept, opened.offered.trial, opened.language),
            causes=CAUSES,
            longest=LONGEST_NOTE,
            months=MONTHS,
            said=words.SAID.get(said, ""),
        )

    def _record_view(self, opened: Opened, page: str) -> None:
        access = opened.access
        self._records.trail.view(
            ViewRecord(
                at=now_utc(),
                client=opened.client.id,
                tenant=access.subject.tenant,
                trial=opened.offered.id,
                staff=access.user,
                subject=self._sheets.subject(opened),
                page=page,
            )
        )


def _without_chart(opened: Opened, chart: Chart) -> Response:
    """What is said where there is no Patient: why, and what to do."""
    g.facts["cause"] = chart.fault
    over = chart.fault == "expired"
    return render(
        "worksheet_without_chart.html",
        opened.language,
        title=words.NOT_OPEN,
        status=403 if over else 503,
        words=words,
        text=words.FAULTS[chart.fault],
        again="" if over else url_for("worksheet.shown", ident=opened.access.id),
        trial=opened.offered.id,
    )


def _refuse(opened: Opened, cause: str) -> NoReturn:
    """A page that says what was wrong with a form, and that nothing was saved."""
    g.facts["cause"] = cause
    if cause == "takes_nobody":
        raise PageRefusalError(409, words.FORM_TITLE, words.TAKES_NOBODY_NOW, back=_back(opened)) from None
    text = words.FORM_FAULTS[cause]
    if "{limit}" in text:
        text = opened.language.text(text).format(limit=LONGEST_NOTE)
    raise PageRefusalError(
        409 if cause == "stale" else 400, words.FORM_TITLE, text, back=_back(opened)
    ) from None


def _back(opened: Opened) -> tuple[str, str]:
    return url_for("worksheet.shown", ident=opened.access.id), words.BACK
