"""The journal: both images of every scan, kept so that a passage can be run again.

It goes on from record to record: what a cut hands out is every scan since the cut before, so the
departure of one vehicle stands in the journal of the next record.  While nothing is under way the
scans are let go, but for the last few, which lead into the next passage.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from controller.core.images import InputImage, OutputImage
from controller.core.passage import Lane
from controller.core.settings import InterlockSettings, LaneSettings
from controller.journalfile import Header, JournalWriter, Settings, write_settings
from controller.resting import Rested
from protocol.media import Blob

KIND = "journal"
SETTINGS_KIND = "settings"
LINGER_US = 5_000_000
"""How long a phase without a vehicle is still written down after it has begun."""
LEAD_SCANS = 150
SEGMENT_SCANS = 30_000
SEGMENT_BYTES = 256 * 1024
SEGMENTS_MAX = 8
Later = Callable[[], InputImage]


class Journal:
    """Takes every scan, and hands out what has come since the last record.

    Memory stays within SEGMENTS_MAX files of SEGMENT_BYTES; of a passage that takes longer than
    they hold, the beginning and the newest are kept, and later files say how much was let go.
    """

    def __init__(self, settings: LaneSettings, interlock: InterlockSettings, software: str) -> None:
        self.settings = Blob(
            kind=SETTINGS_KIND, data=write_settings(Settings(lane=settings, interlock=interlock))
        )
        self.software = software
        self._writer: JournalWriter | None = None
        self._done: list[tuple[int, bytes]] = []
        self._before: tuple[Blob, ...] = ()
        self._left_out = 0
        self._lead: deque[tuple[Lane, InputImage | Later, OutputImage]] = deque(maxlen=LEAD_SCANS)

    def observe(self, lane: Lane, inputs: InputImage, outputs: OutputImage) -> None:
        """Take one scan; ``lane`` is the one before it."""
        if _quiet(lane, inputs, outputs):
            self._lead.append((lane, inputs, outputs))
            if self._writer is not None:
                self._writer.pause()
            return
        self._lead_in()
        self._write(lane, inputs, outputs)

    def rests(self, lane: Lane, inputs: InputImage, outputs: OutputImage) -> bool:
        """Whether this scan and the next ones of the same lane are let go."""
        return _quiet(lane, inputs, outputs)

    def rest(self, lane: Lane, rested: Rested, outputs: OutputImage) -> None:
        """Take scans that are let go."""
        for place in range(max(0, len(rested) - LEAD_SCANS), len(rested)):
            self._lead.append((lane, partial(rested.image, place), outputs))
        if self._writer is not None:
            self._writer.pause()

    def fail(self, lane: Lane, inputs: InputImage) -> None:
        """Take the scan that ended in a programming error: it has no outputs."""
        self._lead_in()
        self._open().fail(lane, inputs)

    def cut(self) -> tuple[Blob, ...]:
        """The journal since the last cut and the settings that it ran under; () if it is empty."""
        self._close()
        done, self._done, self._left_out = self._done, [], 0
        if not done:
            return ()
        self._before = tuple(Blob(kind=KIND, data=data) for _, data in done)
        return (self.settings, *self._before)

    def all(self) -> tuple[Blob, ...]:
        """What ``cut`` would hand out, the scans in waiting too, behind what it did the last time.

        For a program that ends: with it goes the memory of what came before.
        """
        self._lead_in()
        before = self._before
        return (*before, *self.cut())

    def _lead_in(self) -> None:
        while self._lead:
            lane, inputs, outputs = self._lead.popleft()
            self._write(lane, inputs() if callable(inputs) else inputs, outputs)

    def _write(self, lane: Lane, inputs: InputImage, outputs: OutputImage) -> None:
        writer = self._open()
        if writer.running:
            writer.add(inputs, outputs)
        else:
            writer.begin(lane, inputs, outputs)
        if writer.scans >= SEGMENT_SCANS or writer.size >= SEGMENT_BYTES:
            self._close()

    def _open(self) -> JournalWriter:
        if self._writer is None:
            header = Header(
                software=self.software, settings=self.settings.sha256, left_out=self._left_out
            )
            self._writer = JournalWriter(header)
        return self._writer

    def _close(self) -> None:
        if self._writer is None:
            return
        self._done.append((self._writer.scans, self._writer.close()))
        self._writer = None
        if len(self._done) >= SEGMENTS_MAX:
            scans, _ = self._done.pop(1)
            self._left_out += scans


def _quiet(lane: Lane, inputs: InputImage, outputs: OutputImage) -> bool:
    """Whether nothing is under way, and has not been for some time."""
    return (
        lane.passage is None
        and outputs.passage_id == 0
        and outputs.record is None
        and inputs.now_us - lane.since_us > LINGER_US
    )
