"""``trialhook audit``: export, and the events about one patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent

from cds_service.audit.commands import audit
from cds_service.audit.events import SignInRecord, call_event, sign_in_event
from cds_service.audit.fhir_export import STAFF
from cds_service.audit.fhir_export import USER as USERS
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.rows import add_events
from cds_service.audit.spool import SPOOL_FOLDER, Spool
from cds_service.storage.database import Database
from cds_service.storage.records import Subject
from tests.audit.records import AT, SUBJECT, USER, call_record

OLD = KeyRing.new_key_text("k1")
BOTH = f"{KeyRing.new_key_text('k2')},{OLD}"
MINE = ["--client", "ehr-one", "--tenant", "clinic", "--fhir-base", f"{SUBJECT.fhir_base}/"]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with calls of three days, each about two patients, the first day under an older key."""
    monkeypatch.setenv("TRIALHOOK_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("TRIALHOOK_KEYS", BOTH)
    database = Database(f"sqlite:///{tmp_path / 'trialhook.db'}", wait=5)
    database.upgrade()
    other = Subject("ehr-one", "clinic", SUBJECT.fhir_base, "other")
    for day, keys in enumerate((OLD, BOTH, BOTH)):
        at = AT + timedelta(days=day)
        calls = [call_record(at=at), call_record(at=at, subject=other)]
        add_events(database, [call_event(call, KeyRing.parse(keys)) for call in calls])
    database.close()
    return tmp_path


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(audit, arguments, input=text)


def days(ran: Result) -> list[int]:
    assert ran.exit_code == 0, ran.stderr
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    resources = [FhirAuditEvent.model_validate_json(line) for line in lines]
    return [resource.recorded.day for resource in resources if resource.recorded]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [15, 15, 16, 16, 17, 17]),
        (["--since", "2026-06-16"], [16, 16, 17, 17]),
        (["--until", "2026-06-16"], [15, 15, 16, 16]),
        (["--since", "2026-06-16", "--until", "2026-06-16"], [16, 16]),
        (["--since", "2030-01-01"], []),
    ],
)
def test_days_are_exported_with_their_first_and_last(
    state: Path, arguments: list[str], expected: list[int]
) -> None:
    assert days(run("export", *arguments)) == expected


def test_whoever_looks_is_in_the_next_export(state: Path) -> None:
    run("find", *MINE, "--patient", SUBJECT.patient_id)
    exported = [orjson.loads(line) for line in run("export").stdout.splitlines()]
    assert exported[-1]["subtype"][0]["code"] == "find"
    assert len(exported[-1]["entity"]) == 2  # the patient's pseudonym under either key
    assert SUBJECT.patient_id not in str(exported)


def test_a_patient_is_found_under_every_key(state: Path) -> None:
    assert days(run("find", *MINE, "--patient", SUBJECT.patient_id)) == [15, 16, 17]
    assert days(run("find", *MINE, "--patient", f"Patient/{SUBJECT.patient_id}"))[:3] == [15, 16, 17]


def test_without_the_older_key_older_events_are_not_found(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALHOOK_KEYS", BOTH.partition(",")[0])
    assert days(run("find", *MINE, "--patient", SUBJECT.patient_id)) == [16, 17]


def test_the_patient_is_asked_for_so_that_no_process_list_shows_the_id(state: Path) -> None:
    assert days(run("find", *MINE, text=f"{SUBJECT.patient_id}\n"))[:3] == [15, 16, 17]


@pytest.mark.parametrize(
    "arguments",
    [
        [*MINE, "--patient", "nobody"],
        ["--client", "ehr-two", *MINE[2:], "--patient", SUBJECT.patient_id],
        [*MINE[:2], *MINE[4:], "--patient", SUBJECT.patient_id],
        [*MINE[:4], "--patient", SUBJECT.patient_id],
    ],
)
def test_another_patient_client_tenant_or_server_is_someone_else(state: Path, arguments: list[str]) -> None:
    ran = run("find", *arguments)
    assert days(ran) == []
    assert "No event is about this patient" in ran.stderr


HERS = ["--client", "ehr-one", "--tenant", "clinic"]
ACCOUNT = "https://login.example|secretstaff"


def test_what_a_user_of_an_ehr_did_is_found_under_every_key(state: Path) -> None:
    assert days(run("by", *HERS, "--person", USER)) == [15, 15, 16, 16, 17, 17]
    assert days(run("by", *HERS, "--since", "2026-06-17", text=f"{USER}\n"))[:2] == [17, 17]


def test_what_one_of_the_study_staff_did_is_found_by_their_account(state: Path) -> None:
    database = Database(f"sqlite:///{state / 'trialhook.db'}", wait=5)
    signed_in = [SignInRecord(AT, "in", account) for account in (ACCOUNT, "https://login.example|other")]
    add_events(database, [sign_in_event(one, KeyRing.parse(OLD)) for one in signed_in])
    database.close()
    assert days(run("by", "--person", ACCOUNT)) == [15]


def test_whoever_looks_what_a_person_did_is_in_the_trail_too(state: Path) -> None:
    run("by", *HERS, "--person", USER)
    run("by", "--person", ACCOUNT)
    exported = [orjson.loads(line) for line in run("export").stdout.splitlines()][-2:]
    sought = [[one["what"]["identifier"]["system"] for one in each["entity"]] for each in exported]
    assert sought == [[USERS, USERS], [STAFF, STAFF]]  # the pseudonym under either key
    assert "secret" not in str(exported)


@pytest.mark.parametrize(
    "arguments", [[*HERS, "--person", "Practitioner/nobody"], ["--client", "ehr-two", "--person", USER]]
)
def test_another_person_or_client_is_someone_else(state: Path, arguments: list[str]) -> None:
    ran = run("by", *arguments)
    assert days(ran) == []
    assert "No event is by this person" in ran.stderr


REGISTER = f"""\
schema: 1
clients:
  - id: ehr-one
    issuer: https://one.example
    keys: {{jwks_url: https://one.example/jwks.json}}
    tenants: [clinic]
    fhir_servers: [{{base: {SUBJECT.fhir_base}}}]
"""


@pytest.fixture
def registered(state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, where the one client is registered."""
    path = state / "clients.yaml"
    path.write_text(REGISTER, encoding="utf-8")
    monkeypatch.setenv("TRIALHOOK_CLIENTS", str(path))
    monkeypatch.setenv("TRIALHOOK_PUBLIC_URL", "https://cds.example")
    return path


HIM = ["--patient", SUBJECT.patient_id]
ANOTHER = f"{SUBJECT.fhir_base}-test"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["find", "--client", "ehr-oen", *HIM], "no client 'ehr-oen' is registered in TRIALHOOK_CLIENTS"),
        (["find", "--client", "ehr-oen", *HIM], "did you mean 'ehr-one'?"),
        (["find", "--client", "zzz", *HIM], "registered: ehr-one"),
        (
            ["find", "--client", "ehr-one", "--tenant", "clinc", *HIM],
            "did you mean 'clinic'?",
        ),
        (
            ["find", *MINE[:5], ANOTHER, *HIM],
            f"registered: {SUBJECT.fhir_base}\n",
        ),
        (["by", "--client", "ehr-oen", "--person", USER], "did you mean 'ehr-one'?"),
    ],
)
def test_a_misspelt_client_is_no_answer_to_an_access_request(
    registered: Path, arguments: list[str], fault: str
) -> None:
    ran = run(*arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert fault in ran.stderr
    assert SUBJECT.patient_id not in ran.stderr
    assert "--anyway" in ran.stderr
    assert run(*arguments, "--anyway").exit_code == 0


@pytest.mark.parametrize(
    "base", [[], ["--fhir-base", f"{SUBJECT.fhir_base}/"], ["--fhir-base", f"{SUBJECT.fhir_base}/below"]]
)
def test_a_client_is_asked_for_as_it_is_registered(registered: Path, base: list[str]) -> None:
    ran = run("find", "--client", "ehr-one", "--tenant", "clinic", *base, *HIM)
    assert ran.exit_code == 0, ran.stderr
    assert "TRIALHOOK_CLIENTS" not in ran.stderr


def test_without_a_register_it_is_said_that_nothing_was_checked(state: Path) -> None:
    ran = run("find", *MINE, *HIM)
    assert len(days(ran)) == 3
    assert "TRIALHOOK_CLIENTS is not set" in ran.stderr


def test_a_register_that_cannot_be_read_hinders_no_answer(registered: Path) -> None:
    registered.write_text("clients: no", encoding="utf-8")
    ran = run("find", *MINE, *HIM)
    assert len(days(ran)) == 3
    assert "The clients cannot be read" in ran.stderr


@pytest.mark.parametrize(
    "arguments", [["export"], ["find", *MINE, *HIM], ["by", "--client", "ehr-one", "--person", USER]]
)
def test_days_in_the_wrong_order_are_refused(state: Path, arguments: list[str]) -> None:
    ran = run(*arguments, "--since", "2026-06-16", "--until", "2026-06-15")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "--since is a later day than --until" in ran.stderr


def test_events_that_still_wait_in_the_spool_are_mentioned(state: Path) -> None:
    assert "wait in the spool" not in run("export").stderr
    Spool(state / SPOOL_FOLDER).append([call_event(call_record(), KeyRing.random())])
    assert "Some events wait in the spool" in run("export").stderr


@pytest.mark.parametrize(
    ("variables", "arguments", "fault"),
    [
        ({"TRIALHOOK_KEYS": ""}, ["find", *MINE, "--patient", "1"], "TRIALHOOK_KEYS is not set"),
        (
            {"TRIALHOOK_KEYS": "k1:abc"},
            ["find", *MINE, "--patient", "1"],
            "TRIALHOOK_KEYS cannot be used: key",
        ),
        ({}, ["find", *MINE[:5], "ftp://ehr", "--patient", "1"], "--fhir-base must be a URL"),
        (
            {},
            ["by", "--person", USER],
            "study staff are named ISSUER|SUBJECT; a user of an EHR needs --client",
        ),
        ({}, ["export", "--since", "yesterday"], "does not match the format '%Y-%m-%d'"),
        ({"TRIALHOOK_DATABASE": "sqlite:////nowhere/audit.db"}, ["export"], "no database /nowhere/audit.db"),
        ({"TRIALHOOK_DATABASE": "sqlite:///audit.db"}, ["export"], "as in sqlite:////FOLDER/FILE"),
        ({"TRIALHOOK_STATE_DIR": "nowhere"}, ["export"], "nowhere/trialhook.db. Set TRIALHOOK_DATABASE or"),
        ({"TRIALHOOK_DATABASE": "sqlite:///{state}/notes.txt"}, ["export"], "now (not_a_database)"),
        ({"TRIALHOOK_DATABASE": "mysql://ehr"}, ["export"], "must be sqlite:///FILE"),
        ({"TRIALHOOK_DAYS": "1"}, ["export"], "TRIALHOOK_DAYS is not a setting"),
    ],
)
def test_a_command_that_cannot_run_says_why(
    state: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], arguments: list[str], fault: str
) -> None:
    monkeypatch.chdir(state)
    Path("notes.txt").write_text("not a database", encoding="utf-8")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(state=state))
    ran = run(*arguments)
    assert ran.exit_code in (1, 2)
    assert fault in ran.stderr
    assert ran.stdout == ""
    assert not Path("nowhere").exists()


def test_now_is_the_end_where_none_is_given(state: Path) -> None:
    database = Database(f"sqlite:///{state / 'trialhook.db'}", wait=5)
    tomorrow = call_record(at=datetime.now(UTC) + timedelta(days=1))
    add_events(database, [call_event(tomorrow, KeyRing.random())])
    database.close()
    assert len(days(run("export"))) == 6
