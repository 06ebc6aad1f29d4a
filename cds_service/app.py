"""The WSGI application. Only wires: the parts of a deployment and the HTTP surface around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from functools import partial

from flask import Flask

from cds_service.clock import now_in
from cds_service.deployment import Deployment, deploy
from cds_service.observing import logs
from cds_service.pages.registering import register_pages
from cds_service.settings import Settings
from cds_service.synchronising.starting import InWorker
from cds_service.web.around import surround
from cds_service.web.callers import Callers
from cds_service.web.cross_origin import Origins
from cds_service.web.hook_routes import hook_routes
from cds_service.web.operation_routes import operation_routes
from mappings.trial_definition import Catalog
from mappings.units import load_ucum


def create_app(
    settings: Settings | None = None,
    *,
    catalog: Catalog | None = None,
    today: Callable[[], date] | None = None,
) -> Flask:
    """The service with these settings (default: the environment's).

    ``catalog`` and ``today`` are for tests. Raises what a bad setting, register, key or definition raises: a
    service that is set up badly does not start.
    """
    settings = settings or Settings.from_environment()
    logs.keep_urls_out()
    load_ucum()
    now = partial(_noon, today) if today else now_in
    return application(deploy(settings, catalog, now))


def application(deployment: Deployment) -> Flask:
    """The application of a deployment."""
    settings, clients, records = deployment.settings, deployment.clients, deployment.records
    app = Flask("trialhook", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.url_map.merge_slashes = False
    refused = records.trail.refused if records else _unrecorded
    https = settings.public_url.startswith("https://")
    surround(app, Origins.of(clients), demo=clients.demo, https=https, refused=refused)
    app.register_blueprint(
        hook_routes(deployment, Callers(clients, deployment.authenticator, deployment.limits, refused))
    )
    app.register_blueprint(operation_routes(deployment))
    register_pages(app, deployment)
    synchronising = InWorker(deployment)
    app.extensions["trialhook-begin"] = partial(_each, (deployment.begin, synchronising.begin))
    app.extensions["trialhook-close"] = partial(_each, (synchronising.close, deployment.close))
    return app


def _each(actions: Iterable[Callable[[], None]]) -> None:
    for action in actions:
        action()


def _noon(today: Callable[[], date], _time_zone: str) -> datetime:
    return datetime.combine(today(), time(12)).astimezone()


def _unrecorded(_cause: str, _status: int, _client: str) -> None:
    """Where nothing is kept."""
