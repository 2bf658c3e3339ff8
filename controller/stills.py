"""Stills as evidence: which pictures of a passage are kept, at which moments, and what is missing.

Front and rear are those that the reader of plates was given; side and overview are taken when the
weighing begins, and an overview when a boom is driven upwards.  A still that is not there in time
never holds a vehicle: the record says that it is missing.  A lane without a side or overview
camera takes none.
"""

from __future__ import annotations

from typing import NamedTuple

from board.build import Board
from board.devices import ENDS
from controller.core.faults import Fault
from controller.core.images import OutputImage, WallTime
from controller.core.kinds import RAISE, End, Phase
from controller.stillpress import Exposure, Pack, Press
from hal.ports import Camera, DeviceFault, Frame
from protocol.media import Blob

ASKED_US_MAX = 2_000_000
"""How long a camera is asked; the decision waits for none of it."""
BEFORE_US_MAX = 250_000
"""A picture exposed this little before the moment still shows it."""
WANTS_MAX = 16
SEEN_MAX = 8
FLAG_CHARS_MAX = 64
OK = "ok"


class Want(NamedTuple):
    """A still that is to be had: whose, by which camera, why, since when."""

    passage_id: int
    role: str
    camera: str
    cause: str
    since_us: int


class Stills:
    """Asks the cameras at the moments that count; ``cut`` hands over what a record is to name."""

    def __init__(self, board: Board, press: Press) -> None:
        self._press = press
        self._cameras = _evidence_cameras(board)
        self._eyes = _reading_cameras(board)
        self._seen: dict[str, Frame] = {}
        self._asked: list[Want] = []
        self._owed: list[Want] = []
        self._passage_id = 0
        self._phase = Phase.STARTING
        self._raised = (False, False)

    @property
    def busy(self) -> bool:
        """Whether a camera is being asked."""
        return bool(self._asked)

    def saw(self, camera: str, frame: Frame) -> None:
        """Remember what the reader of plates was given last, by ``"road.camera"``."""
        self._seen[camera] = frame
        while len(self._seen) > SEEN_MAX:
            del self._seen[next(iter(self._seen))]

    def poll(self, phase: Phase, outputs: OutputImage, now_us: int, wall: WallTime) -> None:
        """See whether a moment has come, and take the pictures that are there."""
        if outputs.passage_id != self._passage_id:
            self._passage_id = outputs.passage_id
            self._seen.clear()
        raised = (outputs.booms[0] == RAISE, outputs.booms[1] == RAISE)
        if raised != self._raised:
            for end in End:
                if raised[end] and not self._raised[end] and self._passage_id:
                    self._opening(end, now_us)
            self._raised = raised
        if phase is not self._phase:
            self._phase = phase
            if phase is Phase.WEIGHING and outputs.entry is not None:
                self._weighing(outputs.entry, now_us, wall)
        if self._asked:
            self._ask_cameras(now_us, wall)

    def cut(self) -> tuple[tuple[Blob, ...], tuple[str, ...]]:
        """What has been pressed since the last record, and in words what is missing or spoiled."""
        pack = self._press.cut()
        owed, self._owed = self._owed, []
        made = {(s.passage_id, s.camera, s.cause) for s in pack.stills} if pack else set()
        missing = [want for want in owed if (want.passage_id, want.camera, want.cause) not in made]
        flags = [*(_missing(want) for want in missing), *_flaws(pack)]
        return ((pack.blob,) if pack else ()), tuple(dict.fromkeys(flags))

    def close(self) -> None:
        """End the press."""
        self._press.close()

    def _weighing(self, entry: End, now_us: int, wall: WallTime) -> None:
        for camera, role in self._eyes[entry].items():
            want = Want(self._passage_id, role, camera, "read", now_us)
            self._owe(want)
            if camera in self._seen:
                self._give(want, self._seen[camera], now_us, wall)
        for camera, (role, _) in self._cameras.items():
            self._ask(Want(self._passage_id, role, camera, "weighing", now_us))

    def _opening(self, end: End, now_us: int) -> None:
        """An overview of the end whose boom rises, or else of the other, or else a side."""
        best = (f"{ENDS[end]}.overview_camera", f"{ENDS[1 - end]}.overview_camera")
        camera = next((name for name in (*best, *self._cameras) if name in self._cameras), "")
        if camera:
            role = self._cameras[camera][0]
            cause = f"opening {ENDS[end]}"
            self._ask(Want(self._passage_id, role, camera, cause, now_us))

    def _ask(self, want: Want) -> None:
        self._owe(want)
        self._asked = [*self._asked[1 - WANTS_MAX :], want]

    def _owe(self, want: Want) -> None:
        self._owed = [*self._owed[1 - WANTS_MAX :], want]

    def _ask_cameras(self, now_us: int, wall: WallTime) -> None:
        """Each camera once, since it hands a picture out once; a late or dead one is let go."""
        open_wants = [one for one in self._asked if now_us - one.since_us < ASKED_US_MAX]
        for camera in dict.fromkeys(want.camera for want in open_wants):
            got = self._cameras[camera][1].capture(True)
            if isinstance(got, DeviceFault):
                open_wants = [one for one in open_wants if one.camera != camera]
            elif got is not None:
                shown = [w for w in open_wants if w.camera == camera and _shows(got, w)]
                for want in shown:
                    self._give(want, got, now_us, wall)
                open_wants = [one for one in open_wants if one not in shown]
        self._asked = open_wants

    def _give(self, want: Want, frame: Frame, now_us: int, wall: WallTime) -> None:
        self._press.put(
            Exposure(
                passage_id=want.passage_id,
                role=want.role,
                camera=want.camera,
                cause=want.cause,
                t_us=frame.captured_us,
                at_ms=wall.ms - (now_us - frame.captured_us) // 1000,
                pixels=frame.pixels,
            )
        )


def wants_stills(board: Board) -> bool:
    """Whether this lane has a camera for stills."""
    return bool(_evidence_cameras(board))


def _evidence_cameras(board: Board) -> dict[str, tuple[str, Camera]]:
    found: dict[str, tuple[str, Camera]] = {}
    for end, side in zip(ENDS, board.sides, strict=True):
        for role, camera in (("side", side.side_camera), ("overview", side.overview_camera)):
            if camera is not None:
                found[f"{end}.{role}_camera"] = (role, camera)
    return found


def _reading_cameras(board: Board) -> tuple[dict[str, str], dict[str, str]]:
    """The cameras of each end that the reader of plates looks through, by name, and their role."""
    found: list[dict[str, str]] = []
    for end, side in zip(ENDS, board.sides, strict=True):
        fitted = {"camera": side.camera, "rear_camera": side.rear_camera}
        roles = {"camera": "front", "rear_camera": "rear"}
        found.append({f"{end}.{n}": roles[n] for n, camera in fitted.items() if camera is not None})
    return found[0], found[1]


def _shows(frame: Frame, want: Want) -> bool:
    return frame.captured_us >= want.since_us - BEFORE_US_MAX


def _missing(want: Want) -> str:
    code = f"{Fault.STILL_MISSING.value} {Fault.STILL_MISSING.name}"
    return f"{code}: {want.camera} at {want.cause}"[:FLAG_CHARS_MAX]


def _flaws(pack: Pack | None) -> list[str]:
    flawed = [still for still in pack.stills if still.flaw != OK] if pack else []
    return [f"still {one.flaw}: {one.camera} at {one.cause}"[:FLAG_CHARS_MAX] for one in flawed]
