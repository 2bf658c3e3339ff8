"""The simulated yard with every camera that it has, for the contract suites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from board.build import Board, build
from board.profile import read_profile

STILL_BOARDS = ("stills",)
FITTED: dict[str, object] = {
    f"devices.{end}.{view}_camera.{key}": value
    for end, view in (("yard", "overview"), ("road", "overview"), ("yard", "side"))
    for key, value in (("driver", "sim.still"), ("end", end), ("view", view))
}
"""What to lay over the profile "sim"."""


def still_board(_name: str, _folder: Path) -> tuple[Board, Callable[[int], None]]:
    """The board and the yard's own time."""
    board = build(read_profile("sim", FITTED))
    return board, board.bus.share("yard", lambda: None).advance
