"""A reader that does without pixels: it knows the plate and errs as a recogniser does.

For runs in which the eyes are not the question.  Distance, dirt and darkness lower the
probabilities; a plate under mud gives a read that nobody should believe.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from controller.recognition.looks import Seen, Shot, Sighted
from sim.scene import Corners, Light, Sight
from sim.truck import DIGITS, LETTERS
from sim.spoiled import Spoiled
from sim.world import Yard

_LIGHT_LOSS = {Light.DAY: 0.0, Light.DUSK: 0.004, Light.NIGHT: 0.012}


def _one_pixel_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x80")
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


_SURE = 0.02
"""Below this doubt a character is right: recognisers rarely err where they are sure."""

PNG = _one_pixel_png()


class StochasticReader:
    """Reads the plates of a yard with a given chance of error per character."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
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
        seed = self._yard.random(f"reader {captured_us} {quad[0]}").getrandbits(64)
        rng = np.random.default_rng(seed)
        text, chars = self._characters(sight, rng)
        return Seen(text=text, chars=chars, quad=quad, png=PNG)

    def _characters(self, sight: Sight, rng: np.random.Generator) -> tuple[str, tuple[float, ...]]:
        """Return the text and its probabilities; a doubtful character may be a wrong one."""
        loss = 0.002 + _LIGHT_LOSS[sight.light] + max(0.0, sight.distance_m - 8.0) * 0.03
        loss += 2.0 * max(0.0, sight.dirt - 0.3)
        text, chars = "", []
        for character in sight.plate.text:
            doubt = min(0.9, float(rng.exponential(loss)))
            wrong = doubt > _SURE and rng.random() < doubt
            text += str(rng.choice(list(LETTERS + DIGITS))) if wrong else character
            chars.append(1.0 - doubt)
        return text, tuple(chars)
