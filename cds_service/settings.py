"""Everything that a deployment can set, in one place. Read from the environment once, at the start."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from cds_service.fhir.allow_list import parse_base

PREFIX = "TRIALHOOK_"


class SettingsError(Exception):
    """Settings that cannot be used; ``faults`` holds one sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment decides. The defaults are those of demo mode: no clients are registered."""

    fhir_hosts: tuple[str, ...] = ()
    deadline: float = 2.0
    max_body: int = 16 * 1024 * 1024
    serve_drafts: bool = True
    trials: str = ""
    time_zone: str = ""
    page_limit: int = 20
    bytes_limit: int = 64 * 1024 * 1024
    concurrency: int = 32
    clients: str = ""
    public_url: str = ""
    state_dir: str = ""
    database: str = ""
    keys: str = field(default="", repr=False)
    replay: Literal["lenient", "strict"] = "lenient"
    storage_wait: float = 0.25
    recruitment: str = ""
    calls_per_minute: int = 600
    retention_days: int = 730
    metrics_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    policy: bool = False
    staff: str = ""
    signing_keys: str = ""
    sync: bool = True
    demo_smart: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of an environment (default: the process's own), or every fault in it at once."""
        environment = os.environ if environment is None else environment
        known = {row.name: row for row in SETTINGS_TABLE}
        values: dict[str, Any] = {}
        faults: list[str] = []
        for name in sorted(name for name in environment if name.startswith(PREFIX)):
            row, text = known.get(name), environment[name].strip()
            if row is None:
                faults.append(_unknown(name, known))
            elif text:
                try:
                    values[row.member] = row.read(text)
                except ValueError as fault:
                    faults.append(f"{name} {fault}")
        faults += _faults_between(values)
        if faults:
            raise SettingsError(faults)
        registered = {"serve_drafts": False, "policy": True} if values.get("clients") else {}
        return cls(**(registered | values))


class SettingRow(NamedTuple):
    """One line of the table of settings: environment name, member, default and meaning in words."""

    name: str
    member: str
    default: str
    meaning: str
    read: Callable[[str], Any]


def trial_folders() -> list[Path] | None:
    """Where the deployment's own definitions of trials lie; None for those that come with the service."""
    folder = os.environ.get("TRIALHOOK_TRIALS", "").strip()
    return [Path(folder)] if folder else None


_REQUIRED = (
    ("CLIENTS", "PUBLIC_URL", "it is the address that the clients' tokens name"),
    ("CLIENTS", "KEYS", "`trialhook keys new` makes some"),
    ("STAFF", "PUBLIC_URL", "the provider sends who signs in back to it, such as https://cds.example.org"),
)
"""Which setting asks for which other one, and how to come by that."""


def _faults_between(values: Mapping[str, Any]) -> list[str]:
    """What is missing or too much beside registered clients, and beside staff who sign in."""
    faults = [
        f"{PREFIX}{name} is required where {PREFIX}{asking} is set; {how}"
        for asking, name, how in _REQUIRED
        if values.get(asking.lower()) and not values.get(name.lower())
    ]
    if values.get("clients") and values.get("fhir_hosts"):
        faults.append(
            "TRIALHOOK_FHIR_HOSTS is for demo mode; name each client's FHIR servers in its registration"
        )
    return faults


def _unknown(name: str, known: Mapping[str, SettingRow]) -> str:
    endings = [one.removeprefix(PREFIX) for one in known]
    nearest = get_close_matches(name.removeprefix(PREFIX), endings, n=1)
    hint = f"did you mean {PREFIX}{nearest[0]}?" if nearest else f"known: {', '.join(known)}"
    return f"{name} is not a setting; {hint}"


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(text.replace(",", " ").split())
    for number, host in enumerate(hosts, 1):
        if parse_base(host) is None:
            raise ValueError(
                f"must list base URLs such as https://ehr.example/fhir/r4, without user, query or '..'; "
                f"number {number} is not one"
            )
    return hosts


def _seconds(text: str) -> float:
    seconds = _number(text, float, "a number of seconds")
    if not 0.05 <= seconds <= 60:
        raise ValueError("must be between 0.05 and 60 seconds")
    return float(seconds)


def _between(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(_number(text, int, "a whole number"))
        if not least <= number <= most:
            raise ValueError(f"must be between {least} and {most}")
        return number

    return read


def _number(text: str, kind: Callable[[str], float], what: str) -> float:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"must be {what}, not {text!r}") from None


def _yes_or_no(text: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in answers:
        raise ValueError(f"must be 1 or 0, not {text!r}")
    return answers[text.lower()]


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError, KeyError):  # a zone that is not found is a KeyError
        raise ValueError(f"must be a time zone such as Asia/Shanghai, not {text!r}") from None
    return text


def _folder(text: str) -> str:
    if not Path(text).is_dir():
        raise ValueError(f"must be a folder of trial definitions; {text} is none")
    return text


def _anything(text: str) -> str:
    return text


def _database(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return text


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"must be one of {', '.join(known)}, not {text!r}")
        return text

    return read


def _https_url(text: str) -> str:
    base = parse_base(text)  # this machine's own may be http
    if base is None or not base.keeps_secrets:
        raise ValueError(
            "must be the https address under which clients call, such as https://cds.example.org"
        )
    return base.url


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(text.replace(",", " ").split())
    for number, network in enumerate(networks, 1):
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(f"must list networks such as 10.1.0.0/16; number {number} is not one") from None
    return networks


SETTINGS_TABLE: tuple[SettingRow, ...] = (
    SettingRow(
        "TRIALHOOK_FHIR_HOSTS",
        "fhir_hosts",
        "none",
        "FHIR servers that may be called: base URLs separated by spaces, and all below them",
        _hosts,
    ),
    SettingRow(
        "TRIALHOOK_DEADLINE",
        "deadline",
        "2",
        "Seconds that all reading from a FHIR server may take in one hook call",
        _seconds,
    ),
    SettingRow(
        "TRIALHOOK_MAX_BODY",
        "max_body",
        "16777216",
        "Largest request body, in bytes",
        _between(1024, 1024**3),
    ),
    SettingRow(
        "TRIALHOOK_SERVE_DRAFTS",
        "serve_drafts",
        "1 in demo mode",
        "Whether definitions that no physician has reviewed are served",
        _yes_or_no,
    ),
    SettingRow(
        "TRIALHOOK_TRIALS",
        "trials",
        "those that come with it",
        "Folder of trial definitions and their signatures (docs/authoring.md)",
        _folder,
    ),
    SettingRow(
        "TRIALHOOK_TIME_ZONE",
        "time_zone",
        "the machine's",
        "Time zone that decides which day it is, such as Europe/Berlin",
        _zone,
    ),
    SettingRow(
        "TRIALHOOK_PAGE_LIMIT",
        "page_limit",
        "20",
        "Most pages read of one search",
        _between(1, 1000),
    ),
    SettingRow(
        "TRIALHOOK_BYTES_LIMIT",
        "bytes_limit",
        "67108864",
        "Most bytes read from a FHIR server in one hook call, unpacked; one search a quarter of it",
        _between(1024, 4 * 1024**3),
    ),
    SettingRow(
        "TRIALHOOK_CONCURRENCY",
        "concurrency",
        "32",
        "Most FHIR searches under way at once in one process",
        _between(1, 256),
    ),
    SettingRow(
        "TRIALHOOK_CLIENTS",
        "clients",
        "none: demo mode",
        "File that registers the EHRs which may call (docs/clients.md)",
        _anything,
    ),
    SettingRow(
        "TRIALHOOK_PUBLIC_URL",
        "public_url",
        "none; required with clients or staff",
        "Address under which EHRs and browsers come here: what tokens must name as audience",
        _https_url,
    ),
    SettingRow(
        "TRIALHOOK_STATE_DIR",
        "state_dir",
        "~/.local/state/trialhook",
        "Folder for the database and for audit events that wait for it; in demo mode a temporary one",
        _anything,
    ),
    SettingRow(
        "TRIALHOOK_DATABASE",
        "database",
        "SQLite in the state folder",
        "Database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
        _database,
    ),
    SettingRow(
        "TRIALHOOK_KEYS",
        "keys",
        "none; required with clients",
        "Keys for pseudonyms and encryption, the current one first (`trialhook keys new`)",
        _anything,
    ),
    SettingRow(
        "TRIALHOOK_REPLAY",
        "replay",
        "lenient",
        "While the database is away: `lenient` checks replayed tokens per process, `strict` answers 503",
        _one_of("lenient", "strict"),
    ),
    SettingRow(
        "TRIALHOOK_STORAGE_WAIT",
        "storage_wait",
        "0.25",
        "Seconds that a call waits for the database at most",
        _seconds,
    ),
    SettingRow(
        "TRIALHOOK_RECRUITMENT",
        "recruitment",
        "none",
        "File with each trial's state of recruitment, read again when it changes (docs/operate.md)",
        _anything,
    ),
    SettingRow(
        "TRIALHOOK_CALLS_PER_MINUTE",
        "calls_per_minute",
        "600",
        "Most calls of one client in a minute, unless its registration says otherwise",
        _between(1, 1_000_000),
    ),
    SettingRow(
        "TRIALHOOK_RETENTION_DAYS",
        "retention_days",
        "730",
        "Days after which `trialhook purge` deletes what was recorded",
        _between(1, 36500),
    ),
    SettingRow(
        "TRIALHOOK_METRICS_NETWORKS",
        "metrics_networks",
        "this machine",
        "Networks that may read /metrics",
        _networks,
    ),
    SettingRow(
        "TRIALHOOK_POLICY",
        "policy",
        "0 in demo mode, else 1",
        "Whether cards are held back where the fatigue policy says so",
        _yes_or_no,
    ),
    SettingRow(
        "TRIALHOOK_STAFF",
        "staff",
        "none; in demo mode local accounts",
        "File with the sign-in of study staff, and with who may see what (docs/staff.md)",
        _anything,
    ),
    SettingRow(
        "TRIALHOOK_SIGNING_KEYS",
        "signing_keys",
        "none; in demo mode a new one",
        "File of private keys by which this service proves itself to EHRs (`trialhook keys signing`)",
        _anything,
    ),
    SettingRow(
        "TRIALHOOK_SYNC",
        "sync",
        "1",
        "Whether this process also writes referrals to FHIR servers and looks for changes there",
        _yes_or_no,
    ),
    SettingRow(
        "TRIALHOOK_DEMO_SMART",
        "demo_smart",
        "0; 1 under `trialhook demo`",
        "Whether demo mode's FHIR servers launch SMART apps and take referrals",
        _yes_or_no,
    ),
)
"""Every setting, in the order in which the README lists them; a test compares the two."""
