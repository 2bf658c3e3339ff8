"""What the checker holds the lane to, and what it says when the lane fails."""

from __future__ import annotations

from msgspec import Struct

CHECKS: dict[str, str] = {
    "I1": "a boom leaves its lower limit only for a durable permit or for a vehicle that may enter",
    "I2": "a boom is never commanded down on a presence that is blocked or unknown",
    "I3": "never two conflicting greens",
    "I4": "each on-deck interval has exactly one PASSAGE or VOID, and no such record has none",
    "I5": "the weight in a record is one that the scale accepted, at that instant",
    "I6": "sequence numbers have no gap, and the chain of hashes holds",
    "I8": "what is unknown never releases: a release by rule has a weight and a verdict of within",
    "I9": "the sign and the record agree",
    "I10": "zero is asked only of an empty deck",
    "T1": "nobody and no vehicle is hit by a boom",
    "T2": "no vehicle leaves by the far boom without its record and a rightful cause",
    "T3": "the weight in a record is inside the initial MPE of the true mass",
    "T4": "an over-limit vehicle is not released by rule",
    "T5": "a lawful vehicle is not held when nothing is broken",
    "T6": "a vehicle released by rule is recorded under its own plate",
    "C1": "a cheat is caught, or the record says why it could not be known",
    "T7": "an empty lane in order comes back to IDLE within the bound",
}
"""I1 to I10 as in facts of passage 9.2 (I7 needs restarts, and is tested with them); T1 to T7
compare with the truth that only the yard knows."""

FINDINGS_MAX = 200


class Finding(Struct, frozen=True, kw_only=True):
    """One violation: which check, at what time of the yard's clock, and what was seen."""

    check: str
    at_us: int
    seen: str

    def __str__(self) -> str:
        return f"{self.at_us / 1e6:9.2f} s  {self.check}  {self.seen}  ({CHECKS[self.check]})"
