"""Boards with wire signs and voices on emulators, for the contract suites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from site_rig import SITE, write_recording

from board.build import Board, build
from board.profile import read_profile
from hal.player import player_of
from sim.emulators import Emulator
from sim.emulators.command import make
from sim.emulators.serve import OnPty

# Each board has two signs, the second as its voice: fewer boards, the same drivers.
SIGN_BOARDS: dict[str, tuple[str, str]] = {
    "signs1": ("sichuan.sign", "syn.voice"),
    "signs2": ("yunnan.sign", "clips.voice"),
    "signs3": ("guizhou.sign", "parking.sign"),
    "signs4": ("onbon.sign", "row.sign"),
    "signs5": ("template.sign", "onbon.sign"),
}
_EMULATORS = {
    "sichuan.sign": "sichuan-sign",
    "yunnan.sign": "yunnan-sign",
    "guizhou.sign": "guizhou-sign",
    "onbon.sign": "onbon-sign",
    "row.sign": "row-sign",
    "parking.sign": "parking-board",
    "template.sign": "parking-board",
    "syn.voice": "syn6288",
}
_MORE = {
    "template.sign": 'template = "02 {line1} {line2} 03"\n',
    "clips.voice": 'folder = "clips"\nplayer = ["true"]\n',
}
_SIGN = '[devices.sign]\ndriver = "virtual.sign"\n'


def sign_board(name: str, folder: Path) -> tuple[Board, Callable[[int], None]]:
    """A board whose sign and voice talk to emulators over ptys."""
    write_recording(folder)
    (folder / "clips").mkdir(exist_ok=True)
    served: list[OnPty] = []
    tables = ""
    for role, driver in zip(("sign", "voice"), SIGN_BOARDS[name], strict=True):
        place = folder / f"{role}.tty"
        tables += f'\n[devices.{role}]\ndriver = "{driver}"\n' + _MORE.get(driver, "")
        if driver in _EMULATORS:
            emulator: Emulator = make(_EMULATORS[driver])
            served.append(OnPty(emulator, place))
            tables += f'port = "{place}"\n'
    site = folder / "site.toml"
    site.write_text(SITE.replace(_SIGN, "") + tables, encoding="utf-8")
    board = build(read_profile(site))
    for one in served:
        board.bus.at_close(one.close)
    return board, player_of(board.bus).advance
