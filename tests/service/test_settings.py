"""Settings are read once, checked, and every fault is told at once."""

from __future__ import annotations

from dataclasses import fields

import pytest

from cds_service.settings import _REQUIRED, SETTINGS_TABLE, Settings, SettingsError


def faults(**environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({f"TRIALHOOK_{name}": value for name, value in environment.items()})
    return caught.value.faults


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({"PATH": "/bin"}) == Settings()


def test_every_setting_is_read() -> None:
    environment = {
        "TRIALHOOK_FHIR_HOSTS": "https://ehr.example/fhir, http://127.0.0.1:8080/fhir",
        "TRIALHOOK_DEADLINE": "0.5",
        "TRIALHOOK_MAX_BODY": "2048",
        "TRIALHOOK_SERVE_DRAFTS": "no",
        "TRIALHOOK_TIME_ZONE": "Asia/Shanghai",
        "TRIALHOOK_PAGE_LIMIT": "3",
        "TRIALHOOK_BYTES_LIMIT": "4096",
        "TRIALHOOK_CONCURRENCY": "8",
        "TRIALHOOK_PUBLIC_URL": "https://cds.example.org/trials/",
        "TRIALHOOK_STATE_DIR": "/var/lib/trialhook",
        "TRIALHOOK_DATABASE": "postgresql://trialhook@db/trialhook",
        "TRIALHOOK_KEYS": "k1:00",
        "TRIALHOOK_REPLAY": "strict",
        "TRIALHOOK_STORAGE_WAIT": "0.5",
        "TRIALHOOK_RECRUITMENT": "/etc/trialhook/recruitment.yaml",
        "TRIALHOOK_CALLS_PER_MINUTE": "60",
        "TRIALHOOK_RETENTION_DAYS": "365",
        "TRIALHOOK_METRICS_NETWORKS": "10.1.0.0/16, fd00::/8",
        "TRIALHOOK_POLICY": "1",
        "TRIALHOOK_TRIALS": "/",
        "TRIALHOOK_STAFF": "/etc/trialhook/staff.yaml",
        "TRIALHOOK_SIGNING_KEYS": "/etc/trialhook/signing.json",
        "TRIALHOOK_SYNC": "0",
        "TRIALHOOK_DEMO_SMART": "1",
    }
    assert {*environment, "TRIALHOOK_CLIENTS"} == {row.name for row in SETTINGS_TABLE}
    assert Settings.from_environment(environment) == Settings(
        fhir_hosts=("https://ehr.example/fhir", "http://127.0.0.1:8080/fhir"),
        deadline=0.5,
        max_body=2048,
        serve_drafts=False,
        time_zone="Asia/Shanghai",
        page_limit=3,
        bytes_limit=4096,
        concurrency=8,
        public_url="https://cds.example.org/trials",
        state_dir="/var/lib/trialhook",
        database="postgresql://trialhook@db/trialhook",
        keys="k1:00",
        replay="strict",
        storage_wait=0.5,
        recruitment="/etc/trialhook/recruitment.yaml",
        calls_per_minute=60,
        retention_days=365,
        metrics_networks=("10.1.0.0/16", "fd00::/8"),
        policy=True,
        trials="/",
        staff="/etc/trialhook/staff.yaml",
        signing_keys="/etc/trialhook/signing.json",
        sync=False,
        demo_smart=True,
    )


def test_with_registered_clients_drafts_are_not_served_and_the_policy_holds() -> None:
    environment = {
        "TRIALHOOK_CLIENTS": "clients.yaml",
        "TRIALHOOK_PUBLIC_URL": "https://cds.example.org",
        "TRIALHOOK_KEYS": "k1:00",
    }
    settings = Settings.from_environment(environment)
    assert (settings.serve_drafts, settings.policy) == (False, True)
    assert Settings.from_environment({**environment, "TRIALHOOK_SERVE_DRAFTS": "1"}).serve_drafts


_ADDRESS_MISSING = (
    "TRIALHOOK_PUBLIC_URL is required where TRIALHOOK_CLIENTS is set; it is the address that "
    "the clients' tokens name"
)


def test_registered_clients_need_an_address_and_keys_and_bring_their_own_fhir_servers() -> None:
    assert faults(CLIENTS="clients.yaml", FHIR_HOSTS="https://ehr.example/fhir") == (
        _ADDRESS_MISSING,
        "TRIALHOOK_KEYS is required where TRIALHOOK_CLIENTS is set; `trialhook keys new` makes some",
        "TRIALHOOK_FHIR_HOSTS is for demo mode; name each client's FHIR servers in its registration",
    )


_ADDRESS_MISSING_FOR_STAFF = (
    "TRIALHOOK_PUBLIC_URL is required where TRIALHOOK_STAFF is set; the provider sends who signs in back to "
    "it, such as https://cds.example.org"
)


def test_sign_in_needs_an_address_to_come_back_to_also_without_registered_clients() -> None:
    assert faults(STAFF="staff.yaml") == (_ADDRESS_MISSING_FOR_STAFF,)
    assert faults(STAFF="staff.yaml", PUBLIC_URL=" ") == (_ADDRESS_MISSING_FOR_STAFF,)
    assert faults(STAFF="staff.yaml", CLIENTS="clients.yaml", KEYS="k1:00") == (
        _ADDRESS_MISSING,
        _ADDRESS_MISSING_FOR_STAFF,
    )
    with_one = {"TRIALHOOK_STAFF": "staff.yaml", "TRIALHOOK_PUBLIC_URL": "http://127.0.0.1:8090"}
    assert Settings.from_environment(with_one).staff == "staff.yaml"


def test_what_one_setting_asks_of_another_is_about_settings_that_there_are() -> None:
    members = {row.name.removeprefix("TRIALHOOK_"): row.member for row in SETTINGS_TABLE}
    for asking, asked, _how in _REQUIRED:
        assert (members[asking], members[asked]) == (asking.lower(), asked.lower())


def test_keys_do_not_show_in_the_settings() -> None:
    assert "hidden" not in repr(Settings(keys="k1:hidden"))


def test_the_table_of_settings_is_complete_and_its_defaults_are_true() -> None:
    defaults = Settings()
    assert [row.member for row in SETTINGS_TABLE] == [member.name for member in fields(Settings)]
    for row in SETTINGS_TABLE:
        if row.default.replace(".", "").isdigit():
            assert row.read(row.default) == getattr(defaults, row.member)


def test_an_empty_value_is_the_default() -> None:
    assert Settings.from_environment({"TRIALHOOK_DEADLINE": " "}) == Settings()


def test_a_misspelt_name_is_refused_with_the_nearest_one() -> None:
    assert faults(FHIR_HOST="x") == (
        "TRIALHOOK_FHIR_HOST is not a setting; did you mean TRIALHOOK_FHIR_HOSTS?",
    )


def test_a_name_like_no_other_is_refused_with_the_list() -> None:
    [fault] = faults(XYZZY="1")
    assert "known: TRIALHOOK_FHIR_HOSTS, " in fault


def test_all_faults_are_told_at_once() -> None:
    told = faults(
        DEADLINE="soon", MAX_BODY="1", SERVE_DRAFTS="maybe", TIME_ZONE="Mars/Olympus", PAGE_LIMIT="2.5"
    )
    assert [fault.split(" ")[0] for fault in told] == [
        "TRIALHOOK_DEADLINE",
        "TRIALHOOK_MAX_BODY",
        "TRIALHOOK_PAGE_LIMIT",
        "TRIALHOOK_SERVE_DRAFTS",
        "TRIALHOOK_TIME_ZONE",
    ]


@pytest.mark.parametrize("deadline", ["0", "-1", "61", "nan", "inf"])
def test_a_deadline_out_of_range_is_refused(deadline: str) -> None:
    assert faults(DEADLINE=deadline)


@pytest.mark.parametrize(
    "host",
    ["ehr.example", "ftp://ehr.example", "https://user:secret@ehr.example/fhir", "https://ehr.example/?x=1"],
)
def test_a_host_that_is_not_a_base_url_is_refused_without_repeating_it(host: str) -> None:
    [fault] = faults(FHIR_HOSTS=f"https://good.example {host}")
    assert "number 2" in fault
    assert "secret" not in fault


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PUBLIC_URL", "http://cds.example.org"),
        ("PUBLIC_URL", "cds.example.org"),
        ("DATABASE", "mysql://root:secret@db/x"),
        ("REPLAY", "sometimes"),
        ("METRICS_NETWORKS", "10.1.0.0/16 everywhere"),
        ("CALLS_PER_MINUTE", "0"),
        ("RETENTION_DAYS", "none"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_without_a_secret(name: str, text: str) -> None:
    [fault] = faults(**{name: text})
    assert fault.startswith(f"TRIALHOOK_{name} must ")
    assert "secret" not in fault
