"""The funnel in a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, request

from cds_service.deployment import Deployment, Records
from cds_service.pages.blueprint import NavigationEntry, page_blueprint
from cds_service.pages.rendering import page_language, render
from cds_service.referrals.reasons import reason_display
from cds_service.referrals.states import PATH
from cds_service.signing_in.guard import current_account, needs
from cds_service.signing_in.staff import Right
from cds_service.worklist import words as list_words
from cds_service.worklist.funnel import words
from cds_service.worklist.funnel.counting import Funnel, Left, Took, by_place, funnel_of
from cds_service.worklist.funnel.plot import Step, plot_of
from cds_service.worklist.funnel.reading import Cohort, courses_of, shown_to
from cds_service.worklist.places import Places, places_of
from cds_service.worklist.routes import Option
from cds_service.worklist.scope import scope_of
from mappings.language import Language

STEPS = PATH[1:]
"""The states of the funnel: a candidate who was only suggested is nobody's referral yet."""

_DEFAULT = "365"


class Place(NamedTuple):
    """One trial at one site: how many came to each step."""

    trial: str
    site: str
    patients: tuple[int, ...]


class Days(NamedTuple):
    """One step in time, in words."""

    start: str
    end: str
    number: int
    median: str
    spread: str


def funnel_routes(deployment: Deployment) -> Blueprint:
    """``/worklist/funnel``."""
    records = deployment.records
    assert records is not None  # noqa: S101 -- there are no pages without a database
    pages = page_blueprint(
        "funnel", __name__, navigation=[NavigationEntry("funnel.funnel", words.TITLE, (Right.SEE,))]
    )

    @pages.get("/worklist/funnel")
    @needs(Right.SEE)
    def funnel() -> Response:
        return _page(deployment, records)

    return pages


def _page(deployment: Deployment, records: Records) -> Response:
    language, scope = page_language(), scope_of(current_account())
    now = deployment.now(deployment.settings.time_zone)
    with records.database.autocommit() as connection:
        places = places_of(connection, deployment, scope)
        period = _one_of("period", words.PERIODS, _DEFAULT)
        trial, site = _one_of("trial", places.trials), _one_of("site", places.sites)
        cohort = Cohort(scope, trial, site, _since(period, now))
        courses = courses_of(connection, cohort)
        shown = shown_to(connection, cohort)
    counted = funnel_of(courses, STEPS)
    steps = _steps(counted, sum(shown.values()), language)
    return render(
        "worklist/funnel.html",
        language,
        title=words.TITLE,
        words=words,
        list_words=list_words,
        filters=_filters(period, trial, site, places, language),
        plot=plot_of(steps),
        steps=steps,
        total=counted.total,
        places=_places(by_place(courses, STEPS), shown),
        heads=[step.name for step in steps],
        took=[_days(one, language) for one in counted.took],
        left=_reasons(counted.left, language),
        set_aside=_reasons(counted.set_aside, language),
    )


def _one_of(name: str, allowed: object, usual: str = "") -> str:
    """What the address asks for; what is none of the choices narrows nothing."""
    given = request.args.get(name, "")
    return given if given and isinstance(allowed, (tuple, Mapping)) and given in allowed else usual


def _since(period: str, now: datetime) -> datetime | None:
    return None if period == "all" else now - timedelta(days=int(period))


def _steps(counted: Funnel, shown: int, language: Language) -> list[Step]:
    say = language.text
    first = counted.reached[STEPS[0]]
    return [
        Step(say(words.SHOWN), shown),
        *(
            Step(say(list_words.STATES[state]), reached, f"{100 * reached / first:.0f} %" if first else "")
            for state, reached in counted.reached.items()
        ),
    ]


def _places(
    reached: Mapping[tuple[str, str], Mapping[str, int]], shown: Mapping[tuple[str, str], int]
) -> list[Place]:
    """Every trial and site where anything was shown or referred."""
    nobody = dict.fromkeys(map(str, STEPS), 0)
    return [
        Place(trial, site, (shown.get((trial, site), 0), *reached.get((trial, site), nobody).values()))
        for trial, site in sorted({*reached, *shown})
    ]


def _days(took: Took, language: Language) -> Days:
    say = language.text
    if took.median is None or took.low is None or took.high is None:
        median = spread = "–"
    else:
        median, spread = f"{took.median:.1f}", f"{took.low:.1f} – {took.high:.1f}"
    start, end = (say(list_words.STATES[state]) for state in (took.start, took.end))
    return Days(start, end, took.number, median, spread)


def _reasons(counted: Sequence[Left], language: Language) -> list[tuple[str, str, int]]:
    say = language.text
    return [
        (
            say(list_words.STATES[one.state]),
            say(reason_display(one.reason)) if one.reason else say(words.NO_REASON),
            one.number,
        )
        for one in counted
    ]


def _filters(
    period: str, trial: str, site: str, places: Places, language: Language
) -> dict[str, tuple[str, list[Option]]]:
    """The label and the choices of each filter, by its name in the address."""
    say = language.text
    anything = ("", say(list_words.ANY))
    choices = {
        "period": (words.PERIOD, period, [(key, say(text)) for key, text in words.PERIODS.items()]),
        "trial": (list_words.TRIAL, trial, [anything, *((one, one) for one in places.trials)]),
        "site": (list_words.SITE, site, [anything, *((one, one) for one in places.sites)]),
    }
    return {
        name: (label, [Option(value, text, value == chosen) for value, text in options])
        for name, (label, chosen, options) in choices.items()
    }
