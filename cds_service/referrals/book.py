"""The referrals of a service: opened once, moved by whoever may, each change in their history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals import changes, rows
from cds_service.referrals.changing import (
    Step,
    check,
    check_place,
    finish,
    moved_in,
    open_in,
    told,
)
from cds_service.referrals.identity import resolved
from cds_service.referrals.learning import Limits, learned_in
from cds_service.referrals.reassessing import Reading, reading_of, reassess_in
from cds_service.referrals.records import (
    SERVICE,
    ConflictError,
    Event,
    EventKind,
    Happened,
    Learned,
    NotFoundError,
    Opening,
    Referral,
    ReferralRecord,
    Remote,
    ResourceKind,
    Terms,
    Who,
)
from cds_service.referrals.rows import Row
from cds_service.referrals.states import LEFT, State
from cds_service.storage.database import Database
from cds_service.storage.people import find, patient, rows_for, written_again
from cds_service.storage.records import Subject
from cds_service.storage.workflow_tables import trial_referral
from mappings.results import Assessment

NO_TERMS = Terms()


def _no_places(_trial: str) -> int | None:
    return None


def _nobody(_record: ReferralRecord) -> None:
    return None
