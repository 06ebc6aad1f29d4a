"""The WSGI application. Only wires: settings, definitions, FHIR access and the HTTP surface."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask

from cds_service.assessing import definitions
from cds_service.clock import today_in
from cds_service.fhir.fetching import FhirFetcher
from cds_service.hooks.matching import PatientViewMatching
from cds_service.observing import logs
from cds_service.settings import Settings
from cds_service.web.routes import hook_routes
from mappings.trial_definition import Catalog
from mappings.units import load_ucum


def create_app(
    settings: Settings | None = None,
    *,
    catalog: Catalog | None = None,
    today: Callable[[], date] | None = None,
) -> Flask:
    """The service with these settings (default: the environment's).

    ``catalog`` and ``today`` are for tests. Raises what a bad setting or definition raises: a service with
    a bad definition does not start.
    """
    settings = settings or Settings.from_environment()
    logs.keep_urls_out()
    load_ucum()
    zone = settings.time_zone
    matching = PatientViewMatching(
        catalog or definitions(), settings, FhirFetcher(settings), today or (lambda: today_in(zone))
    )
    app = Flask("trialhook", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.url_map.merge_slashes = False
    app.register_blueprint(hook_routes(matching, settings.max_body))
    return app
