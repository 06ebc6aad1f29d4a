"""What the service keeps: its files, as one exchange that can be looked through."""

from __future__ import annotations

from click.testing import CliRunner

from cds_service.cli import main
from tests.conformance.hospital.service import Service
from tests.conformance.requirement import Exchange


def what_is_kept(service: Service) -> Exchange:
    """All files of the state folder but the register, one after the other. The service is closed."""
    service.close()
    files = sorted(path for path in service.state.rglob("*") if path.is_file() and path.suffix != ".yaml")
    return _looked_at("the state folder", b"\n".join(path.read_bytes() for path in files))


def audit_trail(service: Service) -> Exchange:
    """What ``trialhook audit export`` prints: FHIR AuditEvents, as one JSON array. The service is closed."""
    service.close()
    settings = service.settings
    environment = {
        "TRIALHOOK_CLIENTS": settings.clients,
        "TRIALHOOK_PUBLIC_URL": settings.public_url,
        "TRIALHOOK_KEYS": settings.keys,
        "TRIALHOOK_STATE_DIR": settings.state_dir,
    }
    printed = CliRunner().invoke(main, ["audit", "export"], env=environment)
    assert printed.exit_code == 0, printed.output
    return _looked_at("the audit trail", f"[{','.join(printed.output.splitlines())}]".encode())


def _looked_at(what: str, body: bytes) -> Exchange:
    return Exchange(method="LOOK", path=what, sent=b"", sent_headers={}, status=200, headers={}, body=body)
