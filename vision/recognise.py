"""Read one plate cut-out: network, grammar, plate type by colour."""

import math
import tomllib
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.colour import plate_type
from vision.decode import PROVINCE_P_MIN, Decoded, decode
from vision.plates import ALPHABET, UNREADABLE, PlateType, classify
from vision.rows import shrinking
from vision.runtime import ModelError, TfliteModel

Bgr = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]

INPUT_HEIGHT: Final = 24
INPUT_WIDTH: Final = 96
MODEL_PATH: Final = Path(__file__).parent / "models" / "reader.tflite"

RETRY_P_MIN: Final = 0.8
RETRY_MOVES: Final = ((0.18, 0.0), (-0.14, 0.0), (0.0, 0.2), (0.0, -0.2))
"""A read less sure than this is tried again on the picture enlarged, shrunk and sheared both
ways: four more runs, on about one cut-out in fifteen."""


class PlateRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: text with `?` for an unreadable province, '' for no plate.

    `probabilities` holds one value of 0..1 a character, `confidence` the least of them (0 for no
    plate); `valid` says that the text is a plate of GA 36; `ptype` is None when the colour does
    not tell.
    """

    text: str
    probabilities: tuple[float, ...]
    confidence: float
    ptype: PlateType | None
    valid: bool


class Recogniser:
    """The plate reader; construction opens the model, `read` takes a few milliseconds."""

    def __init__(self, model_path: Path | None = None, *, threads: int = 1) -> None:
        """Raises ModelError for a bad model file, VisionLibraryError without a TFLite runtime."""
        path = MODEL_PATH if model_path is None else model_path
        self._model = TfliteModel(path, threads=threads)
        self.accept_p_min = _accept_p_min(path.with_suffix(".toml"))

    def logits(self, crop_bgr: Bgr) -> Float:
        """Return the raw network output, (columns, classes), blank first."""
        out = np.asarray(self._model.run(standardise(crop_bgr)[None])[0], np.float32)
        if out.ndim != 2 or out.shape[1] != len(ALPHABET) + 1:
            raise ModelError(f"the model gives {out.shape}, not (columns, {len(ALPHABET) + 1})")
        return out

    def read(self, crop_bgr: Bgr) -> PlateRead:
        """Read a cut-out of one plate, uint8 BGR of (height, width, 3).

        Raises ValueError for another kind of array; a picture of no plate is a read without text.
        """
        if crop_bgr.ndim != 3 or crop_bgr.shape[2] != 3 or crop_bgr.dtype != np.uint8:
            raise ValueError(f"a cut-out is uint8 (h, w, 3), not {crop_bgr.dtype} {crop_bgr.shape}")
        if min(crop_bgr.shape) < 1:
            raise ValueError("a cut-out has at least one pixel")
        found = decode(self.logits(crop_bgr))
        if min(found.probabilities, default=0.0) < RETRY_P_MIN:
            moved = [_moved(crop_bgr, *move) for move in RETRY_MOVES]
            found = _agreed([found, *(decode(self.logits(look)) for look in moved)])
        return PlateRead(
            text=found.text,
            probabilities=found.probabilities,
            confidence=min(found.probabilities, default=0.0),
            ptype=plate_type(crop_bgr, found.text) if found.text else None,
            valid=classify(found.text) is not None,
        )

    def accepts(self, read: PlateRead) -> bool:
        """Say whether a read may stand as a plate: valid, and every character sure enough."""
        return read.valid and UNREADABLE not in read.text and read.confidence >= self.accept_p_min


def _agreed(looks: list[Decoded]) -> Decoded:
    """Return the best of several looks; no character is surer than the share that agree on it."""
    best = max(looks, key=_standing)
    alike = [look.text for look in looks if len(look.text) == len(best.text)]
    shares = [
        sum(text[place] == char for text in alike) / len(looks)
        for place, char in enumerate(best.text)
    ]
    chances = tuple(map(min, zip(best.probabilities, shares, strict=True)))
    doubtful = bool(chances) and chances[0] < PROVINCE_P_MIN
    text = UNREADABLE + best.text[1:] if doubtful else best.text
    return Decoded(text=text, probabilities=chances)


def _standing(found: Decoded) -> tuple[bool, float]:
    """Order reads of one picture: a whole plate first, then the likelier text."""
    likely = math.prod(found.probabilities) if found.text else -1.0
    return classify(found.text) is not None, likely


def _moved(crop_bgr: Bgr, grow: float, lean: float) -> Bgr:
    """Enlarge a cut-out about its middle by `grow` and shear it upright by `lean` heights."""
    h, w = crop_bgr.shape[:2]
    wide, tall = 1 + grow / 4, 1 + grow
    across = [wide, 0.0, (1 - wide) * w / 2]
    down = [lean * h / w, tall, (1 - tall) * h / 2 - lean * h / 2]
    matrix = np.array([across, down], np.float64)
    moved = cv2.warpAffine(crop_bgr, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def standardise(crop_bgr: Bgr, size_px: tuple[int, int] = (INPUT_WIDTH, INPUT_HEIGHT)) -> Float:
    """Scale a cut-out to the network's input (width, height) and take its light away.

    Each channel loses its mean, all share one deviation: colour casts go, contrast stays.
    """
    small = cv2.resize(crop_bgr, size_px, interpolation=shrinking(crop_bgr, size_px))
    image = small.astype(np.float32)
    image -= image.mean(axis=(0, 1))
    return np.asarray(image / max(float(image.std()), 1.0), np.float32)


def _accept_p_min(path: Path) -> float:
    try:
        return float(tomllib.loads(path.read_text(encoding="utf-8"))["accept_p_min"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: accept_p_min cannot be read ({error}): every model needs this file beside it"
        ) from error
