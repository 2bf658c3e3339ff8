"""Augmented labelled cut-outs, and plates composed anew from their parts."""

from pathlib import Path

import cv2
import numpy as np

from vision.draw import draw_plate
from vision.plates import PlateType, printed
from vision.training.camera import degrade
from vision.training.labels import cutouts, read_picture
from vision.training.render import Renderer, random_text

COMMON_PROVINCE = "皖"
DOT_X, PROVINCE_X = 134.5 / 440, 0.15
"""Where a tight cut-out can be parted: at the dot behind the letter, and behind the province."""


class RealSource:
    """Gives augmented labelled cut-outs, rare provinces and colours more often."""

    def __init__(self, plates: Path, glyphs: Path | None, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        chosen = [c for c in cutouts(plates) if not c.held]
        self.items = [(read_picture(c.path), printed(c.text), c.ptype) for c in chosen]
        # Only the road-camera cut-outs are cut so tightly that the province's place is known.
        self.tight = [c.path.name.startswith("sir_") for c in chosen]
        counts = {c.text[0]: sum(d.text[0] == c.text[0] for d in chosen) for c in chosen}
        weight = np.array(
            [counts[c.text[0]] ** -0.5 * (1 + (c.ptype != PlateType.BLUE1)) for c in chosen]
        )
        self.share = weight / weight.sum()
        self.tights = [i for i, tight in enumerate(self.tight) if tight]
        self.tight_share = self.share[self.tights] / self.share[self.tights].sum()
        self.level = {i: levelled(self.items[i][0]) for i in self.tights}
        self.donors = [i for i in self.tights if self.items[i][1][0] != COMMON_PROVINCE]
        self.render = Renderer(seed, glyphs)

    def draw(self, hardness: float) -> tuple[np.ndarray, str, PlateType]:
        """Return one augmented cut-out, its glyphs and its type."""
        if self.rng.random() < 0.25:
            return self.recomposed(hardness)
        index = self.rng.choice(len(self.items), p=self.share)
        image, text, kind = self.items[index]
        image, ptype = image.copy(), PlateType(kind)
        if self.tight[index]:
            image, text = self.parts_changed(image, text)
        if ptype is PlateType.BLUE1 and self.rng.random() < 0.2:
            image, ptype = self.yellowed(image), PlateType.YELLOW1
        image = self.jitter(image, two_row=ptype is PlateType.YELLOW2)
        if self.rng.random() < 0.6:
            image = degrade(self.rng, image, 0.35 * hardness)
        return image, text, ptype

    def parts_changed(self, image: np.ndarray, text: str) -> tuple[np.ndarray, str]:
        """Smear the province, or set in another, or the province and letter of another plate.

        Five of six cut-outs are of one province: without this the road camera's own look would
        come to mean that province. A smeared one leaves the label.
        """
        dice = self.rng.random()
        if dice < 0.10:
            self.smear_province(image)
            return image, text[1:]
        if dice < 0.28:
            return image, self.swap_province(image) + text[1:]
        if dice < 0.50:
            other, head, _ = self.items[self.rng.choice(self.tights, p=self.tight_share)]
            self.set_in(image, other, DOT_X + self.rng.normal(0, 0.008))
            return image, head[:2] + text[2:]
        return image, text

    def set_in(self, image: np.ndarray, other: np.ndarray, share: float) -> None:
        """Put the left part of another cut-out in place, in the light of what stood there."""
        h, w = image.shape[:2]
        edge = int(w * share)
        patch = image[:, :edge].astype(np.float32)
        scaled = cv2.resize(other, (w, h), interpolation=cv2.INTER_AREA)
        new = scaled[:, :edge].astype(np.float32)
        like = (new - new.mean((0, 1))) / (new.std() + 1) * patch.std() + patch.mean((0, 1))
        image[:, :edge] = np.clip(like, 0, 255)

    def swap_province(self, image: np.ndarray) -> str:
        """Set another province in, a rendered or a real one; return it."""
        if self.rng.random() < 0.4:
            other, text, _ = self.items[self.donors[self.rng.integers(len(self.donors))]]
        else:
            text = random_text(self.rng, PlateType.BLUE1)
            glyphs, _ = self.render.glyphs_for(PlateType.BLUE1)
            flat = draw_plate(text, PlateType.BLUE1, px_per_mm=0.4, glyphs=glyphs)
            other = degrade(self.rng, flat, 0.4)
        self.set_in(image, other, PROVINCE_X)
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

    def yellowed(self, image: np.ndarray) -> np.ndarray:
        """Turn a blue plate into a yellow one: its negative, with little blue left."""
        negative = 255.0 - image
        blue = negative[..., 0]
        negative[..., 0] = blue.mean() * self.rng.uniform(0.3, 0.9) + (blue - blue.mean()) * (
            self.rng.uniform(0.0, 0.8)
        )
        return np.clip(negative, 0, 255).astype(np.uint8)

    def recomposed(self, hardness: float) -> tuple[np.ndarray, str, PlateType]:
        """Set the characters of one or two tight cut-outs in the two rows of a double plate."""
        picks = self.rng.choice(self.tights, 2, p=self.tight_share)
        other = picks[int(self.rng.random() < 0.5)]
        tail, head = self.level[picks[0]], self.level[other].copy()
        label = self.items[other][1][:2] + self.items[picks[0]][1][2:]
        if self.rng.random() < 0.5:
            label = self.swap_province(head) + label[1:]
        image = two_rows(head, tail, self.rng)
        ptype = PlateType.YELLOW2
        if self.rng.random() < 0.85:
            image = self.yellowed(image)
        image = self.jitter(image, two_row=True)
        if self.rng.random() < 0.7:
            image = degrade(self.rng, image, 0.35 * hardness)
        return image, label, ptype

    def jitter(self, image: np.ndarray, *, two_row: bool = False) -> np.ndarray:
        """Move, scale, turn and shear a little, repeating the edge."""
        rng, (h, w) = self.rng, image.shape[:2]
        # The rows of a double plate are parted by place: it bears half the movement.
        tall = h * (0.5 if two_row else 1.0)
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        spread = rng.normal(0, 0.02, (4, 2)) * (w, 2.5 * tall)
        grow = np.array([rng.normal(0, 0.02) * w, rng.normal(0, 0.05) * tall])
        move = np.array([rng.normal(0, 0.012) * w, rng.normal(0, 0.05) * tall])
        sign = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        slope = np.array([[0, -1], [0, 1], [0, 1], [0, -1]]) * rng.normal(0, 0.05) * tall
        target = (corners + spread + grow * sign + move + slope).astype(np.float32)
        if rng.random() < 0.25:
            lean = rng.normal(0, 0.4) * tall
            target[:, 0] += lean * np.array([0.5, 0.5, -0.5, -0.5], np.float32)
            target[:, 0] += abs(lean) * np.array([0.5, -0.5, -0.5, 0.5], np.float32)
        target[:, 0] = np.clip(target[:, 0], -0.015 * w, 1.015 * w)
        matrix = cv2.getPerspectiveTransform(corners, target)
        return cv2.warpPerspective(image, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)


def levelled(image: np.ndarray) -> np.ndarray:
    """Return a tight cut-out sheared so that its characters stand on a level line.

    The right slope is the one at which upright strokes begin and end in the fewest rows.
    """
    h, w = image.shape[:2]
    edges = np.abs(np.diff(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32), axis=1))

    def sheared(picture: np.ndarray, slope: float) -> np.ndarray:
        matrix = np.array([[1, 0, 0], [slope * h / w, 1, -slope * h / 2]])
        return cv2.warpAffine(picture, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)

    def sharpness(slope: float) -> float:
        return float(np.square(np.diff(sheared(edges, slope)[:, 4:-4].mean(1))).sum())

    return sheared(image, max(np.linspace(-0.5, 0.5, 41).tolist(), key=sharpness))


def two_rows(head: np.ndarray, tail: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a 440 x 220 mm plate, 0.4 px a mm, of the first two characters of one tight
    single-row cut-out and the last five of another, at the places of GA 36-2018 figure 2.
    """
    scale, (h, w) = 0.4, tail.shape[:2]
    ground = np.median(tail.reshape(-1, 3), axis=0) + rng.normal(0, 3, 3)
    image = np.clip(ground + rng.normal(0, 2, (88, 176, 3)), 0, 255).astype(np.uint8)
    trim = rng.uniform(0.06, 0.13)
    rows, head_rows = _rows(h, trim), _rows(head.shape[0], trim)
    wide = head.shape[1]

    def paste(patch: np.ndarray, x: float, y: float, width: float, height: float) -> None:
        left, top = round(x * scale), round(y * scale)
        size = (round(width * scale), round(height * scale))
        new = cv2.resize(patch, size, interpolation=cv2.INTER_LINEAR)
        image[top : top + size[1], left : left + size[0]] = new[: 88 - top, : 176 - left]

    tall = 140 * (1 - 2 * trim)
    upper, lower = tall * 60 / 90, tall * 110 / 90
    paste(tail[rows, int(w * 0.325) :], 14, min(145 - lower / 2, 219 - lower), 426, lower)
    for begin, end, middle in ((0.0, 0.152, 150), (0.152, 0.285, 290)):
        patch = head[head_rows, int(wide * begin) : int(wide * end)]
        width = (end - begin) * 440 * 80 / 45
        paste(patch, middle - width / 2, max(45 - upper / 2, 1), width, upper)
    return np.asarray(image, np.uint8)


def _rows(height: int, trim: float) -> slice:
    return slice(round(height * trim), round(height * (1 - trim)))
