"""What the sign tells a driver of his passage, against the records of that passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from controller.core.images import OutputImage, Sign
from controller.core.kinds import Message
from protocol.parts import Outcome
from protocol.record import Record
from sim.boomjudge import Disk
from sim.finding import Finding
from sim.ledgercheck import releases
from sim.notes import Notes

_OVER = (Message.OVER, Message.BACK_OUT)
_TELLS = (Message.PASS, *_OVER)
_WAITS = Message.WAIT_FOR_OPERATOR
"""Tells of no decision: until a record is on the disk it may have what the cameras have read."""


class Shown(Struct, frozen=True, kw_only=True):
    """A page that the sign has shown for a passage."""

    passage_id: int
    sign: Sign


class Pages:
    """Looks at each new page, and at what the disk has of its passage by then."""

    def __init__(self, notes: Notes, disk: Disk | None) -> None:
        self._notes = notes
        self._disk = disk
        self._sign: Sign | None = None
        self._shown: dict[Shown, int] = {}

    def restarted(self) -> None:
        """The lane begins a new life."""
        self._sign = None

    def look(self, outputs: OutputImage) -> None:
        """Take one scan; what is told of a decision must be on the disk already."""
        if outputs.sign is self._sign:
            return
        self._sign = outputs.sign
        shown = Shown(passage_id=outputs.passage_id, sign=outputs.sign)
        if shown in self._shown or outputs.sign.message not in (*_TELLS, _WAITS):
            return
        self._shown[shown] = self._notes.now_us
        if self._disk is None:
            return
        parts = self._disk(outputs.passage_id)
        message = outputs.sign.message
        for seen in _contradictions(shown, parts) if parts or message in _OVER else ():
            self._notes.once("I9", True, seen)
        if message == Message.PASS:
            found = [record.decision for record in parts if record.decision is not None]
            right = bool(found) and found[-1].outcome is Outcome.RELEASE
            told = found[-1] if found else "nothing"
            seen = f"PASS shown for passage {outputs.passage_id}; on disk: {told}"
            self._notes.once("I13", not right, seen)

    def findings(self, records: Sequence[Record]) -> Iterator[Finding]:
        """Whatever no record says at last (I9)."""
        for shown, at_us in self._shown.items():
            if shown.sign.message == _WAITS:
                continue
            parts = [one for one in records if one.passage_id == shown.passage_id]
            for seen in _contradictions(shown, parts):
                yield Finding(check="I9", at_us=at_us, seen=seen)


def _contradictions(shown: Shown, parts: Sequence[Record]) -> Iterator[str]:
    """What a page says otherwise than every record of its passage."""
    sign = shown.sign
    name = f"{sign.message.name} shown for passage {shown.passage_id}"
    if sign.message == Message.PASS and not any(releases(r) for r in parts):
        yield f"{name} without a release"
    weighed = {r.weighing.indicated_g for r in parts if r.weighing is not None}
    if sign.gross_g is not None and sign.gross_g not in weighed:
        yield f"{name} with {sign.gross_g} g, the record {sorted(map(str, weighed))}"
    if sign.plate and sign.plate not in {r.plate for r in parts}:
        yield f"{name} with the plate {sign.plate}, which no record has"
    judged = [r.verdicts for r in parts if r.verdicts is not None]
    both = [one for v in judged for one in (v.over_limit, v.overload) if one is not None]
    if sign.limit_g is not None and not any(
        (one.limit_g, one.over_g) == (sign.limit_g, sign.over_g) for one in both
    ):
        yield f"{name} with {sign.over_g} g over {sign.limit_g} g, which no verdict says"
