"""staff.yaml to the staff, or everything that is wrong with it. docs/staff.md has the keys."""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cds_service.clients import values
from cds_service.clients.private_files import mind
from cds_service.clients.registered import Network
from cds_service.deployment import Deployment
from cds_service.fhir.allow_list import parse_base
from cds_service.signing_in.local_accounts import demo_staff
from cds_service.signing_in.staff import DEFAULT_SCOPES, Grant, Person, Provider, Role, Staff
from mappings.definitions.faults import Fault, Mistake, Report, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of
from mappings.definitions.parsing.source import ListNode, MapNode, Node, TextNode, read_source

_ROLES = tuple(role.value for role in Role)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_OPENID = "openid"


class StaffError(Exception):
    """A staff file that cannot be used, with every fault in it."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def staff_of(deployment: Deployment) -> Staff | None:
    """The staff of a deployment's file, or those of demo mode; None: registered clients, and no sign-in.

    Raises StaffError.
    """
    settings = deployment.settings
    if settings.staff:
        trials = [trial.id for trial in deployment.catalog.trials]
        return load_staff(Path(settings.staff), trials, [client.id for client in deployment.clients])
    return demo_staff() if deployment.clients.demo else None


def load_staff(path: Path, trials: Collection[str], clients: Collection[str] | None) -> Staff:
    """The staff that a file names. ``trials`` and ``clients`` are those that may be granted.

    Where the registered ``clients`` are not known (None), they are not compared. Files that it names are
    looked for beside it. Nothing is fetched. Raises StaffError.
    """
    report = Report(path.as_posix())
    root = read_source(path, report)
    known = None if clients is None else frozenset(clients)
    staff = _Reading(path, frozenset(trials), known).staff(Fields(root, report)) if root else None
    if report.faults or staff is None:
        raise StaffError(report.faults)
    return staff


@dataclass(frozen=True, slots=True)
class _Reading:
    path: Path
    trials: frozenset[str]
    clients: frozenset[str] | None

    def staff(self, fields: Fields) -> Staff:
        fields.choice("schema", ("1",), needed=True)
        sign_in = fields.fields("sign_in", needed=True)
        provider = self._provider(sign_in) if sign_in else None
        people = self._people(fields.items("people"), fields.report)
        groups = self._groups(fields.fields("groups"))
        fields.close()
        if not people and not groups and not fields.report.faults:
            message = "lets nobody in: name some people or groups"
            fields.report.add(Mistake.MISSING_KEY, fields.node.line, message)
        return Staff(provider, people, groups)

    # --- the provider

    def _provider(self, given: Fields) -> Provider:
        fields = Fields(given.node, given.report.at("sign_in"))
        insecure = fields.flag("insecure_http")
        provider = Provider(
            issuer=self._issuer(fields, insecure=insecure),
            client_id=_client_id(fields),
            secret=self._secret(fields),
            private_key_jwt=fields.flag("private_key_jwt"),
            networks=_networks(fields),
            ca_file=self._ca_file(fields),
            insecure_http=insecure,
            scopes=_scopes(fields),
            name_claim=fields.text("name_claim", "name"),
            groups_claim=fields.text("groups_claim", "groups"),
        )
        if provider.secret and provider.private_key_jwt:
            message = "has client_secret_file and private_key_jwt; keep the one that is registered"
            fields.report.add(Mistake.NOT_ALLOWED_HERE, fields.line("private_key_jwt"), message)
        fields.close()
        return provider

    def _issuer(self, fields: Fields, *, insecure: bool) -> str:
        """As written: an id token must name these very characters."""
        text = fields.need_text("issuer")
        base = parse_base(text)
        if not text:
            return ""
        if base is None:
            fault = "is not a URL such as https://login.example.org/realms/study, without user or query"
        elif base.scheme == "http" and not insecure:
            fault = "is http, over which anybody on the way can sign in as anybody; use https"
        elif base.scheme == "http" and not base.keeps_secrets:
            fault = "is http on another machine; insecure_http is for this machine only"
        else:
            return text
        fields.report.add(Mistake.NOT_A_URL, fields.line("issuer"), f"'issuer' {fault}")
        return ""

    def _secret(self, fields: Fields) -> str:
        name = fields.text("client_secret_file")
        if not name:
            return ""
        path, line = self.path.parent / name, fields.line("client_secret_file")
        try:
            secret = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            message = f"{path.as_posix()} cannot be read; it is looked for beside this file"
            fields.report.add(Mistake.FILE_NOT_FOUND, line, message)
            return ""
        mind(path)
        if not secret:
            fields.report.add(Mistake.EMPTY_FILE, line, f"{path.as_posix()} is empty; put the secret into it")
        return secret

    def _ca_file(self, fields: Fields) -> Path | None:
        name = fields.text("ca_file")
        if not name:
            return None
        path = self.path.parent / name
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=str(path))
        except OSError:  # ssl.SSLError is one
            message = (
                f"{path.as_posix()} is not a file of certificates in PEM; it is looked for beside this file"
            )
            fields.report.add(Mistake.FILE_NOT_FOUND, fields.line("ca_file"), message)
        return path

    # --- who

    def _people(self, items: tuple[Node, ...], report: Report) -> tuple[Person, ...]:
        found: list[Person] = []
        named: dict[str, int] = {}
        for number, item in enumerate(items, 1):
            fields = fields_of(item, "a person", report.at(f"person {number}"))
            person = self._person(fields) if fields else None
            if fields is None or person is None:
                continue
            name = person.subject or person.email.casefold()
            if name in named:
                message = f"is the person of line {named[name]} too; put all roles there"
                fields.report.add(Mistake.REPEATED_ID, fields.node.line, message)
            named.setdefault(name, fields.node.line)
            found.append(person)
        return tuple(found)

    def _person(self, fields: Fields) -> Person | None:
        subject, email = fields.text("subject"), fields.text("email")
        grants = self._grants(fields.need("roles"), "roles", fields.report)
        fields.close()
        if bool(subject) == bool(email):
            message = "must have a subject (the provider's id) or an email, and not both"
            fields.report.add(Mistake.MISSING_KEY, fields.node.line, message)
            return None
        if email and not _EMAIL.fullmatch(email):
            message = f"'email' is {email!r}, not an address such as jo@hospital.example"
            fields.report.add(Mistake.NOT_AN_ID, fields.line("email"), message)
        return Person(grants, subject, email)

    def _groups(self, fields: Fields | None) -> dict[str, tuple[Grant, ...]]:
        if fields is None:
            return {}
        return {
            name: self._grants(node, name, fields.report.at(f"group {name!r}"))
            for name, node in fields.node.entries.items()
        }

    def _grants(self, node: Node | None, key: str, report: Report) -> tuple[Grant, ...]:
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            report.add(
                Mistake.WRONG_SHAPE, node.line, f"{key!r} must be a list of roles; begin each with '-'"
            )
            return ()
        if not node.items:
            report.add(Mistake.EMPTY_TEXT, node.line, f"{key!r} is empty; name a role: {', '.join(_ROLES)}")
        grants = [self._grant(item, report) for item in node.items]
        return tuple(grant for grant in grants if grant is not None)

    def _grant(self, item: Node, report: Report) -> Grant | None:
        """A role with its trials and clients, or the bare name of a role for all of them."""
        if isinstance(item, TextNode):
            item = MapNode({"role": item}, {"role": item.line}, item.line)
        fields = fields_of(item, "a role", report)
        if fields is None:
            return None
        role = fields.choice("role", _ROLES, needed=True)
        trials = _scope(fields, "trials", self.trials, "trial")
        clients = _scope(fields, "clients", self.clients, "client")
        fields.close()
        return Grant(Role(role), trials, clients) if role else None


def _scope(fields: Fields, key: str, known: frozenset[str] | None, what: str) -> frozenset[str] | None:
    """The ids under a key; None, for all, where it is left out. Compared with those known, if given."""
    node = fields.get(key)
    if node is None:
        return None
    if isinstance(node, ListNode) and not node.items:
        fields.report.add(Mistake.EMPTY_TEXT, node.line, f"{key!r} is empty; leave it out to mean all")
    listed = fields.text_nodes(key)
    for one in listed:
        if known is not None and one.value not in known:
            hint = suggestion(one.value, sorted(known), f"known {what}s")
            fields.report.add(Mistake.UNKNOWN_DEFINITION, one.line, f"unknown {what} {one.value!r}{hint}")
    return frozenset(one.value for one in listed)


def _scopes(fields: Fields) -> tuple[str, ...]:
    scopes = fields.texts("scopes")
    if not scopes:
        return DEFAULT_SCOPES
    if _OPENID not in scopes:
        message = f"'scopes' must hold {_OPENID!r}: without it nobody says who signed in"
        fields.report.add(Mistake.MISSING_KEY, fields.line("scopes"), message)
    return scopes


def _networks(fields: Fields) -> tuple[Network, ...]:
    found = []
    for one in fields.text_nodes("networks"):
        try:
            found.append(values.network(one.value))
        except ValueError as fault:
            fields.report.add(Mistake.NOT_A_CHOICE, one.line, f"'networks' {fault}")
    return tuple(found)


def _client_id(fields: Fields) -> str:
    text = fields.need_text("client_id")
    if " " in text:
        message = "'client_id' must not hold blanks; write it as it is registered at the provider"
        fields.report.add(Mistake.NOT_AN_ID, fields.line("client_id"), message)
    return text
