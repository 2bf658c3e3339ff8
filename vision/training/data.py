"""Batches for training: rendered plates, the labelled cut-outs less those held aside, negatives."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from vision.plates import ALPHABET, PlateType, printed
from vision.recognise import INPUT_HEIGHT, INPUT_WIDTH, standardise
from vision.training.render import Renderer, degrade

CLASS_OF = {char: i + 1 for i, char in enumerate(ALPHABET)}


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
    """Read labels.csv: single-row cut-outs crops/sir_* and crops/epr_* only."""
    with (plates / "labels.csv").open(encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["rows"] == "1"]
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


def read_picture(path: Path) -> np.ndarray:
    """Read a BGR picture of any file name."""
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)


class RealSource:
    """Gives augmented labelled cut-outs, rare provinces and colours more often."""

    def __init__(self, plates: Path, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        chosen = [c for c in cutouts(plates) if not c.held]
        self.items = [(read_picture(c.path), printed(c.text)) for c in chosen]
        counts = {c.text[0]: sum(d.text[0] == c.text[0] for d in chosen) for c in chosen}
        weight = np.array(
            [counts[c.text[0]] ** -0.5 * (1 + (c.ptype != PlateType.BLUE1)) for c in chosen]
        )
        self.share = weight / weight.sum()

    def draw(self, hardness: float) -> tuple[np.ndarray, str]:
        """Return one augmented cut-out and its glyphs; a smeared province leaves the label."""
        image, text = self.items[self.rng.choice(len(self.items), p=self.share)]
        image = image.copy()
        if self.rng.random() < 0.12:
            self.smear_province(image)
            text = text[1:]
        image = self.jitter(image)
        if self.rng.random() < 0.5:
            image = degrade(self.rng, image, 0.25 * hardness)
        return image, text

    def smear_province(self, image: np.ndarray) -> None:
        """Blur or paint over the first character."""
        h, w = image.shape[:2]
        patch = image[:, : int(w * 0.155)]
        if self.rng.random() < 0.5:
            patch[:] = cv2.blur(patch, (2 * (w // 16) + 1, 2 * (h // 4) + 1))
        else:
            patch[:] = np.clip(self.rng.uniform(0, 255, 3) + self.rng.normal(0, 9, patch.shape), 0, 255)

    def jitter(self, image: np.ndarray) -> np.ndarray:
        """Move, scale, turn and shear a little, repeating the edge."""
        rng, (h, w) = self.rng, image.shape[:2]
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        spread = rng.normal(0, 0.02, (4, 2)) * (w, 2.5 * h)
        grow = np.array([rng.normal(0, 0.02) * w, rng.normal(0, 0.05) * h])
        move = np.array([rng.normal(0, 0.012) * w, rng.normal(0, 0.05) * h])
        sign = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        slope = np.array([[0, -1], [0, 1], [0, 1], [0, -1]]) * rng.normal(0, 0.05) * h
        target = (corners + spread + grow * sign + move + slope).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(corners, target)
        return cv2.warpPerspective(image, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)


class Batches(torch.utils.data.IterableDataset):
    """Endless batches (images N x 3 x H x W, labels, lengths); one seed a worker."""

    def __init__(self, args, total: int) -> None:
        self.args, self.total = args, total

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        cv2.setNumThreads(0)
        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        render = Renderer(self.args.seed * 100 + worker, self.args.glyphs, self.args.own_share)
        real = RealSource(self.args.plates, self.args.seed * 100 + 50 + worker) if self.args.plates else None
        for step in range(worker, self.total, workers):
            progress = (step + self.args.start * self.total) / self.total
            yield self.batch(render, real, progress)

    def batch(self, render, real, progress: float):
        """Make one batch; the pictures grow harder over the first third of the run."""
        hardness = min(1.0, 0.15 + progress * 2.6)
        pairs = []
        for _ in range(self.args.batch):
            dice = render.rng.random()
            if dice < 0.06:
                pairs.append((render.negative(), ""))
            elif real and dice < 0.06 + self.args.real_share * min(1.0, 0.3 + 2 * progress):
                pairs.append(real.draw(hardness))
            else:
                pairs.append(render.plate(hardness * np.sqrt(render.rng.random())))
        images = np.stack([standardise(picture) for picture, _ in pairs])
        labels = [CLASS_OF[c] for _, text in pairs for c in text]
        lengths = [len(text) for _, text in pairs]
        return (
            torch.from_numpy(images.transpose(0, 3, 1, 2).copy()),
            torch.tensor(labels),
            torch.tensor(lengths),
        )


__all__ = ["INPUT_HEIGHT", "INPUT_WIDTH", "Batches", "Cutout", "cutouts", "held_aside"]
