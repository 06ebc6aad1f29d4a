"""A throwaway PostgreSQL server for tests, from an installed package.

`python -m tests.storage.postgres` starts one and prints its URL, until it is interrupted.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/pgsql", "/usr")
USER = "trialhook"
_SECONDS = 60


class NoPostgresError(Exception):
    """No PostgreSQL is installed here."""


def find_programs() -> Path:
    """The folder with initdb and pg_ctl of the newest PostgreSQL installed."""
    found = [
        path.parent
        for place in PLACES
        for pattern in ("bin/initdb", "*/bin/initdb")
        for path in Path(place).glob(pattern)
    ]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).parent)
    if not found:
        raise NoPostgresError("PostgreSQL is not installed: `make test-postgres` installs it")
    return max(found, key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdigit()])


class Cluster:
    """One server with its own data, on a free port of this machine. It may be stopped and started again."""

    def __init__(self) -> None:
        self._programs = find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="trialhook-postgres-"))
        self._port = _free_port()
        self._password = secrets.token_hex(12)
        self._account = _account()
        self._make()

    def __enter__(self) -> Cluster:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def password(self) -> str:
        """Of the only user."""
        return self._password

    @property
    def url(self) -> str:
        """Of the database that is always there; others are made beside it."""
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Returns when it answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = self._folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", str(log), "-o", f"{options} -c fsync=off")

    def stop(self, mode: str = "fast") -> None:
        """Returns when it is gone; ``immediate`` is as if it had crashed."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def freeze(self) -> None:
        """Lets every process of it stand still: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Stops it and deletes its data."""
        if (Path(self._data) / "postmaster.pid").exists():
            self.thaw()
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _make(self) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self._password, encoding="utf-8")
        if self._account:
            for path in (self._folder, password_file):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        self._run(
            *("initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256", "--pwfile", str(password_file)),
            *("-E", "UTF8", "--no-locale", "--no-sync"),
        )

    def _run(self, program: str, *arguments: str) -> None:
        """As another user if we are root: PostgreSQL refuses to run as root."""
        account = self._account
        done = subprocess.run(
            [self._programs / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # not a pipe: the server inherits it and would keep it open
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            timeout=_SECONDS,
            check=False,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode:
            log = self._folder / "log"
            said = log.read_text(encoding="utf-8")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{program} failed with {done.returncode}: {said}")

    def _signal(self, number: signal.Signals) -> None:
        first = int((Path(self._data) / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(first, number)  # while it stands still it makes no more children
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="utf-8").split()
        for process in map(int, children):
            with suppress(ProcessLookupError):
                os.kill(process, number)


def _account() -> pwd.struct_passwd | None:
    """Whom to run it as: None for whoever we are, unless that is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    with Cluster() as cluster:
        sys.stdout.write(f"{cluster.url}\n")
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            cluster.close()
