"""A reader that does without pixels: it knows the plate and errs as the real recogniser does.

For runs in which the eyes are not the question.  What it says of a frame is drawn from what the
real one said of frames in the same condition (``sim/reading``); frames of one vehicle have as much
in common as the real one's.
"""

from __future__ import annotations

import struct
import zlib
from math import sqrt
from random import Random
from statistics import NormalDist

from msgspec.structs import replace

from controller.recognition.looks import Seen, Shot, Sighted
from sim.reading.table import LENGTHS, PPM, UNREADABLE, Outcome, Readings, read
from sim.scene import Corners, Sight
from sim.spoiled import Spoiled
from sim.world import Yard

_NORMAL = NormalDist()
_LEAST = 1e-9


def _one_pixel_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x80")
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG = _one_pixel_png()


class StochasticReader:
    """Reads the plates of a yard as often right and wrong as the real recogniser does."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._readings = read()
        self._spoiled = Spoiled()

    def look(self, shot: Shot) -> Sighted:
        """Read the plate that stood before the lens when the frame's region was reported."""
        flaw = self._spoiled.flaw(shot)
        if flaw:
            return Sighted(flaw=flaw, measured="told without pixels")
        seen = (self._read(quad, shot.frame.captured_us) for quad in shot.frame.regions)
        return Sighted(seen=tuple(one for one in seen if one is not None))

    def _read(self, quad: Corners, captured_us: int) -> Seen | None:
        sight = self._yard.photograph(quad)
        if sight is None:
            return None
        frame = self._yard.random(f"reader {captured_us} {quad[0]}")
        own = self._yard.random(f"reader of {sight.plate.text}").random()
        outcome = draw(self._readings, sight, own, frame.random())
        if not outcome.chars_ppm:
            return None
        return Seen(
            text=self._text(sight.plate.text, outcome, frame),
            chars=tuple(ppm / PPM for ppm in outcome.chars_ppm),
            quad=quad,
            png=PNG,
            ptype=sight.plate.ptype if outcome.typed else "",
            sharpness=outcome.sharpness_ppm / PPM,
        )

    def _text(self, plate: str, outcome: Outcome, frame: Random) -> str:
        """The plate with the outcome's errors."""
        left = [place for place in range(len(plate)) if place != outcome.dropped]
        return "".join(
            self._taken_for(plate, place, frame) if wrong else plate[place]
            for place, wrong in zip(left, outcome.wrong, strict=True)
        )

    def _taken_for(self, plate: str, place: int, frame: Random) -> str:
        """A wrong character: mostly the one that this plate gives in every frame."""
        others = self._readings.confusions.get(plate[place], UNREADABLE)
        if frame.random() < self._readings.same_error:
            return self._yard.random(f"reader of {plate} at {place}").choice(others)
        return frame.choice(others)


def draw(readings: Readings, sight: Sight, vehicle: float, frame: float) -> Outcome:
    """An outcome for a sight, of two chances (0 to 1): the vehicle's own, and the frame's.

    The two are joined as normal scores, so that each condition keeps its rates and two frames of
    one vehicle have the likeness that was measured.
    """
    own, other = (_NORMAL.inv_cdf(min(max(u, _LEAST), 1 - _LEAST)) for u in (vehicle, frame))
    likeness = readings.likeness
    share = _NORMAL.cdf(sqrt(likeness) * own + sqrt(1 - likeness) * other)
    return _fitted(readings.outcome(sight, share), len(sight.plate.text))


def _fitted(outcome: Outcome, length: int) -> Outcome:
    """The outcome for a plate of another length than any measured: characters are repeated."""
    measured = len(outcome.chars_ppm) + (outcome.dropped is not None)
    if not outcome.chars_ppm or measured == length or length in LENGTHS:
        return outcome
    places = [min(i, measured - 1) for i in range(length)]
    return replace(
        outcome,
        chars_ppm=tuple(outcome.chars_ppm[i] for i in places),
        wrong=tuple(outcome.wrong[i] for i in places),
        dropped=None,
    )
