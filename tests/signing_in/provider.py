"""An OpenID provider on this machine: the one of the demo, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask
from werkzeug.serving import make_server

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, User
from cds_service.demo.authorization.routes import authorization_routes

USERS = (
    User("jo", "Jo Weber", email="Jo.Weber@hospital.example"),
    User("kim", "Kim <b>Lee</b>", groups=("monitors", "others")),
    User("stranger", "A Stranger"),
)


class Provider:
    """Where it is, and how somebody signs in there."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}/oauth"

    def choose(self, url: str, user: str) -> str:
        """Follows the address of a sign-in as this user (or refuses: ""), and says where that leads."""
        with requests.Session() as session:
            page = session.get(url, timeout=10)
            asking = page.text.split('name="asking" value="')[1].split('"')[0]
            chosen = {"asking": asking, **({"user": user} if user else {"refuse": "yes"})}
            back = session.get(f"{self.issuer}/approve", params=chosen, allow_redirects=False, timeout=10)
        return back.headers["Location"]


@contextmanager
def running(redirect_uri: str, secret: str = "") -> Iterator[Provider]:
    """A provider at which this service is registered as ``trialhook``."""
    app = Flask("provider")
    authority = Authority(apps={"trialhook": App((redirect_uri,), secret=secret)}, users=USERS)
    app.register_blueprint(authorization_routes(authority))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Provider(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def path_of(url: str) -> str:
    """The path and query of an address."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def parameter(url: str, name: str) -> str:
    """One parameter of an address."""
    return parse_qs(urlsplit(url).query)[name][0]
