"""Who is left alone on the deck by the one before: a vehicle, and a record, of his own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Message, Presence
from protocol.parts import Kind
from protocol.record import Record
from sim.boom import LIMIT_DEG
from sim.faults import part_of
from sim.finding import Finding
from sim.truth import Crossing
from sim.world import ENDS, Yard

ALONE_US = 3_000_000
"""So long after that, with no record on its way, nobody takes him for the other."""
_NOT_LOOKED_AT = ("sign", "approach_lamp", "deck_lamp", "camera")
_PUTS_OFF = ("beam_low", "beam_high")
# An enumeration's attribute costs ten times a name, and every scan asks.
_CLEAR = Presence.CLEAR
STOPPED = (Message.CLOSED, Message.EMERGENCY, Message.NO_RECORDS, Message.TEST)


class Alone(Struct, frozen=True, kw_only=True):
    """Who was still on the deck at ``seen_us``, behind one who had ``gone``."""

    gone: Crossing
    there: tuple[int, ...]
    seen_us: int


class Followers:
    """Watches each boom from before it rises until a vehicle is seen to have gone by it.

    Seen is that by the boom, which is down again, or by both loops there, which are clear, whatever
    keeps the boom up.  Nobody is noted where the lane was stopped or dead meanwhile, or anything
    that it looks at in trouble: then it may not know that another has taken the place of the first.
    A beam in trouble only puts that off.
    """

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._stirred_us = 0
        self._down_us = [0, 0]
        self._crossed = 0
        self._gone: Crossing | None = None
        self._shut_us: int | None = None
        self._alone: list[Alone] = []

    def restarted(self, now_us: int) -> None:
        """The lane begins a new life, and has seen nothing while it was dead."""
        self._stirred_us = now_us
        self._gone = None

    def look(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Take one scan."""
        if self._stirs(inputs, outputs):
            self.restarted(inputs.now_us)
        for end, boom in enumerate(self._yard.booms):
            if boom.angle_deg <= LIMIT_DEG and not boom.broken:
                self._down_us[end] = inputs.now_us
        crossings = self._yard.truth.crossings
        if len(crossings) != self._crossed:
            self._crossed = len(crossings)
            self._leaves(crossings[-1])
        if self._gone is not None:
            self._wait(self._gone, inputs, outputs)

    def findings(self, records: Sequence[Record]) -> Iterator[Finding]:
        """Whoever has no record that began once the other had gone (I4)."""
        for alone in self._alone:
            gone = alone.gone
            if not any(gone.at_us <= _began_us(r) <= alone.seen_us for r in records if _tells(r)):
                seen = (
                    f"vehicles {list(alone.there)} alone on the deck: no record of their own "
                    f"behind vehicle {gone.vehicle}, gone by the {ENDS[gone.end]} boom"
                )
                yield Finding(check="I4", at_us=gone.at_us, seen=seen)

    def _stirs(self, inputs: InputImage, outputs: OutputImage) -> bool:
        if inputs.estop != _CLEAR or outputs.sign.message in STOPPED:
            return True
        return any(
            part_of(device) not in (*_NOT_LOOKED_AT, *_PUTS_OFF) for device in self._yard.troubles
        )

    def _put_off(self) -> bool:
        return any(part_of(device) in _PUTS_OFF for device in self._yard.troubles)

    def _leaves(self, crossing: Crossing) -> None:
        """Wait for the boom behind a vehicle that the lane has let go, if another is there."""
        mischief, stay = self._yard.mischief, self._yard.truth.on_deck[-1]
        by_hand = mischief is not None and mischief.lets_through(crossing.end, crossing.at_us)
        follows = stay.until_us is None and crossing.vehicle in stay.vehicles
        calm = self._stirred_us < self._down_us[crossing.end]
        if follows and calm and not by_hand and crossing.end != crossing.entry:
            self._gone = crossing

    def _wait(self, gone: Crossing, inputs: InputImage, outputs: OutputImage) -> None:
        now_us, here = inputs.now_us, inputs.ends[gone.end]
        seen_out = (
            self._down_us[gone.end] == now_us or here.arm.state == here.approach.state == _CLEAR
        )
        vehicles = (driver.vehicle for driver in self._yard.drivers)
        there = tuple(v.number for v in vehicles if v.axles_on_deck())
        if not there:
            self._gone = None
        elif not seen_out or outputs.record is not None or self._put_off():
            self._shut_us = None
        elif self._shut_us is None:
            self._shut_us = now_us
        elif now_us - self._shut_us >= ALONE_US:
            self._alone.append(Alone(gone=gone, there=there, seen_us=now_us))
            self._gone = None


def _tells(record: Record) -> bool:
    return record.kind in (Kind.PASSAGE, Kind.VOID)


def _began_us(record: Record) -> int:
    times = record.times
    return times.at_us if times.entered_us is None else times.entered_us
