"""From cameras to the facts of the plates: which pictures are looked at, and what became of them.

A picture is read only if it is younger than ``FRAME_AGE_US_MAX`` on the lane's clock, and it
counts only for the passage in which it was taken, so that a camera that repeats itself, or one
that is slow, cannot name the next vehicle.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from board.build import Board
from controller.core.faults import Fault
from controller.core.images import FrameCounts, OutputImage, PlateRead
from controller.core.kinds import End, View
from controller.media import Cutouts
from controller.recognition.ballot import Ballot
from controller.recognition.looks import Glance, Reader, Shot
from hal.ports import Camera, DeviceFault, Frame

FRAME_AGE_US_MAX = 2_000_000
FLAWS_MAX = 5
FOREVER_US = 2**62
HINTED_MAX = 16
STALE = "stale"
"""As ``vision.quality`` names it."""


class _Lens:
    """One camera, and what is wrong with it, if anything."""

    def __init__(self, end: End, view: View, camera: Camera) -> None:
        self.end, self.view, self.camera = end, view, camera
        self.name = f"{end.name.lower()}.{'camera' if view == View.FRONT else 'rear_camera'}"
        self.rear = view == View.REAR
        self.trouble: DeviceFault | None = None
        self._flaws = 0

    def judge(self, flaw: str, measured: str) -> None:
        """A camera that gives nothing but pictures that cannot be read is a fault by its name."""
        if not flaw:
            self._flaws, self.trouble = 0, None
            return
        self._flaws += 1
        if self._flaws >= FLAWS_MAX:
            seen = f"{self._flaws} pictures in a row {flaw}: {measured}"
            self.trouble = DeviceFault(name=f"CAMERA_{flaw.upper()}", device=self.name, seen=seen)


class Reading:
    """All cameras of one lane: frames go to the reader, votes come back as facts.

    ``tap`` is told of every frame that is read, by its camera's name.
    After ``poll``, ``plates`` and ``frames`` are those of the passage under way; ``troubles`` says
    in words what ``faults`` says in codes.
    """

    def __init__(self, board: Board, reader: Reader, cutouts: Cutouts) -> None:
        self._clock = board.clock
        self._agree_min = board.profile.plates.agree_min
        self._lenses = tuple(_lenses(board))
        self._reader = reader
        self._cutouts = cutouts
        self._ballot: Ballot | None = None
        self.tap: Callable[[str, Frame], None] | None = None
        self._hinted: dict[tuple[End, View, int], tuple[str, ...]] = {}
        self._vehicle = (0, 0)

    @property
    def plates(self) -> tuple[PlateRead, ...]:
        """The plates of the passage under way, as voted so far."""
        return self._ballot.reads if self._ballot is not None else ()

    @property
    def frames(self) -> tuple[FrameCounts, ...]:
        """What became of the frames of the passage under way."""
        return self._ballot.frames if self._ballot is not None else ()

    @property
    def looks(self) -> bool:
        """Whether a vehicle is under way whose pictures are of interest."""
        return self._ballot is not None

    @property
    def sees_until_us(self) -> int:
        """Until when no glance is due; 0 where the reader cannot tell."""
        due_us: int | None = getattr(self._reader, "due_us", 0)
        return FOREVER_US if due_us is None else due_us

    @property
    def troubles(self) -> tuple[DeviceFault, ...]:
        """What is wrong with the cameras and with the reader now."""
        found = [self._reader.trouble, *[lens.trouble for lens in self._lenses]]
        return tuple([one for one in found if one is not None])

    @property
    def faults(self) -> tuple[int, ...]:
        """The same as codes of the catalogue."""
        troubles = self.troubles
        return tuple(sorted({int(Fault[one.name]) for one in troubles})) if troubles else ()

    def poll(self, wanted: OutputImage) -> None:
        """Take the pictures that the lane wants and what has been seen since the last scan."""
        now_us = self._clock.now_us()
        self._turn_to(wanted)
        for lens in self._lenses:
            looking = wanted.capture_rear if lens.rear else wanted.capture
            self._capture(lens, looking and lens.end == wanted.entry, now_us)
        for glance in self._reader.take(now_us):
            self._seen(glance)
        if self._ballot is not None:
            self._ballot.bound(wanted.seen_until_us)

    def close(self) -> None:
        """End the reader."""
        self._reader.close()

    def _turn_to(self, wanted: OutputImage) -> None:
        """Another vehicle has votes of its own; what still waits shows the one before."""
        vehicle = (wanted.passage_id, wanted.seen_from_us)
        if vehicle == self._vehicle:
            return
        self._vehicle = vehicle
        self._reader.forget()
        self._ballot = None
        if wanted.passage_id and wanted.entry is not None:
            self._ballot = Ballot(
                wanted.passage_id,
                wanted.entry,
                wanted.seen_from_us,
                self._agree_min,
                self._cutouts,
            )

    def _capture(self, lens: _Lens, wanted: bool, now_us: int) -> None:
        got = lens.camera.capture(wanted)
        if isinstance(got, DeviceFault):
            lens.trouble = replace(got, name=Fault.CAMERA_SILENT.name)
        elif got is not None and wanted and self._ballot is not None:
            if lens.trouble is not None and lens.trouble.name == Fault.CAMERA_SILENT.name:
                lens.trouble = None
            self._give(lens, got, self._ballot, now_us)

    def _give(self, lens: _Lens, frame: Frame, ballot: Ballot, now_us: int) -> None:
        ballot.took(lens.view)
        age_us = now_us - frame.captured_us
        if not 0 <= age_us <= FRAME_AGE_US_MAX:
            ballot.spoilt(lens.view, STALE)
            lens.judge(STALE, f"age {age_us / 1e6:.1f} s, limit {FRAME_AGE_US_MAX / 1e6:g} s")
            return
        if self.tap is not None:
            self.tap(lens.name, frame)
        if frame.hints:
            self._hinted[lens.end, lens.view, frame.captured_us] = frame.hints
            while len(self._hinted) > HINTED_MAX:
                del self._hinted[next(iter(self._hinted))]
        self._reader.give(
            Shot(
                end=lens.end,
                view=lens.view,
                passage_id=ballot.passage_id,
                given_us=now_us,
                frame=frame,
            )
        )

    def _seen(self, glance: Glance) -> None:
        for lens in self._lenses:
            if (lens.end, lens.view) == (glance.end, glance.view):
                lens.judge(glance.sighted.flaw, glance.sighted.measured)
        if self._ballot is not None and self._ballot.passage_id == glance.passage_id:
            key = (glance.end, glance.view, glance.captured_us)
            self._ballot.take(glance, self._hinted.pop(key, ()))


def _lenses(board: Board) -> list[_Lens]:
    """The cameras of the board by end: those that see who comes, and those that see its rear."""
    found = []
    for end in End:
        side = board.sides[end]
        for view, camera in ((View.FRONT, side.camera), (View.REAR, side.rear_camera)):
            if camera is not None:
                found.append(_Lens(end, view, camera))
    return found
