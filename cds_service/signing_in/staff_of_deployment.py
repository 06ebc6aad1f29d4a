"""Who may sign in to a deployment."""

from __future__ import annotations

from pathlib import Path

from cds_service.deployment import Deployment
from cds_service.signing_in.local_accounts import demo_staff
from cds_service.signing_in.staff import Staff
from cds_service.signing_in.staff_file import load_staff


def staff_of(deployment: Deployment) -> Staff | None:
    """The staff of the file, or those of demo mode; None: registered clients, and no sign-in set up.

    Raises StaffError, with every fault in the file.
    """
    settings = deployment.settings
    if settings.staff:
        trials = [trial.id for trial in deployment.catalog.trials]
        return load_staff(Path(settings.staff), trials, [client.id for client in deployment.clients])
    return demo_staff() if deployment.clients.demo else None
