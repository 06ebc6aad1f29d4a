"""The audit trail of one service: every call, feedback, refusal and view, on disk before it is answered.

Append-only: nothing here changes or deletes an event. ``rows.purge_audit`` deletes those past retention.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from cds_service.audit.events import (
    AuditEvent,
    FeedbackRecord,
    ListRecord,
    Refusals,
    SignInRecord,
    ViewRecord,
    call_event,
    feedback_event,
    list_event,
    referral_event,
    refused_event,
    sign_in_event,
    view_event,
)
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.refusals import RefusedCalls
from cds_service.audit.rows import Durable
from cds_service.audit.shown_records import Record
from cds_service.audit.tally import Tally
from cds_service.audit.writer import AuditWriter, Limits
from cds_service.failures import describe
from cds_service.referrals.records import ReferralRecord
from cds_service.storage.records import CallRecord

_LOG = logging.getLogger("trialhook.audit")


def _now() -> datetime:
    return datetime.now(UTC)


class Trail:
    """Each method returns when its event is on disk, and never raises.

    It takes at most ``wait`` seconds and a moment: if neither the database nor the spool in ``spool_dir`` has
    the event by then, it is still being written, and counted as ``late``. ``record_shown`` is that of the
    ``Store``; ``report`` is told how often each of ``tally.WORDS`` happened.
    """

    def __init__(  # noqa: PLR0913 -- all but four have defaults
        self,
        database: Durable,
        ring: KeyRing,
        spool_dir: Path,
        wait: float,
        *,
        record_shown: Record = lambda _records: None,
        report: Callable[[str, int], None] | None = None,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._ring, self._clock = ring, clock
        self.tally = Tally(report)
        self._refused = RefusedCalls()
        self._writer = AuditWriter(
            database, spool_dir, wait, self.tally, record_shown=record_shown, also=self._ended, limits=limits
        )
        _TRAILS.add(self)

    def call(self, record: CallRecord) -> None:
        """An answered hook call; then, in its own time, what was shown."""
        self._keep(lambda: call_event(record, self._ring), record)

    def feedback(self, record: FeedbackRecord) -> None:
        """Feedback that was received."""
        self._keep(lambda: feedback_event(record, self._ring))

    def view(self, record: ViewRecord) -> None:
        """A patient that someone of the study staff looked at."""
        self._keep(lambda: view_event(record, self._ring))

    def listed(self, record: ListRecord) -> None:
        """An export or a search of the list of referrals."""
        self._keep(lambda: list_event(record, self._ring))

    def sign_in(self, record: SignInRecord) -> None:
        """Someone of the study staff came in or went out."""
        self._keep(lambda: sign_in_event(record, self._ring))

    def referral(self, record: ReferralRecord) -> None:
        """A referral that was opened or moved, or a note on one."""
        self._keep(lambda: referral_event(record, self._ring))

    def refused(self, cause: str, status: int, client: str = "") -> None:
        """A call that was refused (401, 429). Of many in a minute only the first few wait to be written."""
        now = self._clock()
        if self._refused.is_written(cause, status, client, now):
            self._keep(lambda: refused_event(now, Refusals(cause, status, client, 1, now)))

    def close(self) -> None:
        """Writes what waits. An event that comes later is kept all the same."""
        self._writer.close(last=[refused_event(self._clock(), more) for more in self._refused.more(None)])
        self.tally.flush()

    def after_fork(self) -> None:
        """In a child process: what was counted and what waits is its parent's."""
        self._refused = RefusedCalls()
        self.tally.after_fork()
        self._writer.after_fork()

    def _ended(self) -> Iterable[AuditEvent]:
        """How many more calls were refused, of the minutes that are over."""
        now = self._clock()
        return [refused_event(now, more) for more in self._refused.more(now)]

    def _keep(self, event: Callable[[], AuditEvent], shown: CallRecord | None = None) -> None:
        try:
            self._writer.keep(event(), shown)
        except Exception as error:  # noqa: BLE001 -- an answer does not fail because of its record
            _LOG.error("an audit event could not be made: %s", describe(error))
            self.tally("lost")


_TRAILS: WeakSet[Trail] = WeakSet()


def _all_after_fork() -> None:
    for trail in list(_TRAILS):
        trail.after_fork()


def _close_all() -> None:
    for trail in list(_TRAILS):
        trail.close()


os.register_at_fork(after_in_child=_all_after_fork)
atexit.register(_close_all)
