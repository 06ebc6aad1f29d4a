"""The requirement list: every row of our page on CDS Hooks, with its level and the versions that have it.

The page collects CDS Hooks 1.0, 1.1 (ballot), 2.0, 2.0.1 and 3.0.0-ballot, the hook library, and what public
clients and validators do. Rows without an id there have the number of their section and a word here. Levels:
``should`` is the specification's own word in small letters; REC is what the page recommends; BP the
specification's page on best practices; ``client`` a MUST or MAY for clients; ``gap`` something not specified.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A row of the page."""

    id: str
    level: str
    versions: str


_TEXT = """
1 JSON and HTTP
G1 MUST all
G2 MUST all
G3 MUST all
G4 MUST all
G5 MUST 1.0
G6 MUST 3.0
G7 SHOULD 3.0
G8 REC -
G9 REC -

2 Discovery
D1 MUST all
D2 MUST all
D3 should 2.0+
D4 MUST all
D5 MUST all
D6 MUST all
D7 SHOULD all
D8 MAY all
D9 MAY 2.0+
D10 SHOULD 3.0
D11 MAY 3.0
D12 MAY 2.0+
D13 MAY all
D14 MUST all
D15 - all
D16 MAY all
D17 REC -

2.1 Prefetch templates
P1 MUST all
P2 MUST all
P3 MUST 1.0-2.0
P4 MUST 2.0+
P5 MUST 3.0
P6 SHOULD all
P7 REC -
P8 MAY 3.0
P9 REC -
P10 MUST all
P11 REC -

3 Request
R1 REC all
R2 REC all
R3 REC all
R4 REC all
R5 REC all
R6 REC all
R7 REC all
R8 REC -
R9 REC -

4 Contexts of the hooks
4.patient-view MUST all
4.encounter-start MUST all
4.order-select MUST all
4.order-sign MUST all
4.appointment-book MUST all
4.other-hooks - all
4.bundles REC all
4.drafts REC all
4.fhir-versions REC all
4.custom-hooks MUST all

5.1 Prefetch: what arrives under a key
5.1.absent MUST all
5.1.null MUST all
5.1.empty MUST 3.0
5.1.data MUST all
5.1.next MAY 2.0+
5.1.outcome SHOULD 2.0+
5.1.outcome-entry SHOULD 2.0+
5.1.broken REC -
5.1.undeclared REC all

5 Getting data
F1 MUST all
F2 MUST all
F3 REC CRD
F4 should 2.0+
F5 MAY all
F6 REC -

5.3 FHIR access
A1 MAY all
A2 MUST all
A3 MUST all
A4 - 2.0+
A5 REC -
A6 client all
A7 REC -

6.1 Response and status
S1 MUST all
S2 should all
S3 MAY 1.1+
S4 MUST all
S5 MAY all
S6 SHOULD 3.0
S7 REC -
S8 REC -

6.2 Card
C1 MAY 1.1+
C2 MUST all
C3 MUST all
C4 MUST all
C5 MUST all
C6 MAY all
C7 MUST all
C8 MUST 1.1+
C9 MAY all
C10 MAY all

6.3 Source
SO1 MUST all
SO2 MAY all
SO3 SHOULD all
SO4 MAY 1.1+

6.4 Suggestion
SG1 MUST all
SG2 MAY all
SG3 MAY 1.1+
SG4 MAY all
SG5 MUST 3.0

6.5 Action
AC1 MUST all
AC2 MUST all
AC3 MUST all
AC4 MUST all
AC5 SHOULD 2.0+
AC6 legacy 1.0

6.6 Link
L1 MUST all
L2 MUST all
L3 MUST all
L4 - all
L5 MUST all
L6 MAY 2.0.1+
L7 REC -

6.7 System actions
Y1 - 1.1+
Y2 - 3.0
Y3 REC -
Y4 - -

6.8 Coding
6.8.coding MUST 1.1+

8 Feedback
FB1 MAY 1.1+
FB2 client 1.1+
FB3 client 1.1+
FB4 client 1.1+
FB5 client 1.1+
FB6 - 1.1+
FB7 - 1.1+
FB8 - 1.1+
FB9 REC all
FB10 REC -
FB11 gap 3.0

9 Authentication of the client
J1 SHOULD 2.0+
J2 client all
J3 client all
J4 client all
J5 MUST all
J6 MUST all
J7 SHOULD all
J8 SHOULD all
J9 MUST all
J10 BP all
J11 BP all
J12 BP all
J13 REC -
J14 MAY all
J15 REC -

10 Transport and CORS
T1 MUST all
T2 MUST -
T3 MUST all
T4 REC -
T5 REC -
T6 REC -

11 Performance and freshness
X1 SHOULD all
X2 - CRD
X3 REC -
X4 MUST all
X5 REC -
X6 - 2.0+
X7 REC -

12 Extensions
12.object MUST all
12.names SHOULD all

13 Security, safety, privacy
SEC1 MUST all
SEC2 BP all
SEC3 REC -
SEC4 REC -
SEC5 REC -
SEC6 REC CRD
SEC7 REC -
SEC8 REC -
SEC9 REC -
SEC10 REC -

14 Trials in suggestions
14.1 REC -
14.2 REC -
14.3 REC -
14.4 REC -
14.5 REC -
14.6 REC -
14.7 REC -
14.8 REC -
14.9 REC -
14.10 REC -
"""


def _read(text: str) -> dict[str, tuple[Row, ...]]:
    sections = {}
    for block in text.strip().split("\n\n"):
        title, *lines = block.splitlines()
        sections[title] = tuple(Row(*line.replace(" -", " –").split(" ")) for line in lines)
    return sections


SECTIONS = _read(_TEXT)
"""The rows by the title of their section, in the page's order."""

ROWS = {row.id: row for rows in SECTIONS.values() for row in rows}
"""Every row by its id."""
