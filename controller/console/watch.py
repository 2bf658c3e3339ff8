"""What has changed from one scan to the next, in words: the lane's points and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from controller.console.messages import Point, Standing
from controller.core.faults import Fault
from controller.core.images import EndInputs, FrameCounts, InputImage, OutputImage
from controller.core.kinds import End, Phase, View
from controller.core.passage import Lane
from hal.ports import DeviceFault

Way = Literal["in", "out"]
SENSORS = ("approach", "arm", "beam_low", "beam_high")
TOLD_MAX = 64
_NAMES = {int(fault): fault.name for fault in Fault}
_VIEWS = {View.FRONT: "camera", View.REAR: "rear_camera"}


class Watch:
    """Compares each scan with the one before; all that it keeps is replaced whole.

    ``points`` are all inputs and outputs by name, ``standing`` the faults and alarms present by
    code, ``told`` the newest trouble of each device and its time, ``frames`` what became of each
    camera's pictures.
    """

    def __init__(self) -> None:
        self.points: dict[str, Point] = {}
        self.standing: dict[int, Standing] = {}
        self.told: dict[str, tuple[DeviceFault, int]] = {}
        self.frames: dict[str, FrameCounts] = {}
        self._times: dict[int, int] = {}
        self._counting: tuple[FrameCounts, ...] = ()
        self._counted: dict[str, FrameCounts] = {}
        self._phase: Phase | None = None
        self._ends: tuple[EndInputs, EndInputs] | None = None
        self._outputs: OutputImage | None = None
        self._faults: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self._troubles: tuple[DeviceFault, ...] = ()
        self._record = (0, 0)

    def see(
        self,
        lane: Lane,
        inputs: InputImage,
        outputs: OutputImage,
        troubles: tuple[DeviceFault, ...],
    ) -> Iterator[tuple[str, str]]:
        """The events of this scan as (kind, text)."""
        for request in inputs.requests:
            end = f" {request.end.name.lower()}" if request.end is not None else ""
            yield "request", f"{request.kind.name.lower()}{end} by {request.who}: {request.why}"
        if inputs.ends is not self._ends:
            self._ends = inputs.ends
            yield from self._changed("in", _inputs(inputs), inputs.now_us)
        yield from self._changed("in", {"estop": inputs.estop.name}, inputs.now_us)
        if outputs is not self._outputs:
            self._outputs = outputs
            yield from self._changed("out", _outputs(outputs), inputs.now_us)
        if (inputs.faults, outputs.alarms) != self._faults:
            self._faults = (inputs.faults, outputs.alarms)
            yield from self._faulted(inputs.now_us)
        if troubles != self._troubles:
            yield from self._troubled(inputs.now_us, troubles)
        if inputs.frames != self._counting:
            self._count(inputs.frames)
        if lane.phase is not self._phase:
            self._phase = lane.phase
            yield "phase", f"{lane.phase.name} ({lane.outcome})"
        ledger = inputs.ledger
        if (ledger.passage_id, ledger.part) != self._record:
            self._record = (ledger.passage_id, ledger.part)
            if ledger.seq:
                text = f"seq {ledger.seq}: passage {ledger.passage_id} part {ledger.part} on disk"
                yield "record", text

    def _changed(self, way: Way, states: dict[str, str], now_us: int) -> Iterator[tuple[str, str]]:
        for name, state in states.items():
            before = self.points.get(name)
            if before is not None and before.state == state:
                continue
            changes = before.changes + 1 if before is not None else 0
            self.points = {
                **self.points,
                name: Point(name=name, way=way, state=state, since_us=now_us, changes=changes),
            }
            if before is not None:
                yield way, f"{name} {before.state} -> {state}"

    def _faulted(self, now_us: int) -> Iterator[tuple[str, str]]:
        before = self.standing
        present = dict.fromkeys(code for codes in self._faults for code in codes)
        for code in present:
            if code not in before:
                self._times[code] = self._times.get(code, 0) + 1
                yield "fault", _named(code)
        for code in before:
            if code not in present:
                yield "gone", _named(code)
        self.standing = {
            code: before.get(code) or Standing(code=code, since_us=now_us, times=self._times[code])
            for code in present
        }

    def _troubled(
        self, now_us: int, troubles: tuple[DeviceFault, ...]
    ) -> Iterator[tuple[str, str]]:
        known = {(one.name, one.device) for one in self._troubles}
        self._troubles = troubles
        told = dict(self.told)
        for one in troubles:
            before, since_us = told.pop(one.device, (one, now_us))
            began = (one.name, one.device) not in known
            if began:
                yield "fault", f"{one.name} {one.device}: {one.seen}"
            # A trouble that goes on keeps its time and takes the newest words.
            told[one.device] = (one, now_us if began or before.name != one.name else since_us)
        self.told = dict(list(told.items())[-TOLD_MAX:])

    def _count(self, frames: tuple[FrameCounts, ...]) -> None:
        """Add those of the passage under way to those of all that are over."""
        passage = {one.passage_id for one in frames}
        if not passage or passage != {one.passage_id for one in self._counting}:
            self._counted = self.frames
        self._counting = frames
        added = {_camera(one): one for one in frames}
        self.frames = {
            name: _sum(self._counted.get(name), added.get(name))
            for name in {**self._counted, **added}
        }


def _sum(one: FrameCounts | None, other: FrameCounts | None) -> FrameCounts:
    if one is None or other is None:
        found = one or other
        if found is None:
            raise AssertionError("one of them is there")
        return found
    flawed = dict(one.flawed)
    for what, times in other.flawed:
        flawed[what] = flawed.get(what, 0) + times
    return FrameCounts(
        passage_id=other.passage_id,
        end=other.end,
        view=other.view,
        taken=one.taken + other.taken,
        read=one.read + other.read,
        late=one.late + other.late,
        flawed=tuple(flawed.items()),
    )


def _camera(one: FrameCounts) -> str:
    return f"{one.end.name.lower()}.{_VIEWS[one.view]}"


def _named(code: int) -> str:
    """A code with its name, as an event tells it."""
    return f"{code} {_NAMES.get(code, '')}".rstrip()


def _inputs(inputs: InputImage) -> dict[str, str]:
    found = {}
    for end in End:
        here, name = inputs.ends[end], end.name.lower()
        for sensor in SENSORS:
            found[f"{name}.{sensor}"] = getattr(here, sensor).state.name
        found[f"{name}.boom"] = here.boom.position.name
    return found


def _outputs(outputs: OutputImage) -> dict[str, str]:
    found = {}
    for end in End:
        name = end.name.lower()
        found[f"{name}.gate"] = outputs.booms[end].name
        found[f"{name}.approach_lamp"] = outputs.approach_lamps[end].name
        found[f"{name}.deck_lamp"] = outputs.deck_lamps[end].name
    found["sign"] = outputs.sign.message.name
    return found
