"""From drivers to the input image: the one place where devices' words become the lane's facts."""

from __future__ import annotations

import datetime
from functools import lru_cache

from msgspec.structs import replace

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
from controller.core.kinds import (
    BOOM_UNKNOWN,
    CLEAR,
    NOT_FITTED,
    BoomPosition,
    ClockQuality,
    End,
    Presence,
    RequestKind,
)
from controller.reading import Reading
from controller.recording.usability import as_number
from controller.resting import Rested
from controller.rooms import ScaleRoom
from controller.selfchecks import SelfChecks
from hal.ports import BoomContacts, Contact, Gate, PersonRequest, PresenceSensor
from vision.plates import validate

REQUESTS_MAX = 16
WALL_MS_MIN = 1_735_689_600_000
"""2025-01-01 UTC: no Steelyard ran before, so that a clock that says so has lost its date."""
WALL_MS_MAX = 253_402_128_000_000
"""A day inside the calendar that records have, up to 9999, whatever the zone."""
_STATES = tuple(Presence)
_UNSET, _FREE_RUNNING, _SYNCHRONISED = ClockQuality
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
        state = _STATES[self._port.read()]
        if state is not self._sensor.state:
            self._sensor = Sensor(state, now_us)
        return self._sensor


class _BoomWatch:
    """One boom: its position by the limit switches, and when it was last driven upwards."""

    def __init__(self, gate: Gate | None, now_us: int) -> None:
        self._gate = gate
        self._boom = Boom(BoomPosition.UNKNOWN, now_us, now_us)
        self.raised_us = now_us

    def again(self) -> Boom:
        """The same position as before; it may have been driven upwards since."""
        if self.raised_us != self._boom.raised_us:
            self._boom = Boom(self._boom.position, self._boom.since_us, self.raised_us)
        return self._boom

    def read(self, now_us: int) -> Boom:
        contacts = self._gate.read() if self._gate is not None else None
        position, before = _position(contacts), self._boom
        if position is not before.position or self.raised_us != before.raised_us:
            since = before.since_us if position is before.position else now_us
            self._boom = Boom(position, since, self.raised_us)
        return self._boom


def _position(contacts: BoomContacts | None) -> BoomPosition:
    if contacts is None:
        return BOOM_UNKNOWN
    return _POSITIONS.get((contacts.closed, contacts.open), BOOM_UNKNOWN)


class _EndWatch:
    def __init__(self, side: Side, now_us: int) -> None:
        self._approach = _Watch(side.approach, now_us)
        self._arm = _Watch(side.arm, now_us)
        self._beam_low = _Watch(side.beam_low, now_us)
        self._beam_high = _Watch(side.beam_high, now_us)
        self.boom = _BoomWatch(side.gate, now_us)
        self._last = EndInputs()

    def again(self) -> EndInputs:
        """The same but for a boom that is driven upwards."""
        boom = self.boom.again()
        if boom is not self._last.boom:
            self._last = replace(self._last, boom=boom)
        return self._last

    def read(self, now_us: int) -> EndInputs:
        """The same object as in the last scan where nothing has changed."""
        approach, arm = self._approach.read(now_us), self._arm.read(now_us)
        low, high = self._beam_low.read(now_us), self._beam_high.read(now_us)
        boom, last = self.boom.read(now_us), self._last
        if (
            approach is not last.approach
            or arm is not last.arm
            or low is not last.beam_low
            or high is not last.beam_high
            or boom is not last.boom
        ):
            self._last = EndInputs(
                approach=approach, arm=arm, beam_low=low, beam_high=high, boom=boom
            )
        return self._last


class Intake:
    """Reads every device once a scan, in a fixed order, into one image."""

    def __init__(self, board: Board, weigh_room: ScaleRoom) -> None:
        now_us = board.clock.now_us()
        self._board = board
        self._weigh_room = weigh_room
        self._watches = (_EndWatch(board.sides[0], now_us), _EndWatch(board.sides[1], now_us))
        self._ends = (EndInputs(), EndInputs())
        self._estop = _Watch(board.estop, now_us)
        until = board.profile.scale.certificate_valid_until
        self._certified_until = None if until is None else as_number(until)
        self.checks = SelfChecks(board.checking)
        self._scan = 0
        self._last = InputImage(scan=0, now_us=now_us)
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
        ends = self._read_ends(now_us)
        weight = self._weigh_room.read(now_us, ends)
        wall = self._wall()
        found = (*faults, *self._weigh_room.faults, *self.checks.poll())
        if wall.quality is _UNSET:
            found = (*found, int(Fault.CLOCK_UNSET))
        elif self._certified_until is not None and wall.date > self._certified_until:
            found = (*found, int(Fault.CERTIFICATE_LAPSED))
        self._last = InputImage(
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
            faults=tuple(sorted(set(found))) if found else (),
        )
        return self._last

    def again(self) -> InputImage:
        """Return the image of a scan in which nothing has changed since the last but the time."""
        self._scan += 1
        now_us, ends = self._board.clock.now_us(), self._ends
        yard, road = self._watches[0].again(), self._watches[1].again()
        if yard is not ends[0] or road is not ends[1]:
            self._ends = (yard, road)
        self._last = replace(
            self._last, scan=self._scan, now_us=now_us, wall=self._wall(), ends=self._ends
        )
        return self._last

    def ahead(self, us: int, driven_us: int) -> InputImage:
        """Return the image of a scan so much later, if nothing but the time changes until then.

        A boom that was driven upwards in the last scan is driven until ``driven_us`` before it.
        """
        last, ends = self._last, list(self._last.ends)
        now_us = last.now_us + us
        for end, watch in zip(End, self._watches, strict=True):
            if watch.boom.raised_us == last.now_us:
                boom = replace(ends[end].boom, raised_us=now_us - driven_us)
                ends[end] = replace(ends[end], boom=boom)
        wall = replace(last.wall, ms=last.wall.ms + us // 1000)
        yard, road = ends
        return replace(last, now_us=now_us, wall=wall, ends=(yard, road))

    def rest(self, rested: Rested) -> InputImage:
        """Return the last image of scans in which nothing happens."""
        self._scan += len(rested)
        self._last = rested.image(len(rested) - 1)
        return self._last

    def note_raised(self, end: End, now_us: int) -> None:
        """Remember that this boom was driven upwards in this scan."""
        self._watches[end].boom.raised_us = now_us

    def _read_ends(self, now_us: int) -> tuple[EndInputs, EndInputs]:
        yard, road = self._watches[0].read(now_us), self._watches[1].read(now_us)
        if yard is not self._ends[0] or road is not self._ends[1]:
            self._ends = (yard, road)
        return self._ends

    def _estop_state(self, now_us: int) -> Presence:
        """A site without an emergency stop has none to press; ``check`` warns of it."""
        state = self._estop.read(now_us).state
        return CLEAR if state is NOT_FITTED else state

    def _wall(self) -> WallTime:
        reading = self._board.clock.wall()
        if not WALL_MS_MIN <= reading.ms <= WALL_MS_MAX:
            return WallTime()
        quality = _SYNCHRONISED if reading.synchronised else _FREE_RUNNING
        date = _date((reading.ms // 1000 + 60 * reading.offset_min) // 86_400)
        return WallTime(ms=reading.ms, date=date, quality=quality, offset_min=reading.offset_min)

    def _asked(self) -> tuple[Request, ...]:
        source = self._board.requests
        asked = source.poll() if source is not None else ()
        if not asked:
            return ()
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
            detail=asked.detail,
        )


@lru_cache(maxsize=2)
def _date(day: int) -> int:
    """The date yyyymmdd of a day since 1970."""
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    return date.year * 10_000 + date.month * 100 + date.day
