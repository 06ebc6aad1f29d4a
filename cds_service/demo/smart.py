"""The demo's EHR as an authorization server: who works there, and which apps are registered there."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, User
from cds_service.demo.authorization.protecting import protect_fhir
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.demo.ehr.chart import full_name
from cds_service.demo.ehr.hooks import USER
from cds_service.demo.fhir_server import store_of

CLINICIAN = User("demo-clinician", "Dr Robin Demo", fhir_user=USER)
# As the client of demo mode is registered in clients/reading.py.
WORKSHEET, BACKEND = "trialhook-worksheet", "trialhook-service"


def launch_apps(app: Flask, service: str) -> Callable[[str, str], str]:
    """Let the FHIR server's application launch the SMART app of the service at this address.

    What comes back makes a launch: of a patient's id and the app's context its id.
    """

    def patients() -> list[tuple[str, str]]:
        return sorted(
            ((str(one["id"]), full_name(one)) for one in store_of(app).all("Patient")),
            key=lambda patient: patient[1],
        )

    apps = {
        WORKSHEET: App(redirect_uris=(f"{service}/smart/callback",)),
        BACKEND: App(jwks_url=f"{service}/.well-known/jwks.json", backend=True),
    }
    authority = Authority(apps, (CLINICIAN,), patients)
    app.register_blueprint(authorization_routes(authority))
    protect_fhir(app, authority)
    return lambda patient, context: authority.launch(patient, CLINICIAN.id, context)
