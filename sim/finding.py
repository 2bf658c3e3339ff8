"""What the checker holds the lane to, and what it says when the lane fails."""

from __future__ import annotations

from msgspec import Struct

from protocol.record import Record

CHECKS: dict[str, str] = {
    "I1": "a boom leaves its lower limit only with cause, and not before the other one is down",
    "I2": "a boom is commanded down only where all was clear for the settling time",
    "I3": "one green at most, beside an open boom; nobody is bidden onto a deck that is not empty",
    "I4": "each on-deck interval has exactly one PASSAGE or VOID; passages and parts have no gap",
    "I5": "the weight in a record is one that the scale accepted then, with all of its cells",
    "I6": "sequence numbers have no gap, the chain of hashes holds, each day is closed, seals hold",
    "I7": "a lane that starts anew moves no boom and shows no green until it knows where it is",
    "I8": "what is unknown never releases, and a permit opens the boom that the decision means",
    "I9": "the sign and the record agree",
    "I10": "zero is asked only of an empty deck",
    "I11": "an emergency stop stops booms and lamps until a named person resets it",
    "I12": "no boom opens by rule on a weight that the scale has taken back",
    "I13": "a boom opens, and the sign says PASS, once the record that says so is on disk",
    "I14": "a device that says nothing is unknown to the lane, whatever it said before",
    "I15": "whoever stands is told of a second vehicle on the deck before how to stand right",
    "I16": "a person's word counts once it is on disk, and what a person voids no rule lets go",
    "I17": "a lamp that is only tried out bids nobody who is there",
    "I18": "a change that a named person tells of has its record",
    "I19": "a boom that is moved by hand stands still once a person says stop",
    "T1": "nobody and no vehicle is hit by a boom",
    "T2": "no vehicle leaves by the far boom without its record and a rightful cause",
    "T3": "the weight in a record is inside the initial MPE of the true mass",
    "T4": "an over-limit vehicle is not released by rule",
    "T5": "a lawful vehicle is not held when nothing is broken",
    "T6": "a vehicle is recorded under its own plate, or under none",
    "T7": "an empty lane in order comes back to IDLE within the bound",
    "T8": "a weight in a record was accepted while one whole vehicle stood on the deck",
    "T9": "verdict, limit, excess and outcome are those of the law for this vehicle",
    "T10": "direction, purpose, tare and re-weigh chain are those of this vehicle",
    "T11": "the times of a record are in order, and its date is the true one",
    "T12": "a weight has its evidence: uncertainty, errors, rounding, counts, curve, axles",
    "T13": "nobody is accused of a device on the scale where there is none",
    "T14": "nobody is held for a wait that was not waited out",
    "T15": "a plate that stands by itself was read surely and alike, and no other was",
    "T16": "a boom that a record says was moved by hand was moved, or its switches said so",
    "C1": "a cheat is caught, or the record says why it could not be known",
}
"""I1 to I10 as in facts of passage 9.2, with what they come to in a whole lane; I11 to I19 are the
lane's own rules; T1 to T16 compare with the truth that only the yard knows."""

FINDINGS_MAX = 200


class Finding(Struct, frozen=True, kw_only=True):
    """One violation: which check, at what time of the yard's clock, and what was seen."""

    check: str
    at_us: int
    seen: str

    def __str__(self) -> str:
        return f"{self.at_us / 1e6:9.2f} s  {self.check}  {self.seen}{_meaning(self.check)}"


def _meaning(check: str) -> str:
    """In brackets; the explorer's own checks have theirs there."""
    return f"  ({CHECKS[check]})" if check in CHECKS else ""


def of_record(check: str, record: Record, seen: str) -> Finding:
    """A finding about one record, at its own time."""
    return Finding(check=check, at_us=record.times.at_us, seen=seen)
