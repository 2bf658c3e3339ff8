"""What has changed from one scan to the next, in words: the lane's points and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from controller.console.messages import Point
from controller.core.images import EndInputs, InputImage, OutputImage
from controller.core.kinds import End, Phase
from controller.core.passage import Lane
from hal.ports import DeviceFault

Way = Literal["in", "out"]
SENSORS = ("approach", "arm", "beam_low", "beam_high")


class Watch:
    """Compares each scan with the one before; ``points`` are all inputs and outputs by name."""

    def __init__(self) -> None:
        self.points: dict[str, Point] = {}
        self._phase: Phase | None = None
        self._ends: tuple[EndInputs, EndInputs] | None = None
        self._outputs: OutputImage | None = None
        self._faults: tuple[int, ...] = ()
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
        yield from self._faulted(inputs, troubles)
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

    def _faulted(
        self, inputs: InputImage, troubles: tuple[DeviceFault, ...]
    ) -> Iterator[tuple[str, str]]:
        if inputs.faults != self._faults:
            before, self._faults = self._faults, inputs.faults
            for code in inputs.faults:
                if code not in before:
                    yield "fault", str(code)
            for code in before:
                if code not in inputs.faults:
                    yield "gone", str(code)
        if troubles != self._troubles:
            known = {(one.name, one.device) for one in self._troubles}
            self._troubles = troubles
            for one in troubles:
                if (one.name, one.device) not in known:
                    yield "fault", f"{one.name} {one.device}: {one.seen}"


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
