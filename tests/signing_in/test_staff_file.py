"""staff.yaml: what it gives, and everything that can be wrong with it, told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.signing_in.commands import in_words
from cds_service.signing_in.staff import Grant, Identity, Person, Role, Staff
from cds_service.signing_in.staff_file import StaffError, load_staff

ROOT = Path(__file__).parents[2]
TRIALS, CLIENTS = ["NCT06920433", "NCT2"], ["hospital", "clinic"]
SIGN_IN = "sign_in: {issuer: 'https://login.example/realms/x', client_id: trialhook}\n"
PEOPLE = "people: [{subject: jo, roles: [coordinator]}]\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "staff.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str) -> Staff:
    return load_staff(written(folder, text), TRIALS, CLIENTS)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(StaffError) as caught:
        loaded(folder, text)
    return [str(fault).partition("staff.yaml:")[2] for fault in caught.value.faults]


def test_the_sample_says_what_the_documentation_says() -> None:
    staff = load_staff(ROOT / "docs/samples/staff.yaml", TRIALS, CLIENTS)
    assert staff.provider is not None
    assert staff.provider.issuer == "https://login.hospital.example/realms/research"
    assert (staff.provider.client_id, staff.provider.secret) == ("trialhook", "")
    trial = frozenset({"NCT06920433"})
    assert staff.people == (
        Person((Grant(Role.COORDINATOR, trial, frozenset({"hospital"})),), email="jo.weber@hospital.example"),
        Person((Grant(Role.INVESTIGATOR, trial),), subject="7f0c2b9e-5d1a-4a36-9a3e-0f6f5f0f2d11"),
        Person((Grant(Role.ADMINISTRATOR),), email="ops@hospital.example"),
    )
    assert staff.groups == {
        "nephrology-physicians": (Grant(Role.CLINICIAN),),
        "study-monitors": (Grant(Role.READ_ONLY, trial),),
    }


def test_everything_may_be_said(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(" s3cret \n", encoding="utf-8")
    text = """
schema: 1
sign_in:
  issuer: https://login.example
  client_id: trialhook
  client_secret_file: secret.txt
  networks: [10.1.0.0/16]
  scopes: [openid, groups]
  name_claim: display
  groups_claim: roles
people:
  - subject: jo
    roles:
      - {role: coordinator, trials: [NCT2], clients: [clinic, hospital]}
      - {role: investigator, trials: NCT06920433}
"""
    staff = loaded(tmp_path, text)
    provider = staff.provider
    assert provider is not None
    assert provider.secret == "s3cret"
    assert "s3cret" not in repr(provider)
    assert [str(one) for one in provider.networks] == ["10.1.0.0/16"]
    assert provider.scopes == ("openid", "groups")
    assert (provider.name_claim, provider.groups_claim) == ("display", "roles")
    assert staff.people[0].grants == (
        Grant(Role.COORDINATOR, frozenset({"NCT2"}), frozenset({"clinic", "hospital"})),
        Grant(Role.INVESTIGATOR, frozenset({"NCT06920433"})),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (
            "schema: 1\n",
            ["1: the key 'sign_in' is missing"],
        ),
        ("schema: 2\n" + SIGN_IN + PEOPLE, ["1: 'schema' cannot be '2'; one of: 1"]),
        (
            "schema: 1\n" + SIGN_IN,
            ["1: lets nobody in: name some people or groups"],
        ),
        (
            "schema: 1\nsignin: 1\n" + SIGN_IN + PEOPLE,
            ["2: unknown key 'signin'; did you mean 'sign_in'?"],
        ),
        (
            "schema: 1\nsign_in: {issuer: 'https://x.example'}\n" + PEOPLE,
            ["2: sign_in: the key 'client_id' is missing"],
        ),
        (
            "schema: 1\nsign_in: {client_id: x}\n" + PEOPLE,
            ["2: sign_in: the key 'issuer' is missing"],
        ),
        (
            "schema: 1\nsign_in: {client_id: a b, issuer: 'https://x.example?y'}\n" + PEOPLE,
            [
                (
                    "2: sign_in: 'issuer' is not a URL such as https://login.example.org/realms/study, "
                    "without user or query"
                ),
                "2: sign_in: 'client_id' must not hold blanks; write it as it is registered at the provider",
            ],
        ),
        (
            "schema: 1\nsign_in: {client_id: x, issuer: 'http://x.example'}\n" + PEOPLE,
            ["2: sign_in: 'issuer' is http, over which anybody on the way can sign in as anybody; use https"],
        ),
        (
            "schema: 1\nsign_in: {client_id: x, issuer: 'http://x.example', insecure_http: yes}\n" + PEOPLE,
            ["2: sign_in: 'issuer' is http on another machine; insecure_http is for this machine only"],
        ),
        (
            "schema: 1\nsign_in: {client_id: x, issuer: 'https://x.example', scopes: [email]}\n" + PEOPLE,
            ["2: sign_in: 'scopes' must hold 'openid': without it nobody says who signed in"],
        ),
        (
            "schema: 1\nsign_in: {client_id: x, issuer: 'https://x.example', networks: [10.1.2.3/8]}\n"
            + PEOPLE,
            ["2: sign_in: 'networks' holds '10.1.2.3/8', which is not a network; did you mean '10.0.0.0/8'?"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{roles: [coordinator]}]\n",
            ["3: person 1: must have a subject (the provider's id) or an email, and not both"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: a, email: a@b.example, roles: [coordinator]}]\n",
            ["3: person 1: must have a subject (the provider's id) or an email, and not both"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{email: jo, roles: [coordinator]}]\n",
            ["3: person 1: 'email' is 'jo', not an address such as jo@hospital.example"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: jo}]\n",
            ["3: person 1: the key 'roles' is missing"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: []}]\n",
            [
                (
                    "3: person 1: 'roles' is empty; name a role: clinician, coordinator, investigator, "
                    "read-only, administrator"
                )
            ],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: coordinator}]\n",
            ["3: person 1: 'roles' must be a list of roles; begin each with '-'"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: [cordinator]}]\n",
            ["3: person 1: 'role' cannot be 'cordinator'; did you mean 'coordinator'?"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: [{role: read-only, trial: NCT2}]}]\n",
            ["3: person 1: unknown key 'trial'; did you mean 'trials'?"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people:\n- subject: jo\n  roles:\n  - role: read-only\n"
            "    trials: [NCT3]\n    clients: [hospitl]\n",
            [
                "7: person 1: unknown trial 'NCT3'; did you mean 'NCT2'?",
                "8: person 1: unknown client 'hospitl'; did you mean 'hospital'?",
            ],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: [{role: read-only, trials: []}]}]\n",
            ["3: person 1: 'trials' is empty; leave it out to mean all"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "people:\n- {email: a@b.example, roles: [read-only]}\n"
            "- {email: A@b.example, roles: [coordinator]}\n",
            ["5: person 2: is the person of line 4 too; put all roles there"],
        ),
        (
            "schema: 1\n" + SIGN_IN + "groups: {monitors: [{role: reader}]}\n",
            [
                (
                    "3: group 'monitors': 'role' cannot be 'reader'; one of: clinician, coordinator, "
                    "investigator, read-only, administrator"
                )
            ],
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(tmp_path: Path, text: str, expected: list[str]) -> None:
    told = faults(tmp_path, text)
    assert told == expected or (expected == [] and len(told) == 1)


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        ("client_secret_file", None, "cannot be read; it is looked for beside this file"),
        ("client_secret_file", " \n", "is empty; put the secret into it"),
        ("ca_file", None, "is not a file of certificates in PEM; it is looked for beside this file"),
        ("ca_file", "nothing", "is not a file of certificates in PEM; it is looked for beside this file"),
    ],
)
def test_a_file_that_it_names_is_looked_into(
    tmp_path: Path, key: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "named").write_text(content, encoding="utf-8")
    text = f"schema: 1\nsign_in: {{issuer: 'https://x.example', client_id: x, {key}: named}}\n{PEOPLE}"
    [told] = faults(tmp_path, text)
    assert told.startswith("2: sign_in: ")
    assert told.endswith(message)


def test_there_is_one_proof_of_who_we_are(tmp_path: Path) -> None:
    (tmp_path / "named").write_text("s3cret", encoding="utf-8")
    proof = "client_secret_file: named, private_key_jwt: yes"
    text = f"schema: 1\nsign_in: {{issuer: 'https://x.example', client_id: x, {proof}}}\n{PEOPLE}"
    assert faults(tmp_path, text) == [
        "2: sign_in: has client_secret_file and private_key_jwt; keep the one that is registered"
    ]


@pytest.mark.parametrize(
    ("identity", "roles"),
    [
        (Identity("https://login.example/realms/x", "jo"), ["coordinator"]),
        (Identity("https://login.example/realms/x", "JO"), []),
        (Identity("https://login.example/realms/x", "kim", email="A@B.example"), ["investigator"]),
        (Identity("https://login.example/realms/x", "kim", email=""), []),
        (Identity("https://login.example/realms/x", "kim", groups=("monitors", "x")), ["read-only"]),
        (
            Identity("https://login.example/realms/x", "jo", email="a@b.example", groups=("monitors",)),
            ["coordinator", "investigator", "read-only"],
        ),
        (Identity("https://evil.example", "jo", email="a@b.example", groups=("monitors",)), []),
        (Identity("local", "jo"), []),
    ],
)
def test_who_gets_which_roles(tmp_path: Path, identity: Identity, roles: list[str]) -> None:
    staff = loaded(
        tmp_path,
        "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: [coordinator]}, "
        "{email: a@b.example, roles: [investigator]}]\ngroups: {monitors: [read-only]}\n",
    )
    account = staff.account_of(identity)
    assert [role.value for role in account.roles] if account else roles == []
    if account:
        assert [role.value for role in account.roles] == roles


# --- the command


def test_the_command_counts_and_names_nobody(tmp_path: Path) -> None:
    staff = loaded(
        tmp_path,
        "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: [coordinator]}, "
        "{email: a@b.example, roles: [coordinator, {role: read-only, trials: [NCT2], clients: [clinic]}]}]\n"
        "groups: {monitors: [read-only]}\n",
    )
    assert in_words(staff) == [
        "sign-in at https://login.example/realms/x as trialhook",
        "2 people by name: 2 x coordinator for all trials at all clients; 1 x read-only for NCT2 at clinic",
        "group monitors: read-only for all trials at all clients",
    ]


def test_the_command_warns_where_nobody_sees_the_worklist(tmp_path: Path) -> None:
    staff = loaded(tmp_path, "schema: 1\n" + SIGN_IN + "people: [{subject: jo, roles: [administrator]}]\n")
    assert in_words(staff)[-1] == "  warning: nobody may see the worklist"


@pytest.mark.parametrize(
    ("text", "status"), [("schema: 1\n" + SIGN_IN + PEOPLE, 0), ("schema: 1\n" + SIGN_IN, 1)]
)
def test_the_command_says_by_its_status_whether_the_file_is_good(
    tmp_path: Path, text: str, status: int
) -> None:
    ran = CliRunner().invoke(main, ["staff", "check", str(written(tmp_path, text))])
    assert ran.exit_code == status
    assert "jo" not in ran.output.split()


def test_the_command_needs_a_file() -> None:
    ran = CliRunner().invoke(main, ["staff", "check"], env={"TRIALHOOK_STAFF": ""})
    assert ran.exit_code == 2
    assert "TRIALHOOK_STAFF" in ran.output


REGISTERED = """
schema: 1
clients:
  - {id: hospital, issuer: https://a.example, keys: {jwks_url: https://a.example/jwks.json}}
"""
AT_HOSPITAL = (
    "people: [{subject: jo, roles: [{role: coordinator, clients: [hospital]}, "
    "{role: read-only, clients: hospital}]}]\n"
)
NOT_COMPARED = (
    "  warning: the clients were not compared with those that are registered; "
    "set TRIALHOOK_CLIENTS, or name the registration with --clients\n"
)


def checked(path: Path, *more: str, clients: str = "") -> tuple[int, str]:
    settings = {"TRIALHOOK_CLIENTS": clients, "TRIALHOOK_PUBLIC_URL": "", "TRIALHOOK_KEYS": ""}
    ran = CliRunner().invoke(main, ["staff", "check", str(path), *more], env=settings)
    return ran.exit_code, ran.stderr.replace(f"{path.parent.as_posix()}/", "")


@pytest.mark.parametrize(
    ("people", "status", "said"),
    [
        (AT_HOSPITAL, 0, NOT_COMPARED),
        (
            AT_HOSPITAL.replace("coordinator", "cordinator"),
            1,
            "staff.yaml:3: person 1: 'role' cannot be 'cordinator'; did you mean 'coordinator'?\n",
        ),
        (PEOPLE, 0, ""),
        ("people: jo\n", 1, "staff.yaml:3: 'people' must be a list\n"),
    ],
)
def test_without_a_registration_the_rest_is_checked_and_it_says_what_was_not(
    tmp_path: Path, people: str, status: int, said: str
) -> None:
    assert checked(written(tmp_path, "schema: 1\n" + SIGN_IN + people)) == (status, said)


def test_the_sample_is_good_without_any_setting() -> None:
    assert checked(ROOT / "docs/samples/staff.yaml") == (0, NOT_COMPARED)


@pytest.mark.parametrize(
    ("people", "status", "said"),
    [
        (AT_HOSPITAL, 0, ""),
        (
            AT_HOSPITAL.replace("[hospital]", "[hospitl]"),
            1,
            "staff.yaml:3: person 1: unknown client 'hospitl'; did you mean 'hospital'?\n",
        ),
    ],
)
@pytest.mark.parametrize("as_option", [True, False])
def test_with_a_registration_the_clients_are_compared_and_no_setting_of_the_service_is_asked_for(
    tmp_path: Path, people: str, status: int, said: str, *, as_option: bool
) -> None:
    path = written(tmp_path, "schema: 1\n" + SIGN_IN + people)
    register = tmp_path / "clients.yaml"
    register.write_text(REGISTERED, encoding="utf-8")
    told = checked(path, "--clients", str(register)) if as_option else checked(path, clients=str(register))
    assert told == (status, said)


def test_a_registration_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "schema: 1\n" + SIGN_IN + AT_HOSPITAL)
    status, said = checked(path, clients=str(tmp_path / "clients.yaml"))
    assert (status, said) == (1, "clients.yaml: cannot be read: No such file or directory\n")
