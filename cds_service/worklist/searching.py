"""Finding a referral by its code, or by a name or identifier that only the FHIR server knows.

What is sought is asked of the FHIR servers that may be asked, and the ids that come back are matched as
pseudonyms. Nothing of it is kept or logged, and it stands in no address of ours. Whoever is found so was
looked at: that is audited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from cards.text import plain
from cds_service.audit.events import ListRecord, ViewRecord
from cds_service.clients.registered import Client
from cds_service.deployment import Deployment, Records
from cds_service.fhir.faults import FhirReadError
from cds_service.fhir.fetching import Access
from cds_service.fhir.search import encoded
from cds_service.fhir.transport import ByteBudget
from cds_service.referrals.identity import base_of, spellings
from cds_service.signing_in.staff import Account
from cds_service.storage.people import digests, patient
from cds_service.storage.records import Subject
from cds_service.storage.tables import pseudonym
from cds_service.storage.workflow_tables import trial_referral
from cds_service.worklist import words
from cds_service.worklist.listing import Row, rows_with
from cds_service.worklist.opening.reading import SECONDS, Reading
from cds_service.worklist.scope import Scope
from mappings.language import Language

SHORTEST, LONGEST = 2, 100
MOST_FOUND = 50
"""Letters of what is sought, and rows shown: interpretations."""

_PATIENTS_OF_A_SERVER = 40
_MOST_WORDS = 5
_PAGE = "worklist-search"
_CODE = re.compile(r"[0-9A-Za-z_-]{4,43}")
_DIGESTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody seeks, where they may see something, and when."""

    text: str = field(repr=False)
    account: Account
    scope: Scope
    now: datetime

    @property
    def plain(self) -> str:
        """On one line, without what nobody sees."""
        return plain(self.text, LONGEST + 1)


@dataclass(frozen=True, slots=True)
class Result:
    """``not_asked``: sites whose FHIR server could not be asked. ``cut``: there may be more.

    ``fault``: a message for why nothing was sought, and what stands in it.
    """

    rows: tuple[Row, ...] = ()
    not_asked: tuple[str, ...] = ()
    cut: bool = False
    fault: tuple[str, int] = ("", 0)

    def fault_in(self, language: Language) -> str:
        """The fault in words; "" if there is none."""
        text, count = self.fault
        return language.text(text).format(count=count) if text else ""


class _Named(NamedTuple):
    """The patients of a name or an identifier, by all pseudonyms that they may have here."""

    subjects: Mapping[str, Subject]
    not_asked: tuple[str, ...]
    cut: bool


class Search:
    """Searches of one deployment."""

    def __init__(self, deployment: Deployment, records: Records, reading: Reading) -> None:
        self._deployment, self._records, self._reading = deployment, records, reading

    def find(self, sought: Sought) -> Result:
        """The rows that may be seen, those changed last first."""
        text = sought.plain
        if len(text) < SHORTEST:
            return Result(fault=(words.SEARCH_TOO_SHORT, SHORTEST))
        if len(text) > LONGEST:
            return Result(fault=(words.SEARCH_TOO_LONG, LONGEST))
        by_code = self._by_code(text, sought.scope)
        named = self._named(text, sought.scope)
        by_name = self._referred(named.subjects, sought)
        rows = {row.id: row for row in (*by_code, *by_name)}
        cut = named.cut or len(rows) > MOST_FOUND
        self._records.trail.listed(ListRecord(sought.now, "search", sought.account.id, len(rows)))
        return Result(tuple(rows.values())[:MOST_FOUND], named.not_asked, cut)

    def _by_code(self, text: str, scope: Scope) -> tuple[Row, ...]:
        if not _CODE.fullmatch(text):
            return ()
        which = trial_referral.c.id.startswith(text.lower(), autoescape=True)
        with self._records.database.autocommit() as connection:
            return rows_with(connection, scope, which, MOST_FOUND)

    # --- by name

    def _named(self, text: str, scope: Scope) -> _Named:
        """Asks every server of the sites in reach, each with its share of the time."""
        sites = [client for client in self._deployment.clients if _in_reach(client, scope)]
        servers = [(client, server.base.url) for client in sites for server in client.fhir_servers]
        until = monotonic() + SECONDS
        subjects: dict[str, Subject] = {}
        not_asked, cut = [], False
        for number, (client, base) in enumerate(servers):
            share = (until - monotonic()) / (len(servers) - number)
            access, _ = self._reading.access(client.id, base)
            try:
                ids = [] if access is None else self._ids(access, text, monotonic() + share)
            except FhirReadError:
                access, ids = None, []
            if access is None:
                not_asked.append(client.id)
            cut = cut or len(ids) >= _PATIENTS_OF_A_SERVER
            for subject in self._subjects(client, base, ids):
                for spelt in spellings(subject, base_of(client)):
                    subjects |= dict.fromkeys(digests(self._deployment.ring, patient(spelt)), spelt)
        return _Named(subjects, tuple(dict.fromkeys(not_asked)), cut)

    def _ids(self, access: Access, text: str, until: float) -> list[str]:
        """The ids of patients with this name or this identifier; FhirReadError if neither could be asked."""
        fetcher = self._reading.fetcher
        reader = fetcher.reader(access, until, ByteBudget(fetcher.bytes_limit))
        ids: dict[str, None] = {}
        for which in _parameters(text):
            asked = (*which, ("_count", str(_PATIENTS_OF_A_SERVER)), ("_elements", "id"))
            ids |= dict.fromkeys(_patient_ids(reader.read(f"Patient?{encoded(asked)}")))
        return list(ids)[: 2 * _PATIENTS_OF_A_SERVER]

    def _subjects(self, client: Client, base: str, ids: list[str]) -> Iterator[Subject]:
        """A patient as each tenant of the client names it."""
        if not ids:
            return
        tenant = trial_referral.c.tenant
        with self._records.database.autocommit() as connection:
            used = connection.execute(select(tenant).where(trial_referral.c.client == client.id).distinct())
            tenants = {*client.tenants, *used.scalars()}
        for one, ident in product(sorted(tenants), ids):
            yield Subject(client.id, one, base, ident)

    def _referred(self, subjects: Mapping[str, Subject], sought: Sought) -> tuple[Row, ...]:
        """The rows of these patients; each is audited as a view."""
        if not subjects:
            return ()
        found: dict[str, tuple[Row, Subject]] = {}
        names = list(subjects)
        with self._records.database.autocommit() as connection:
            for start in range(0, len(names), _DIGESTS_AT_ONCE):
                for row, digest in _rows_of(
                    connection, sought.scope, names[start : start + _DIGESTS_AT_ONCE]
                ):
                    found[row.id] = (row, subjects[digest])
        some = list(found.values())[: MOST_FOUND + 1]
        staff = sought.account.id
        for row, subject in some[:MOST_FOUND]:
            view = ViewRecord(sought.now, subject.client, subject.tenant, row.trial, staff, subject, _PAGE)
            self._records.trail.view(view)
        return tuple(row for row, _ in some)


def _parameters(text: str) -> Iterator[list[tuple[str, str]]]:
    """As an identifier if it has a digit; as a name, of which each word must be found."""
    if any(letter.isdigit() for letter in text):
        yield [("identifier", re.sub(r"([\\,$])", r"\\\1", text))]
    names = [word for word in re.split(r"[\s,]+", text) if word and not word.isdigit()]
    if names:
        yield [("name", re.sub(r"([\\$|])", r"\\\1", word)) for word in names[:_MOST_WORDS]]


def _in_reach(client: Client, scope: Scope) -> bool:
    """Whether anything of a site may be seen, and its server may be asked."""
    sites = [part for part in scope.parts if part.sites is None or client.id in part.sites]
    return bool(sites) and client.backend is not None


def _rows_of(connection: Connection, scope: Scope, names: list[str]) -> Iterator[tuple[Row, str]]:
    people = connection.execute(
        select(trial_referral.c.id, pseudonym.c.digest)
        .join(pseudonym, pseudonym.c.id == trial_referral.c.patient_id)
        .where(pseudonym.c.digest.in_(names))
    )
    digest_of = {row.id: row.digest for row in people}
    if digest_of:
        for row in rows_with(connection, scope, trial_referral.c.id.in_(digest_of), MOST_FOUND + 1):
            yield row, digest_of[row.id]


def _patient_ids(page: Any) -> Iterator[str]:
    entries = page.get("entry") if isinstance(page, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            ident = resource.get("id")
            if isinstance(ident, str):
                yield ident
