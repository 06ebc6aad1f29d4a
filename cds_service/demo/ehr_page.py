"""A page that plays the EHR: pick a patient, see the cards as a clinician would, accept or dismiss them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from cds_service.demo.ehr.chart import banner, chart, one_line
from cds_service.demo.ehr.hooks import HookClient
from cds_service.demo.ehr.visits import Visit, Visits
from cds_service.demo.fhir.client import FhirClient
from cds_service.demo.fhir.store import FhirStore, Resource
from cds_service.demo.samples.sample import Sample
from mappings.language import LANGUAGES

AUTONYMS = {"en": "English", "zh-Hans": "\u4e2d\u6587"}
"""The languages of cards, each in its own words."""

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


Launch = Callable[[str, str], str]
"""Makes the id of an EHR launch: of a patient's id and the app's context as the link has it."""


@dataclass
class Ehr:
    """What the page works with. Without `launch` it opens no SMART apps; `study_team`: where they sign in."""

    store: FhirStore
    fhir: FhirClient
    hooks: HookClient
    samples: tuple[Sample, ...]
    today: date
    launch: Launch | None = None
    study_team: str = ""
    visits: Visits = field(default_factory=Visits)

    def sample(self, ident: str) -> Sample | None:
        """The sample patient of this id, if it is one."""
        return next((sample for sample in self.samples if sample.id == ident), None)


page = Blueprint("ehr", __name__, static_folder="static", static_url_path="/static")


def ehr() -> Ehr:
    """The EHR behind the page of the current app."""
    found: Ehr = current_app.extensions["ehr"]
    return found


@page.after_request
def protect(response: Response) -> Response:
    """No third party, no inline script, nothing kept."""
    response.headers.update(SECURITY)
    return response


@page.get("/")
def home() -> str:
    """The list of patients, and nothing open."""
    return render_template("ehr.html", roster=_roster(), visit=None, prefetch=_prefetch(), **_tongues())


@page.get("/patients/<ident>")
def open_chart(ident: str) -> str:
    """Open a chart: the hook fires, and its cards are shown."""
    _patient(ident)
    visit = Visit(ident, ehr().hooks.fire(ident, _prefetch(), language=_language()), _language())
    ehr().visits.keep(visit)
    return _show(visit)


@page.get("/visits/<hook_instance>")
def revisit(hook_instance: str) -> str:
    """The same opening of the chart again, with what was decided since; the hook does not fire."""
    return _show(_visit(hook_instance))


@page.get("/visits/<hook_instance>/launch")
def launch(hook_instance: str) -> AnyResponse:
    """Open the SMART app of a card's link for the patient of this chart. Only the service's own is known."""
    visit, found = _visit(hook_instance), ehr()
    try:
        link = visit.smart_link(request.args.get("card", ""), request.args.get("link", -1, type=int))
    except KeyError:
        abort(404, "There is no such link.")
    url = str(link.get("url", ""))
    if found.launch is None or urlsplit(url)[:2] != urlsplit(found.hooks.base)[:2]:
        abort(404, "This EHR does not know the app.")
    launched = found.launch(visit.patient_id, str(link.get("appContext", "")))
    return redirect(f"{url}?{urlencode({'iss': found.fhir.base, 'launch': launched})}", 303)


@page.post("/visits/<hook_instance>/accept")
def accept(hook_instance: str) -> AnyResponse:
    """Do what a suggestion says: create its resources, and tell the service."""
    visit, card = _visit(hook_instance), request.form["card"]
    try:
        suggestion = visit.raw_suggestion(card, request.form["suggestion"])
    except KeyError:
        abort(404, "There is no such suggestion.")
    if suggestion["uuid"] not in visit.accepted:
        failed = _apply(visit, suggestion.get("actions", []))
        if not failed:
            visit.accepted.add(suggestion["uuid"])
            chosen = [{"id": suggestion["uuid"]}]
            _tell(visit, {"card": card, "outcome": "accepted", "acceptedSuggestions": chosen})
    return _back(visit)


@page.post("/visits/<hook_instance>/dismiss")
def dismiss(hook_instance: str) -> AnyResponse:
    """Hide a card, and tell the service why if a reason was picked."""
    visit, card = _visit(hook_instance), request.form["card"]
    try:
        reasons = visit.raw_card(card).get("overrideReasons", [])
    except KeyError:
        abort(404, "There is no such card.")
    item: Resource = {"card": card, "outcome": "overridden"}
    picked = request.form.get("reason", "")
    visit.dismissed[card] = ""
    if picked.isdigit() and int(picked) < len(reasons):
        reason = reasons[int(picked)]
        visit.dismissed[card] = str(reason.get("display") or reason.get("code"))
        item["overrideReason"] = {"reason": reason}
    _tell(visit, item)
    return _back(visit)


@page.post("/visits/<hook_instance>/restore")
def restore(hook_instance: str) -> AnyResponse:
    """Show a dismissed card again."""
    visit = _visit(hook_instance)
    visit.dismissed.pop(request.form["card"], None)
    return _back(visit)


def _visit(hook_instance: str) -> Visit:
    visit = ehr().visits.get(hook_instance)
    if visit is None:
        abort(404, "This visit is over. Open the chart again.")
    return visit


def _patient(ident: str) -> Resource:
    patient = ehr().store.read("Patient", ident)
    if patient is None:
        abort(404, "There is no such patient.")
    return patient


def _prefetch() -> bool:
    return request.args.get("prefetch", "on") != "off"


def _language(visit: Visit | None = None) -> str:
    """The language that the clinician has chosen, for the cards; the EHR itself speaks English."""
    chosen = visit.language if visit else request.args.get("language", "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def _tongues(visit: Visit | None = None) -> dict[str, Any]:
    return {"language": _language(visit), "languages": AUTONYMS, "study_team": ehr().study_team}


def _apply(visit: Visit, actions: list[Resource]) -> bool:
    """Create what the actions say; True if something could not be done. Says either in a notice."""
    problems, created = [], 0
    for action in actions:
        if action.get("type") != "create":
            problems.append(f"This EHR applies create actions only, not {action.get('type')!r}.")
            continue
        problem = ehr().fhir.create(action.get("resource", {}))
        created += not problem
        problems += [f"Not added: {problem}"] if problem else []
    done = f"{created} draft{'s' if created != 1 else ''} added to the orders." if created else ""
    visit.notices = [*([done] if done else []), *problems]
    return bool(problems)


def _tell(visit: Visit, item: Resource) -> None:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {**item, "outcomeTimestamp": stamp}
    visit.feedback.append((told, ehr().hooks.feedback(visit.exchange.service_url, told)))


def _back(visit: Visit) -> AnyResponse:
    return redirect(url_for("ehr.revisit", hook_instance=visit.exchange.hook_instance), 303)


def _roster() -> list[dict[str, Any]]:
    store, today = ehr().store, ehr().today
    people = sorted((banner(patient, today) for patient in store.all("Patient")), key=lambda who: who.name)
    return [{"who": who, "line": one_line(store, who.id)} for who in people]


def _show(visit: Visit) -> str:
    html = render_template(
        "ehr.html",
        roster=_roster(),
        visit=visit,
        chart=chart(ehr().store, _patient(visit.patient_id), ehr().today),
        sample=ehr().sample(visit.patient_id),
        prefetch=visit.exchange.used_prefetch if visit.exchange.status else _prefetch(),
        launches=ehr().launch is not None,
        wire_request=_pretty(visit.exchange.request),
        wire_response=_pretty(visit.exchange.response),
        **_tongues(visit),
    )
    visit.notices = []
    return html


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
