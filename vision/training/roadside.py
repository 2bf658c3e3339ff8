"""What surrounds plates: bumpers and grilles, signs that are no plates, and the camera's day."""

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from vision.training.camera import motion, squeeze

Bgr = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]


def mount(rng: np.random.Generator, picture: Bgr, quad: Points) -> None:
    """Paint a piece of vehicle about a plate: body, grille or bumper lines, lamps, a holder."""
    if rng.random() < 0.15:
        return
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    body = rng.uniform(10, 235) + rng.normal(0, 25, 3)
    if rng.random() < 0.3:
        body = rng.uniform(0, 255, 3)
    _patch(picture, quad, across * rng.uniform(0.2, 1.2), down * rng.uniform(0.4, 3), body)
    bars = int(rng.integers(0, 7))
    for offset in rng.uniform(-2.5, 2.5, bars):
        shift = down * offset + across * rng.normal(0, 0.1)
        ends = [quad[0] - 0.6 * across + shift, quad[1] + 0.6 * across + shift]
        tone = tuple(float(v) for v in np.clip(body + rng.normal(0, 60), 0, 255))
        _line(picture, ends, tone, max(1, int(np.linalg.norm(down) * rng.uniform(0.02, 0.25))))
    for side in (-1, 1):
        if rng.random() < 0.3:
            at = quad.mean(axis=0) + side * across * rng.uniform(0.75, 1.2)
            at = at + down * rng.normal(-0.5, 0.8)
            radius = max(1, int(np.linalg.norm(down) * rng.uniform(0.15, 0.6)))
            tone = tuple(float(v) for v in rng.uniform(60, 255, 3))
            cv2.circle(picture, _at(at), radius, tone, -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        edge = rng.uniform(0.01, 0.08)
        holder = rng.uniform(0, 60) if rng.random() < 0.6 else rng.uniform(150, 250)
        _patch(picture, quad, across * edge, down * edge * 2, np.full(3, holder))


def _patch(picture: Bgr, quad: Points, across: Points, down: Points, tone: Points) -> None:
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = quad + signs @ np.stack([across, down])
    shade = tuple(float(v) for v in np.clip(tone, 0, 255))
    cv2.fillConvexPoly(picture, np.round(corners * 16).astype(np.int32), shade, cv2.LINE_AA, 4)


def _line(picture: Bgr, ends: list[Points], tone: tuple[float, ...], width: int) -> None:
    cv2.line(picture, _at(ends[0]), _at(ends[1]), tone, width, cv2.LINE_AA)


def _at(point: Points) -> tuple[int, int]:
    x, y = np.clip(np.round(point), -4000, 4000)
    return int(x), int(y)


def clutter(rng: np.random.Generator, picture: Bgr, glyphs: Mapping[str, Bgr]) -> None:
    """Set a sign, slogan, telephone number or lamp into the picture that is no plate."""
    size = picture.shape[0]
    high = int(np.exp(rng.uniform(np.log(8), np.log(60))))
    count = int(rng.integers(1, 13))
    if count in (7, 8) or rng.random() < 0.2:
        count = 11
    chars = _wording(rng, glyphs, count)
    pitch = high * rng.uniform(0.55, 1.1)
    wide = int(pitch * count) + high
    board = np.zeros((int(high * rng.uniform(1.2, 1.9)), wide, 3), np.float32)
    ground, ink = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    if rng.random() < 0.5:
        ground = np.array(SIGNS[int(rng.integers(len(SIGNS)))], float)
        ink = np.full(3, 240.0 if ground.mean() < 130 else 20.0)
    board[:] = ground
    bold = rng.random() < 0.7
    for number, char in enumerate(chars):
        x, y = int(high / 2 + pitch * number), (board.shape[0] - high) // 2
        glyph = cv2.resize(glyphs[char], (max(2, int(pitch * 0.85)), high))
        part = board[y : y + high, x : x + glyph.shape[1]]
        share = glyph[: part.shape[0], : part.shape[1], None] / 255.0
        part[:] = part * (1 - share * bold) + ink * share * bold
    _paste(rng, picture, board.astype(np.uint8), rng.uniform(-0.1, 1.0, 2) * size)


SIGNS = ((170, 70, 10), (20, 175, 240), (90, 150, 40), (245, 245, 245), (25, 25, 25), (30, 30, 200))


def _wording(rng: np.random.Generator, glyphs: Mapping[str, Bgr], count: int) -> list[str]:
    """Choose characters that no plate has in this order: all figures, all Han, or a mixture."""
    han = [c for c in glyphs if ord(c) > 0x3000]
    if rng.random() < 0.4:
        return [str(d) for d in rng.integers(0, 10, count)]
    if rng.random() < 0.6:
        return [han[i] for i in rng.integers(0, len(han), count)]
    letters = [c for c in glyphs if c.isascii()]
    return [letters[i] for i in rng.integers(0, len(letters), count)]


def _paste(rng: np.random.Generator, picture: Bgr, board: Bgr, corner: Points) -> None:
    """Lay a board into the picture, a little turned and tilted."""
    h, w = board.shape[:2]
    unit = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    goal = unit + rng.normal(0, 0.06, (4, 2)) * h + corner
    turn = rng.normal(0, 0.06) * w
    goal[:, 1] += np.array([-turn, turn, turn, -turn])
    matrix = cv2.getPerspectiveTransform(unit, goal.astype(np.float32))
    side = (picture.shape[1], picture.shape[0])
    cv2.warpPerspective(board, matrix, side, picture, borderMode=cv2.BORDER_TRANSPARENT)


def shoot(rng: np.random.Generator, picture: Bgr) -> Bgr:
    """Take the picture: colour, light, night, glare, fog, rain, blur, noise, JPEG."""
    if rng.random() < 0.08:
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.random() < 0.25:
        sigma = rng.uniform(0.4, 1.5)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    if rng.random() < 0.12:
        picture = np.asarray(motion(rng, picture, int(rng.integers(2, 6))), np.uint8)
    lit = picture.astype(np.float32)
    lit = _day(rng, lit)
    if rng.random() < 0.12:
        lit = _glare(rng, lit)
    if rng.random() < 0.06:
        lit = _rain(rng, lit)
    if rng.random() < 0.5:
        noise = rng.standard_normal(lit.shape, dtype=np.float32)
        lit = lit + np.float32(np.exp(rng.uniform(0, 2.8))) * noise
    shot = np.clip(lit, 0, 255).astype(np.uint8)
    return squeeze(shot, int(rng.integers(30, 96))) if rng.random() < 0.6 else shot


def _day(rng: np.random.Generator, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Change white balance, contrast, exposure; one picture in seven is taken at night."""
    cast = np.exp(rng.normal(0, 0.1, 3)).astype(np.float32)
    contrast = np.float32(rng.uniform(0.5, 1.5))
    mean = image.mean()
    lit = (image - mean) * contrast * cast + mean * cast + np.float32(rng.normal(0, 22))
    if rng.random() < 0.15:
        lit = lit * np.float32(rng.uniform(0.12, 0.5))
    return np.asarray(lit, np.float32)


def _glare(rng: np.random.Generator, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Add the halos of head lamps, or one veil over all."""
    size = image.shape[0]
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32)
    for _ in range(int(rng.integers(1, 3))):
        x, y = rng.uniform(0, size, 2)
        reach = rng.uniform(8, 90)
        halo = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * reach**2))
        image = image + halo[..., None] * np.float32(rng.uniform(80, 300))
    return np.asarray(image, np.float32)


def _rain(rng: np.random.Generator, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Draw streaks of rain in one direction."""
    veil = np.zeros(image.shape[:2], np.uint8)
    lean = int(rng.normal(0, 4))
    for x, y in rng.integers(0, image.shape[0], (60, 2)).tolist():
        cv2.line(veil, (x, y), (x + lean, y + int(rng.integers(6, 18))), 90, 1, cv2.LINE_AA)
    return np.asarray(image + cv2.blur(veil, (2, 2))[..., None].astype(np.float32), np.float32)
