"""The accounts of demo mode: one for each role, on this machine only, without a password."""

from __future__ import annotations

from cds_service.signing_in import words
from cds_service.signing_in.staff import LOCAL, Grant, Identity, Person, Staff

ROLES = tuple(words.DEMO_NAMES)
"""The roles in the order in which they are offered."""


def demo_staff() -> Staff:
    """Everybody in the demo."""
    return Staff(people=tuple(Person((Grant(role),), subject=role.value) for role in ROLES))


def local_identity(name: str) -> Identity | None:
    """Who a button of the demo's page stands for; None for a name that no button has."""
    role = next((role for role in ROLES if role.value == name), None)
    return Identity(LOCAL, role.value, words.DEMO_NAMES[role]) if role else None
