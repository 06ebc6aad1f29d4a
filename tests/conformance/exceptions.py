"""Rows of the page without a test, each with its reason and what is done instead."""

from __future__ import annotations

EXCEPTIONS: dict[str, str] = {
    "D3": "The five services are always listed: which trials a client is offered is no part of their "
    "address. One with no trial to offer asks for the Patient alone and answers `cards: []` (S2, P10).",
    "D12": "Not done: each hook has a service id of its own, because the public sandbox keeps services by "
    "URL and shows only the last of two with one id.",
    "D13": "A permission. Which statuses there are, and when, is S7.",
    "D15": "Explains why discovery and services share one base URL; they do (D6).",
    "D16": "A permission that is not used: no service entry has an `extension` (12.object).",
    "4.other-hooks": "Not offered: encounter-discharge, order-dispatch, problem-list-item-create, "
    "allergyintolerance-create, medication-refill, medication-verify, and the deprecated hooks. Discovery "
    "lists none of them (D4), and a call of one is a 404.",
    "4.custom-hooks": "No hook of our own is defined, so there is no name to form.",
    "A4": "Binds the client, which should revoke its token after the answer. The token is held by the call "
    "alone and is gone with it (A3); all reading ends at the deadline (X3).",
    "A6": "Binds the client, which registers us at its authorization server. Which scopes are needed is in "
    "docs/operate.md, Register an EHR; a scope that lacks is a gap on the card (A5).",
    "S3": "A permission that is not used: no system actions (Y3).",
    "S5": "A permission. Which statuses there are, and when, is S7.",
    "C10": "A permission that is not used: no card has an `extension` (12.object).",
    "SO3": "No icon is sent. `Source` in cards/cds_hooks.py refuses an address that is not absolute; the "
    "size of an image would be checked when there is one.",
    "AC6": "Only for a client of 1.0 to which something is to be deleted; we delete nothing (14.6).",
    "Y1": "Explains system actions; we send none (Y3).",
    "Y2": "When system actions are fitting; we send none (Y3).",
    "Y4": "Where system actions once were; none are sent there either (Y3).",
    "FB7": "About cards that are ignored: no client reports them. Nothing is concluded from silence but by "
    "the daily budget (docs/fatigue.md).",
    "FB11": "Not specified yet: there is no feedback on system actions, and we send none (Y3).",
    "J14": "Mutual TLS is the proxy's to ask for; it cannot be seen here. Tokens are required with and "
    "without it (J1).",
    "T1": "TLS is the proxy's: no test here can see it. The service does not start with registered clients "
    "unless `TRIALHOOK_PUBLIC_URL` is https (tests/service/test_settings.py), sends "
    "`Strict-Transport-Security` (tests/web/test_security_headers.py), and docs/operate.md says that "
    "nothing but the proxy may reach it.",
    "T2": "The lowest version of TLS is the proxy's setting: docs/operate.md asks for 1.2. For our own "
    "calls it is 1.2 as well (tests/outbound/test_tls.py).",
    "X2": "Of Da Vinci CRD only: 5 or 10 s for nine calls of ten. X1 asks for more, X3 for an end in every "
    "case, and bench/RESULTS.md has the measurements.",
    "X6": "Binds the client, which should remove earlier cards. Each answer stands alone (X4, C1).",
    "SEC1": "An agreement between those who run the service and the hospital. docs/threat-model.md is what "
    "we bring to it; the steps that a program can take are the rest of this section.",
}
