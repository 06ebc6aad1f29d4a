"""HTTP connections that go to the address which was checked, and on which a total deadline holds.

A library that looks a host name up to check it, and again to connect, may be told two different things. Here
a name is resolved once, every address is judged, and the socket is connected to one of those by its number.
TLS still proves the host *name*: only the dialling is ours.

A socket's timeout starts anew with every byte that arrives, so a server that sends a byte a second is never
too late. Here each wait, from the lookup of the name to the last byte of the body, may only last until the
deadline of the call that the thread is in.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Sequence
from functools import partial
from typing import Any

import requests.adapters
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from cds_service.outbound.addresses import Network, may_connect
from cds_service.outbound.deadlines import deadline_of_this_call, seconds_left
from cds_service.outbound.resolving import Resolver, Target

SocketOptions = Sequence[tuple[int, int, int | bytes]]


class RefusedAddressError(Exception):
    """None of a host's addresses may be connected to. Says neither host nor address."""


class Dialler:
    """Opens sockets to hosts, at addresses that may be connected to."""

    def __init__(self, resolver: Resolver, networks: Sequence[Network] = ()) -> None:
        self._resolver, self._networks = resolver, tuple(networks)

    def dial(self, host: str, port: int, options: SocketOptions) -> socket.socket:
        """A connected socket whose timeout is the time left.

        Addresses are tried in order, each for its share of the time. Raises RefusedAddressError,
        TimeoutError, or the OSError of the last address.
        """
        until = deadline_of_this_call()
        targets = [one for one in self._resolver.targets(host, port, until) if self._allows(one)]
        if not targets:
            raise RefusedAddressError("the address may not be connected to")
        failure: OSError = TimeoutError()
        for tried, target in enumerate(targets):
            try:
                return _open(target, len(targets) - tried, until, options)
            except OSError as error:
                failure = error
        self._resolver.forget(host, port)
        raise failure

    def _allows(self, target: Target) -> bool:
        try:
            return may_connect(target.address, self._networks)
        except ValueError:
            return False


def _open(target: Target, among: int, until: float, options: SocketOptions) -> socket.socket:
    """A connected socket, or none at all: connecting may take its share of the time left among so many."""
    opened = socket.socket(target.family, socket.SOCK_STREAM)
    try:
        for option in options:
            opened.setsockopt(*option)
        opened.settimeout(seconds_left(until) / among)
        opened.connect(target.socket_address)
        opened.settimeout(seconds_left(until))
    except BaseException:
        opened.close()
        raise
    return opened


class _DeadlineReader(io.RawIOBase):
    """A socket's stream whose every read waits until the deadline at most."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(seconds_left(self._until))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, deadline_of_this_call()))


def _dial(connection: HTTPConnection, dialler: Dialler) -> socket.socket:
    """What urllib3's ``_new_conn`` does, in its exceptions."""
    try:
        # _dns_host keeps the dot at the end of a name that must not be completed by a search domain.
        return dialler.dial(connection._dns_host, connection.port, connection.socket_options or ())
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "too late") from error
    except OSError as error:
        raise NewConnectionError(connection, type(error).__name__) from error


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse
    dialler: Dialler

    def _new_conn(self) -> socket.socket:
        return _dial(self, self.dialler)


class _SecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse
    dialler: Dialler

    def _new_conn(self) -> socket.socket:
        return _dial(self, self.dialler)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def __init__(self, dialler: Dialler, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._dialler = dialler

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.dialler = self._dialler
        return connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection

    def __init__(self, dialler: Dialler, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._dialler = dialler

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.dialler = self._dialler
        return connection


class GuardedAdapter(requests.adapters.HTTPAdapter):
    """An adapter for requests with connections of this module only. Never retries by itself.

    It has pools of its own: no connection is shared with a session of other rules.
    """

    def __init__(self, dialler: Dialler, context: ssl.SSLContext, hosts: int, connections: int) -> None:
        self._dialler, self._context = dialler, context
        super().__init__(pool_connections=hosts, pool_maxsize=connections)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **named)
        pools: Any = {
            "http": partial(_Pool, self._dialler),
            "https": partial(_SecurePool, self._dialler),
        }
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """Always, and with the certificates of our own context: requests would add its bundle to them."""
        conn.cert_reqs = "CERT_REQUIRED"
