"""Render training cut-outs: random plates of every type, then what a road camera does to them."""

from pathlib import Path

import cv2
import numpy as np

from vision.draw import LIVERIES, draw_plate
from vision.glyphs import load_atlas
from vision.plates import ALPHABET, DIGITS, LETTERS, PROVINCES, PlateType, printed, written

Glyphs = dict[str, np.ndarray]
SERIAL = LETTERS + DIGITS
TYPES = [
    PlateType.BLUE1, PlateType.YELLOW1, PlateType.GREEN8, PlateType.YELLOW_GREEN8,
    PlateType.WHITE1, PlateType.BLACK1,
]
TYPE_SHARES = [0.46, 0.27, 0.15, 0.06, 0.03, 0.03]
SCRATCH_PX_PER_MM = 0.42


def load_glyphs(folder: Path) -> dict[str, Glyphs]:
    """Read a folder of glyph pictures (140_X.jpg, green_X.jpg) as ink masks by family."""
    families: dict[str, Glyphs] = {"140": {}, "green": {}}
    for path in sorted(folder.glob("*.jpg")):
        family, _, char = path.stem.partition("_")
        if family not in families or len(char) != 1:
            continue
        grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
        families[family][char] = fit_ink(255 - grey, char)
    return families


def fit_ink(ink: np.ndarray, char: str) -> np.ndarray:
    """Stretch a glyph to the 45 x 90 mm box; a figure one keeps its own narrow stroke."""
    if char == "1":
        x, y, w, h = cv2.boundingRect((ink > 100).astype(np.uint8))
        body = cv2.resize(ink[y : y + h, x : x + w], (24, 180), interpolation=cv2.INTER_AREA)
        return np.pad(body, ((0, 0), (33, 33)))
    return cv2.resize(ink, (90, 180), interpolation=cv2.INTER_AREA)


def random_text(rng: np.random.Generator, ptype: PlateType) -> str:
    """Return a text of that type, every province equally likely."""
    pick = lambda chars: chars[rng.integers(len(chars))]  # noqa: E731
    head = pick(PROVINCES) + pick(LETTERS)
    if ptype is PlateType.GREEN8 and rng.random() < 0.7:
        return head + pick("DFABCEGHJK" if rng.random() < 0.3 else "DF") + pick(SERIAL) + "".join(
            pick(DIGITS) for _ in range(4)
        )
    if ptype in (PlateType.GREEN8, PlateType.YELLOW_GREEN8):
        return head + "".join(pick(DIGITS) for _ in range(5)) + pick("DFDFABCEGHJK")
    letters = rng.random() * 0.7
    body = "".join(pick(LETTERS) if rng.random() < letters else pick(DIGITS) for _ in range(5))
    if ptype is PlateType.WHITE1:
        return head + body[:4] + "警" if rng.random() < 0.8 else head + body[:4] + "应急"
    if ptype is PlateType.BLACK1:
        return "粤Z" + body[:4] + pick("港澳") if rng.random() < 0.6 else head + body[:4] + pick("使领")
    if ptype is PlateType.YELLOW1 and rng.random() < 0.3:
        return head + body[:4] + pick("学挂")
    return written(head[0] + "0" + body) if rng.random() < 0.01 else head + body


class Renderer:
    """Gives (cut-out BGR uint8, label glyphs) from a seed; `hardness` 0..1 grows with training."""

    def __init__(self, seed: int, folder: Path | None, own_share: float = 0.25) -> None:
        self.rng = np.random.default_rng(seed)
        self.own = load_atlas()
        self.families = load_glyphs(folder) if folder else None
        self.own_share = own_share if folder else 1.0
        self.spare: tuple[np.ndarray, str] | None = None

    def glyphs_for(self, ptype: PlateType) -> Glyphs:
        """Choose our own glyphs or the folder's, with strokes made a little bolder or finer."""
        glyphs = dict(self.own)
        if self.families and self.rng.random() >= self.own_share:
            glyphs.update(self.families["140"])
            if ptype in (PlateType.GREEN8, PlateType.YELLOW_GREEN8) and self.rng.random() < 0.7:
                glyphs.update(self.families["green"])
        return glyphs

    def stroke(self, ink: np.ndarray) -> np.ndarray:
        turn = self.rng.integers(6)
        size = int(self.rng.integers(2, 6))
        if turn == 0:
            return cv2.erode(ink, np.ones((size, size), np.uint8))
        if turn == 1:
            return cv2.dilate(ink, np.ones((size, size), np.uint8))
        return ink

    def plate(self, hardness: float) -> tuple[np.ndarray, str]:
        """Render one cut-out of a random type; each scene serves twice, through two cameras."""
        if self.spare is not None:
            (scene, label), self.spare = self.spare, None
            return degrade(self.rng, scene, hardness), label
        ptype = TYPES[self.rng.choice(len(TYPES), p=TYPE_SHARES)]
        self.spare = self.scene(random_text(self.rng, ptype), ptype, hardness)
        return degrade(self.rng, self.spare[0], hardness), self.spare[1]

    def scene(self, text: str, ptype: PlateType, hardness: float) -> tuple[np.ndarray, str]:
        """Stand one given plate before a background; the label drops a province that the dirt made unreadable."""
        glyphs = self.glyphs_for(ptype)
        wanted = {c: self.stroke(glyphs[c]) for c in set(printed(text))}
        flat = draw_plate(text, ptype, px_per_mm=SCRATCH_PX_PER_MM, glyphs=wanted)
        flat = self.tint(flat, ptype)
        self.screws(flat, hardness)
        label = printed(text)
        if self.rng.random() < 0.06 * hardness:
            self.cover_province(flat)
            label = label[1:]
        return self.place(flat, hardness), label

    def tint(self, flat: np.ndarray, ptype: PlateType) -> np.ndarray:
        """Age the paint: shift hue, saturation and value as sun, lamps and white balance do."""
        hsv = cv2.cvtColor(flat, cv2.COLOR_BGR2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + self.rng.normal(0, 6)) % 180
        hsv[..., 1] *= self.rng.uniform(0.35, 1.15)
        hsv[..., 2] *= self.rng.uniform(0.7, 1.1)
        return cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)

    def screws(self, flat: np.ndarray, hardness: float) -> None:
        """Paint bolt heads near the standard holes, a frame, and dirt spots."""
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
            cv2.ellipse(flat, spot, tuple(int(v) for v in rng.integers(1, 5, 2)),
                        float(rng.integers(180)), 0, 360, tone, -1, cv2.LINE_AA)

    def cover_province(self, flat: np.ndarray) -> None:
        """Hide the province under mud, a sticker or a smear."""
        h, w = flat.shape[:2]
        x0, x1 = int(0.02 * w), int(w * self.rng.uniform(0.135, 0.15))
        patch = flat[int(0.1 * h) : int(0.9 * h), x0:x1]
        if self.rng.random() < 0.4:
            patch[:] = cv2.blur(patch, (31, 41))
        else:
            tone = self.rng.uniform(10, 245, 3)
            patch[:] = np.clip(tone + self.rng.normal(0, 14, patch.shape), 0, 255)

    def place(self, flat: np.ndarray, hardness: float) -> np.ndarray:
        """Stand the plate in a background with perspective, roll and loose margins; cut it out."""
        rng, (h, w) = self.rng, flat.shape[:2]
        background = self.background()
        x = rng.uniform(-0.015, 0.07, 2) * w * (0.4 + 0.6 * hardness)
        y = rng.uniform(-0.06, 0.22, 2) * h * (0.3 + 0.7 * hardness)
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        shift = rng.normal(0, 0.025 * hardness, (4, 2)) * (w * 0.5, h)
        slope = rng.normal(0, 0.16) * h * hardness if rng.random() < 0.6 else 0.0
        lean = rng.normal(0, 0.12) * h * hardness
        inner = np.array([[x[0], y[0]], [w - x[1], y[0]], [w - x[1], h - y[1]], [x[0], h - y[1]]])
        inner[:, 1] += np.array([-slope, slope, slope, -slope]) + abs(slope) * np.array([1, 1, -1, -1]) * 0.8
        inner[:, 0] += np.array([lean, lean, -lean, -lean]) * 0.5
        matrix = cv2.getPerspectiveTransform(corners, (inner + shift).astype(np.float32))
        over = cv2.warpPerspective(flat, matrix, (w, h), flags=cv2.INTER_LINEAR)
        mask = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, (w, h))
        return np.where(mask[..., None] > 127, over, background(h, w))

    def background(self):
        rng = self.rng
        base, step = rng.uniform(10, 240, 3), rng.uniform(-70, 70, 3)

        def paint(h: int, w: int) -> np.ndarray:
            down = np.linspace(-1, 1, h)[:, None, None]
            noise = cv2.resize(rng.normal(0, 20, (4, 8, 3)), (w, h))
            return np.clip(base + step * down + noise, 0, 255).astype(np.uint8)

        return paint

    def negative(self) -> np.ndarray:
        """Render something that is no plate: noise, stripes, blank metal, strange lettering."""
        rng = self.rng
        h, w = 48, 168
        image = self.background()(h, w)
        kind = rng.integers(5)
        if kind == 0:
            image = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
            image = cv2.blur(image, (int(rng.integers(1, 6)),) * 2)
        elif kind == 1:
            for x in range(0, w, int(rng.integers(6, 30))):
                cv2.line(image, (x, 0), (x + int(rng.integers(-20, 20)), h), (int(rng.integers(256)),) * 3, int(rng.integers(1, 6)))
        elif kind == 2:
            word = "".join(rng.choice(list("abcdefghijkmnopqrstuvwxyz&@#!:;"), rng.integers(2, 9)))
            cv2.putText(image, word, (5, 36), int(rng.integers(0, 7)), rng.uniform(0.7, 1.5), tuple(int(v) for v in rng.integers(0, 256, 3)), int(rng.integers(1, 4)), cv2.LINE_AA)
        elif kind == 3:
            ptype = TYPES[rng.integers(3)]
            blank = LIVERIES[ptype]
            image[6:-6, 6:-6] = np.clip(np.array(blank.bottom) + rng.normal(0, 12, (h - 12, w - 12, 3)), 0, 255)
        else:
            for _ in range(int(rng.integers(2, 12))):
                a, b = rng.integers(0, w, 2), rng.integers(0, h, 2)
                cv2.rectangle(image, (int(a[0]), int(b[0])), (int(a[1]), int(b[1])), tuple(int(v) for v in rng.integers(0, 256, 3)), -1)
        return degrade(rng, image, 0.8)


def degrade(rng: np.random.Generator, image: np.ndarray, hardness: float) -> np.ndarray:
    """Apply light, resolution, blur, motion, noise and JPEG as a road camera would."""
    h, w = image.shape[:2]
    if rng.random() < 0.3 * hardness:
        ramp = np.linspace(rng.uniform(0.4, 1.2), rng.uniform(0.4, 1.2), w)[None, :, None]
        image = np.clip(image * ramp, 0, 255).astype(np.uint8)
    if rng.random() < 0.08 * hardness:
        image = cover_part(rng, image)
    wide = int(np.exp(rng.uniform(np.log(max(60, 130 - 70 * hardness)), np.log(220))))
    image = cv2.resize(image, (wide, max(14, int(h * wide / w * rng.uniform(0.85, 1.15)))), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5 * hardness:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.3 + 0.012 * wide * hardness))
    if rng.random() < 0.2 * hardness:
        image = motion(rng, image, 2 + int(0.04 * wide * rng.random()))
    image = light(rng, image.astype(np.float32), hardness)
    if rng.random() < 0.6 * hardness:
        image = image + rng.uniform(0.5, 1 + 13 * hardness) * rng.standard_normal(image.shape, np.float32)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        quality = int(rng.integers(95 - 60 * hardness, 97))
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
    return image


def cover_part(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Hide a little of the lower or upper edge, as hooks, bumpers and loads do."""
    h, w = image.shape[:2]
    image = image.copy()
    x, width, depth = int(rng.integers(w)), int(rng.integers(4, w // 4)), int(h * rng.uniform(0.05, 0.28))
    rows = slice(0, depth) if rng.random() < 0.5 else slice(h - depth, h)
    image[rows, x : x + width] = rng.integers(0, 256, 3)
    return image


def motion(rng: np.random.Generator, image: np.ndarray, length: int) -> np.ndarray:
    """Smear along a nearly horizontal or vertical line."""
    kernel = np.zeros((2 * length + 1,) * 2, np.float32)
    angle = rng.normal(0, 0.3) + (np.pi / 2 if rng.random() < 0.4 else 0)
    delta = (np.cos(angle) * length / 2, np.sin(angle) * length / 2)
    ends = [(int(length + s * delta[0]), int(length + s * delta[1])) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def light(rng: np.random.Generator, image: np.ndarray, hardness: float) -> np.ndarray:
    """Change exposure, contrast and white balance; at night little light is left."""
    gain = rng.uniform(0.75, 1.25, 3) ** hardness
    contrast = rng.uniform(1 - 0.55 * hardness, 1 + 0.5 * hardness)
    mean = image.mean()
    image = (image - mean) * contrast * gain + mean * gain + rng.normal(0, 30 * hardness)
    if rng.random() < 0.2 * hardness:
        image = image * rng.uniform(0.12, 0.5)
    return image


__all__ = ["ALPHABET", "Renderer", "degrade", "load_glyphs", "random_text"]
