"""The paths for those who run the service: health, readiness, metrics, and the description of all paths."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from cds_service.deployment import Deployment
from cds_service.observing import metrics
from cds_service.web.around import json_response
from cds_service.web.openapi import OpenApiDocument
from cds_service.web.problems import NOT_FOR_YOU, RefusalError


def operation_routes(deployment: Deployment) -> Blueprint:
    """The paths; nothing that they tell is about a patient."""
    routes = Blueprint("operation", __name__)
    description = OpenApiDocument(demo=deployment.clients.demo)
    networks = deployment.settings.metrics_networks

    @routes.get("/openapi.json")
    def openapi() -> Response:
        g.facts["service"] = "openapi"
        return description.answer(request)

    @routes.get("/healthz")
    def health() -> Response:
        """The process lives."""
        g.facts["service"] = "healthz"
        return json_response({"status": "ok"})

    @routes.get("/readyz")
    def ready() -> Response:
        """Calls are answered, and whether anything is away. 200 as long as cards come."""
        g.facts["service"] = "readyz"
        parts = _parts(deployment)
        degraded = any(state not in ("up", "ok", "none") for state in parts.values())
        return json_response({"status": "degraded" if degraded else "ready", **parts})

    @routes.get("/metrics")
    def measured() -> Response:
        g.facts["service"] = "metrics"
        if not metrics.may_read(request.remote_addr or "", networks):
            raise RefusalError(NOT_FOR_YOU)
        _parts(deployment)
        return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

    return routes


def _parts(deployment: Deployment) -> dict[str, str]:
    """How the parts are that may be away while cards still come; the gauges are set on the way."""
    records = deployment.records
    database = "none" if records is None else "up" if records.database.check() else "away"
    fault = bool(deployment.states.fault)
    metrics.DATABASE_UP.set(database != "away")
    metrics.RECRUITMENT_FAULT.set(fault)
    return {"database": database, "recruitment": "faulty" if fault else "ok"}
