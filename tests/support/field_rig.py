"""Boards of field I/O on libraries in memory: the same lane on gpiod lines and on RPi.GPIO pins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from field_fakes import Chip, FakeRpi, GateStand, LineId, fake_chip
from site_rig import SITE, write_recording

from board.build import Board, build
from board.profile import read_profile
from hal.bus import Bus
from hal.field.rounds import Rounds
from hal.player import player_of
from hal.virtual import board_clock

ROUND_US = 10_000
ROUNDS_MAX = 50
ENDS = ("yard", "road")
CONTACTS = ("approach", "arm", "beam_low", "beam_high")
KINDS = {"approach": "loop", "arm": "loop", "beam_low": "beam", "beam_high": "beam"}
GATE = ("open", "close", "stop", "closed_limit", "open_limit")
Advance = Callable[[int], None]


def line_of(end: str, name: str) -> int:
    """The line at which something stands: 20 for each end."""
    names = (
        *CONTACTS,
        *GATE,
        *(f"{f}_{c}" for f in ("approach", "deck") for c in ("red", "green")),
    )
    return 2 + 20 * ENDS.index(end) + names.index(name)


def field_site(driver: str, word: str) -> str:
    """A site file whose contacts, booms and lamps are on drivers called ``driver.*``."""
    head = SITE[: SITE.index("[devices.clock]")]
    text = [head, '[devices.clock]\ndriver = "trace.clock"']
    text.append('starts = "2026-11-22T08:00:00+08:00"\n')
    text.append('[devices.cells]\ndriver = "trace.cells"\nfiles = ["passage.csv"]\n')
    text.append(f'[devices.estop]\ndriver = "{driver}.stop"\nfirst_{word} = 0\nsecond_{word} = 1\n')
    for end in ENDS:
        for name in CONTACTS:
            options = f'{word} = {line_of(end, name)}\nkind = "{KINDS[name]}"\n'
            text.append(f'[devices.{end}.{name}]\ndriver = "{driver}.input"\n{options}')
        names = [n for n in GATE if n != "stop" or end == "yard"]
        options = "".join(f"{name}_{word} = {line_of(end, name)}\n" for name in names)
        mode = "pulse" if end == "yard" else "level"
        text.append(f'[devices.{end}.gate]\ndriver = "{driver}.gate"\nmode = "{mode}"\n{options}')
        for face in ("approach", "deck"):
            red, green = (line_of(end, f"{face}_{c}") for c in ("red", "green"))
            options = f'driver = "{driver}.signal"\nred_{word} = {red}\ngreen_{word} = {green}\n'
            text.append(f"[devices.{end}.{face}_signal]\n{options}")
    return "\n".join(text)


class FieldYard:
    """The wires of a chip and what hangs on them: contacts to ground, relays active high."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.gates = {"yard": GateStand(latches=True), "road": GateStand(latches=False)}
        for line in (0, 1, *(line_of(e, n) for e in ENDS for n in CONTACTS)):
            self.close(line, True)
        self.step(0)

    def close(self, line: LineId, closed: bool) -> None:
        """A contact to ground closes or opens, or its cable is cut."""
        self.chip.pull(line, 0 if closed else None)

    def step(self, us: int) -> None:
        for end, gate in self.gates.items():
            on = [self.chip.wire(line_of(end, n)).out == 1 for n in ("open", "close", "stop")]
            gate.step(us, *on)
            self.close(line_of(end, "closed_limit"), gate.is_closed)
            self.close(line_of(end, "open_limit"), gate.is_open)


def field_board(driver: str, folder: Path) -> tuple[Board, Advance]:
    """Build the board of ``gpio`` or ``rpi`` and the hand that moves its time, already settled."""
    bus = Bus()
    write_recording(folder)
    path = str(folder / "gpiochip0")
    chip = fake_chip(path, lambda: board_clock(bus).now_us())
    site = field_site(driver, "line" if driver == "gpio" else "pin")
    if driver == "gpio":
        site = site.replace('driver = "gpio.', f'chip = "{path}"\ndriver = "gpio.')
    else:
        bus.share("RPi.GPIO", lambda: FakeRpi(chip))
    (folder / "field.toml").write_text(site, encoding="utf-8")
    yard = FieldYard(chip)
    bus.share("field yard", lambda: yard)
    rounds: list[Rounds] = []
    profile = read_profile(folder / "field.toml")
    board = build(profile, _with_rounds(bus, rounds))

    def advance(us: int) -> None:
        step_us = max(ROUND_US, us // ROUNDS_MAX)
        for start in range(0, us, step_us):
            part_us = min(step_us, us - start)
            player_of(bus).advance(part_us)
            yard.step(part_us)
            rounds[0].round()

    for _ in range(100):
        advance(ROUND_US)
    return board, advance


class _Clock:
    """The board's clock, which is known only once the board is being built."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def now_us(self) -> int:
        return board_clock(self._bus).now_us()


def _with_rounds(bus: Bus, kept: list[Rounds]) -> Bus:
    kept.append(Rounds(_Clock(bus), None))  # type: ignore[arg-type]
    bus.share("field rounds", lambda: kept[0])
    return bus
