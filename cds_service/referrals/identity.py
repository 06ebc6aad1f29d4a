"""Which patient a referral is about, and what ties its FHIR resources together."""

from __future__ import annotations

from cards.service_requests import REFERRAL_SYSTEM
from cds_service.audit.key_ring import KeyRing
from cds_service.clients.registered import Client
from cds_service.referrals.records import KINDS, Terms
from cds_service.storage.records import Subject

__all__ = [
    "REFERRAL_SYSTEM",
    "base_of",
    "identifier_of",
    "identifiers_of",
    "resolved",
    "spellings",
    "terms_of",
]

_KIND = "referral"


def resolved(subject: Subject, base: str) -> Subject:
    """The patient with the FHIR base of the client put in where a call named none.

    So that a card that came with everything prefetched and a worksheet that was launched from a server speak
    of one patient. ``base`` is "" where the client has several servers: then nobody can say.
    """
    return subject if subject.fhir_base or not base else subject._replace(fhir_base=base)


def identifier_of(ring: KeyRing, subject: Subject, trial: str) -> str:
    """The value under which every resource of this referral is found, under the current key. It tells nothing
    of the patient to who has not the keys. Of a ``resolved`` subject.
    """
    return ring.pseudonym(_KIND, *subject, trial).digest


def identifiers_of(ring: KeyRing, subject: Subject, trial: str) -> tuple[str, ...]:
    """The same under every key: a draft on a chart may be older than the current one."""
    return tuple(one.digest for one in ring.pseudonyms(_KIND, *subject, trial))


def spellings(subject: Subject, base: str) -> tuple[Subject, ...]:
    """All ways in which calls and pages may name the patient."""
    with_base = resolved(subject, base)
    if not base or with_base.fhir_base != base:
        return (subject,)
    return (with_base, subject._replace(fhir_base=""))


def base_of(client: Client) -> str:
    """The base of the client's FHIR server, if it has but one; else "": then nobody can say which."""
    bases = {server.base.url for server in client.fhir_servers}
    return bases.pop() if len(bases) == 1 else ""


def terms_of(client: Client) -> Terms:
    """What of a referral is to be written for a client: nothing where it is given no backend access."""
    base = base_of(client)
    if client.backend is None:
        return Terms((), base)
    wanted = (client.referral.request != "none", client.referral.task, client.referral.research_subject)
    return Terms(tuple(kind for kind, wants in zip(KINDS, wanted, strict=True) if wants), base)
