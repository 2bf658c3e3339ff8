"""Read one plate cut-out: network, grammar, plate type by colour."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.colour import COLOURS, plate_type
from vision.decode import PROVINCE_P_MIN, Decoded, decode
from vision.plates import ALPHABET, UNREADABLE, PlateType, classify
from vision.rows import fold, shrinking
from vision.runtime import ModelError, TfliteModel

Bgr = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]

INPUT_HEIGHT: Final = 32
INPUT_WIDTH: Final = 112
MODEL_PATH: Final = Path(__file__).parent / "models" / "reader.tflite"

TWO_ROWS_ASPECT_MAX: Final = 2.6
"""A narrower cut-out of unknown type may hold two rows (440 x 220 mm) and is read both ways."""
WEIGHT_MIN: Final = 1e-3
ROWS_P_MIN: Final = 0.5
"""A read less sure than this is tried with the other number of rows, whatever was thought."""
RETRY_P_MIN: Final = 0.9
"""A read less sure than this is looked at again, moved in each of the following ways."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A change of a cut-out about its middle: growth and shear, as shares of its sides."""

    wider: float = 0.0
    taller: float = 0.0
    slope: float = 0.0
    lean: float = 0.0


RETRY_MOVES: Final = (
    Move(wider=0.045, taller=0.18),
    Move(wider=-0.035, taller=-0.14),
    Move(slope=0.2),
    Move(slope=-0.2),
    Move(wider=0.06),
    Move(wider=-0.06),
    Move(lean=0.3),
    Move(lean=-0.3),
    Move(lean=0.3, slope=0.15),
    Move(lean=-0.3, slope=-0.15),
    Move(lean=0.3, slope=-0.15),
    Move(lean=-0.3, slope=0.15),
)


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


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What stands beside a model: the threshold, and how its probabilities are to be taken."""

    accept_p_min: float
    slope: float = 1.0
    shift: float = 0.0

    def calibrated(self, probability: float) -> float:
        """Return how often a character of that raw probability is right, by a logistic curve."""
        raw = min(max(probability, 1e-4), 1 - 1e-4)
        odds = self.slope * math.log(raw / (1 - raw)) + self.shift
        return round(1 / (1 + math.exp(-odds)), 4) if probability > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """One run of the network: what it read, which colour, and whether as two rows."""

    found: Decoded
    colours: Float
    two_rows: bool


class Recogniser:
    """The plate reader; construction opens the model, `read` takes a few milliseconds."""

    def __init__(self, model_path: Path | None = None, *, threads: int = 1) -> None:
        """Raises ModelError for a bad model file, VisionLibraryError without a TFLite runtime."""
        path = MODEL_PATH if model_path is None else model_path
        self._model = TfliteModel(path, threads=threads)
        self.settings = read_settings(path.with_suffix(".toml"))

    @property
    def accept_p_min(self) -> float:
        """The least probability of a character at which a read may stand as a plate."""
        return self.settings.accept_p_min

    def outputs(self, crop_bgr: Bgr, *, two_rows: bool = False) -> tuple[Float, Float]:
        """Return the raw logits (columns, classes), blank first, and those of COLOURS."""
        size_px = (INPUT_WIDTH, INPUT_HEIGHT)
        row = fold(crop_bgr, size_px) if two_rows else crop_bgr
        outs = {out.ndim: out[0] for out in self._model.run_all(standardise(row, size_px)[None])}
        shapes = sorted(out.shape for out in outs.values())
        if set(outs) != {2, 3} or outs[3].shape[1] != len(ALPHABET) + 1:
            raise ModelError(f"the model gives {shapes}, not (columns, {len(ALPHABET) + 1}) too")
        if outs[2].shape != (len(COLOURS),):
            raise ModelError(f"the model gives {shapes}, not ({len(COLOURS)},) for the colours")
        return outs[3], outs[2]

    def read(self, crop_bgr: Bgr, ptype: PlateType | None = None) -> PlateRead:
        """Read a cut-out of one plate, uint8 BGR of (height, width, 3), of that type if known.

        Raises ValueError for another kind of array; a picture of no plate is a read without text.
        """
        if crop_bgr.ndim != 3 or crop_bgr.shape[2] != 3 or crop_bgr.dtype != np.uint8:
            raise ValueError(f"a cut-out is uint8 (h, w, 3), not {crop_bgr.dtype} {crop_bgr.shape}")
        if min(crop_bgr.shape) < 1:
            raise ValueError("a cut-out has at least one pixel")
        first = self._first_look(crop_bgr, ptype)
        looks = [first]
        # What shows hardly a character at first is no plate: more looks would only cost time.
        if first.found.text and _least(first.found) < RETRY_P_MIN:
            moved = [_moved(crop_bgr, move) for move in RETRY_MOVES]
            looks += [self._look(picture, two_rows=first.two_rows) for picture in moved]
        found = _agreed([look.found for look in looks]) if len(looks) > 1 else first.found
        colours = np.asarray(np.mean([look.colours for look in looks], axis=0), np.float32)
        return self._told(found, colours, ptype, two_rows=first.two_rows)

    def _told(
        self, found: Decoded, colours: Float, ptype: PlateType | None, *, two_rows: bool
    ) -> PlateRead:
        chances = tuple(self.settings.calibrated(chance) for chance in found.probabilities)
        kind = plate_type(colours, found.text, two_rows=two_rows, wanted=ptype)
        return PlateRead(
            text=found.text,
            probabilities=chances,
            confidence=min(chances, default=0.0),
            ptype=kind if found.text else None,
            valid=classify(found.text) is not None,
        )

    def _first_look(self, crop_bgr: Bgr, ptype: PlateType | None) -> Look:
        """Read in as many rows as the type has or the shape suggests, and the other if unsure."""
        narrow = crop_bgr.shape[1] < TWO_ROWS_ASPECT_MAX * crop_bgr.shape[0]
        two_rows = narrow if ptype is None else ptype is PlateType.YELLOW2
        look = self._look(crop_bgr, two_rows=two_rows)
        if (ptype is None and narrow) or _least(look.found) < ROWS_P_MIN:
            other = self._look(crop_bgr, two_rows=not two_rows)
            return max(look, other, key=lambda one: _standing(one.found))
        return look

    def _look(self, crop_bgr: Bgr, *, two_rows: bool) -> Look:
        logits, tints = self.outputs(crop_bgr, two_rows=two_rows)
        powers = np.exp(tints - tints.max())
        shares = np.asarray(powers / powers.sum(), np.float32)
        return Look(found=decode(logits), colours=shares, two_rows=two_rows)

    def accepts(self, read: PlateRead) -> bool:
        """Say whether a read may stand as a plate: valid, of a told type, every character sure.

        A colour that no plate with that text wears tells of a character that was lost: seven of
        the eight of a green plate are a plate too, but not a green one.
        """
        whole = read.valid and UNREADABLE not in read.text and read.ptype is not None
        return whole and read.confidence >= self.accept_p_min


def _least(found: Decoded) -> float:
    return min(found.probabilities, default=0.0)


def _agreed(looks: list[Decoded]) -> Decoded:
    """Return the best of several looks; no character is surer than the share that agree on it.

    Only looks that saw as many characters are asked, and one that is sure counts for more.
    """
    best = max(looks, key=_standing)
    alike = [look for look in looks if len(look.text) == len(best.text)]
    weights = [math.sqrt(math.prod(look.probabilities)) + WEIGHT_MIN for look in alike]
    shares = [
        sum(w for w, look in zip(weights, alike, strict=True) if look.text[place] == char)
        / sum(weights)
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


def _moved(crop_bgr: Bgr, move: Move) -> Bgr:
    """Enlarge a cut-out about its middle, tilt its rows by `slope` heights, lean its strokes."""
    h, w = crop_bgr.shape[:2]
    about = np.array([[1 + move.wider, move.lean], [move.slope * h / w, 1 + move.taller]])
    middle = np.array([w / 2, h / 2])
    matrix = np.column_stack([about, middle - about @ middle])
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


def read_settings(path: Path) -> Settings:
    """Read the file beside a model. Raises ModelError when it is absent or not whole."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return Settings(
            accept_p_min=float(entries["accept_p_min"]),
            slope=float(entries["slope"]),
            shift=float(entries["shift"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: accept_p_min, slope and shift cannot be read ({error}):"
            " every model needs this file beside it"
        ) from error
