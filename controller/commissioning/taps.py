"""Ears and hands on a board's devices: what passes is seen, and a lamp or a sign can be borrowed.

A tap changes nothing unless asked.  A boom has no tap: it moves by the lane's own requests alone.
"""

from __future__ import annotations

import dataclasses
from collections import deque

from board.build import Board, Side
from hal.ports import (
    Camera,
    CellSamples,
    DeviceFault,
    Frame,
    Indication,
    Indicator,
    LaneSignal,
    LoadCells,
    PersonRequest,
    RequestSource,
    Sign,
    Signal,
    SignPage,
)
from hal.virtual import REQUESTS_MAX

BATCHES_MAX = 20_000


class CellTap:
    """Load cells whose samples are kept while ``keeps``; ``fault`` stands until samples come."""

    def __init__(self, cells: LoadCells) -> None:
        self._cells = cells
        self.keeps = False
        self.kept: deque[CellSamples] = deque(maxlen=BATCHES_MAX)
        self.fault: DeviceFault | None = None

    def read(self) -> CellSamples | DeviceFault:
        got = self._cells.read()
        if isinstance(got, DeviceFault):
            self.fault = got
        elif len(got.t_us):
            self.fault = None
            if self.keeps:
                self.kept.append(got)
        return got


class IndicatorTap:
    """An indicator whose frames are kept while ``keeps``; ``fault`` stands until frames come."""

    def __init__(self, indicator: Indicator) -> None:
        self._indicator = indicator
        self.keeps = False
        self.kept: deque[Indication] = deque(maxlen=BATCHES_MAX)
        self.fault: DeviceFault | None = None

    def read(self) -> tuple[Indication, ...] | DeviceFault:
        got = self._indicator.read()
        if isinstance(got, DeviceFault):
            self.fault = got
        elif got:
            self.fault = None
            if self.keeps:
                self.kept.extend(got)
        return got

    def request_zero(self) -> bool:
        return self._indicator.request_zero()


class SignalTap:
    """A signal head that shows ``lent`` while it is not None."""

    def __init__(self, signal: LaneSignal) -> None:
        self._signal = signal
        self.lent: Signal | None = None

    def show(self, aspect: Signal) -> None:
        self._signal.show(aspect if self.lent is None else self.lent)


class SignTap:
    """A sign or voice that shows ``lent`` while it is not None."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign
        self.lent: SignPage | None = None

    def show(self, page: SignPage) -> None:
        self._sign.show(page if self.lent is None else self.lent)


class CameraTap:
    """A camera from which one picture can be asked for, whatever the lane wants.

    ``pictures`` counts all that it gave, of which the newest was exposed at ``newest_us``;
    ``called`` is how its driver names it in a fault.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.asked = False
        self.frame: Frame | None = None
        self.fault: DeviceFault | None = None
        self.pictures = 0
        self.newest_us: int | None = None
        self.called = ""

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        got = self._camera.capture(wanted or self.asked)
        if isinstance(got, Frame):
            self.pictures += 1
            self.newest_us = got.captured_us
        elif got is not None:
            self.called = got.device
        if self.asked and isinstance(got, Frame):
            self.frame, self.fault = got, None
        elif self.asked and isinstance(got, DeviceFault):
            self.fault = got
        return got if wanted else None


class AskingHand:
    """The technician's requests, before those of the site's own source."""

    def __init__(self, source: RequestSource | None) -> None:
        self._source = source
        self._asked: deque[PersonRequest] = deque()

    def ask(self, request: PersonRequest) -> None:
        """Put a request before the lane; it takes it in the next scan."""
        self._asked.append(request)

    def offer(self, request: PersonRequest) -> str:
        """The same from another thread; why not where too many wait, else ""."""
        if len(self._asked) >= REQUESTS_MAX:
            return f"{REQUESTS_MAX} requests wait; the lane does not take them"
        self._asked.append(request)
        return ""

    def poll(self) -> tuple[PersonRequest, ...]:
        asked = tuple(self._asked.popleft() for _ in range(len(self._asked)))
        return (*asked, *(self._source.poll() if self._source is not None else ()))


def tapped(board: Board) -> Board:
    """The same board with a tap at every device that has one."""
    sides = tuple(_tapped(side) for side in board.sides)
    return dataclasses.replace(
        board,
        sides=(sides[0], sides[1]),
        cells=CellTap(board.cells) if board.cells is not None else None,
        indicator=IndicatorTap(board.indicator) if board.indicator is not None else None,
        sign=SignTap(board.sign) if board.sign is not None else None,
        voice=SignTap(board.voice) if board.voice is not None else None,
        requests=AskingHand(board.requests),
    )


def _tapped(side: Side) -> Side:
    found: dict[str, object] = {}
    for field in dataclasses.fields(side):
        device = getattr(side, field.name)
        if device is not None and field.name.endswith("signal"):
            found[field.name] = SignalTap(device)
        elif device is not None and field.name.endswith("camera"):
            found[field.name] = CameraTap(device)
    return dataclasses.replace(side, **found)  # type: ignore[arg-type]
