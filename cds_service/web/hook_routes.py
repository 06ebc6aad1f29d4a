"""The paths of CDS Hooks: discovery, services and feedback."""

from __future__ import annotations

from time import perf_counter

from flask import Blueprint, Response, g, request

from cds_service.answering.flow import Answer
from cds_service.answering.measuring import count_answer, count_feedback
from cds_service.answering.offers import ClientOffers
from cds_service.answering.recording import record_of
from cds_service.audit.events import FeedbackRecord
from cds_service.clients.caller import Caller
from cds_service.clients.registered import Abilities
from cds_service.clock import now_utc
from cds_service.deployment import Deployment, Records
from cds_service.feedback.reading import ReadFeedback, read_feedback
from cds_service.hooks.call import HookCall, read_call
from cds_service.hooks.specs import BY_SERVICE, HookSpec
from cds_service.observing.stages import stage
from cds_service.web.around import json_response
from cds_service.web.body import parse_object, read_bytes, read_object
from cds_service.web.callers import Callers
from cds_service.web.discovery import document_for
from cds_service.web.languages import language_for, spoken_in
from cds_service.web.problems import NO_SUCH_SERVICE, RefusalError
from mappings.language import Language


def hook_routes(deployment: Deployment, callers: Callers) -> Blueprint:
    """The paths, for the clients of a deployment."""
    routes = Blueprint("hooks", __name__)
    hooks = _Hooks(deployment, callers)
    routes.get("/cds-services", strict_slashes=False)(hooks.discovery)
    routes.post("/cds-services/<service_id>", strict_slashes=False)(hooks.service)
    routes.post("/cds-services/<service_id>/feedback", strict_slashes=False)(hooks.feedback)
    return routes


class _Hooks:
    def __init__(self, deployment: Deployment, callers: Callers) -> None:
        self._deployment, self._callers = deployment, callers
        self._max_body = deployment.settings.max_body

    def discovery(self) -> Response:
        """What this client is offered; what everybody may know, for a caller without a token."""
        g.facts["service"] = "discovery"
        caller = self._callers.of_discovery()
        language = language_for(caller.client if caller else None, request.accept_languages)
        if caller is None:
            return document_for(self._deployment.everybodys_needs, Abilities(), language).answer(request)
        needs, abilities = self._offers(caller).needs, caller.client.abilities
        return document_for(needs, abilities, language).answer(request)

    def service(self, service_id: str) -> Response:
        """One hook call."""
        spec = _spec(service_id)
        with stage("authenticate"):
            caller = self._callers.of_service(spec.service_id)
        raw = read_bytes(request, self._max_body)
        language = language_for(caller.client, request.accept_languages)
        with self._deployment.answering.turns.one():
            call, answer, failure = self._computed(spec, caller, raw, language)
        if failure is not None:
            # It brought a chart all the same: it stands in the audit trail.
            self._record(caller, call, None, failure.status if isinstance(failure, RefusalError) else 500)
            raise failure
        g.facts.update(answer.counts)
        count_answer(caller, answer)
        self._record(caller, call, answer, 200)
        return spoken_in(json_response({"cards": answer.cards}), language)

    def _computed(
        self, spec: HookSpec, caller: Caller, raw: bytes, language: Language
    ) -> tuple[HookCall, Answer, Exception | None]:
        """The call without its chart, and its answer or why there is none. The chart is let go of in here."""
        with stage("read"):
            may_be_missing = caller.client.abilities.context_may_be_missing
            call = read_call(parse_object(raw), spec.hook, context_may_be_missing=may_be_missing)
        g.facts["hookInstance"] = call.hook_instance
        try:
            answer = self._deployment.answering.answer(caller, self._offers(caller), call, language)
        except Exception as failure:  # noqa: BLE001 -- raised again once it is recorded
            return call.without_chart(), Answer([], {}), failure
        return call.without_chart(), answer, None

    def feedback(self, service_id: str) -> Response:
        """What became of cards: 200 with nothing to say, once it is kept."""
        spec = _spec(service_id)
        caller = self._callers.of_service(spec.service_id, feedback=True)
        read = read_feedback(read_object(request, self._max_body))
        g.facts["dropped"] = read.dropped
        records = self._deployment.records
        if records is not None:
            keep_feedback(records, caller, spec, read)
        count_feedback(caller, read)
        return Response(status=200)

    def _offers(self, caller: Caller) -> ClientOffers:
        return self._deployment.offers[caller.client.id]

    def _record(self, caller: Caller, call: HookCall, answer: Answer | None, status: int) -> None:
        """On disk before the cards go out, if that does not take longer than a set time."""
        records = self._deployment.records
        if records is None or not call.patient_id:
            return
        with stage("record"):
            milliseconds = (perf_counter() - g.started) * 1000
            records.trail.call(record_of(caller, call, answer, status, milliseconds))


def _spec(service_id: str) -> HookSpec:
    spec = BY_SERVICE.get(service_id)
    if spec is None:
        raise RefusalError(NO_SUCH_SERVICE)
    g.facts["service"] = spec.service_id
    return spec


def keep_feedback(records: Records, caller: Caller, spec: HookSpec, read: ReadFeedback) -> None:
    """Keeps feedback and says so in the audit trail. StorageAwayError if the database is away."""
    client, tenant = caller.client.id, caller.tenant
    counts = records.store.add_feedback(client, tenant, read.items, "", now_utc())
    g.facts.update(kept=counts.kept, repeated=counts.repeated, unknown=counts.unknown)
    records.trail.feedback(
        FeedbackRecord(
            at=now_utc(),
            client=client,
            tenant=tenant,
            service=spec.service_id,
            status=200,
            milliseconds=(perf_counter() - g.started) * 1000,
            items=read.items,
            kept=counts.kept,
            repeated=counts.repeated,
            unknown=counts.unknown,
        )
    )
