"""Measure what votes are worth: rendered passages, read frame by frame and voted on.

    python -m vision.training.votes --passages 200

Every passage is one plate with its own mud, light and focus, which all its frames share; each
frame has its own distance, angle, motion, noise and JPEG. What is printed: how often one frame,
the surest frame, and the vote are right and wrong, for each confidence asked, with the frames
taken as correlated (the shipped settings) and as independent.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from vision.draw import draw_plate
from vision.measures import Bgr
from vision.plates import PlateType, validate
from vision.quality import FrameName, judge_plate
from vision.recognise import PlateRead, Recogniser
from vision.rectify import rectify
from vision.relation import End
from vision.tracks import Look
from vision.training.camera import motion, squeeze
from vision.training.render import random_text
from vision.vote import Votes, VoteSettings

TYPES = (PlateType.BLUE1, PlateType.YELLOW1, PlateType.GREEN8)
FRAMES = 10
FRAME_US = 200_000
ASKED = (0.0, 0.8, 0.9, 0.95, 0.99)
INDEPENDENT = VoteSettings(rho_still=0.0, rho_moved=0.0)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """The truth, every read that is grammatical as (text, confidence), and both votes."""

    text: str
    reads: tuple[tuple[str, float], ...]
    voted: tuple[str, float]
    independent: tuple[str, float]
    named: int


def main() -> None:
    """Render, read, vote and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--passages", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    reader, rng = Recogniser(), np.random.default_rng(options.seed)
    passages = [passage(reader, rng) for _ in range(options.passages)]
    print_table(passages)


def passage(reader: Recogniser, rng: np.random.Generator) -> Passage:
    """Let one plate drive up to the camera and read it on the way."""
    ptype = TYPES[int(rng.integers(len(TYPES)))]
    text = random_text(rng, ptype)
    voters = (Votes(entered_us=0), Votes(entered_us=0, settings=INDEPENDENT))
    reads, named = [], 0
    for at, (frame, quad) in enumerate(frames(text, ptype, rng)):
        cutout = rectify(frame, quad)
        quality = judge_plate(cutout)
        if quality.name is not FrameName.OK:
            named += 1
            continue
        read = reader.read(cutout)
        if not read.text:
            continue
        reads.append(read)
        for votes in voters:
            votes.add(End.FRONT, at, at * FRAME_US, [_look(read, quad, quality.sharpness)])
    voted, independent = (_settled(votes) for votes in voters)
    singles = tuple((read.text, read.confidence) for read in reads if validate(read.text))
    return Passage(text=text, reads=singles, voted=voted, independent=independent, named=named)


def frames(
    text: str, ptype: PlateType, rng: np.random.Generator
) -> Iterator[tuple[Bgr, np.ndarray]]:
    """Yield (frame, corners) from far to near; mud, gain and focus stay, the rest does not."""
    plate = _muddy(draw_plate(text, ptype, px_per_mm=0.6), rng)
    gain, focus = rng.uniform(0.25, 1.1), rng.uniform(0.2, 1.6)
    high, wide = plate.shape[:2]
    flat = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    yaw, roll = rng.normal(0.15, 0.1), rng.normal(0, 0.05)
    for at in range(FRAMES):
        size = (60 + 9 * at) * rng.uniform(0.95, 1.05)
        quad = _quad(size, size * high / wide, yaw, roll) + np.array([40 + 12 * at, 30 + 10 * at])
        matrix = cv2.getPerspectiveTransform(flat, quad.astype(np.float32))
        shrunk = cv2.GaussianBlur(plate, (0, 0), max(0.3, 0.35 * wide / size))
        frame = np.full((280, 400, 3), 85, np.uint8)
        cv2.warpPerspective(
            shrunk, matrix, (400, 280), frame, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT
        )
        soft = cv2.GaussianBlur(frame, (0, 0), focus)
        moved = motion(rng, soft, int(rng.integers(1, 5))) if rng.random() < 0.5 else soft
        lit = moved * gain + rng.normal(0, rng.uniform(1, 7), moved.shape)
        shot = squeeze(np.clip(lit, 0, 255).astype(np.uint8), int(rng.integers(55, 92)))
        yield shot, quad + rng.normal(0, 0.012 * size, quad.shape)


def _quad(wide: float, high: float, yaw: float, roll: float) -> np.ndarray:
    lean = high * 0.15 * yaw
    points = np.array([[0, 0], [wide * np.cos(yaw), lean], [wide * np.cos(yaw), high - lean],
                       [0, high]])  # fmt: skip
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    return np.asarray(points @ turn)


def _muddy(plate: Bgr, rng: np.random.Generator) -> Bgr:
    high, wide = plate.shape[:2]
    coarse = rng.random((5, 14)).astype(np.float32)
    cover = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    dirt = rng.uniform(0, 0.75)
    alpha = np.clip((cover - (1.0 - dirt)) * 4.0, 0.0, 0.9)[..., None]
    return np.asarray(plate * (1 - alpha) + np.array([70, 95, 115]) * alpha, np.uint8)


def _look(read: PlateRead, quad: np.ndarray, sharpness: float) -> Look:
    corners = tuple((float(x), float(y)) for x, y in quad)
    return Look(
        quad=corners,
        text=read.text,
        probabilities=read.probabilities,
        ptype=read.ptype,
        sharpness=sharpness,
    )


def _settled(votes: Votes) -> tuple[str, float]:
    plate = votes.outcome().front
    return (plate.text, plate.confidence) if plate is not None and plate.settled else ("", 0.0)


def print_table(passages: Sequence[Passage]) -> None:
    """Print right and wrong plates per hundred passages, for each confidence asked."""
    table = Table(title=f"{len(passages)} passages of {FRAMES} frames, % right / % wrong")
    ways = ("confidence", "any one frame", "surest frame", "vote", "vote, frames independent")
    for way in ways:
        table.add_column(way)
    for asked in ASKED:
        single = [(p.text, read) for p in passages for read in p.reads]
        surest = [(p.text, max(p.reads, key=lambda r: r[1], default=("", 0.0))) for p in passages]
        voted = [(p.text, p.voted) for p in passages]
        independent = [(p.text, p.independent) for p in passages]
        table.add_row(
            f"{asked:.2f}",
            _shares(single, asked, FRAMES * len(passages)),
            *(_shares(one, asked, len(passages)) for one in (surest, voted, independent)),
        )
    Console().print(table)
    print(f"frames named and not read: {sum(p.named for p in passages)}")


def _shares(pairs: Sequence[tuple[str, tuple[str, float]]], asked: float, total: int) -> str:
    taken = [(truth, text) for truth, (text, p) in pairs if text and p >= asked]
    right = sum(truth == text for truth, text in taken)
    return f"{100 * right / total:.1f} / {100 * (len(taken) - right) / total:.1f}"


if __name__ == "__main__":
    main()
