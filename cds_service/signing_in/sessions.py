"""Sessions of browsers. The cookie holds a random id; the database its digest, and all else encrypted.

A browser that only looks around has a cookie at most, and no row: what its forms are checked by is derived
from the id. A row is made when somebody signs in or a worksheet is opened, always under a new id.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

from flask import current_app, g, request
from sqlalchemy import Connection, delete, insert, select, update

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.clock import now_utc
from cds_service.signing_in.session_content import (
    Content,
    OpenWorksheet,
    Session,
    SignedIn,
    WorksheetAccess,
    from_bytes,
    to_bytes,
)
from cds_service.signing_in.staff import Account, Identity, Staff
from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import web_session

__all__ = ["Session", "Sessions", "WorksheetAccess", "current_sessions"]

EXTENSION = "trialhook-sessions"

# All of these are ours, after what NIST SP 800-63B and OWASP hold usual where health data are shown.
STAFF_IDLE = timedelta(minutes=30)
WORKSHEET_IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)

_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_CLEANED_EVERY = 64


class _Browser:
    """The browser of one request: the id that it sent or is to be given, and what is known under it."""

    __slots__ = ("content", "id", "left", "looked_up", "to_be_set", "used")

    def __init__(self, ident: str | None, *, left: bool = False) -> None:
        self.to_be_set = ident is None
        self.used = False
        self.left = left
        self.id = ident or secrets.token_urlsafe(32)
        self.looked_up = ident is None
        self.content: Content | None = None


class Sessions:
    """The sessions of one service. Methods belong to the request that is being answered.

    All but ``loaded_account`` raise ``StorageAwayError`` while the database is away. ``staff`` None: nobody
    can sign in.
    """

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        staff: Staff | None,
        *,
        https: bool,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self.staff = staff
        self.https = https
        self.clock = clock
        self._database, self._ring = database, ring
        self._secret = ring.secret("pages")
        self._written = count(1)

    @property
    def cookie_name(self) -> str:
        """With https one that no other host and no page over http can set."""
        return "__Host-trialhook" if self.https else "trialhook"

    @property
    def is_demo(self) -> bool:
        """Whether anybody on this machine may sign in as anybody."""
        return self.staff is not None and self.staff.provider is None

    # --- reading

    def current(self) -> Session:
        """The session of this request."""
        content = self._content()
        if content is None:
            return Session()
        worksheets = {one.access.id: one.access for one in content.worksheets}
        return Session(self._account(content), worksheets)

    def loaded_account(self) -> Account | None:
        """Who is signed in, as far as this request has looked already: for pages that tell of a failure."""
        content = self._browser().content
        return self._account(content) if content else None

    def worksheet(self, ident: str) -> WorksheetAccess | None:
        """The worksheet of this id, if this browser may open it."""
        return self.current().worksheets.get(ident)

    def worksheet_anew(self, ident: str) -> WorksheetAccess | None:
        """The same, read once more: another request of this browser may have renewed or closed it."""
        self._browser().looked_up = False
        return self.worksheet(ident)

    def binding(self) -> str:
        """Stands for this browser: put it into what it begins (a sign-in, a launch), compare it at the end.

        It stays the same when the session gets another id.
        """
        content = self._content()
        return content.browser if content else self._derived("browser")

    def is_bound_to(self, binding: object) -> bool:
        """Whether something was begun by this browser."""
        return isinstance(binding, str) and hmac.compare_digest(self.binding().encode(), binding.encode())

    def form_secret(self) -> str:
        """What the tokens in this browser's forms are made of."""
        content = self._content()
        return content.csrf if content else self._derived("form")

    # --- changing

    def sign_in(self, identity: Identity) -> Account | None:
        """Signs somebody in under a new id, and says who that is; None, and nothing, without any grant.

        Worksheets that were opened before by nobody in particular stay open.
        """
        account = self.staff.account_of(identity) if self.staff else None
        if account is None:
            return None
        until = (self.clock() + LONGEST).timestamp()
        before = self._content()
        if before and before.signed_in and before.signed_in.identity.account_id != identity.account_id:
            self._leave()
            before = None
        self._begin_anew(replace(before or self._fresh(), signed_in=SignedIn(identity, until)))
        return account

    def sign_out(self) -> None:
        """Ends the session: its row is gone, and with it every worksheet."""
        self._leave()

    def put_worksheet(self, access: WorksheetAccess) -> None:
        """Opens a worksheet in this browser, or renews the access of one that is open."""
        opened = OpenWorksheet(access, (self.clock() + LONGEST).timestamp())
        if self._content() is None:
            self._begin_anew(self._fresh().with_worksheet(opened))
        else:
            self._change(lambda content: content.with_worksheet(opened))

    # --- the cookie

    def cookie_change(self) -> str | None:
        """The id that the answer has to give to the browser; "" to take its cookie away, None to leave it."""
        browser = g.get("browser")
        if not isinstance(browser, _Browser) or not browser.to_be_set:
            return None
        return browser.id if browser.used else "" if browser.left else None

    def _browser(self) -> _Browser:
        browser = g.get("browser")
        if not isinstance(browser, _Browser):
            sent = request.cookies.get(self.cookie_name, "")
            browser = g.browser = _Browser(sent if _ID.fullmatch(sent) else None)
        return browser

    def _derived(self, use: str) -> str:
        browser = self._browser()
        browser.used = True
        return hmac.digest(self._secret, f"{use} {browser.id}".encode(), "sha256").hex()

    def _account(self, content: Content) -> Account | None:
        """With what the staff file grants now, which may be less than when the session began."""
        if content.signed_in is None or self.staff is None:
            return None
        return self.staff.account_of(content.signed_in.identity)

    # --- rows

    def _content(self) -> Content | None:
        browser = self._browser()
        if not browser.looked_up:
            browser.content = self._read(browser.id)
            browser.looked_up = True
        return browser.content

    def _read(self, ident: str) -> Content | None:
        digest, now = _digest(ident), self.clock()
        with self._database.autocommit() as connection:
            row = connection.execute(select(web_session).where(web_session.c.digest == digest)).first()
        if row is None:
            return None
        content = self._opened(row.secret) if row.expires > now else None
        content = content.at(now.timestamp()) if content else None
        if content and now - row.last_seen >= STAFF_IDLE and content.signed_in:
            content = replace(content, signed_in=None)
            self._write(digest, content, now)
        if content is None or content.empty:
            self._delete(digest)
            return None
        if now - row.last_seen >= SEEN_EVERY:
            self._touch(digest, content, now)
        return content

    def _opened(self, secret: bytes) -> Content | None:
        try:
            return from_bytes(self._ring.decrypt(secret))
        except (UndecryptableError, ValueError, KeyError, TypeError):
            return None

    def _fresh(self) -> Content:
        return Content(csrf=secrets.token_urlsafe(32), browser=self.binding())

    def _begin_anew(self, content: Content) -> None:
        """Puts the content under a new id. The old one is worth nothing afterwards."""
        browser, now = self._browser(), self.clock()
        fresh = secrets.token_urlsafe(32)
        row = {"digest": _digest(fresh), "created": now, **self._values(content, now)}
        with self._database.relaxed() as connection:
            connection.execute(delete(web_session).where(web_session.c.digest == _digest(browser.id)))
            connection.execute(insert(web_session), row)
            self._clean(connection, now)
        browser.id, browser.content = fresh, content
        browser.looked_up = browser.to_be_set = browser.used = True

    def _change(self, change: Callable[[Content], Content]) -> None:
        """Changes the row as it is now: another request of this browser may have changed it meanwhile."""
        browser, now = self._browser(), self.clock()
        digest = _digest(browser.id)
        with self._database.relaxed() as connection:
            found = select(web_session.c.secret).where(web_session.c.digest == digest).with_for_update()
            secret = connection.execute(found).scalar()
            content = self._opened(secret) if secret is not None else None
            if content is not None:
                content = change(content.at(now.timestamp()))
                row = update(web_session).where(web_session.c.digest == digest)
                connection.execute(row.values(**self._values(content, now)))
        if content is None:  # signed out meanwhile, in another tab
            browser.content = None
            content = change(self._fresh())
            self._begin_anew(content)
        browser.content = content

    def _write(self, digest: str, content: Content, now: datetime) -> None:
        with self._database.relaxed() as connection:
            row = update(web_session).where(web_session.c.digest == digest)
            connection.execute(row.values(**self._values(content, now)))

    def _touch(self, digest: str, content: Content, now: datetime) -> None:
        values = {"last_seen": now, "expires": _expiry(content, now)}
        with self._database.autocommit() as connection:
            connection.execute(update(web_session).where(web_session.c.digest == digest).values(**values))

    def _values(self, content: Content, now: datetime) -> dict[str, object]:
        secret = self._ring.encrypt(to_bytes(content))
        return {"last_seen": now, "expires": _expiry(content, now), "secret": secret}

    def _delete(self, digest: str) -> None:
        with self._database.autocommit() as connection:
            connection.execute(delete(web_session).where(web_session.c.digest == digest))

    def _leave(self) -> None:
        """Ends what this browser had; it goes on as a new one."""
        self._delete(_digest(self._browser().id))
        g.browser = _Browser(None, left=True)

    def _clean(self, connection: Connection, now: datetime) -> None:
        """Deletes sessions that are over, now and then."""
        if next(self._written) % _CLEANED_EVERY == 0:
            connection.execute(delete(web_session).where(web_session.c.expires < now))


def current_sessions() -> Sessions:
    """The sessions of the application that is answering."""
    found: Sessions = current_app.extensions[EXTENSION]
    return found


def _digest(ident: str) -> str:
    return sha256(ident.encode()).hexdigest()


def _expiry(content: Content, now: datetime) -> datetime:
    """When a row may go: at the end of its time, or long enough after it was used last."""
    idle = WORKSHEET_IDLE if content.worksheets else STAFF_IDLE
    return min(now + idle, datetime.fromtimestamp(content.until, UTC))
