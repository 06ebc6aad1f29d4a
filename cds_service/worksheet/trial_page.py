"""A page about a trial, for anybody and without any patient."""

from __future__ import annotations

from typing import NamedTuple

from flask import abort
from werkzeug.wrappers import Response

from cards.text import plain
from cds_service.assessing import served_trials
from cds_service.deployment import Deployment
from cds_service.pages.rendering import page_language, render
from cds_service.worksheet import words
from cds_service.worksheet.view.page import trial_view
from cds_service.worksheet.view.saying import Saying


class Asked(NamedTuple):
    """One criterion without anybody's data."""

    label: str
    protocol: str
    reading: tuple[str, ...]
    exclusion: bool


def show_trial(deployment: Deployment, ident: str) -> Response:
    """The page; 404 for a trial that is not served here."""
    served = served_trials(deployment.catalog, deployment.settings.serve_drafts)
    trial = next((one for one in served if one.id == ident), None)
    if trial is None:
        abort(404)
    language = page_language()
    saying = Saying(language)
    state = deployment.states.of(trial, deployment.now(deployment.settings.time_zone).date())
    recruitment = state.recruitment
    return render(
        "worksheet_trial.html",
        language,
        title=words.TRIAL_TITLE,
        words=words,
        trial=trial_view(trial, recruitment, language),
        places=recruitment.places if recruitment else None,
        takes_nobody="" if state.open else words.TAKES_NOBODY[state.why],
        asked=[
            Asked(
                saying.label(one.label),
                plain(one.protocol, 4000),
                tuple(saying.sentence(each) for each in one.interpretation),
                one.kind == "exclusion",
            )
            for one in trial.criteria
        ],
        not_encoded=[saying.sentence(one) for one in trial.not_encoded],
    )
