"""What comes of a ride: its findings, a digest of all it did, what it reached."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from sim.explore.coverage import Cell
from sim.explore.plan import Plan
from sim.finding import CHECKS, Finding

OWN_CHECKS = {
    "error": "the lane's program raises no error",
    "stuck": "when all faults have ended, the next vehicle comes away within 600 s",
    "rest": "when all faults have ended and the last vehicle is gone, the lane is IDLE in 180 s",
    "verify": "the folder verifies",
    "replay": "every record replays to the same outputs and bytes",
    "unstored": "nothing is left unstored when the lane is closed",
    "lost": "what the lane was told to be durable is there after every death",
    "damage": "no death, power cut or trouble of the disk damages the ledger or what it names",
    "robbed": "no medium goes that the platform does not have yet",
    "away": "when the trouble of the disk has ended, the ledger takes records again within 30 s",
}


class Ride(Struct, frozen=True, kw_only=True):
    """What came of one plan; ``digest`` is over all outputs, records and findings.

    Of one that is ``lost`` nothing is known but that.
    """

    plan: Plan
    findings: tuple[Finding, ...]
    digest: str
    lane_us: int
    trucks: int
    faults: int
    kills: int
    records: int
    cells: frozenset[Cell]
    lost: bool = False


def meaning(check: str) -> str:
    """What a check holds the lane to, in words."""
    return OWN_CHECKS.get(check) or CHECKS[check]


def erred(plan: Plan, seen: str) -> Ride:
    """What is left to say of a ride that has not come back: that it erred, and how."""
    found = Finding(check="error", at_us=0, seen=seen)
    return Ride(
        plan=plan,
        findings=(found,),
        digest=hashlib.sha256(line_of(found)).hexdigest(),
        lane_us=0,
        trucks=0,
        faults=0,
        kills=0,
        records=0,
        cells=frozenset(),
        lost=True,
    )


def line_of(found: Finding) -> bytes:
    """A finding as digests have it."""
    return f"{found.at_us} {found.check} {found.seen}\n".encode()
