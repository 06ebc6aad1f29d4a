"""``trialhook serve``: checks everything that can be checked, then hands over to gunicorn."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from flask import Flask

from cds_service.app import create_app
from cds_service.assessing import definitions
from cds_service.audit.key_ring import KeyRing, KeyRingError
from cds_service.audit.spool import SPOOL_FOLDER
from cds_service.clients.reading import ClientsError, demo_clients, load_clients
from cds_service.clients.registered import Clients
from cds_service.oauth.signing_keys import SigningKeys, SigningKeysError, signing_keys_of
from cds_service.observing import tracing
from cds_service.recruitment.reading import RecruitmentError
from cds_service.recruitment.states import RecruitmentStates
from cds_service.settings import Settings, SettingsError
from cds_service.signing_in.staff_file import StaffError, load_staff
from cds_service.storage.engines.backend import UnusableDatabaseError
from cds_service.storage.engines.location import state_folder
from mappings.definitions import DefinitionError

GUNICORN_SETTINGS = Path(__file__).with_name("gunicorn.conf.py")
APPLICATION = "cds_service.serving:served_app()"
WORKERS = "WEB_CONCURRENCY"
MOST_WORKERS = 256
TEMPORARY = "trialhook-demo-state-"
"""How the name of a state folder begins that goes when the service ends."""


@dataclass(frozen=True, slots=True)
class BadSetUpError(Exception):
    """Something with which the service does not start; the text says what, where, and what to do."""

    text: str

    def __str__(self) -> str:
        return self.text


def check_set_up(settings: Settings) -> None:
    """Reads everything that a start reads, but for the database. Raises BadSetUpError."""
    _check_state_folder(settings)
    try:
        catalog = definitions()
    except DefinitionError as error:
        raise BadSetUpError(f"The service does not start on a bad definition:\n{error}") from None
    try:
        tracing.check()
        signing = signing_keys_of(settings)
        trials = [trial.id for trial in catalog.trials]
        if settings.clients:
            clients = load_clients(Path(settings.clients), catalog)
            KeyRing.parse(settings.keys)
            _check_signing(clients, signing)
        else:
            clients = demo_clients(settings)
        if settings.staff:
            load_staff(Path(settings.staff), trials, [client.id for client in clients])
        RecruitmentStates(Path(settings.recruitment) if settings.recruitment else None, trials=trials)
    except RuntimeError as error:
        raise BadSetUpError(str(error)) from None
    except ClientsError as error:
        raise BadSetUpError(f"The service does not start on a bad register of clients:\n{error}") from None
    except StaffError as error:
        raise BadSetUpError(f"The service does not start on a bad staff file:\n{error}") from None
    except KeyRingError as error:
        raise BadSetUpError(f"TRIALHOOK_KEYS: {error}") from None
    except SigningKeysError as error:
        raise BadSetUpError(f"TRIALHOOK_SIGNING_KEYS: {error}") from None
    except RecruitmentError as error:
        raise BadSetUpError(f"The service does not start on bad states of recruitment:\n{error}") from None


def _check_state_folder(settings: Settings) -> None:
    """A folder in which nothing can be written would lose every audit event; a full one may be emptied."""
    if not (settings.clients or settings.database or settings.policy):
        return  # nothing is kept
    state = state_folder(settings)
    for folder in (state, state / SPOOL_FOLDER):
        try:
            if folder.is_dir():
                tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                what = f"nothing can be written in {folder} ({error.strerror})"
                raise BadSetUpError(f"TRIALHOOK_STATE_DIR: {what}") from None


def _check_signing(clients: Clients, keys: SigningKeys | None) -> None:
    """Without a key of our own nothing is ever written to an EHR, and an app that signs is never launched."""
    for client in clients if keys is None else ():
        signs = client.smart is not None and client.smart.signs
        if client.backend is not None or signs:
            what = "`signs`" if signs else "`backend`"
            raise BadSetUpError(
                f"TRIALHOOK_SIGNING_KEYS is required: {what} of client {client.id} proves itself by a key; "
                "make one with `trialhook keys signing FILE`"
            )


def served_app() -> Flask:
    """The application as gunicorn loads it. What is set up badly is said in a sentence, without a trace."""
    try:
        settings = Settings.from_environment()
        check_set_up(settings)
        return create_app(settings)
    except (BadSetUpError, SettingsError, UnusableDatabaseError) as error:
        raise RuntimeError(str(error)) from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise RuntimeError(f"TRIALHOOK_STATE_DIR:{where} cannot be used ({error.strerror})") from None


def check_workers() -> None:
    """Raises BadSetUpError where gunicorn could not read the number of workers, or would start none."""
    text = os.environ.get(WORKERS, "").strip()
    if text and not (re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= MOST_WORKERS):
        raise BadSetUpError(f"{WORKERS} must be a whole number from 1 to {MOST_WORKERS}, not {text!r}")


def run_gunicorn(host: str, port: int, *, policy: bool) -> None:
    """Becomes gunicorn; does not return.

    ``policy``: as with registered clients, also in demo mode, where a temporary database then keeps what was
    shown until the service ends.
    """
    environment = dict(os.environ)
    if not environment.get(WORKERS, "").strip():  # gunicorn takes a blank for a number
        environment.pop(WORKERS, None)
    if policy:
        environment["TRIALHOOK_POLICY"] = "1"
        if not any(environment.get(name) for name in ("TRIALHOOK_CLIENTS", "TRIALHOOK_STATE_DIR")):
            environment["TRIALHOOK_STATE_DIR"] = tempfile.mkdtemp(prefix=TEMPORARY)
    command = [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_SETTINGS)]
    command += ["--bind", f"{_bindable(host)}:{port}", APPLICATION]
    os.execve(sys.executable, command, environment)  # noqa: S606


def _bindable(host: str) -> str:
    try:
        six = isinstance(ip_address(host), IPv6Address)
    except ValueError:
        six = False
    return f"[{host}]" if six else host
