"""A lane on an I/O coprocessor: the real firmware in lockstep, booms and contacts at its pins."""

from __future__ import annotations

import atexit
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from field_fakes import GateStand
from site_rig import SITE

from board.build import Board as LaneBoard
from board.build import build
from board.profile import read_profile
from hal.bus import Bus
from hal.player import player_of
from sim.hil.board import Board

SCK, DOUTS = 2, [3, 4]
PINS = {"estop": 5, "approach": 6, "arm": 7, "beam_low": 8, "beam_high": 9}
LIMITS = {"closed": 10, "open": 11}
RELAYS = {"raise": 16, "lower": 17, "stop": 18}
LAMPS = {"approach": (19, 20), "deck": (21, 22)}
COUNTS = (402_118, 398_240)
SETTLE_S = 0.0003
"""What the line's thread needs beside the wire to take or give the bytes of one step."""
LATE_US = 100_000
"""A step after which the driver would take what is still on its way for silence."""
ADVANCE_US_MAX = 2_000_000

_DEVICES = """
[devices.clock]
driver = "trace.clock"
starts = "2026-11-22T08:00:00+08:00"

[devices.cells]
driver = "coprocessor.cells"
port = "{port}"
sck_pin = 2
dout_pins = [3, 4]
rate_hz = 50

[devices.estop]
driver = "coprocessor.input"
port = "{port}"
pin = 5
kind = "estop"

[devices.yard.gate]
driver = "coprocessor.gate"
port = "{port}"
end = "yard"
raise_pin = 16
lower_pin = 17
stop_pin = 18
closed_pin = 10
open_pin = 11
settle = "100 ms"
fall_dead = "60 ms"
"""


class CoprocessorYard:
    """The pins of one coprocessor and what hangs on them: contacts to ground, a boom that holds."""

    def __init__(self, folder: Path) -> None:
        self.board = Board(folder, lockstep=True, quantum_ms=10)
        self.board.wire_cells(SCK, DOUTS)
        self.gate = GateStand(latches=False)

    def reset(self) -> None:
        """Everything clear, the boom down, the chip bare and powered up anew."""
        self.board.kill()
        for file in self.board.flash.iterdir():
            file.unlink()
        self.gate = GateStand(latches=False)
        for dout, counts in zip(DOUTS, COUNTS, strict=True):
            self.board.set_counts(dout, counts)
        for pin in PINS.values():
            self.board.set_level(pin, 0)
        self._show_limits()
        self.board.start()

    def step(self, us: int) -> None:
        """Let time go by at the chip and at the boom."""
        time.sleep(SETTLE_S)
        self.board.settle()
        self.board.advance(us)
        if us > LATE_US:
            self.board.settle()
        time.sleep(SETTLE_S)
        made = [self.board.level(RELAYS[name]) == 1 for name in ("raise", "lower", "stop")]
        self.gate.step(us, *made)
        self._show_limits()

    def _show_limits(self) -> None:
        self.board.set_level(LIMITS["closed"], 0 if self.gate.is_closed else 1)
        self.board.set_level(LIMITS["open"], 0 if self.gate.is_open else 1)


def coprocessor_site(port: str) -> str:
    """A site file whose devices hang on the coprocessor at this port."""
    text = [SITE[: SITE.index("[devices.clock]")], _DEVICES.format(port=port)]
    for kind in ("approach", "arm", "beam_low", "beam_high"):
        options = f'port = "{port}"\npin = {PINS[kind]}\nend = "yard"\nkind = "{kind}"\n'
        text.append(f'[devices.yard.{kind}]\ndriver = "coprocessor.input"\n{options}')
    for face, (red, green) in LAMPS.items():
        options = f'port = "{port}"\nend = "yard"\nface = "{face}"\n'
        options += f"red_pin = {red}\ngreen_pin = {green}\n"
        text.append(f'[devices.yard.{face}_signal]\ndriver = "coprocessor.signal"\n{options}')
    return "\n".join(text)


_kept: list[CoprocessorYard] = []
_bus: list[Bus] = []


def coprocessor_yard() -> CoprocessorYard:
    """The one of this process, reset; whoever had it before has lost it."""
    while _bus:
        _bus.pop().close()
    if not _kept:
        folder = tempfile.TemporaryDirectory(prefix="coprocessor-")
        _kept.append(CoprocessorYard(Path(folder.name)))
        atexit.register(folder.cleanup)
        atexit.register(_kept[0].board.close)
    _kept[0].reset()
    return _kept[0]


def coprocessor_board(folder: Path) -> tuple[LaneBoard, Callable[[int], None]]:
    """Build the lane on the coprocessor and the hand that moves its time, already met."""
    yard = coprocessor_yard()
    (folder / "coprocessor.toml").write_text(coprocessor_site(yard.board.port), encoding="utf-8")
    board = build(read_profile(folder / "coprocessor.toml"))
    _bus.append(board.bus)

    def advance(us: int) -> None:
        player_of(board.bus).advance(us)
        yard.step(min(us, ADVANCE_US_MAX))

    board.bus.share("coprocessor yard", lambda: yard)
    meet(board, advance)
    return board, advance


def meet(board: LaneBoard, advance: Callable[[int], None]) -> None:
    """Let time go by until the coprocessor has its wiring and has told its contacts."""
    estop = board.estop
    assert estop is not None
    for _ in range(200):
        advance(20_000)
        time.sleep(0.001)
        if estop.read():
            break
    for _ in range(20):
        advance(20_000)
        estop.read()
