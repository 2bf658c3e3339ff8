"""Pictures to train the detector on: real photographs, rendered vehicles, and no plates at all."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vision.detect import TYPES
from vision.draw import LIVERIES
from vision.pictures import load_picture
from vision.plates import PlateType
from vision.training.labels import held_aside
from vision.training.render import Renderer
from vision.training.roadside import clutter, mount, shoot

Bgr = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

SIZE_PX = 320
CORNERS = Path(__file__).parent / "corners.csv"
PHOTO_PX_MAX = 1280
GROUND_PX_MAX = 800
FLATS = 600
FLAT_PX_PER_MM = 0.8
UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One labelled photograph: picture, corners (n, 4, 2) and type numbers of its plates."""

    picture: Bgr
    quads: Points
    types: list[int]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One training picture of SIZE_PX squared with the corners and type numbers of its plates."""

    picture: Bgr
    quads: Points
    types: list[int]


def photographs(plates: Path, held: bool = False) -> list[Photo]:
    """Read the photographs whose corners are known; one with a plate kept aside is kept aside."""
    rows: dict[str, list[dict[str, str]]] = {}
    with CORNERS.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            rows.setdefault(row["file"], []).append(row)
    wanted = {f: r for f, r in rows.items() if any(held_aside(p["plate_text"]) for p in r) is held}
    return [_photo(plates / file, mine) for file, mine in wanted.items()]


def _photo(path: Path, rows: Sequence[dict[str, str]]) -> Photo:
    picture = load_picture(path)
    quads = np.array(
        [[[float(r[f"x{i}"]), float(r[f"y{i}"])] for i in range(1, 5)] for r in rows], np.float64
    )
    scale = min(1.0, PHOTO_PX_MAX / max(picture.shape))
    return Photo(
        picture=_shrunk(picture, scale),
        quads=quads * scale,
        types=[TYPES.index(PlateType(r["ptype"])) for r in rows],
    )


def grounds(folder: Path) -> list[Bgr]:
    """Read every photograph of a folder of pictures without plates."""
    pictures = (load_picture(path) for path in sorted(folder.glob("*.jpg")))
    return [_shrunk(p, min(1.0, GROUND_PX_MAX / max(p.shape))) for p in pictures]


def _shrunk(picture: Bgr, scale: float) -> Bgr:
    if scale >= 1.0:
        return picture
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


class Scenes:
    """An endless supply of training pictures from a seed."""

    def __init__(
        self, seed: int, glyphs: Path | None, photos: list[Photo], empty: list[Bgr]
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.render = Renderer(seed + 1, glyphs)
        self.photos, self.empty = photos, empty
        self.shares = _shares(photos)
        self.flats = [self._flat() for _ in range(FLATS)]

    def draw(self) -> Scene:
        """Give one picture: a photograph, rendered plates on a ground, or none."""
        rng = self.rng
        self.flats[int(rng.integers(FLATS))] = self._flat()
        dice = rng.random()
        if self.photos and dice < 0.5:
            scene = self._of_photo()
        else:
            scene = self._of_ground(0 if dice > 0.9 else 1 + int(rng.random() < 0.25))
        return Scene(picture=shoot(rng, scene.picture), quads=scene.quads, types=scene.types)

    def draw_empty(self) -> Scene:
        """Give one picture without any plate, but with what may be taken for one."""
        scene = self._of_ground(0)
        return Scene(picture=shoot(self.rng, scene.picture), quads=scene.quads, types=[])

    def _flat(self) -> tuple[Bgr, int]:
        flat, _, ptype = self.render.flat(px_per_mm=FLAT_PX_PER_MM)
        return flat, TYPES.index(ptype)

    def _of_photo(self) -> Scene:
        """Cut a part out of a photograph, about one of its plates or anywhere."""
        rng = self.rng
        photo = self.photos[int(rng.choice(len(self.photos), p=self.shares))]
        quad = photo.quads[int(rng.integers(len(photo.quads)))]
        wide = np.linalg.norm(quad[1] - quad[0])
        zoom = np.exp(rng.uniform(np.log(26), np.log(250))) / wide
        zoom = float(np.clip(zoom, 0.9 * SIZE_PX / max(photo.picture.shape), 2.5))
        middle = quad.mean(axis=0)
        if rng.random() < 0.2:
            middle = rng.random(2) * photo.picture.shape[1::-1]
        matrix = self._view(middle, zoom)
        source = photo.picture
        if zoom < 0.5:
            # The warp takes single pixels: halve first, so that small plates do not break up.
            source = _shrunk(photo.picture, 0.5)
            matrix = matrix @ np.diag([2.0, 2.0, 1.0])
            quads = photo.quads / 2
        else:
            quads = photo.quads
        border = cv2.BORDER_REFLECT if rng.random() < 0.3 else cv2.BORDER_CONSTANT
        size_px, grey = (SIZE_PX, SIZE_PX), (128, 128, 128)
        picture = np.asarray(
            cv2.warpPerspective(source, matrix, size_px, borderMode=border, borderValue=grey),
            np.uint8,
        )
        if border == cv2.BORDER_REFLECT:
            _hide_mirrored(picture, matrix, source.shape)
        seen = np.asarray(cv2.perspectiveTransform(quads, matrix), np.float64)
        types = list(photo.types)
        if rng.random() < 0.45:
            if rng.random() < 0.5:
                # Every plate is drawn anew, so the vehicle may as well be its mirror image.
                picture = np.ascontiguousarray(picture[:, ::-1])
                seen = (seen * (-1, 1) + (SIZE_PX, 0))[:, [1, 0, 3, 2]]
            for index in range(len(seen)):
                seen[index], types[index] = self._replace(picture, seen[index])
        return Scene(picture=picture, quads=seen, types=types)

    def _view(self, middle: Points, zoom: float) -> Points:
        """Return the matrix of a hand-held look: turned, tilted, zoomed, off centre."""
        rng = self.rng
        turn = rng.normal(0, 0.35 if rng.random() < 0.2 else 0.12)
        spin = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        spin = spin @ np.array([[rng.uniform(0.85, 1.15), rng.normal(0, 0.08)], [0, 1]])
        goal = rng.uniform(0.12, 0.88, 2) * SIZE_PX
        matrix = np.eye(3)
        matrix[:2, :2], matrix[:2, 2] = spin, goal - spin @ middle
        tilt = np.eye(3)
        tilt[2, :2] = rng.normal(0, 0.12, 2) / SIZE_PX
        back = np.eye(3)
        back[:2, 2] = -SIZE_PX / 2
        there = np.linalg.inv(back)
        return np.asarray(there @ tilt @ back @ matrix, np.float64)

    def _replace(self, picture: Bgr, quad: Points) -> tuple[Points, int]:
        """Put a rendered plate over the one in the picture, in its light; (corners, type)."""
        flat, kind = self.flats[int(self.rng.integers(FLATS))]
        grow = LIVERIES[TYPES[kind]].height_mm / 140.0
        middle = quad.mean(axis=0)
        down = (quad[3] - quad[0] + quad[2] - quad[1]) / 4 * grow
        across = (quad[1] - quad[0] + quad[2] - quad[3]) / 4
        skew = (quad[0] - quad[1] + quad[2] - quad[3]) / 4
        signs = np.array([[-1, -1, 1], [1, -1, -1], [1, 1, 1], [-1, 1, -1]])
        new = middle + signs @ np.stack([across, down, skew]) * self.rng.uniform(1.0, 1.08)
        light = _light_of(picture, quad)
        if light is None:
            return new, kind
        lift = light / max(float(flat.mean()), 20.0)
        lit = np.clip(flat * np.float32(np.clip(lift, 0.25, 1.6)), 0, 255).astype(np.uint8)
        self._stand(picture, lit, new)
        return new, kind

    def _stand(self, picture: Bgr, flat: Bgr, quad: Points) -> None:
        """Warp a flat plate on the picture at those corners, softened as its size asks."""
        h, w = flat.shape[:2]
        wide = float(np.linalg.norm(quad[1] - quad[0]))
        share = max(wide / w, 0.02)
        if share < 1:
            # Area averaging first: a warp alone would alias the strokes.
            flat = _shrunk(flat, max(share, 4 / min(h, w)))
            h, w = flat.shape[:2]
        corners = UNIT * (w, h)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), quad.astype(np.float32))
        side = (picture.shape[1], picture.shape[0])
        over = cv2.warpPerspective(flat, matrix, side, borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.round(quad * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        part = mask[..., None].astype(np.float32) / 255
        picture[:] = (picture * (1 - part) + over * part).astype(np.uint8)

    def _of_ground(self, plates: int) -> Scene:
        """Stand some vehicles' plates before a ground; draw what looks like a plate but is none."""
        rng = self.rng
        picture = self._ground()
        for _ in range(int(rng.integers(0, 4))):
            clutter(rng, picture, self.render.own)
        quads: list[Points] = []
        types: list[int] = []
        for _ in range(plates):
            flat, kind = self.flats[int(rng.integers(FLATS))]
            livery = LIVERIES[TYPES[kind]]
            quad = self._pose(livery.height_mm / livery.width_mm, 1 if plates == 1 else 0.55)
            if any(_touch(quad, other) for other in quads):
                continue
            mount(rng, picture, quad)
            self._stand(picture, flat, quad)
            quads.append(quad)
            types.append(kind)
        return Scene(picture=picture, quads=np.array(quads).reshape(-1, 4, 2), types=types)

    def _ground(self) -> Bgr:
        """Cut a square out of a photograph without plates, at any zoom, perhaps mirrored."""
        rng = self.rng
        whole = self.empty[int(rng.integers(len(self.empty)))]
        side = int(rng.uniform(0.3, 1.0) * min(whole.shape[:2]))
        y, x = (int(rng.integers(edge - side + 1)) for edge in whole.shape[:2])
        part = whole[y : y + side, x : x + side]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        return np.asarray(cv2.resize(part, (SIZE_PX, SIZE_PX)), np.uint8).copy()

    def _pose(self, aspect: float, share: float) -> Points:
        """Turn a plate in space before a camera and return its corners in the picture."""
        rng = self.rng
        wide = np.exp(rng.uniform(np.log(24), np.log(290 * share)))
        yaw, pitch, roll = np.clip(rng.normal(0, (0.45, 0.3, 0.1)), -1.0, 1.0)
        plane = (UNIT - 0.5) * (1.0, aspect)
        space = np.concatenate([plane, np.zeros((4, 1))], axis=1)
        for axis, angle in (
            (1, np.clip(yaw, -1.0, 1.0)),
            (0, np.clip(pitch, -0.8, 0.8)),
            (2, roll),
        ):
            spin = np.eye(3)[:, :].copy()
            one, two = [i for i in range(3) if i != axis]
            spin[one, one] = spin[two, two] = np.cos(angle)
            spin[one, two], spin[two, one] = -np.sin(angle), np.sin(angle)
            space = space @ spin.T
        flat = space[:, :2] / (1 + space[:, 2:] / rng.uniform(3, 12))
        flat *= wide / np.ptp(flat[:, 0])
        room = np.clip(SIZE_PX - np.ptp(flat, axis=0), 4, None)
        corner = rng.uniform(-0.02, 1.02, 2) * room
        return np.asarray(flat - flat.min(axis=0) + corner, np.float64)


def _shares(photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
    """Return how often each photograph is shown: one with a plate that is not blue, three times."""
    blue = TYPES.index(PlateType.BLUE1)
    weights = np.array([3.0 if set(photo.types) != {blue} else 1.0 for photo in photos])
    return np.asarray(weights / max(weights.sum(), 1.0), np.float64)


def _hide_mirrored(picture: Bgr, matrix: Points, shape: tuple[int, ...]) -> None:
    """Blur what lies outside the photograph: a mirrored plate is no plate."""
    inside = np.array([[[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]]], np.float64)
    mask = np.zeros(picture.shape[:2], np.uint8)
    hull = cv2.perspectiveTransform(inside, matrix)[0]
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 255)
    soft = cv2.blur(picture, (41, 41))
    picture[mask == 0] = soft[mask == 0]


def _light_of(picture: Bgr, quad: Points) -> float | None:
    """Return the mean brightness inside corners, None when they lie outside the picture."""
    low = np.clip(np.floor(quad.min(axis=0)), 0, SIZE_PX).astype(int)
    high = np.clip(np.ceil(quad.max(axis=0)), 0, SIZE_PX).astype(int)
    part = picture[low[1] : high[1], low[0] : high[0]]
    return float(part.mean()) if part.size else None


def _touch(one: Points, two: Points) -> bool:
    return bool(
        (one.min(axis=0) < two.max(axis=0) + 6).all()
        and (two.min(axis=0) < one.max(axis=0) + 6).all()
    )
