"""The lane's side of the console: answers questions, and costs the scan a few comparisons.

``publish`` is called once a scan by the scan's own thread; everything else happens on threads of
the port.  What they share is replaced whole or appended, never altered, so that no lock is held
while the scan waits.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from board.build import Board
from controller.commissioning.taps import AskingHand, CameraTap, CellTap, IndicatorTap
from controller.console.messages import (
    EVENTS_MAX,
    QUESTION_BYTES_MAX,
    SAMPLES_S_MAX,
    About,
    AskEvents,
    AskReload,
    AskRequest,
    AskSamples,
    AskSnap,
    AskState,
    Event,
    Events,
    Firmware,
    Heard,
    Lens,
    Point,
    Question,
    Samples,
    ScanPace,
    Snap,
    State,
    Taken,
)
from controller.console.watch import Watch
from controller.core.images import InputImage, OutputImage
from controller.core.passage import Lane
from hal.coprocessor.link import CoprocessorLink
from hal.listening import Listener
from hal.ports import CellSamples, DeviceFault, Indication
from hal.requests import checked

PEERS_MAX = 8
IDLE_S = 300.0
SNAP_S = 3.0
LATE_KEPT = 1_500
RAW_BYTES_MAX = 64
_QUESTION = msgspec.json.Decoder(Question)


class ServicePort:
    """Answers at ``path`` for a board that has taps (``controller.commissioning.taps.tapped``).

    ``reload`` is told of a site file to be taken up and says why not, "" where it will be;
    ``health`` is asked what the watch over the load cells says of each.

    Raises:
        ValueError: something else stands at the path, or it is longer than a socket's name may be.
    """

    def __init__(self, board: Board, path: Path, about: About, period_us: int) -> None:
        if not isinstance(board.requests, AskingHand):
            raise ValueError("the board of a service port has taps: build it with tapped()")
        self.reload: Callable[[AskReload], str] = _no_reload
        self.health: Callable[[], tuple[str, ...]] = tuple
        self._board = board
        self._hand = board.requests
        self._about = about
        self._period_us = period_us
        self._cameras = dict(_cameras(board))
        self._scale = board.cells if board.cells is not None else board.indicator
        if isinstance(self._scale, CellTap | IndicatorTap):
            self._scale.keeps = True
        self._watch = Watch()
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._numbered = 0
        self._late_us: deque[int] = deque(maxlen=LATE_KEPT)
        self._scans = 0
        self._began_us = board.clock.now_us()
        self._coprocessors: dict[str, CoprocessorLink] = board.bus.share("coprocessors", dict)
        self._now: tuple[Lane, InputImage, OutputImage, tuple[DeviceFault, ...], str] | None = None
        self._listener = Listener(path, "another controller answers there", PEERS_MAX, self._serve)
        self._listener.start()

    def publish(
        self,
        lane: Lane,
        inputs: InputImage,
        outputs: OutputImage,
        troubles: tuple[DeviceFault, ...],
        failure: str,
        late_us: int,
    ) -> None:
        """Note what this scan came to; called by the scan's thread alone."""
        self._scans += 1
        self._late_us.append(late_us)
        for kind, text in self._watch.see(lane, inputs, outputs, troubles):
            self.tell(kind, text, inputs)
        self._now = (lane, inputs, outputs, troubles, failure)

    def tell(self, kind: Any, text: str, inputs: InputImage) -> None:
        """Keep an event; called by the scan's thread alone."""
        self._numbered += 1
        self._events.append(
            Event(
                number=self._numbered,
                t_us=inputs.now_us,
                wall_ms=inputs.wall.ms,
                kind=kind,
                text=text,
            )
        )

    def follow(self, before: ServicePort) -> None:
        """Go on with the events of the port of another configuration, and with their numbers."""
        self._events.extend(before._events)
        self._numbered = before._numbered

    def close(self) -> None:
        """Answer no more, also none who is connected, and remove the socket."""
        self._listener.close()

    def _serve(self, peer: socket.socket) -> None:
        peer.settimeout(IDLE_S)
        with peer, peer.makefile("rb") as lines, contextlib.suppress(OSError):
            while not self._listener.ending and (line := lines.readline(QUESTION_BYTES_MAX)):
                for part in self._answer(line):
                    peer.sendall(part)

    def _answer(self, line: bytes) -> list[bytes]:
        try:
            question = _QUESTION.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return [_line(Taken(error=f"not a question: {error}"))]
        if isinstance(question, AskSnap):
            return self._snap(question.camera)
        return [_line(self._answered(question))]

    def _answered(self, question: Question) -> State | Samples | Events | Taken:
        match question:
            case AskState():
                return self._state()
            case AskSamples():
                return self._samples(question)
            case AskEvents():
                return self._since(question.after)
            case AskRequest():
                return self._ask(question)
            case AskReload():
                return Taken(error=self.reload(question))
            case _:
                raise AssertionError(f"no answer to {question}")

    def _ask(self, question: AskRequest) -> Taken:
        error = checked(question.request)
        return Taken(error=error or self._hand.offer(question.request))

    def _state(self) -> State | Taken:
        if self._now is None:
            return Taken(error="the lane has not scanned yet: ask again in a second")
        lane, inputs, outputs, troubles, failure = self._now
        late = sorted(_copy(self._late_us)) or [0]
        return State(
            inputs=inputs,
            outputs=outputs,
            phase=lane.phase,
            outcome=lane.outcome,
            since_us=lane.since_us,
            troubles=troubles,
            points=self._points(),
            pace=ScanPace(
                scans=self._scans,
                period_us=self._period_us,
                late_p50_us=late[len(late) // 2],
                late_p99_us=late[min(len(late) - 1, len(late) * 99 // 100)],
                late_max_us=late[-1],
            ),
            about=self._about,
            cameras=tuple(self._cameras),
            scale="cells" if self._board.cells is not None else "indicator",
            failure=failure,
            standing=tuple(self._watch.standing.values()),
            lenses=self._lenses(troubles),
            cell_health=self.health(),
            firmware=tuple(firmware_of(port, link) for port, link in self._coprocessors.items()),
            up_us=inputs.now_us - self._began_us,
        )

    def _lenses(self, troubles: tuple[DeviceFault, ...]) -> tuple[Lens, ...]:
        ailing = {one.device for one in troubles}
        nothing: tuple[DeviceFault | None, int] = (None, 0)
        told, counted = self._watch.told, self._watch.frames
        found = []
        for name, tap in self._cameras.items():
            # The lane names a camera by its place, its driver by its address.
            mine = [told[one] for one in (name, tap.called) if one in told]
            trouble, since_us = max(mine, key=lambda one: one[1], default=nothing)
            counts = counted.get(name)
            found.append(
                Lens(
                    name=name,
                    pictures=tap.pictures,
                    newest_us=tap.newest_us,
                    taken=counts.taken if counts else 0,
                    read=counts.read if counts else 0,
                    late=counts.late if counts else 0,
                    flawed=counts.flawed if counts else (),
                    trouble=trouble,
                    trouble_us=since_us,
                    ails=trouble is not None and trouble.device in ailing,
                )
            )
        return tuple(found)

    def _points(self) -> tuple[Point, ...]:
        return tuple(self._watch.points.values())

    def _since(self, after: int) -> Events:
        kept = _copy(self._events)
        new = tuple(event for event in kept if event.number > after)
        first = kept[0].number if kept else self._numbered + 1
        newest = kept[-1].number if kept else 0
        return Events(events=new, missed=max(0, first - 1 - max(after, 0)), newest=newest)

    def _samples(self, question: AskSamples) -> Samples:
        scale = self._scale
        rate_hz = self._board.profile.scale.scale.rate_hz
        seconds = min(max(question.seconds, 0.0), SAMPLES_S_MAX)
        if isinstance(scale, IndicatorTap):
            said = _copy(scale.kept)
            from_us = self._from_us(seconds, question.after_us)
            fresh = [one for one in said if one.t_us > from_us]
            shown = [one for one in fresh if one.gross_g is not None]
            return Samples(
                t_us=[one.t_us for one in shown],
                counts=[[one.gross_g or 0] for one in shown],
                rate_hz=rate_hz,
                fault=scale.fault,
                heard=_heard(fresh),
            )
        if not isinstance(scale, CellTap):
            raise AssertionError("a lane without a scale is not built")
        from_us = self._from_us(seconds, question.after_us)
        return _cell_samples(_copy(scale.kept), from_us, rate_hz, scale.fault)

    def _from_us(self, seconds: float, after_us: int) -> int:
        """From when on samples are asked for, as the newest scan has the time."""
        return max(after_us, self._scanned_us() - round(seconds * 1e6))

    def _scanned_us(self) -> int:
        """When the newest scan was: a played clock moves on where another thread asks it."""
        return self._now[1].now_us if self._now is not None else self._began_us

    def _snap(self, name: str) -> list[bytes]:
        tap = self._cameras.get(name)
        if tap is None:
            known = ", ".join(self._cameras) or "none is fitted"
            return [_line(Snap(error=f"no camera {name}; cameras: {known}"))]
        tap.frame = tap.fault = None
        tap.asked = True
        until_s = time.monotonic() + SNAP_S
        while tap.frame is None and tap.fault is None and time.monotonic() < until_s:
            time.sleep(0.01)
        tap.asked = False
        frame, fault = tap.frame, tap.fault
        if frame is None:
            seen = f"{fault.name}: {fault.seen}" if fault is not None else "no picture came"
            return [_line(Snap(error=f"{name}: {seen}"))]
        pixels = np.ascontiguousarray(frame.pixels).tobytes()
        height, width = frame.pixels.shape[:2]
        age_us = max(0, self._scanned_us() - frame.captured_us)
        return [
            _line(Snap(width=width, height=height, size=len(pixels), age_us=age_us)),
            pixels,
        ]


def _line(answer: msgspec.Struct) -> bytes:
    return msgspec.json.encode(answer) + b"\n"


def _copy(kept: deque[Any]) -> tuple[Any, ...]:
    """All of a deque to which the scan's thread may be appending."""
    while True:
        with contextlib.suppress(RuntimeError):  # it grew meanwhile
            return tuple(kept)


def _heard(frames: list[Indication]) -> Heard:
    states: dict[str, int] = {}
    for one in frames:
        states[one.state.name] = states.get(one.state.name, 0) + 1
    return Heard(
        frames=len(frames),
        states=tuple(states.items()),
        moving=sum(one.motion is True for one in frames),
        centred=sum(one.centre_of_zero is True for one in frames),
        last=frames[-1].raw[:RAW_BYTES_MAX].hex(" ") if frames else "",
        last_us=frames[-1].t_us if frames else 0,
    )


def firmware_of(port: str, link: CoprocessorLink) -> Firmware:
    """Who a coprocessor says it is, as far as it has."""
    about = link.about
    if about is None:
        return Firmware(port=port, version="")
    return Firmware(
        port=port,
        version=".".join(map(str, about.version)),
        chip=about.chip.hex(),
        starts=about.starts,
    )


def _cell_samples(
    kept: tuple[CellSamples, ...], from_us: int, rate_hz: float, fault: DeviceFault | None
) -> Samples:
    first = len(kept)
    while first > 0 and int(kept[first - 1].t_us[-1]) > from_us:
        first -= 1
    fresh = kept[first:]
    if not fresh:
        return Samples(t_us=[], counts=[], rate_hz=rate_hz, fault=fault)
    t_us = np.concatenate([one.t_us for one in fresh])
    wanted = t_us > from_us
    counts = np.concatenate([one.counts for one in fresh])[wanted]
    return Samples(t_us=t_us[wanted].tolist(), counts=counts.tolist(), rate_hz=rate_hz, fault=fault)


def _cameras(board: Board) -> list[tuple[str, CameraTap]]:
    found = []
    for end, side in zip(("yard", "road"), board.sides, strict=True):
        for role in ("camera", "rear_camera", "overview_camera", "side_camera"):
            tap = getattr(side, role)
            if isinstance(tap, CameraTap):
                found.append((f"{end}.{role}", tap))
    return found


def _no_reload(asked: AskReload) -> str:
    return f"this lane takes up no other configuration while it runs ({asked.site})"
