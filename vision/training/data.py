"""Batches for training: rendered plates, the labelled cut-outs less those held aside, negatives."""

import time
from collections.abc import Iterator

import cv2
import numpy as np
import torch

from vision.colour import COLOURS, colour_of
from vision.plates import ALPHABET, PlateType
from vision.recognise import INPUT_HEIGHT, INPUT_WIDTH, standardise
from vision.rows import GA36, Split, fold
from vision.training.negatives import negative
from vision.training.real import RealSource
from vision.training.render import Renderer

CLASS_OF = {char: i + 1 for i, char in enumerate(ALPHABET)}
NO_COLOUR = -100
"""What the loss of the colour leaves out."""


def colour_class(ptype: PlateType | None) -> int:
    """Return the index in COLOURS of what a plate type is painted in; none for no plate."""
    return NO_COLOUR if ptype is None else COLOURS.index(colour_of(ptype))


def jittered(rng: np.random.Generator) -> Split:
    """Return rows parted a little wrongly, as corners that are a few per cent off part them."""

    def moved(span: tuple[float, float]) -> tuple[float, float]:
        return span[0] + rng.normal(0, 0.015), span[1] + rng.normal(0, 0.015)

    return Split(
        upper_y=moved(GA36.upper_y),
        upper_x=moved(GA36.upper_x),
        lower_y=moved(GA36.lower_y),
        lower_x=moved(GA36.lower_x),
    )


class Progress:
    """How far a run is, 0..1: by steps, or by the clock where that is further."""

    def __init__(self, args) -> None:
        self.steps, self.seconds, self.start = args.steps, args.minutes * 60, args.start
        self.began = time.monotonic()

    def at(self, step: int) -> float:
        spent = (time.monotonic() - self.began) / self.seconds if self.seconds else 0.0
        return max(step / self.steps, spent)


class Batches(torch.utils.data.IterableDataset):
    """Endless batches (images N x 3 x H x W, labels, lengths, colours); one seed a worker."""

    def __init__(self, args, progress: Progress) -> None:
        self.args, self.progress = args, progress

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        cv2.setNumThreads(0)
        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        render = Renderer(self.args.seed * 100 + worker, self.args.glyphs, self.args.own_share)
        real = None
        if self.args.plates:
            real = RealSource(
                self.args.plates, self.args.glyphs, self.args.seed * 100 + 50 + worker
            )
        for step in range(worker, self.args.steps, workers):
            yield self.batch(render, real, self.progress.at(step) + self.args.start)

    def batch(self, render: Renderer, real: RealSource | None, progress: float):
        """Make one batch; the pictures grow harder over the first third of the run."""
        hardness = min(1.0, 0.15 + progress * 2.6)
        triples = []
        for _ in range(self.args.batch):
            dice = render.rng.random()
            if dice < 0.06:
                triples.append((negative(render.rng), "", None))
            elif real and dice < 0.06 + self.args.real_share * min(1.0, 0.3 + 2 * progress):
                triples.append(real.draw(hardness))
            else:
                triples.append(render.plate(hardness * np.sqrt(render.rng.random())))
        images = np.stack([self.seen(render.rng, image, kind) for image, _, kind in triples])
        labels = [CLASS_OF[c] for _, text, _ in triples for c in text]
        lengths = [len(text) for _, text, _ in triples]
        colours = [
            NO_COLOUR if kind is None else COLOURS.index(colour_of(kind)) for _, _, kind in triples
        ]
        return (
            torch.from_numpy(images.transpose(0, 3, 1, 2).copy()),
            torch.tensor(labels),
            torch.tensor(lengths),
            torch.tensor(colours),
        )

    def seen(
        self, rng: np.random.Generator, image: np.ndarray, ptype: PlateType | None
    ) -> np.ndarray:
        """Return a picture as the network gets it; some pictures of no plate are folded too."""
        if ptype is PlateType.YELLOW2 or (ptype is None and rng.random() < 0.25):
            image = fold(image, (INPUT_WIDTH, INPUT_HEIGHT), jittered(rng))
        return standardise(image, (INPUT_WIDTH, INPUT_HEIGHT))
