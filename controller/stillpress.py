"""Makes stills of pictures, off the scan: JPEG, what was measured, and one archive of them all.

The archive is a ZIP without compression whose bytes depend on nothing but the pictures:
``stills.json`` says of each still by which camera, when, why, its digest and how good it is.
"""

from __future__ import annotations

import hashlib
import io
import queue
import struct
import threading
import zipfile
from contextlib import suppress

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from protocol.media import Blob

KIND = "stills"
INDEX = "stills.json"
STILLS_MAX = 16
"""In one archive; the oldest make room."""
WAITING_MAX = 16
WIDTH_PX_MAX = 1920
QUALITY = 80
JUDGED_PX_MIN = 32
JOIN_S = 5.0
STILL_BYTES_MAX = 4_000_000
_BROKEN = (KeyError, ValueError, OSError, RuntimeError, EOFError, struct.error)
"""What else the standard library says of an archive that is none."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


class StillsError(ValueError):
    """An archive of stills that cannot be shown; the message says why."""


class Exposure(Struct, frozen=True, kw_only=True):
    """A picture that is to be kept: whose passage, by which camera, why, and when exposed."""

    passage_id: int
    role: str
    camera: str
    cause: str
    t_us: int
    at_ms: int
    pixels: NDArray[np.uint8]


class Still(Struct, frozen=True, kw_only=True):
    """One still as the archive's index tells it; ``flaw`` is "ok" or what is wrong with it."""

    file: str
    passage_id: int
    role: str
    camera: str
    cause: str
    t_us: int
    at_ms: int
    sha256: str
    width_px: int
    height_px: int
    sharpness: float
    flaw: str
    quantity: str
    value: float
    limit: float


class Pack(Struct, frozen=True, kw_only=True):
    """Stills and the one file that holds them."""

    stills: tuple[Still, ...]
    blob: Blob


class Press:
    """Presses exposures into the pack of the next record; ``threaded`` does so on a thread.

    What cannot be pressed is left out: whoever asked for it tells that it is missing.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._lock = threading.Lock()
        self._made: list[tuple[Still, bytes]] = []
        self._pack: Pack | None = None
        self._judges: dict[str, object] = {}
        self._waiting: queue.Queue[Exposure | None] = queue.Queue(WAITING_MAX)
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._work, name="stills", daemon=True)
            self._thread.start()

    def put(self, exposure: Exposure) -> bool:
        """Hand a picture in; False where too many wait."""
        if self._thread is None:
            self._press(exposure)
            return True
        try:
            self._waiting.put_nowait(exposure)
        except queue.Full:
            return False
        return True

    def cut(self) -> Pack | None:
        """The pack of all that has been pressed since the last one."""
        with self._lock:
            pack, self._pack = self._pack, None
            self._made = []
        return pack

    def close(self) -> None:
        """End the thread, after what waits; one that hangs is left behind."""
        if self._thread is not None:
            with suppress(queue.Full):
                self._waiting.put(None, timeout=JOIN_S)
            self._thread.join(JOIN_S)

    def _work(self) -> None:
        while (exposure := self._waiting.get()) is not None:
            self._press(exposure)

    def _press(self, exposure: Exposure) -> None:
        pressed = self._still(exposure)
        if pressed is None:
            return
        with self._lock:
            made = self._made = [*self._made[1 - STILLS_MAX :], pressed]
        pack = _packed(made)
        with self._lock:
            # A record may have cut meanwhile what this pack still holds.
            if self._made is made:
                self._pack = pack
            elif pressed not in self._made:
                self._made = [pressed]
                self._pack = _packed(self._made)

    def _still(self, exposure: Exposure) -> tuple[Still, bytes] | None:
        try:
            import cv2  # noqa: PLC0415 - only a lane with such cameras needs the vision libraries
        except ModuleNotFoundError:
            return None
        height, width = exposure.pixels.shape[:2]
        if not (height and width):
            return None
        size = (min(width, WIDTH_PX_MAX), max(height * min(width, WIDTH_PX_MAX) // width, 1))
        try:
            judged = self._judged(exposure)
            fitted = cv2.resize(exposure.pixels, size, interpolation=cv2.INTER_AREA)
            good, coded = cv2.imencode(".jpg", fitted, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        except (cv2.error, ValueError):
            return None
        if not good:
            return None
        data = coded.tobytes()
        flaw, quantity, value, limit, sharpness = judged
        still = Still(
            file=f"{exposure.t_us:015d}-{exposure.role}-{exposure.camera}.jpg",
            passage_id=exposure.passage_id,
            role=exposure.role,
            camera=exposure.camera,
            cause=exposure.cause,
            t_us=exposure.t_us,
            at_ms=exposure.at_ms,
            sha256=hashlib.sha256(data).hexdigest(),
            width_px=size[0],
            height_px=size[1],
            sharpness=sharpness,
            flaw=flaw,
            quantity=quantity,
            value=value,
            limit=limit,
        )
        return still, data

    def _judged(self, exposure: Exposure) -> tuple[str, str, float, float, float]:
        """What ``vision.quality`` says of it, held against this camera's stills before."""
        from vision.quality import FrameWatch  # noqa: PLC0415 - as above

        if min(exposure.pixels.shape[:2]) < JUDGED_PX_MIN:
            return "small", "px of the shorter side", float(min(exposure.pixels.shape[:2])), 32.0, 0
        watch = self._judges.setdefault(exposure.camera, FrameWatch())
        assert isinstance(watch, FrameWatch)
        found = watch.judge(exposure.pixels, exposure.t_us, exposure.t_us)
        return found.name.value, found.quantity, found.value, found.limit, found.sharpness


def _packed(made: list[tuple[Still, bytes]]) -> Pack:
    kept = io.BytesIO()
    index = msgspec.json.format(msgspec.json.encode([still for still, _ in made]), indent=1)
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(INDEX, _EPOCH), index)
        for still, data in made:
            archive.writestr(zipfile.ZipInfo(still.file, _EPOCH), data)
    blob = Blob(kind=KIND, data=kept.getvalue())
    _ = blob.sha256  # made here, where nobody waits for it
    return Pack(stills=tuple(still for still, _ in made), blob=blob)


def opened(data: bytes) -> list[tuple[Still, bytes]]:
    """The stills of an archive, each with its JPEG.

    Raises:
        StillsError: no archive of this program, or a picture that is not what its index says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            index = msgspec.json.decode(_member(archive, INDEX), type=list[Still])
            found = [(still, _member(archive, still.file)) for still in index[:STILLS_MAX]]
    except (zipfile.BadZipFile, *_BROKEN) as error:
        raise StillsError(f"no archive of stills: {error}") from error
    for still, jpeg in found:
        if hashlib.sha256(jpeg).hexdigest() != still.sha256:
            raise StillsError(f"{still.file} does not have the digest that its index names")
    return found


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > STILL_BYTES_MAX or info.compress_type != zipfile.ZIP_STORED:
        raise StillsError(f"{name} is larger than {STILL_BYTES_MAX} bytes, or is compressed")
    return archive.read(info)
