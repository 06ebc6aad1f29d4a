"""What a role may do, and for which trials and sites."""

from __future__ import annotations

import pytest

from cds_service.signing_in.local_accounts import demo_staff, local_identity
from cds_service.signing_in.staff import Account, Grant, Right, Role


def account(*grants: Grant) -> Account:
    return Account("issuer|jo", "Jo", grants)


ONE_TRIAL = Grant(Role.COORDINATOR, frozenset({"NCT1"}))
ONE_SITE = Grant(Role.COORDINATOR, clients=frozenset({"hospital"}))
BOTH = Grant(Role.COORDINATOR, frozenset({"NCT1"}), frozenset({"hospital"}))


@pytest.mark.parametrize(
    ("grants", "trial", "client", "may"),
    [
        ([Grant(Role.COORDINATOR)], "NCT1", "hospital", True),
        ([ONE_TRIAL], "NCT1", "hospital", True),
        ([ONE_TRIAL], "NCT2", "hospital", False),
        ([ONE_SITE], "NCT2", "hospital", True),
        ([ONE_SITE], "NCT2", "clinic", False),
        ([BOTH], "NCT1", "hospital", True),
        ([BOTH], "NCT1", "clinic", False),
        ([BOTH], "NCT2", "hospital", False),
        ([BOTH], "", "", True),
        ([], "", "", False),
        # two grants are not one: the trial of the first and the site of the second are nobody's
        (
            [
                Grant(Role.COORDINATOR, frozenset({"NCT1"}), frozenset({"hospital"})),
                Grant(Role.COORDINATOR, frozenset({"NCT2"}), frozenset({"clinic"})),
            ],
            "NCT1",
            "clinic",
            False,
        ),
        ([Grant(Role.READ_ONLY), ONE_TRIAL], "NCT2", "hospital", False),
        ([Grant(Role.ADMINISTRATOR)], "NCT1", "hospital", False),
        ([Grant(Role.CLINICIAN)], "NCT1", "hospital", False),
        ([Grant(Role.COORDINATOR, frozenset())], "NCT1", "", False),
    ],
)
def test_a_right_holds_for_the_trials_and_sites_of_its_own_grant(
    grants: list[Grant], trial: str, client: str, may: bool
) -> None:
    assert account(*grants).may(Right.MOVE, trial, client) is may


def test_the_role_beside_a_name_is_the_one_that_gave_the_right() -> None:
    both = account(Grant(Role.READ_ONLY), ONE_TRIAL)
    assert both.role_for(Right.SEE, "NCT1") is Role.READ_ONLY
    assert both.role_for(Right.MOVE, "NCT1") is Role.COORDINATOR
    assert both.role_for(Right.MOVE, "NCT2") is None
    assert both.roles == (Role.COORDINATOR, Role.READ_ONLY)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_has_an_account_in_the_demo(role: Role) -> None:
    identity = local_identity(role.value)
    assert identity is not None
    found = demo_staff().account_of(identity)
    assert found is not None
    assert found.id == f"local|{role.value}"
    assert found.is_local
    assert found.grants == (Grant(role),)


@pytest.mark.parametrize("name", ["", "root", "Coordinator", "local|coordinator"])
def test_the_demo_has_no_other_account(name: str) -> None:
    assert local_identity(name) is None
