"""Render training cut-outs: random plates of every type, aged, dirty and in perspective."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vision.draw import LIVERIES, boxes, draw_plate
from vision.glyphs import load_atlas
from vision.plates import DIGITS, ENERGY_LETTERS, LETTERS, PROVINCES, PlateType, printed
from vision.training.camera import degrade
from vision.training.negatives import random_ground

Bgr = npt.NDArray[np.uint8]
Glyphs = dict[str, Bgr]
SERIAL = LETTERS + DIGITS
TYPE_SHARES = {
    PlateType.BLUE1: 0.34,
    PlateType.YELLOW1: 0.22,
    PlateType.YELLOW2: 0.19,
    PlateType.GREEN8: 0.12,
    PlateType.YELLOW_GREEN8: 0.05,
    PlateType.WHITE1: 0.04,
    PlateType.BLACK1: 0.04,
}
SCRATCH_PX_PER_MM = 0.42
FAMILIES = ("140", "green", "220", "220_up", "220_down")
"""Glyph pictures FAMILY_X.jpg: one row, new energy, two rows (and their letters by row)."""


def load_glyphs(folder: Path) -> dict[str, Glyphs]:
    """Read a folder of glyph pictures (140_X.jpg, green_X.jpg, …) as ink masks by family."""
    families: dict[str, Glyphs] = {family: {} for family in FAMILIES}
    for path in sorted(folder.glob("*.jpg")):
        family, _, char = path.stem.rpartition("_")
        if family not in families or len(char) != 1:
            continue
        grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise ValueError(f"{path}: not a picture of a glyph")
        families[family][char] = fit_ink(255 - np.asarray(grey, np.uint8), char)
    return families


def fit_ink(ink: Bgr, char: str) -> Bgr:
    """Stretch a glyph to the 45 x 90 mm box; a figure one keeps its own narrow stroke."""
    if char == "1":
        x, y, w, h = cv2.boundingRect((ink > 100).astype(np.uint8))
        body = cv2.resize(ink[y : y + h, x : x + w], (24, 180), interpolation=cv2.INTER_AREA)
        return np.asarray(np.pad(body, ((0, 0), (33, 33))), np.uint8)
    return np.asarray(cv2.resize(ink, (90, 180), interpolation=cv2.INTER_AREA), np.uint8)


def random_text(rng: np.random.Generator, ptype: PlateType) -> str:
    """Return a text of that type, every province equally likely."""

    def pick(chars: str) -> str:
        return chars[int(rng.integers(len(chars)))]

    head = pick(PROVINCES) + pick(LETTERS)
    digits = "".join(pick(DIGITS) for _ in range(5))
    if ptype is PlateType.GREEN8 and rng.random() < 0.7:
        return head + pick(ENERGY_LETTERS + "DF" * 12) + pick(SERIAL) + digits[:4]
    if ptype in (PlateType.GREEN8, PlateType.YELLOW_GREEN8):
        return head + digits + pick(ENERGY_LETTERS + "DF" * 3)
    letters = rng.random() * 0.7
    body = "".join(pick(LETTERS) if rng.random() < letters else digit for digit in digits)
    dice = rng.random()
    if ptype is PlateType.WHITE1:
        return head + body[:4] + ("警" if dice < 0.7 else "应急")
    if ptype is PlateType.BLACK1 and dice < 0.6:
        return "粤Z" + body[:4] + pick("港澳")
    ending = {PlateType.BLACK1: "使领", PlateType.YELLOW1: "学学挂", PlateType.YELLOW2: "挂"}
    if dice < {PlateType.BLACK1: 1.0, PlateType.YELLOW1: 0.3, PlateType.YELLOW2: 0.5}.get(ptype, 0):
        return head + body[:4] + pick(ending[ptype])
    return head[0] + "O" + body if rng.random() < 0.01 else head + body


class Renderer:
    """Gives (cut-out BGR uint8, label glyphs) from a seed; `hardness` 0..1 grows with training.

    `folder` holds glyph pictures to prefer; `own_share` of the plates still wear our own.
    """

    def __init__(self, seed: int, folder: Path | None, own_share: float = 0.25) -> None:
        self.rng = np.random.default_rng(seed)
        self.own = load_atlas()
        self.families = load_glyphs(folder) if folder else None
        self.own_share = own_share if folder else 1.0
        self.spare: tuple[Bgr, str, PlateType] | None = None

    def glyphs_for(self, ptype: PlateType) -> tuple[Glyphs, Glyphs]:
        """Choose our own glyphs or the folder's for one plate: (all, those of an upper row)."""
        glyphs, upper = dict(self.own), Glyphs()
        if self.families and self.rng.random() >= self.own_share:
            glyphs.update(self.families["140"])
            if ptype in (PlateType.GREEN8, PlateType.YELLOW_GREEN8) and self.rng.random() < 0.7:
                glyphs.update(self.families["green"])
            if ptype is PlateType.YELLOW2 and self.rng.random() < 0.65:
                glyphs.update(self.families["220"] | self.families["220_down"])
                upper = self.families["220"] | self.families["220_up"]
        return glyphs, upper

    def stroke(self, ink: Bgr) -> Bgr:
        """Make the strokes a little bolder or finer, one time in three."""
        turn = self.rng.integers(6)
        size = int(self.rng.integers(2, 6))
        if turn == 0:
            return np.asarray(cv2.erode(ink, np.ones((size, size), np.uint8)), np.uint8)
        if turn == 1:
            return np.asarray(cv2.dilate(ink, np.ones((size, size), np.uint8)), np.uint8)
        return ink

    def plate(self, hardness: float) -> tuple[Bgr, str, PlateType]:
        """Render one cut-out of a random type; each scene serves twice, through two cameras."""
        scene, label, ptype = self.spare or self.any_scene(hardness)
        self.spare = None if self.spare else (scene, label, ptype)
        return degrade(self.rng, scene, hardness), label, ptype

    def any_scene(self, hardness: float) -> tuple[Bgr, str, PlateType]:
        """Stand a plate of a random type and text before a background."""
        ptype = self.random_type()
        scene, label = self.scene(random_text(self.rng, ptype), ptype, hardness)
        return scene, label, ptype

    def scene(self, text: str, ptype: PlateType, hardness: float) -> tuple[Bgr, str]:
        """Stand one given plate before a background; returns (picture, label glyphs).

        The label leaves out a province that dirt made unreadable, so that the network learns to
        say nothing there.
        """
        flat, label = self.aged(text, ptype, hardness)
        return self.place(flat, hardness), label

    def random_type(self) -> PlateType:
        """Draw a plate type by TYPE_SHARES."""
        return list(TYPE_SHARES)[self.rng.choice(len(TYPE_SHARES), p=list(TYPE_SHARES.values()))]

    def flat(
        self,
        ptype: PlateType | None = None,
        *,
        hardness: float = 0.6,
        px_per_mm: float = SCRATCH_PX_PER_MM,
    ) -> tuple[Bgr, str, PlateType]:
        """Return a flat plate of that type (or any), aged and dirty, with its text and type."""
        wanted = self.random_type() if ptype is None else ptype
        text = random_text(self.rng, wanted)
        return self.aged(text, wanted, hardness, px_per_mm)[0], text, wanted

    def aged(
        self, text: str, ptype: PlateType, hardness: float, px_per_mm: float = SCRATCH_PX_PER_MM
    ) -> tuple[Bgr, str]:
        """Draw one given plate, its paint aged, with screws and dirt; returns (plate, label)."""
        glyphs, upper = self.glyphs_for(ptype)
        label = printed(text)
        wanted = {c: self.stroke(glyphs[c]) for c in sorted(set(label))}
        above = {c: self.stroke(upper[c]) for c in sorted(set(label[:2])) if c in upper}
        flat = draw_plate(text, ptype, px_per_mm=px_per_mm, glyphs=wanted, upper=above)
        flat = self.tint(flat)
        self.screws(flat, hardness)
        if self.rng.random() < 0.06 * hardness:
            self.cover_province(flat, ptype)
            label = label[1:]
        return flat, label

    def tint(self, flat: Bgr) -> Bgr:
        """Age the paint: shift hue, saturation and value as sun, lamps and white balance do."""
        hsv = cv2.cvtColor(flat, cv2.COLOR_BGR2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + self.rng.normal(0, 6)) % 180
        hsv[..., 1] *= self.rng.uniform(0.35, 1.15)
        hsv[..., 2] *= self.rng.uniform(0.7, 1.1)
        aged = cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)
        return np.asarray(aged, np.uint8)

    def screws(self, flat: Bgr, hardness: float) -> None:
        """Paint bolt heads near the standard holes, and dirt spots."""
        rng, (h, w) = self.rng, flat.shape[:2]
        for x in (0.25, 0.75):
            for y in (0.09, 0.92):
                if rng.random() < 0.4:
                    spot = (int((x + rng.normal(0, 0.02)) * w), int((y + rng.normal(0, 0.03)) * h))
                    shade = int(rng.integers(60, 255))
                    cv2.circle(flat, spot, int(rng.integers(2, 6)), (shade,) * 3, -1, cv2.LINE_AA)
        for _ in range(rng.poisson(2 * hardness)):
            spot = (int(rng.integers(w)), int(rng.integers(h)))
            tone = tuple(int(v) for v in rng.integers(20, 220, 3))
            axes = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
            cv2.ellipse(flat, spot, axes, float(rng.integers(180)), 0, 360, tone, -1, cv2.LINE_AA)

    def cover_province(self, flat: Bgr, ptype: PlateType) -> None:
        """Hide the province under mud, a sticker or a smear."""
        (x, y, wide, tall), livery = boxes(ptype)[0], LIVERIES[ptype]
        across, down = flat.shape[1] / livery.width_mm, flat.shape[0] / livery.height_mm
        rows = slice(int((y - 11) * down), int((y + tall + 11) * down))
        end = x + wide + self.rng.uniform(0, 6)
        patch = flat[max(rows.start, 0) : rows.stop, int((x - 7) * across) : int(end * across)]
        if self.rng.random() < 0.4:
            patch[:] = cv2.blur(patch, (31, 41))
        else:
            tone = self.rng.uniform(10, 245, 3)
            patch[:] = np.clip(tone + self.rng.normal(0, 14, patch.shape), 0, 255)

    def place(self, flat: Bgr, hardness: float) -> Bgr:
        """Stand the plate in a background with perspective, roll and loose margins; cut it out."""
        rng, (h, w) = self.rng, flat.shape[:2]
        # The rows of a double plate are parted by place: its cut-outs come off four corners.
        tall = h * (0.4 if h > w * 0.4 else 1.0)
        background = random_ground(self.rng)
        x = rng.uniform(-0.015, 0.07, 2) * w * (0.4 + 0.6 * hardness)
        y = rng.uniform(-0.06, 0.22, 2) * tall * (0.3 + 0.7 * hardness)
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        shift = rng.normal(0, 0.025 * hardness, (4, 2)) * (w * 0.5, h)
        slope = rng.normal(0, 0.16) * tall * hardness if rng.random() < 0.6 else 0.0
        lean = rng.normal(0, 0.45 if rng.random() < 0.25 else 0.12) * tall * hardness
        inner = np.array([[x[0], y[0]], [w - x[1], y[0]], [w - x[1], h - y[1]], [x[0], h - y[1]]])
        inner[:, 1] += np.array([-slope, slope, slope, -slope])
        inner[:, 1] += abs(slope) * np.array([0.8, 0.8, -0.8, -0.8])
        inner[:, 0] += np.array([lean, lean, -lean, -lean]) * 0.5
        inner[:, 0] += abs(lean) * np.array([0.5, -0.5, -0.5, 0.5])
        matrix = cv2.getPerspectiveTransform(corners, (inner + shift).astype(np.float32))
        over = cv2.warpPerspective(flat, matrix, (w, h), flags=cv2.INTER_LINEAR)
        mask = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, (w, h))
        return np.where(mask[..., None] > 127, over, background(h, w))
