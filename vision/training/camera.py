"""What a road camera does to a picture: light, resolution, blur, motion, noise and JPEG."""

import cv2
import numpy as np
import numpy.typing as npt

Bgr = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float64]


def degrade(rng: np.random.Generator, image: Bgr, hardness: float) -> Bgr:
    """Apply light, resolution, blur, motion, noise and JPEG as a road camera would."""
    h, w = image.shape[:2]
    if rng.random() < 0.3 * hardness:
        ramp = np.linspace(rng.uniform(0.4, 1.2), rng.uniform(0.4, 1.2), w)[None, :, None]
        image = np.clip(image * ramp, 0, 255).astype(np.uint8)
    if rng.random() < 0.08 * hardness:
        image = cover_part(rng, image)
    wide = int(np.exp(rng.uniform(np.log(max(60, 130 - 70 * hardness)), np.log(220))))
    tall = max(14, int(h * wide / w * rng.uniform(0.85, 1.15)))
    small = cv2.resize(image, (wide, tall), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5 * hardness:
        small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.3, 0.3 + 0.012 * wide * hardness))
    if rng.random() < 0.2 * hardness:
        small = motion(rng, small, 2 + int(0.04 * wide * rng.random()))
    if rng.random() < 0.1 * hardness:
        small = bloom(rng, small)
    lit = light(rng, np.asarray(small, np.float64), hardness)
    if rng.random() < 0.6 * hardness:
        lit = lit + rng.uniform(0.5, 1 + 13 * hardness) * rng.standard_normal(lit.shape)
    shot = np.clip(lit, 0, 255).astype(np.uint8)
    return (
        squeeze(shot, int(rng.integers(int(95 - 60 * hardness), 97)))
        if rng.random() < 0.7
        else shot
    )


def squeeze(image: Bgr, quality: int) -> Bgr:
    """Encode as JPEG and decode again."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def cover_part(rng: np.random.Generator, image: Bgr) -> Bgr:
    """Hide a little of the lower or upper edge, as hooks, bumpers and loads do."""
    h, w = image.shape[:2]
    image = image.copy()
    x, width = int(rng.integers(w)), int(rng.integers(4, w // 4))
    depth = int(h * rng.uniform(0.05, 0.28))
    rows = slice(0, depth) if rng.random() < 0.5 else slice(h - depth, h)
    image[rows, x : x + width] = rng.integers(0, 256, 3)
    return image


def bloom(rng: np.random.Generator, image: cv2.typing.MatLike) -> cv2.typing.MatLike:
    """Let bright parts run over their edges, as a flash on reflecting paint does."""
    halo = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.5))
    return cv2.addWeighted(image, rng.uniform(0.6, 1.1), halo, rng.uniform(0.4, 1.1), 0)


def motion(rng: np.random.Generator, image: cv2.typing.MatLike, length: int) -> cv2.typing.MatLike:
    """Smear along a nearly horizontal or vertical line."""
    kernel = np.zeros((2 * length + 1,) * 2, np.float32)
    angle = rng.normal(0, 0.3) + (np.pi / 2 if rng.random() < 0.4 else 0)
    delta = (np.cos(angle) * length / 2, np.sin(angle) * length / 2)
    ends = [(int(length + s * delta[0]), int(length + s * delta[1])) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def light(rng: np.random.Generator, image: Float, hardness: float) -> Float:
    """Change exposure, contrast and white balance; night leaves little light, glare too much."""
    gain = rng.uniform(0.75, 1.25, 3) ** hardness
    contrast = rng.uniform(1 - 0.55 * hardness, 1 + 0.5 * hardness)
    mean = image.mean()
    image = (image - mean) * contrast * gain + mean * gain + rng.normal(0, 30 * hardness)
    dice = rng.random()
    if dice < 0.2 * hardness:
        image = image * rng.uniform(0.12, 0.5)
    elif dice < 0.3 * hardness:
        image = image + rng.uniform(30, 110)
    return image
