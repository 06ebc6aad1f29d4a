"""Puts what people see in a browser into the application: sign-in, worksheet, worklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Flask

from cds_service.deployment import Deployment

PARTS: Sequence[Callable[[Deployment], Blueprint]] = ()
"""Each makes the routes of one part. They need a database: a service that keeps nothing has no pages."""


def register_pages(app: Flask, deployment: Deployment) -> None:
    """Puts the pages of a deployment into its application."""
    if deployment.records is None:
        return
    for part in PARTS:
        app.register_blueprint(part(deployment))
