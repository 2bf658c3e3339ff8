"""From drivers to the input image: the one place where devices' words become the lane's facts."""

from __future__ import annotations

import datetime

from board.build import Board, Side
from controller.core.faults import Fault
from controller.core.images import (
    Boom,
    EndInputs,
    InputImage,
    LedgerFact,
    Request,
    Sensor,
    Vehicle,
    WallTime,
)
from controller.core.kinds import BoomPosition, ClockQuality, End, Presence, RequestKind
from controller.reading import Reading
from controller.recording.usability import as_number
from controller.weighroom import WeighRoom
from hal.ports import BoomContacts, Contact, Gate, PersonRequest, PresenceSensor
from vision.plates import validate

REQUESTS_MAX = 16
WALL_MS_MIN = 86_400_000
WALL_MS_MAX = 253_402_128_000_000
"""A day inside the calendar that records have, 1970 to 9999, whatever the zone."""
_POSITIONS = {
    (Contact.BLOCKED, Contact.CLEAR): BoomPosition.CLOSED,
    (Contact.CLEAR, Contact.BLOCKED): BoomPosition.OPEN,
    (Contact.CLEAR, Contact.CLEAR): BoomPosition.BETWEEN,
}


class _Watch:
    """One presence sensor and the time since when it has said what it says."""

    def __init__(self, port: PresenceSensor | None, now_us: int) -> None:
        self._port = port
        state = Presence.UNKNOWN if port is not None else Presence.NOT_FITTED
        self._sensor = Sensor(state, now_us)

    def read(self, now_us: int) -> Sensor:
        if self._port is None:
            return self._sensor
        state = Presence(int(self._port.read()))
        if state != self._sensor.state:
            self._sensor = Sensor(state, now_us)
        return self._sensor


class _BoomWatch:
    """One boom: its position by the limit switches, and when it was last driven upwards."""

    def __init__(self, gate: Gate | None, now_us: int) -> None:
        self._gate = gate
        self._boom = Boom(BoomPosition.UNKNOWN, now_us, now_us)
        self.raised_us = now_us

    def read(self, now_us: int) -> Boom:
        contacts = self._gate.read() if self._gate is not None else None
        position = _position(contacts)
        if (position, self.raised_us) != (self._boom.position, self._boom.raised_us):
            since = self._boom.since_us if position == self._boom.position else now_us
            self._boom = Boom(position, since, self.raised_us)
        return self._boom


def _position(contacts: BoomContacts | None) -> BoomPosition:
    if contacts is None:
        return BoomPosition.UNKNOWN
    return _POSITIONS.get((contacts.closed, contacts.open), BoomPosition.UNKNOWN)


class _EndWatch:
    def __init__(self, side: Side, now_us: int) -> None:
        self._approach = _Watch(side.approach, now_us)
        self._arm = _Watch(side.arm, now_us)
        self._beam_low = _Watch(side.beam_low, now_us)
        self._beam_high = _Watch(side.beam_high, now_us)
        self.boom = _BoomWatch(side.gate, now_us)
        self._last = EndInputs()

    def read(self, now_us: int) -> EndInputs:
        self._last = EndInputs(
            approach=self._approach.read(now_us),
            arm=self._arm.read(now_us),
            beam_low=self._beam_low.read(now_us),
            beam_high=self._beam_high.read(now_us),
            boom=self.boom.read(now_us),
        )
        return self._last


class Intake:
    """Reads every device once a scan, in a fixed order, into one image."""

    def __init__(self, board: Board, weigh_room: WeighRoom) -> None:
        now_us = board.clock.now_us()
        self._board = board
        self._weigh_room = weigh_room
        self._ends = (_EndWatch(board.sides[0], now_us), _EndWatch(board.sides[1], now_us))
        self._estop = _Watch(board.estop, now_us)
        until = board.profile.scale.certificate_valid_until
        self._certified_until = None if until is None else as_number(until)
        self._scan = 0
        self._requests = 0

    def read(
        self,
        ledger: LedgerFact,
        vehicle: Vehicle | None,
        reading: Reading,
        faults: tuple[int, ...],
    ) -> InputImage:
        """Return the image of this scan; ``faults`` are those that others have found."""
        now_us = self._board.clock.now_us()
        self._scan += 1
        yard, road = self._ends
        ends = (yard.read(now_us), road.read(now_us))
        weight = self._weigh_room.read(now_us, ends)
        wall = self._wall()
        found = (*faults, *self._weigh_room.faults)
        if wall.quality == ClockQuality.UNKNOWN:
            found = (*found, int(Fault.CLOCK_UNSET))
        elif self._certified_until is not None and wall.date > self._certified_until:
            found = (*found, int(Fault.CERTIFICATE_LAPSED))
        return InputImage(
            scan=self._scan,
            now_us=now_us,
            wall=wall,
            ends=ends,
            weight=weight,
            plates=reading.plates,
            frames=reading.frames,
            vehicle=vehicle,
            ledger=ledger,
            requests=self._asked(),
            estop=self._estop_state(now_us),
            faults=tuple(sorted(set(found))),
        )

    def note_raised(self, end: End, now_us: int) -> None:
        """Remember that this boom was driven upwards in this scan."""
        self._ends[end].boom.raised_us = now_us

    def _estop_state(self, now_us: int) -> Presence:
        """A site without an emergency stop has none to press; ``check`` warns of it."""
        state = self._estop.read(now_us).state
        return Presence.CLEAR if state == Presence.NOT_FITTED else state

    def _wall(self) -> WallTime:
        reading = self._board.clock.wall()
        if not WALL_MS_MIN <= reading.ms <= WALL_MS_MAX:
            return WallTime()
        quality = ClockQuality.SYNCHRONISED if reading.synchronised else ClockQuality.FREE_RUNNING
        date = _date(reading.ms, reading.offset_min)
        return WallTime(ms=reading.ms, date=date, quality=quality, offset_min=reading.offset_min)

    def _asked(self) -> tuple[Request, ...]:
        source = self._board.requests
        asked = source.poll() if source is not None else ()
        requests = (self._request(one) for one in asked[:REQUESTS_MAX])
        return tuple(request for request in requests if request is not None)

    def _request(self, asked: PersonRequest) -> Request | None:
        """A request in the lane's words; an unknown one, or no plate of GA 36, asks for nothing."""
        kind = RequestKind.__members__.get(asked.kind.upper())
        if kind is None or (asked.plate and not validate(asked.plate)):
            return None
        self._requests += 1
        return Request(
            id=self._requests,
            kind=kind,
            who=asked.who,
            why=asked.why,
            end=End.__members__.get((asked.end or "").upper()),
            plate=asked.plate,
            passage_id=asked.passage_id,
            second=asked.second,
        )


def _date(ms: int, offset_min: int) -> int:
    """The local date yyyymmdd at a wall time."""
    zone = datetime.timezone(datetime.timedelta(minutes=offset_min))
    local = datetime.datetime.fromtimestamp(ms // 1000, zone)
    return local.year * 10_000 + local.month * 100 + local.day
