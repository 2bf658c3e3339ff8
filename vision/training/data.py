"""Batches for training: rendered plates, the labelled cut-outs less those held aside, negatives."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from vision.draw import draw_plate
from vision.plates import ALPHABET, PlateType, printed
from vision.recognise import standardise
from vision.training.camera import degrade
from vision.training.labels import cutouts, read_picture
from vision.training.negatives import negative
from vision.training.render import Renderer, random_text

COMMON_PROVINCE = "皖"
CLASS_OF = {char: i + 1 for i, char in enumerate(ALPHABET)}


class RealSource:
    """Gives augmented labelled cut-outs, rare provinces and colours more often."""

    def __init__(self, plates: Path, glyphs: Path | None, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        chosen = [c for c in cutouts(plates) if not c.held]
        self.items = [(read_picture(c.path), printed(c.text)) for c in chosen]
        # Only the road-camera cut-outs are cut so tightly that the province's place is known.
        self.tight = [c.path.name.startswith("sir_") for c in chosen]
        counts = {c.text[0]: sum(d.text[0] == c.text[0] for d in chosen) for c in chosen}
        weight = np.array(
            [counts[c.text[0]] ** -0.5 * (1 + (c.ptype != PlateType.BLUE1)) for c in chosen]
        )
        self.share = weight / weight.sum()
        self.donors = [
            item
            for item, tight in zip(self.items, self.tight, strict=True)
            if tight and item[1][0] != COMMON_PROVINCE
        ]
        self.render = Renderer(seed, glyphs)

    def draw(self, hardness: float) -> tuple[np.ndarray, str]:
        """Return one augmented cut-out and its glyphs; a smeared province leaves the label."""
        index = self.rng.choice(len(self.items), p=self.share)
        image, text = self.items[index][0].copy(), self.items[index][1]
        dice = self.rng.random() if self.tight[index] else 1.0
        if dice < 0.12:
            self.smear_province(image)
            text = text[1:]
        elif dice < 0.32:
            text = self.swap_province(image) + text[1:]
        image = self.jitter(image)
        if self.rng.random() < 0.5:
            image = degrade(self.rng, image, 0.25 * hardness)
        return image, text

    def swap_province(self, image: np.ndarray) -> str:
        """Set another province in, in the light of the old one; return it.

        Five of six cut-outs are of one province: without this the road camera's own look would
        come to mean that province.
        """
        if self.rng.random() < 0.4:
            other, text = self.donors[self.rng.integers(len(self.donors))]
        else:
            text = random_text(self.rng, PlateType.BLUE1)
            glyphs, _ = self.render.glyphs_for(PlateType.BLUE1)
            flat = draw_plate(text, PlateType.BLUE1, px_per_mm=0.4, glyphs=glyphs)
            other = degrade(self.rng, flat, 0.4)
        h, w = image.shape[:2]
        edge = int(w * 0.15)
        patch = image[:, :edge].astype(np.float32)
        new = cv2.resize(other, (w, h), interpolation=cv2.INTER_AREA)[:, :edge].astype(np.float32)
        like = (new - new.mean((0, 1))) / (new.std() + 1) * patch.std() + patch.mean((0, 1))
        image[:, :edge] = np.clip(like, 0, 255)
        return printed(text)[0]

    def smear_province(self, image: np.ndarray) -> None:
        """Blur or paint over the first character."""
        h, w = image.shape[:2]
        patch = image[:, : int(w * 0.155)]
        if self.rng.random() < 0.5:
            patch[:] = cv2.blur(patch, (2 * (w // 16) + 1, 2 * (h // 4) + 1))
        else:
            patch[:] = np.clip(
                self.rng.uniform(0, 255, 3) + self.rng.normal(0, 9, patch.shape), 0, 255
            )

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
        if rng.random() < 0.25:
            lean = rng.normal(0, 0.4) * h
            target[:, 0] += lean * np.array([0.5, 0.5, -0.5, -0.5], np.float32)
            target[:, 0] += abs(lean) * np.array([0.5, -0.5, -0.5, 0.5], np.float32)
        target[:, 0] = np.clip(target[:, 0], -0.015 * w, 1.015 * w)
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
        real = None
        if self.args.plates:
            real = RealSource(
                self.args.plates, self.args.glyphs, self.args.seed * 100 + 50 + worker
            )
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
                pairs.append((negative(render.rng), ""))
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
