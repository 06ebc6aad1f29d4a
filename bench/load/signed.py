"""What a signed and recorded call costs: the same call with ES384, SQLite and audit trail, and without."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from bench.charts import candidate
from bench.hook_call import load, servers
from bench.hook_call.hook_calls import A_CARD, PATH
from bench.hook_call.hook_request import prefetched, queries_of
from bench.hook_call.load import Target
from bench.load.registration import Registration
from bench.results import Part, Row, prose
from bench.timing import ratios, spread
from mappings.trial_definition import Catalog

PLAIN, SIGNED = "demo mode, nothing kept", "ES384, policy and recording"
LEAST = 0.7
_ROUNDS = 5

_METHOD = prose(
    f"""
    Both are the service under gunicorn, one gthread worker with 4 threads; one in demo mode, the other
    with a registered client: each call has a token of its own (ES384), `jti` is remembered, the policy
    is asked, what was shown and the audit event are written to SQLite (`synchronous` FULL for the
    audit) before the answer goes out. {load.CONNECTIONS} connections as above, {_ROUNDS} rounds in
    turns. Tokens are signed before the round.
    """
)


def signed_and_recorded(catalog: Catalog, today: date) -> Part:
    """Requests a second, signed and recorded, against the same call without."""
    body = prefetched(candidate(300, today), queries_of(catalog))
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="trialhook-bench-")))
        port = servers.free_port()
        registration = Registration(folder, f"http://localhost:{port}", "http://127.0.0.1:9/fhir")
        settings = registration.environment(TRIALHOOK_STATE_DIR=str(folder / "state"), WEB_CONCURRENCY="1")
        running.enter_context(servers.serving("signed", port, settings))
        targets = {
            PLAIN: Target(running.enter_context(servers.service()), PATH, A_CARD),
            SIGNED: Target(port, PATH, A_CARD, lambda: registration.token(PATH)),
        }
        file = servers.BUILD / "bench-signed-call.json"
        file.write_bytes(body)
        measured = load.in_turn(targets, file, _ROUNDS)
    ours, plain = measured[SIGNED].rates, measured[PLAIN].rates
    ratio = ratios(ours, plain)
    row = Row(
        f"300 Observations, {len(body) / 1000:.0f} kB",
        f"{SIGNED}: {spread(ours).shown(0)} requests/s",
        f"{PLAIN}: {spread(plain).shown(0)} requests/s",
        ratio.shown(),
        f"at least {LEAST:g}",
        ratio.median >= LEAST,
    )
    return Part("A signed and recorded call", _METHOD, [row])
