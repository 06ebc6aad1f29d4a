"""A FHIR server with the sample patients that fails when told to, as a process of its own.

``python -m bench.load.faulty_fhir PORT FOLDER`` serves until it is ended. What ``FOLDER/mode`` holds decides
how: ``well``, ``slow`` (each answer after 3 s), ``dead`` (the connection is closed) or ``garbage`` (a page of
HTML with status 200).
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from cds_service.demo import samples
from cds_service.demo.fhir_server import create_fhir_server
from cds_service.demo.servers import HOST, QuietHandler

SLOW_SECONDS = 3.0
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def failing(application: Application, mode: Path) -> Application:
    """The application, in the mode that the file holds at the time of each request."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        match mode.read_text(encoding="utf-8").strip():
            case "slow":
                time.sleep(SLOW_SECONDS)
            case "dead":
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return []
            case "garbage":
                start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "12")])
                return [b"<html></html"]
        return application(environ, start_response)

    return answer


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    patients = folder / "patients"
    samples.write_folder(patients, date.fromisoformat(sys.argv[3]))
    app = create_fhir_server(patients)
    server = make_server(
        HOST, port, failing(app, folder / "mode"), threaded=True, request_handler=QuietHandler
    )
    server.serve_forever(0.05)


if __name__ == "__main__":
    main()
