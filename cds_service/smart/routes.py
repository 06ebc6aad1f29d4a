"""``/smart/...``: a launch from the EHR or from here, and what comes back from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, NoReturn

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from cds_service.answering.offers import ClientOffers
from cds_service.deployment import Deployment
from cds_service.oauth.code_flow import CodeFlow, begin
from cds_service.oauth.endpoints import Discovery, Endpoints, rule_of
from cds_service.oauth.exchange import Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import signing_keys_of
from cds_service.pages.blueprint import page_blueprint
from cds_service.pages.refusals import PageRefusalError
from cds_service.pages.rendering import page_language, render
from cds_service.signing_in.one_time import OneTime
from cds_service.signing_in.session_content import WorksheetAccess
from cds_service.signing_in.sessions import current_sessions
from cds_service.smart import words
from cds_service.smart.landing import from_json, landed, shown_trials, to_json
from cds_service.smart.launching import (
    LaunchError,
    Place,
    launchable,
    place_at,
    place_of,
    place_of_client,
    registration_of,
)
from cds_service.smart.scopes import worksheet_scopes

LIFETIME = timedelta(minutes=10)
"""For which a launch may be under way. Ours, after what OAuth recommends for codes."""

_LAUNCH, _CHOICE = "smart-launch", "smart-trial"
_LONGEST_LAUNCH = 2048


class Launches:
    """What the routes work with."""

    def __init__(self, deployment: Deployment) -> None:
        assert deployment.records is not None  # noqa: S101 -- without a database there are no pages
        self.clients, self.offers = deployment.clients, deployment.offers
        self.redirect_uri = f"{deployment.settings.public_url}/smart/callback"
        self._keys = signing_keys_of(deployment.settings)
        self.one_time = OneTime(deployment.records.database, deployment.ring)
        exchange = Exchange()
        self.discovery, self.flow = Discovery(exchange), CodeFlow(exchange)

    def begin(self, place: Place, launch: str) -> str:
        """The address at the EHR where the user goes on. Raises OAuthError."""
        endpoints = self.discovery.smart(place.server, place.below)
        types = self.offers[place.client.id].needs.resource_types
        scopes = place.app.scopes or worksheet_scopes(endpoints, types, launched=bool(launch))
        extra = {"aud": place.iss, **({"launch": launch} if launch else {})}
        begun = begin(registration_of(place.app, self._keys), endpoints, self.redirect_uri, scopes, extra)
        sessions = current_sessions()
        payload = {
            **begun.payload,
            "client": place.client.id,
            "iss": place.iss,
            "browser": sessions.binding(),
        }
        return begun.url(self.one_time.give(_LAUNCH, payload, LIFETIME, sessions.clock()))

    def finish(self, arguments: dict[str, str]) -> WorksheetAccess:
        """What the launch of this ``state`` brings. Raises OAuthError or LaunchError."""
        kept = self._taken(_LAUNCH, arguments.get("state", ""))
        place = self._place_again(kept)
        rule = rule_of(place.server)
        tokens = self.flow.finish(registration_of(place.app, self._keys), kept, rule, arguments)
        issuer = Endpoints.of_kept(kept["endpoints"], rule).issuer
        language = page_language(place.client).tag
        return landed(place, tokens, issuer, self.offers[place.client.id], language)

    def keep_choice(self, access: WorksheetAccess) -> str:
        """An id under which the worksheet waits for its trial."""
        sessions = current_sessions()
        payload = {**to_json(access), "browser": sessions.binding()}
        return self.one_time.give(_CHOICE, payload, LIFETIME, sessions.clock())

    def choices(self, ident: str) -> ClientOffers:
        """What can be chosen. Raises LaunchError."""
        kept = self.one_time.peek(_CHOICE, ident, current_sessions().clock())
        return self.offers[self._ours(kept)["subject"][0]]

    def chosen(self, ident: str, trial: str) -> WorksheetAccess:
        """The worksheet that waited, for this trial. Raises LaunchError."""
        if trial not in [one.id for one in shown_trials(self.choices(ident))]:
            raise LaunchError("no_trial")
        return from_json(self._taken(_CHOICE, ident), trial)

    def _taken(self, purpose: str, ident: str) -> dict[str, Any]:
        return self._ours(self.one_time.take(purpose, ident, current_sessions().clock()))

    @staticmethod
    def _ours(kept: dict[str, Any] | None) -> dict[str, Any]:
        """What was kept, if this browser began it."""
        if kept is None:
            raise LaunchError("state")
        if not current_sessions().is_bound_to(kept.pop("browser", None)):
            raise LaunchError("browser")
        return kept

    def _place_again(self, kept: dict[str, Any]) -> Place:
        place = place_at(self.clients, kept["client"], kept["iss"])
        if place is None:
            raise LaunchError("launch")
        g.facts["client"] = place.client.id
        return place


def _refuse(cause: str) -> NoReturn:
    """A page in our words. The cause is one of ours; what the other side said is nowhere."""
    g.facts["cause"] = cause
    status, text = words.BY_CAUSE[cause]
    raise PageRefusalError(status, words.TITLE, text) from None


def _told(view: Callable[..., Response]) -> Callable[..., Response]:
    """What goes wrong in a view, as a page."""

    @wraps(view)
    def told(**arguments: str) -> Response:
        try:
            return view(**arguments)
        except (OAuthError, LaunchError) as error:
            _refuse(error.word if isinstance(error, OAuthError) else error.cause)

    return told


def _arguments() -> dict[str, str]:
    """The query; a parameter that stands there twice is nothing that an EHR sends."""
    if any(len(request.args.getlist(name)) > 1 for name in request.args):
        raise LaunchError("launch")
    return request.args.to_dict()


def smart_routes(deployment: Deployment) -> Blueprint:
    """The routes of the worksheet as a SMART app."""
    routes = page_blueprint("smart", __name__, service="smart-launch")
    launches = Launches(deployment)

    @routes.get("/smart/launch")
    @_told
    def launch() -> Response:
        # A link to this address in the other language would hold what the EHR sent.
        g.no_language_switch = not {"iss", "launch", "client"}.isdisjoint(request.args)
        arguments = _arguments()
        place = _place(launches, arguments)
        if place is None:
            return _choose_ehr(launches)
        g.facts["client"] = place.client.id
        return redirect(launches.begin(place, arguments.get("launch", "")))

    @routes.get("/smart/callback")
    @_told
    def callback() -> Response:
        g.no_language_switch = True
        access = launches.finish(_arguments())
        if access.trial:
            return _open(access)
        return redirect(url_for("smart.choose_trial", ident=launches.keep_choice(access)), 303)

    @routes.get("/smart/trial/<ident>")
    @_told
    def choose_trial(ident: str) -> Response:
        offers = launches.choices(ident)
        trials = [(one.id, one.trial.facts.title) for one in shown_trials(offers)]
        spoken = page_language(offers.client)
        return render("choose_trial.html", spoken, title=words.CHOOSE_TRIAL, words=words, trials=trials)

    @routes.post("/smart/trial/<ident>")
    @_told
    def open_trial(ident: str) -> Response:
        return _open(launches.chosen(ident, request.form.get("trial", "")))

    return routes


def _place(launches: Launches, arguments: dict[str, str]) -> Place | None:
    """Where to begin; None if nothing is said and there are several. Raises LaunchError."""
    if len(arguments.get("launch", "")) > _LONGEST_LAUNCH:
        raise LaunchError("launch")
    if "iss" in arguments:
        place = place_of(launches.clients, arguments["iss"])
    elif "launch" in arguments:
        place = None  # a launch is always somebody's
    elif "client" in arguments:
        place = place_of_client(launches.clients, arguments["client"])
    else:
        known = launchable(launches.clients)
        if len(known) > 1:
            return None
        place = place_of_client(launches.clients, known[0]) if known else None
    if place is None:
        raise LaunchError("launch")
    return place


def _choose_ehr(launches: Launches) -> Response:
    known = launchable(launches.clients)
    return render("choose_ehr.html", page_language(), title=words.CHOOSE_EHR, words=words, clients=known)


def _open(access: WorksheetAccess) -> Response:
    current_sessions().put_worksheet(access)
    return redirect(f"/worksheet/{access.id}", 303)
