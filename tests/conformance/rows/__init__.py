"""All requirements with a test, by their ids."""

from __future__ import annotations

from tests.conformance.requirement import Requirement
from tests.conformance.rows.answering import actions, cards, envelope, json_rules, links, trials
from tests.conformance.rows.asking import contexts, discovery, requests, templates
from tests.conformance.rows.data import fhir_access, prefetch
from tests.conformance.rows.operating import feedback, keys, privacy, safety, speed, tokens, transport

_MODULES = (
    *(discovery, templates, requests, contexts),
    *(prefetch, fhir_access),
    *(json_rules, envelope, cards, actions, links, trials),
    *(feedback, tokens, keys, transport, speed, privacy, safety),
)

ALL: tuple[Requirement, ...] = tuple(one for module in _MODULES for one in module.ROWS)
BY_ID = {one.id: one for one in ALL}
