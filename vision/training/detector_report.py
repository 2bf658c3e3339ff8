"""Report what the detector finds: python -m vision.training.detector_report --plates DIR

Needs no torch: it looks with the exported model, as the lane does.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vision.detect import MODEL_PATH, TYPES, Detector, PlateFound
from vision.training.detector_scenes import SIZE_PX, Photo, Scenes, grounds, photographs

RENDER_SEED = 70310
FOUND_MAX = 0.5
"""A plate is found when no corner is further off than this share of the plate's height."""


@dataclass
class Tally:
    """Counts of one set; `errors` are worst corner errors in plate heights, of the found ones."""

    plates: int = 0
    types_right: int = 0
    others: int = 0
    errors: list[float] = field(default_factory=list)


def judge(tally: Tally, photo: Photo, finds: Sequence[PlateFound]) -> None:
    """Count the labelled plates that were found, and the finds that are none of them."""
    used: set[int] = set()
    for quad, kind in zip(photo.quads, photo.types, strict=True):
        tally.plates += 1
        errors = [worst_error(quad, find) for find in finds]
        if not errors or min(errors) > FOUND_MAX:
            continue
        index = int(np.argmin(errors))
        used.add(index)
        tally.errors.append(errors[index])
        tally.types_right += finds[index].ptype is TYPES[kind]
    tally.others += len(finds) - len(used)


def worst_error(quad: npt.NDArray[np.float64], find: PlateFound) -> float:
    """Return the largest distance of a corner in plate heights."""
    high = np.linalg.norm(quad[3] - quad[0])
    return float(np.linalg.norm(np.array(find.corners) - quad, axis=1).max() / high)


def row(name: str, pictures: int, tally: Tally) -> str:
    """Format one set: how many found, the corner errors, the types, the finds beside."""
    half, tenth = (np.quantile(tally.errors or [np.nan], share) for share in (0.5, 0.9))
    found = len(tally.errors)
    return (
        f"  {name:34} {pictures:6} {tally.plates:7} {found:6} {half:8.2f} {tenth:8.2f}"
        f" {tally.types_right:11} {tally.others:7}"
    )


def rendered(glyphs: Path | None, empty: Path, count: int) -> list[Photo]:
    """Draw scenes of a seed that training never used; plates that are cut off are not counted."""
    scenes = Scenes(RENDER_SEED, glyphs, [], grounds(empty))
    drawn = (scenes.draw() for _ in range(count))
    return [
        Photo(picture=s.picture, quads=s.quads, types=s.types)
        for s in drawn
        if all((q > 0).all() and (q < SIZE_PX).all() for q in s.quads)
    ]


def table(
    find: Callable[[npt.NDArray[np.uint8]], Sequence[PlateFound]], sets: dict[str, list[Photo]]
) -> None:
    """Print one row a set."""
    print(
        f"  {'set':34} {'photos':>6} {'plates':>7} {'found':>6} {'err p50':>8} {'err p90':>8}"
        f" {'type right':>11} {'others':>7}"
    )
    for name, photos in sets.items():
        tally = Tally()
        for photo in photos:
            judge(tally, photo, find(photo.picture))
        print(row(name, len(photos), tally), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--grounds", type=Path, help="photographs without plates, never trained on")
    parser.add_argument("--glyphs", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL_PATH)
    parser.add_argument("--rendered", type=int, default=600)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    detector = Detector(args.model)
    sets = {
        "photographs held aside": photographs(args.plates, held=True),
        "photographs trained on": photographs(args.plates, held=False),
    }
    if args.grounds:
        sets["rendered on --grounds, all types"] = rendered(
            args.glyphs, args.grounds, args.rendered
        )
    table(detector.find, sets)
    if args.grounds:
        scores = Counter[float]()
        pictures = grounds(args.grounds)
        for picture in pictures:
            for find in detector.find(picture):
                scores.update(s for s in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9) if find.score >= s)
        rates = ", ".join(
            f"{1000 * n / len(pictures):.0f} at {s}" for s, n in sorted(scores.items())
        )
        print(f"\nfinds per thousand of {len(pictures)} pictures without plates: {rates}")


if __name__ == "__main__":
    main()
