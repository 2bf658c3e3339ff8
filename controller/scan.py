"""One scan of the lane: read everything, step, interlock, write everything.  Nothing else moves."""

from __future__ import annotations

import hashlib

import msgspec

from board.build import Board
from controller.blackbox import BlackBox
from controller.bookkeeper import Bookkeeper
from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import RAISE, End
from controller.core.lane import step
from controller.core.passage import Lane
from controller.core.rest import rests
from controller.core.settings import DAY_MS, InterlockSettings, LaneSettings
from controller.intake import Intake
from controller.journal import Journal
from controller.reading import Reading
from controller.resting import Rested
from controller.rooms import ScaleRoom
from controller.stills import Stills
from controller.words import page_for
from hal.ports import DeviceFault, Drive, Signal
from sensors.calibration import IntArray

_ENDS = tuple(End)
_DRIVES = tuple(Drive)
_SIGNALS = tuple(Signal)


class Scan:
    """Drives the pure lane on a board's devices; ``once`` is one period."""

    def __init__(
        self,
        board: Board,
        settings: LaneSettings,
        interlock_settings: InterlockSettings,
        weigh_room: ScaleRoom,
        reading: Reading,
        bookkeeper: Bookkeeper,
        journal: Journal,
        black_box: BlackBox,
        stills: Stills | None = None,
    ) -> None:
        self._board = board
        self.settings = settings
        self.interlock_settings = interlock_settings
        self._weigh_room = weigh_room
        self.reading = reading
        self.bookkeeper = bookkeeper
        self._journal = journal
        self._black_box = black_box
        self._stills = stills
        self._intake = Intake(board, weigh_room)
        self._digest = hashlib.sha256()
        self.lane = Lane(since_us=board.clock.now_us())
        self.outputs = self._polled = OutputImage()
        self._encoded = (self.outputs, msgspec.msgpack.encode(self.outputs))
        self._inputs: InputImage | None = None
        self._told: tuple[int, ...] = ()
        self._in_core = False

    def once(self) -> tuple[InputImage, OutputImage]:
        """Run one scan and return its two images.

        An error that leaves here is one of the program: the outputs have gone safe before it does,
        and it carries a note on the evidence bundle.
        """
        try:
            return self._once()
        except Exception as error:
            try:
                self.make_safe()
            finally:
                error.add_note(
                    self._black_box.keep(error, self.lane, self._inputs, in_core=self._in_core)
                )
            raise

    def again(self) -> InputImage:
        """Run one more scan in which only the time changes: what ``once`` would do, for less.

        For a simulator, which knows that no device has anything new to say, and only before
        ``rests_until_us``.
        """
        inputs, booms = self._intake.again(), self.outputs.booms
        self._inputs = inputs
        self._journal.observe(self.lane, inputs, self.outputs)
        for end in _ENDS:
            if booms[end] == RAISE:
                self._intake.note_raised(end, inputs.now_us)
        self._digest.update(self._outputs_encoded())
        return inputs

    def stays(self, scans: int, scan_us: int) -> bool:
        """Whether this lane, busy or not, does nothing new in so many scans of an unchanged yard.

        What waits for a time goes on waiting once it is over, so the last of them tells of all.
        """
        ahead = self._intake.ahead(scans * scan_us, scan_us)
        try:
            lane, wanted = step(self.lane, ahead, self.settings)
            outputs = interlock(ahead, wanted, self.interlock_settings)
        except Exception:  # The scan that comes to it will tell.
            return False
        return lane == self.lane and outputs == self.outputs

    @property
    def stays_until_us(self) -> int:
        """Until when nothing but time and the yard can change what a scan comes to; 0 if now."""
        inputs, books, outputs = self._inputs, self.bookkeeper, self.outputs
        if inputs is None or inputs.requests or outputs.zero or self._intake.checks.troubles:
            return 0
        if books.fact is not inputs.ledger or books.vehicle is not inputs.vehicle:
            return 0
        # The cameras have not yet seen what the last scan was the first to want.
        if outputs.record is not None or self._polled is not outputs:
            return 0
        if self._stills is not None and self._stills.busy:
            return 0
        seen = (self.reading.plates, self.reading.frames) == (inputs.plates, inputs.frames)
        if not seen or self._to_tell() != self._told:
            return 0
        return min(
            books.rests_until_us(inputs.now_us),
            self._weigh_room.rests_until_us,
            self.reading.sees_until_us,
            _midnight_us(inputs),
        )

    @property
    def troubles(self) -> tuple[DeviceFault, ...]:
        """What is wrong now with cameras, the reader and other devices, with what was measured."""
        return (*self.reading.troubles, *self._intake.checks.troubles)

    @property
    def cell_health(self) -> tuple[str, ...]:
        """What the watch over the load cells says of each, by name of ``CellHealth``."""
        return self._weigh_room.health

    def rest(self, t_us: IntArray, counts: IntArray, scan_us: int) -> int:
        """Run scans in which nothing happens but that the empty scale breathes; return how many.

        ``t_us`` and ``counts`` are what the load cells would have given in them, one every
        ``scan_us``; the rest is to be asked for again.  For a simulator, which knows that no other
        device has anything new to say before the last of them.
        """
        inputs, until_us = self._inputs, self.idle_until_us
        if inputs is None or not until_us or self.outputs.zero:
            return 0
        if not self._journal.rests(self.lane, inputs, self.outputs):
            return 0
        # A sample is looked at in the scan behind it.
        due = slice(0, int(t_us.searchsorted(until_us - scan_us)))
        looks = self._weigh_room.rest(inputs.now_us, t_us[due], counts[due])
        if looks is None:
            return 0
        every = looks.every_us // scan_us
        rested = Rested(inputs, every * len(looks), scan_us, every, looks.weight)
        self._inputs = self._intake.rest(rested)
        self._journal.rest(self.lane, rested, self.outputs)
        self._digest.update(self._outputs_encoded() * len(rested))
        return len(rested)

    @property
    def rests_until_us(self) -> int:
        """Until when no scan would change anything but the time, if no device does; 0 if now."""
        idle_until_us = self.idle_until_us
        return min(idle_until_us, self._weigh_room.rests_until_us) if idle_until_us else 0

    @property
    def idle_until_us(self) -> int:
        """The same, but that the empty scale may breathe meanwhile."""
        inputs, books = self._inputs, self.bookkeeper
        if inputs is None or inputs.faults or not rests(self.lane, inputs, self.settings):
            return 0
        if books.fact is not inputs.ledger or books.vehicle is not inputs.vehicle:
            return 0
        if self.reading.looks or self._to_tell() or (self._stills and self._stills.busy):
            return 0
        return min(books.rests_until_us(inputs.now_us), _midnight_us(inputs))

    def _once(self) -> tuple[InputImage, OutputImage]:
        self._inputs, self._in_core = None, False
        ledger = self.bookkeeper.poll()
        self._polled = self.outputs
        self.reading.poll(self._polled)
        self._told = self._to_tell()
        inputs = self._inputs = self._intake.read(
            ledger, self.bookkeeper.vehicle, self.reading, self._told
        )
        self._decide(inputs)
        self._write(self.outputs, inputs.now_us)
        if self._stills is not None:
            self._stills.poll(self.lane.phase, self.outputs, inputs.now_us, inputs.wall)
        self.bookkeeper.take(self.outputs, inputs.now_us, inputs.wall)
        self._digest.update(self._outputs_encoded())
        return inputs, self.outputs

    def _to_tell(self) -> tuple[int, ...]:
        """The codes of what the bookkeeper and the reader have found."""
        return (*self.bookkeeper.faults, *self.bookkeeper.findings, *self.reading.faults)

    def _decide(self, inputs: InputImage) -> None:
        """The pure part of a scan, written down whether it comes to an end or not."""
        before = self.lane
        try:
            self.lane, wanted = step(before, inputs, self.settings)
            out = interlock(inputs, wanted, self.interlock_settings)
        except Exception:
            self._in_core = True
            self._journal.fail(before, inputs)
            raise
        # Whoever looks at them next sees at once that nothing has changed.
        self.outputs = self.outputs if out == self.outputs else out
        self._journal.observe(before, inputs, self.outputs)

    def _outputs_encoded(self) -> bytes:
        if self._encoded[0] is not self.outputs:
            self._encoded = (self.outputs, msgspec.msgpack.encode(self.outputs))
        return self._encoded[1]

    @property
    def digest(self) -> str:
        """SHA-256 over every output image so far; equal runs have equal digests."""
        return self._digest.hexdigest()

    def make_safe(self) -> None:
        """Drive nothing, show red, close the sign: how a scan that ends leaves the lane."""
        self._write(OutputImage(), self._board.clock.now_us())

    def _write(self, out: OutputImage, now_us: int) -> None:
        for end in _ENDS:
            side, level = self._board.sides[end], out.booms[end]
            if level == RAISE:
                self._intake.note_raised(end, now_us)
            if side.gate is not None:
                side.gate.drive(_DRIVES[level])
            if side.approach_signal is not None:
                side.approach_signal.show(_SIGNALS[out.approach_lamps[end]])
            if side.deck_signal is not None:
                side.deck_signal.show(_SIGNALS[out.deck_lamps[end]])
        if self._board.sign is not None:
            self._board.sign.show(page_for(out.sign))
        if self._board.voice is not None:
            self._board.voice.show(page_for(out.sign))
        if self._board.watchdog is not None:
            self._board.watchdog.feed()
        self._weigh_room.allow_degraded(out.degraded)
        self._weigh_room.clear_cells(out.cells_cleared)
        if out.zero:
            self._weigh_room.request_zero()


def _midnight_us(inputs: InputImage) -> int:
    """When the local date changes."""
    wall = inputs.wall
    return inputs.now_us + 1000 * (DAY_MS - (wall.ms + 60_000 * wall.offset_min) % DAY_MS)
