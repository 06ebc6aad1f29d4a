"""Puts what people see in a browser into the application: sign-in, worksheet, worklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Flask, current_app, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import MethodNotAllowed

from cds_service.deployment import Deployment
from cds_service.oauth.key_set_routes import key_set_routes
from cds_service.pages import static_files
from cds_service.pages.blueprint import PageBlueprint, answer_as_page
from cds_service.pages.form_tokens import protect_forms
from cds_service.signing_in.routes import sign_in_routes
from cds_service.signing_in.sessions import EXTENSION, Sessions
from cds_service.signing_in.staff_file import staff_of
from cds_service.smart.routes import smart_routes
from cds_service.synchronising.notifications import notification_routes
from cds_service.worklist.administration.routes import administration_routes
from cds_service.worklist.funnel.routes import funnel_routes
from cds_service.worklist.routes import worklist_routes
from cds_service.worksheet.routes import worksheet_routes

PARTS: Sequence[Callable[[Deployment], Blueprint]] = (
    key_set_routes,
    sign_in_routes,
    smart_routes,
    notification_routes,
    worksheet_routes,
    worklist_routes,
    funnel_routes,
    administration_routes,
)
"""Each makes the routes of one part. They need a database: a service that keeps nothing has no pages."""


def register_pages(app: Flask, deployment: Deployment) -> None:
    """Puts the pages of a deployment into its application. Raises StaffError on a bad staff file."""
    records = deployment.records
    if records is None:
        return
    https = deployment.settings.public_url.startswith("https://")
    app.template_folder = None  # none but those of the packages: not what lies where the service is started
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[EXTENSION] = Sessions(records.database, deployment.ring, staff_of(deployment), https=https)
    protect_forms(app, deployment.ring.secret("forms").hex())
    app.register_blueprint(_static())
    for part in PARTS:
        app.register_blueprint(part(deployment))
    app.before_request(_wrong_method)


def _wrong_method() -> None:
    """A page that was asked for by another method, as when somebody reloads what a form led to."""
    fault = request.routing_exception
    if not isinstance(fault, MethodNotAllowed) or not fault.valid_methods:
        return
    routes = current_app.url_map.bind_to_environ(request.environ)
    endpoint, _ = routes.match(method=next(iter(fault.valid_methods)))
    if isinstance(current_app.blueprints.get(endpoint.partition(".")[0]), PageBlueprint):
        answer_as_page()


def _static() -> Blueprint:
    static = Blueprint("static_files", __name__, template_folder="templates")  # and the layout
    static.get("/static/<digest>/<name>", endpoint="file")(static_files.answer)
    return static
