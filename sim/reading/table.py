"""Outcomes of the real recogniser, by condition: what the stochastic reader draws from.

A *cell* is one condition: light, sky, dirt, distance, number of characters.  Of each cell the file
keeps some outcomes as they came, worst first, so that the characters of one outcome keep what they
have in common.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sim.scene import Light, Sight, Sky

FILE = Path(__file__).with_name("measured.npz")
MODEL = Path("vision") / "models" / "reader.tflite"

DISTANCE_M = (2.9, 5.0, 7.0, 9.0, 11.0)
DIRT = (0.0, 0.1, 0.2, 0.35, 0.6, 0.97, 1.0)
LENGTHS = (7, 8)
PPM = 1_000_000
UNREADABLE = "?"

Cell = tuple[Light, Sky, int, int, int]
"""Light, sky, index of the band of dirt, index of the band of distance, characters."""
CELLS: tuple[Cell, ...] = tuple(
    product(Light, Sky, range(len(DIRT) - 1), range(len(DISTANCE_M) - 1), LENGTHS)
)
_AT = {cell: index for index, cell in enumerate(CELLS)}


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one frame: for each character its probability (ppm) and whether it is wrong.

    Without characters the frame gave no text.  ``dropped`` is the place of a character that the
    read lacks, if it does; ``typed`` says whether the kind of plate was told, rightly.
    """

    chars_ppm: tuple[int, ...] = ()
    wrong: tuple[bool, ...] = ()
    dropped: int | None = None
    typed: bool = False
    sharpness_ppm: int = 0

    @property
    def right(self) -> bool:
        """Whether the text is that of the plate."""
        return bool(self.chars_ppm) and not any(self.wrong) and self.dropped is None

    @property
    def rank(self) -> tuple[bool, int]:
        """From worst to best: wrong ones first, then by the least sure character."""
        return self.right, min(self.chars_ppm, default=0)


class Readings(Struct, frozen=True, kw_only=True):
    """All that was measured.

    ``likeness`` is how much two frames of one vehicle have in common (correlation of normal
    scores), ``same_error`` how often both err in the same way where both err; ``confusions`` are
    for each character those that it was taken for, as often as it was; ``model`` is the SHA-256 of
    the network.
    """

    cells: tuple[tuple[Outcome, ...], ...]
    likeness: float
    same_error: float
    confusions: dict[str, str]
    model: str

    def outcome(self, sight: Sight, share: float) -> Outcome:
        """The outcome at this share (0 worst, 1 best) of those in the sight's condition."""
        outcomes = self.cells[cell_of(sight)]
        return outcomes[min(int(share * len(outcomes)), len(outcomes) - 1)]


def cell_of(sight: Sight) -> int:
    """The number of a sight's condition; what lies outside the bands goes to the nearest."""
    dirt = sum(sight.dirt >= edge for edge in DIRT[1:-1])
    distance = sum(sight.distance_m >= edge for edge in DISTANCE_M[1:-1])
    length = min(max(len(sight.plate.text), LENGTHS[0]), LENGTHS[-1])
    return _AT[sight.light, sight.sky, dirt, distance, length]


def model_digest(root: Path) -> str:
    """SHA-256 of the recogniser's network below the folder of the packages."""
    return hashlib.sha256((root / MODEL).read_bytes()).hexdigest()


def write(readings: Readings, path: Path = FILE) -> None:
    """Keep what was measured."""
    count = len(readings.cells[0])
    shape = len(CELLS), count
    chars = np.zeros((*shape, LENGTHS[-1]), np.uint32)
    wrong = np.zeros((*shape, LENGTHS[-1]), np.bool_)
    dropped = np.full(shape, -1, np.int8)
    typed = np.zeros(shape, np.bool_)
    sharpness = np.zeros(shape, np.uint32)
    for i, outcomes in enumerate(readings.cells):
        for j, one in enumerate(outcomes):
            n = len(one.chars_ppm)
            chars[i, j, :n], wrong[i, j, :n] = one.chars_ppm, one.wrong
            dropped[i, j] = -1 if one.dropped is None else one.dropped
            typed[i, j], sharpness[i, j] = one.typed, one.sharpness_ppm
    about = {
        "likeness": readings.likeness,
        "same_error": readings.same_error,
        "confusions": readings.confusions,
        "model": readings.model,
    }
    text = np.frombuffer(json.dumps(about, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            chars=chars,
            wrong=wrong,
            dropped=dropped,
            typed=typed,
            sharpness=sharpness,
            about=text,
        )


@cache
def read(path: Path = FILE) -> Readings:
    """What was measured, as the file has it."""
    with np.load(path) as file:
        parts = {name: file[name] for name in file.files}
    about = json.loads(parts["about"].tobytes().decode())
    cells = tuple(
        tuple(_outcome(parts, i, j) for j in range(parts["dropped"].shape[1]))
        for i in range(len(CELLS))
    )
    return Readings(cells=cells, **about)


def _outcome(parts: dict[str, NDArray[np.generic]], i: int, j: int) -> Outcome:
    chars = tuple(int(ppm) for ppm in parts["chars"][i, j] if ppm)
    dropped = int(parts["dropped"][i, j])
    return Outcome(
        chars_ppm=chars,
        wrong=tuple(bool(one) for one in parts["wrong"][i, j, : len(chars)]),
        dropped=None if dropped < 0 else dropped,
        typed=bool(parts["typed"][i, j]),
        sharpness_ppm=int(parts["sharpness"][i, j]),
    )
