"""臻识 (Vzenith) plate cameras that post their pictures to the lane."""

from __future__ import annotations

import threading
from collections import deque

from hal.bus import Bus
from hal.cameras.http_intake import RefusedError, http_intake
from hal.cameras.vzenith_push import (
    Push,
    PushError,
    heartbeat_reply,
    parse_push,
    reply,
    serial_of,
)
from hal.pictures import PictureError, decode_picture
from hal.ports import Clock, DeviceFault, Frame
from hal.virtual import board_clock

KNOWN_IDS_MAX = 64
FRESH_US = 1_500_000
REFUSED_US = 60_000_000
"""How long a refused post is told."""
ID_WORDS_MAX = 60


class VzenithCamera:
    """A plate camera that posts to ``http://<this machine>:<http_port><path>``.

    ``serial`` is its serial number; where it is stated, posts of other cameras are refused.
    Heartbeats go to ``<path>/heartbeat``; a camera not heard of for ``heartbeat`` is a fault.
    The gate never moves for an answer of this driver.  Its own reading of the plate is a hint for
    the record; the picture is read by the lane.  What the camera kept while it was offline shows
    vehicles of before: it is acknowledged, counted and not used.
    """

    def __init__(
        self,
        bus: Bus,
        path: str,
        http_port: int = 8088,
        bind: str = "0.0.0.0",
        serial: str = "",
        heartbeat_us: int = 30_000_000,
    ) -> None:
        if not path.startswith("/") or not 0 <= http_port <= 65535 or heartbeat_us < 1_000_000:
            raise ValueError('path begins with "/", http_port is a port, heartbeat at least 1 s')
        self._clock: Clock = board_clock(bus)
        self._name = f"vzenith {serial or path}"
        self._serial = serial
        self._heartbeat_us = heartbeat_us
        self._lock = threading.Lock()
        self._newest: Frame | None = None
        self._known: deque[tuple[object, ...]] = deque(maxlen=KNOWN_IDS_MAX)
        self._heard_us = self._clock.now_us()
        self._refused: tuple[int, str] | None = None
        self._track = 0
        self.offline = 0
        self.repeated = 0
        server = http_intake(bus, bind, http_port)
        if path in server.takers:
            raise ValueError(f"{path}: another camera posts to this path; give each its own")
        server.takers[path] = self._take
        server.takers[f"{path}/heartbeat"] = self._beat
        self.http_port = int(server.server_address[1])

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        """The newest picture not yet handed out, while wanted and while it is fresh."""
        if not wanted:
            return None
        now_us = self._clock.now_us()
        with self._lock:
            frame, self._newest = self._newest, None
        if frame is not None and now_us - frame.captured_us <= FRESH_US:
            return frame
        return self._silence(now_us)

    def faults(self) -> tuple[DeviceFault, ...]:
        """Not heard of for too long, or posts that were refused within the last minute."""
        now_us = self._clock.now_us()
        silence = self._silence(now_us)
        found = [] if silence is None else [silence]
        refused = self._refused
        if refused is not None and now_us - refused[0] < REFUSED_US:
            found.append(self._fault("CAMERA_PUSH_REFUSED", refused[1]))
        return tuple(found)

    def _silence(self, now_us: int) -> DeviceFault | None:
        silent_us = now_us - self._heard_us
        if silent_us <= self._heartbeat_us:
            return None
        return self._fault("CAMERA_HEARTBEAT_LOST", f"not heard of for {silent_us / 1e6:.0f} s")

    def _beat(self, body: bytes) -> bytes:
        serial = serial_of(body)
        if not self._serial or serial in ("", self._serial):
            self._heard_us = self._clock.now_us()
        return heartbeat_reply()

    def _take(self, body: bytes) -> bytes:
        """Take one post, on the server's thread; its picture is decoded here."""
        posted_us = self._clock.now_us()
        try:
            push = parse_push(body)
            if self._serial and push.serial != self._serial:
                raise PushError(f"serial number {push.serial[:ID_WORDS_MAX]!r} is not this camera")
            self._heard_us = posted_us
            self._keep(push, posted_us)
        except (PushError, PictureError) as error:
            self._refused = (posted_us, str(error)[:200])
            raise RefusedError(str(error)) from error
        return reply(push)

    def _keep(self, push: Push, posted_us: int) -> None:
        with self._lock:
            # A camera counts its plates from 1 again after a restart: the time tells them apart.
            key = (push.serial, push.plate_id, push.stamp_us)
            repeated = key in self._known
            self._known.append(key)
            self.repeated += repeated
            self.offline += push.offline and not repeated
        if repeated or push.offline:
            return
        if not push.jpeg:
            raise PushError("no imageFile; let the camera send its full picture")
        pixels = decode_picture(push.jpeg, f"plate id {push.plate_id}")
        with self._lock:
            self._track += 1
            self._newest = Frame(
                pixels=pixels, captured_us=posted_us, track=self._track, hints=hints_of(push)
            )

    def _fault(self, name: str, seen: str) -> DeviceFault:
        return DeviceFault(name=name, device=self._name, seen=seen)


def hints_of(push: Push) -> tuple[str, ...]:
    """What the camera makes of its picture, for the record."""
    hints = ["camera_fake_plate: told by the camera"] if push.fake else []
    if push.plate and push.plate != "_无_":
        hints.append(f"camera_reads: {push.plate[:16]}")
    return tuple(hints)
