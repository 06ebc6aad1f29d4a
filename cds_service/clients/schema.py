"""The schema of clients.yaml. Every scalar comes as text: ``values.py`` reads, ``in_words.py`` tells faults.

Keys are checked in the order of the members, so a check may look at the members above its own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    field_validator,
    model_validator,
)
from pydantic_core.core_schema import ValidationInfo

from cds_service.clients import values
from cds_service.clients.registered import FROM_REQUEST, Abilities, Client, Network, ReferralTerms
from cds_service.fatigue.policy import Policy
from cds_service.fhir.allow_list import FhirBase
from mappings.language import LANGUAGES

LONGEST_TOKEN_LIFETIME = 3600

Text = Annotated[str, PlainValidator(values.text)]
Word = Annotated[str, PlainValidator(values.word)]
Identifier = Annotated[str, PlainValidator(values.identifier)]
SiteName = Annotated[str, PlainValidator(values.site_name)]
Flag = Annotated[bool, PlainValidator(values.yes_or_no)]
Networks = Annotated[
    tuple[Annotated[Network, PlainValidator(values.network)], ...], AfterValidator(values.each_once)
]
Words = Annotated[tuple[Word, ...], AfterValidator(values.each_once)]
Days = Annotated[int, PlainValidator(values.whole_number(0, 3650))]

_ABILITIES, _CLIENT, _POLICY, _REFERRAL = Abilities(), Client(""), Policy(), ReferralTerms()


class Entry(BaseModel):
    """A mapping of clients.yaml. A key that is not a member is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeysEntry(Entry):
    """Where a client's public keys are. With keys given here, ``jwks_url`` is what tokens name as ``jku``."""

    jwks_url: Annotated[str, PlainValidator(values.keys_url)] = ""
    networks: Networks = ()
    jwks: dict[str, Any] | None = None
    jwks_file: Text = ""
    ca_file: Text = ""

    @field_validator("networks")
    @classmethod
    def _are_of_a_url(cls, networks: tuple[Network, ...], info: ValidationInfo) -> tuple[Network, ...]:
        if not info.data.get("jwks_url", "?"):
            raise ValueError("are those of jwks_url, which is not there; take them out")
        return networks

    @model_validator(mode="after")
    def _has_one_source(self) -> KeysEntry:
        if self.jwks is not None and self.jwks_file:
            raise ValueError("has jwks and jwks_file; keep one of them")
        if self.jwks is None and not (self.jwks_file or self.jwks_url):
            raise ValueError("names no keys; give jwks_url, jwks_file or jwks")
        return self


class FhirServerEntry(Entry):
    """A FHIR server that may be called for the client."""

    insecure_http: Flag = False
    networks: Networks = ()
    ca_file: Text = ""
    base: Annotated[FhirBase, PlainValidator(values.base_url)]

    @field_validator("base")
    @classmethod
    def _is_encrypted(cls, base: FhirBase, info: ValidationInfo) -> FhirBase:
        if base.scheme == "http" and info.data.get("insecure_http") is False:
            raise ValueError(
                "is http, over which anybody on the way can read; use https, or write insecure_http: yes"
            )
        if base.scheme == "https" and info.data.get("insecure_http") is True:
            raise ValueError("is https already; take insecure_http out")
        return base


class PolicyEntry(Entry):
    """A fatigue policy; what is not said is as in ``fatigue.policy.Policy``."""

    declined_days: Days = _POLICY.declined_days
    not_now_days: Days = _POLICY.not_now_days
    other_study_days: Days = _POLICY.other_study_days
    patients_per_user_and_day: Annotated[int, PlainValidator(values.whole_number(1, 1000))] = (
        _POLICY.patients_per_user_and_day
    )
    cards_per_response: Annotated[int, PlainValidator(values.whole_number(1, 10))] = (
        _POLICY.cards_per_response
    )
    back_off_days: Annotated[int, PlainValidator(values.whole_number(1, 3650))] = _POLICY.back_off_days
    back_off_after: Annotated[int, PlainValidator(values.whole_number(1, 10_000))] = _POLICY.back_off_after
    back_off_rate: Annotated[float, PlainValidator(values.share)] = _POLICY.back_off_rate
    backed_off_patients: Annotated[int, PlainValidator(values.whole_number(0, 1000))] = (
        _POLICY.backed_off_patients
    )

    @field_validator("backed_off_patients")
    @classmethod
    def _is_fewer(cls, patients: int, info: ValidationInfo) -> int:
        most = info.data.get("patients_per_user_and_day", patients)
        if patients > most:
            raise ValueError(f"is more than patients_per_user_and_day, {most}; make it fewer")
        return patients


class TrialEntry(Entry):
    """A trial that the client is offered. The bare id of a trial stands for an entry with nothing but it."""

    id: Identifier
    contact: Text = ""
    silent: Flag = False
    policy: PolicyEntry = PolicyEntry()


class AbilitiesEntry(Entry):
    """What the client can do with an answer."""

    cds_hooks: Annotated[Literal["1.0", "2.0", "3.0"], PlainValidator(values.one_of("1.0", "2.0", "3.0"))] = (
        _ABILITIES.cds_hooks
    )
    suggestions: Flag = _ABILITIES.suggestions
    action_types: Annotated[
        tuple[Annotated[str, PlainValidator(values.one_of("create", "update", "delete"))], ...],
        AfterValidator(values.each_once),
    ] = tuple(sorted(_ABILITIES.action_types))
    smart_links: Flag = _ABILITIES.smart_links
    prefetch: Annotated[
        Literal["codes", "categories", "none"], PlainValidator(values.one_of("codes", "categories", "none"))
    ] = _ABILITIES.prefetch
    fhirpath_prefetch: Flag = _ABILITIES.fhirpath_prefetch
    action_selection: Flag = _ABILITIES.action_selection
    context_may_be_missing: Flag = _ABILITIES.context_may_be_missing

    @field_validator("fhirpath_prefetch", "action_selection")
    @classmethod
    def _is_of_3_0(cls, wanted: bool, info: ValidationInfo) -> bool:
        if wanted and info.data.get("cds_hooks", "3.0") != "3.0":
            raise ValueError("is of CDS Hooks 3.0; write cds_hooks: 3.0 if the client speaks it")
        return wanted


class SmartEntry(Entry):
    """The worksheet as a SMART app of the client's EHR."""

    client_id: Word
    client_secret_file: Text = ""
    signs: Flag = False
    scopes: Words = ()

    @field_validator("signs")
    @classmethod
    def _has_one_proof(cls, signs: bool, info: ValidationInfo) -> bool:
        if signs and info.data.get("client_secret_file"):
            raise ValueError("is one proof and client_secret_file another; keep the one that is registered")
        return signs


class BackendEntry(Entry):
    """This service at the client's authorization server (SMART Backend Services)."""

    client_id: Word
    token_url: Annotated[str, PlainValidator(values.keys_url)] = ""
    scopes: Words = ()


class ReferralEntry(Entry):
    """What of a referral the client's FHIR server keeps."""

    request: Annotated[
        Literal["draft", "active", "none"], PlainValidator(values.one_of("draft", "active", "none"))
    ] = _REFERRAL.request
    task: Flag = _REFERRAL.task
    research_subject: Flag = _REFERRAL.research_subject
    poll_seconds: Annotated[int, PlainValidator(values.whole_number(0, 86_400))] = _REFERRAL.poll_seconds
    subscription: Flag = _REFERRAL.subscription


def _id_alone(item: object) -> object:
    return {"id": item} if isinstance(item, str) else item


class ClientEntry(Entry):
    """One client."""

    id: Identifier
    issuer: Word
    keys: KeysEntry
    algorithms: Annotated[
        tuple[Annotated[str, PlainValidator(values.algorithm)], ...],
        AfterValidator(values.each_once),
    ] = _CLIENT.algorithms
    audiences: Words = ()
    tenants: Words = ()
    fhir_servers: tuple[FhirServerEntry, ...] = ()
    origins: Annotated[
        tuple[Annotated[str, PlainValidator(values.origin)], ...], AfterValidator(values.each_once)
    ] = ()
    time_zone: Annotated[str, PlainValidator(values.time_zone)] = ""
    language: Annotated[str, PlainValidator(values.one_of(FROM_REQUEST, *LANGUAGES))] = _CLIENT.language
    trials: tuple[Annotated[TrialEntry, BeforeValidator(_id_alone)], ...] | None = None
    abilities: AbilitiesEntry = AbilitiesEntry()
    site: SiteName = ""
    calls_per_minute: Annotated[int, PlainValidator(values.whole_number(1, 1_000_000))] | None = None
    token_lifetime: Annotated[int, PlainValidator(values.whole_number(1, LONGEST_TOKEN_LIFETIME))] = (
        _CLIENT.token_lifetime
    )
    smart: SmartEntry | None = None
    backend: BackendEntry | None = None
    referral: ReferralEntry = ReferralEntry()


MODELS: dict[str, type[Entry]] = {
    "": ClientEntry,
    "keys": KeysEntry,
    "fhir_servers": FhirServerEntry,
    "trials": TrialEntry,
    "policy": PolicyEntry,
    "abilities": AbilitiesEntry,
    "smart": SmartEntry,
    "backend": BackendEntry,
    "referral": ReferralEntry,
}
"""The model under each key that holds mappings."""
