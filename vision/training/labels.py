"""The labelled cut-outs, and the third of them that no training may see."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from vision.pictures import Bgr, load_picture

DOUBTFUL = frozenset({"epr_083.jpg"})
"""Labels that plainly differ from the picture (it shows 粤A9A372): counted as wrong in the report,
left out where the acceptance threshold is chosen."""


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """One labelled cut-out; `held` says that it is kept aside from all training."""

    path: Path
    text: str
    ptype: str
    held: bool


def held_aside(text: str) -> bool:
    """Say whether a plate belongs to the third kept aside: sha256 of its text, modulo 3, is 0.

    The rule goes by the plate and not by the file, so that two pictures of one vehicle never
    stand on both sides.
    """
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3 == 0


def cutouts(plates: Path) -> list[Cutout]:
    """Read labels.csv: the cut-outs crops/sir_* and crops/epr_* only, of one row and of two."""
    with (plates / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    wanted = [r for r in rows if r["file"].startswith(("crops/sir_", "crops/epr_"))]
    return [
        Cutout(
            path=plates / r["file"],
            text=r["plate_text"],
            ptype=r["ptype"],
            held=held_aside(r["plate_text"]),
        )
        for r in wanted
    ]


def read_picture(path: Path) -> Bgr:
    """Read a cut-out as the lane would."""
    return load_picture(path)
