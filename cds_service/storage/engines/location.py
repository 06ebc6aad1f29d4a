"""Where the database is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from cds_service.settings import Settings

DEFAULT_FOLDER = "~/.local/state/trialhook"


def state_folder(settings: Settings) -> Path:
    """The folder for the database and for audit events that wait for it; it need not exist yet."""
    return Path(settings.state_dir or DEFAULT_FOLDER).expanduser().absolute()


def database_url(settings: Settings) -> str:
    """The URL for ``Database``: the setting, or SQLite in the state folder."""
    if settings.database:
        return settings.database
    return URL.create("sqlite", database=str(state_folder(settings) / "trialhook.db")).render_as_string()
