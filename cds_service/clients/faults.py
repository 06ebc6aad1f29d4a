"""What is wrong with clients.yaml: all at once, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mappings.definitions.faults import Fault


class ClientFault(NamedTuple):
    """One fault. ``where`` names the client; ``to_do`` may be empty where ``what`` says it already.

    ``line`` is 0 for a fault of the whole file. Never holds key material: only the ``kid`` of a key.
    """

    file: str
    line: int
    where: str
    what: str
    to_do: str = ""

    @classmethod
    def of_message(cls, file: str, line: int, where: str, message: str) -> ClientFault:
        """From ``what; what to do``."""
        what, _, to_do = message.partition("; ")
        return cls(file, line, where, what, to_do)

    @classmethod
    def of_definition(cls, fault: Fault) -> ClientFault:
        """From a fault that the reading of YAML or of site codes found."""
        return cls.of_message(fault.file, fault.line, fault.where, fault.message)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        what = f"{self.where}: {self.what}" if self.where else self.what
        return place + what + (f"; {self.to_do}" if self.to_do else "")


class ClientsError(Exception):
    """Registrations that cannot be used, with every fault found in them."""

    def __init__(self, faults: Iterable[ClientFault]) -> None:
        self.faults = tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line)))
        super().__init__("\n".join(str(fault) for fault in self.faults))
