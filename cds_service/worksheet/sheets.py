"""A worksheet as it stands: the chart read now, the answers kept here, and what the two say together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from flask import url_for

from cds_service.deployment import Deployment, Records
from cds_service.referrals.identity import base_of, resolved
from cds_service.storage.records import StorageAwayError, Subject
from cds_service.worksheet.charts import Chart, Charts
from cds_service.worksheet.kept_answers import KeptAnswers, Placed
from cds_service.worksheet.opening import Opened
from cds_service.worksheet.source import mark_of, references_of
from cds_service.worksheet.view.page import Assessed
from cds_service.worksheet.view.saying import Where
from mappings.assessment import assess
from mappings.language import message
from mappings.reading.record import read_record
from mappings.results import Gap

ANSWERS_AWAY = message("answers given on worksheets could not be read")
_ANSWERS = "QuestionnaireResponse"


class Sheet(NamedTuple):
    """``assessed`` is None where there is no Patient; ``chart`` then says why."""

    chart: Chart
    assessed: Assessed | None
    kept: tuple[Placed, ...]
    day: date

    def __repr__(self) -> str:
        return f"Sheet({self.chart!r})"


class Sheets:
    """Makes worksheets for all browsers of a process."""

    def __init__(self, deployment: Deployment, records: Records) -> None:
        self._deployment = deployment
        self.charts = Charts(deployment)
        self.answers = KeptAnswers(records.database, deployment.ring)

    def subject(self, opened: Opened) -> Subject:
        """The patient, as everything that is kept of them names them."""
        return resolved(opened.access.subject, base_of(opened.client))

    def sheet(self, opened: Opened) -> Sheet:
        """Reads and assesses. What could not be read is in it as such; nothing of that raises."""
        day = self._deployment.now(opened.client.time_zone).date()
        kept, away = self._kept(opened)
        chart = self.charts.read(opened)
        if chart.fault:
            return Sheet(chart, None, kept, day)
        with self._deployment.answering.turns.one():
            return Sheet(
                chart, _assessed(opened, chart, kept, away, day, self._where(opened, chart)), kept, day
            )

    def _where(self, opened: Opened, chart: Chart) -> Where:
        ring, worksheet = self._deployment.ring, opened.access.id
        page = url_for("worksheet.shown", ident=worksheet)
        return Where(
            references_of(chart.resources),
            lambda reference: f"{page}/chart/{mark_of(ring, worksheet, reference)}",
        )

    def _kept(self, opened: Opened) -> tuple[tuple[Placed, ...], tuple[Gap, ...]]:
        with suppress(StorageAwayError):
            return tuple(self.answers.with_places(self.subject(opened))), ()
        return (), (answers_away(),)


def answers_away() -> Gap:
    """What an assessment says to have missed while the database is away."""
    return Gap(_ANSWERS, f"{_ANSWERS}: {ANSWERS_AWAY}")


def _assessed(
    opened: Opened, chart: Chart, kept: tuple[Placed, ...], away: tuple[Gap, ...], day: date, where: Where
) -> Assessed:
    catalog, trial = opened.offers.catalog, opened.offered.trial
    responses = [one.resource for one in kept]
    record = read_record(
        [*chart.resources, *responses],
        catalog,
        patient_id=opened.access.subject.patient_id,
        full_urls=chart.full_urls,
        gaps=[*chart.gaps, *away],
    )
    return Assessed(
        trial,
        catalog,
        assess(trial, record, day, catalog),
        record,
        _by_reference(chart.resources),
        chart.patient,
        day,
        where,
    )


def _by_reference(resources: tuple[Any, ...]) -> Mapping[str, Any]:
    return {f"{one.get('resourceType')}/{one.get('id')}": one for one in resources if isinstance(one, dict)}
