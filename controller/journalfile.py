"""The form of a journal on disk: every scan's two images as what changed since the scan before.

A file is ``MAGIC``, one byte of format version, the number of items (4 bytes, big-endian), and a
zlib stream of that many msgpack values:

* a map, first of all: the header (``Header``);
* a map with ``lane``: a run begins; the lane before the scan and both images, by field names;
* text: the next path, numbered from 0 in order of appearance;
* an array ``[step_us, wall_off_ms, inputs, outputs, missed]``: a scan, ``step_us`` after the last,
  with ``missed`` numbers between them; ``inputs`` and ``outputs`` are path, value, path, value, ...
  of what changed; zeros and empty arrays at the end are left out;
* an integer n: n more scans, each with the same changes as the array before;
* a map with ``inputs`` only, last: a scan that the program did not get through.

A changed time (a path that ends in ``_us``) is told by how much it lies before the scan's own, so
that one which goes along with the scans is the same in each.  Wall time is expected to go on as the
monotonic clock does; ``wall_off_ms`` is by how much it did not.  A path that is missing from an old
file keeps its default; one that this program does not know is an error (``controller/deltas.py``).
"""

from __future__ import annotations

import zlib
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from controller.core.images import InputImage, OutputImage, WallTime
from controller.core.passage import Lane
from controller.core.settings import InterlockSettings, LaneSettings
from controller.deltas import changes

MAGIC = b"SYJ"
SETTINGS_MAGIC = b"SYS"
FORMAT = 1
PREFIX = len(MAGIC) + 5
CHUNK = 8 * 1024

_TIMED = ("scan", "now_us", "wall")
_REST = tuple(name for name in InputImage.__struct_fields__ if name not in _TIMED)
_rest_of = attrgetter(*_REST)
_wall_rest = attrgetter(*(name for name in WallTime.__struct_fields__ if name != "ms"))
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class Header(Struct, frozen=True, kw_only=True):
    """Who wrote a journal, under which settings (SHA-256), and the scans let go before it."""

    software: str
    settings: bytes
    left_out: int = 0


class Settings(Struct, frozen=True, kw_only=True):
    """All that the pure part of the controller was set to."""

    lane: LaneSettings
    interlock: InterlockSettings


class JournalWriter:
    """Builds one journal; costs little a scan, and packs as it goes."""

    def __init__(self, header: Header) -> None:
        self.scans = 0
        self._buffer = bytearray()
        self._packer = zlib.compressobj(9)
        self._packed: list[bytes] = []
        self._size = 0
        self._items = 0
        self._last: list[Any] = []
        self._again = 0
        self._paths: dict[str, int] = {}
        self._inputs: InputImage | None = None
        self._outputs = OutputImage()
        self._rest: Any = None
        self._put(header)

    @property
    def size(self) -> int:
        """Bytes held in memory so far."""
        return self._size + len(self._buffer)

    @property
    def running(self) -> bool:
        """Whether the next scan can follow the last one."""
        return self._inputs is not None

    def begin(self, lane: Lane, inputs: InputImage, outputs: OutputImage) -> None:
        """Begin a run with this scan; ``lane`` is the one before it."""
        self._repeat()
        self._put({"lane": lane, "inputs": inputs, "outputs": outputs})
        self._take(inputs, outputs)
        self._last = []

    def pause(self) -> None:
        """End the run; the next scan begins one."""
        self._inputs = None

    def fail(self, lane: Lane, inputs: InputImage) -> None:
        """Put down the scan that the program did not get through."""
        self._repeat()
        if self.running:
            self._put({"inputs": inputs})
        else:
            self._put({"lane": lane, "inputs": inputs, "outputs": None})
        self.pause()

    def add(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Put down the scan after the last one."""
        last = self._inputs
        if last is None:
            raise RuntimeError("a run begins with a lane")
        step_us = inputs.now_us - last.now_us
        off_ms = inputs.wall.ms - expected_wall_ms(last, inputs.now_us)
        missed = inputs.scan - last.scan - 1
        rest = _rest_of(inputs)
        same = (
            rest == self._rest
            and outputs == self._outputs
            and _wall_rest(inputs.wall) == _wall_rest(last.wall)
        )
        found, wanted = ([], []) if same else self._changes(last, inputs, outputs)
        item = [step_us, off_ms, found, wanted, missed]
        while len(item) > 1 and not item[-1]:
            item.pop()
        if item == self._last:
            self._again += 1
        else:
            self._repeat()
            self._put(item)
            self._last = item
        self._inputs, self._outputs, self._rest = inputs, outputs, rest
        self.scans += 1

    def close(self) -> bytes:
        """The whole file."""
        self._repeat()
        self._pack()
        self._packed.append(self._packer.flush())
        return b"".join((MAGIC, bytes([FORMAT]), self._items.to_bytes(4, "big"), *self._packed))

    def _take(self, inputs: InputImage, outputs: OutputImage) -> None:
        self._inputs, self._outputs, self._rest = inputs, outputs, _rest_of(inputs)
        self.scans += 1

    def _changes(
        self, last: InputImage, inputs: InputImage, outputs: OutputImage
    ) -> tuple[list[object], list[object]]:
        found: dict[str, Any] = {}
        for name, old, new in zip(_REST, self._rest, _rest_of(inputs), strict=True):
            if old is not new and old != new:
                changes(old, new, f"{name}.", found)
        wall = replace(last.wall, ms=inputs.wall.ms)
        if wall != inputs.wall:
            changes(wall, inputs.wall, "wall.", found)
        wanted: dict[str, Any] = {}
        if outputs != self._outputs:
            changes(self._outputs, outputs, "", wanted)
        now_us = inputs.now_us
        return self._numbered(found, "i.", now_us), self._numbered(wanted, "o.", now_us)

    def _numbered(self, found: dict[str, Any], side: str, now_us: int) -> list[object]:
        numbered: list[object] = []
        for path, value in found.items():
            name = side + path
            number = self._paths.get(name)
            if number is None:
                number = self._paths[name] = len(self._paths)
                self._put(name)
            is_time = type(value) is int and path.endswith("_us")
            numbered += (number, now_us - value if is_time else value)
        return numbered

    def _repeat(self) -> None:
        if self._again:
            again, self._again = self._again, 0
            self._put(again)

    def _put(self, item: object) -> None:
        _ENCODER.encode_into(item, self._buffer, -1)
        self._items += 1
        if len(self._buffer) >= CHUNK:
            self._pack()

    def _pack(self) -> None:
        packed = self._packer.compress(self._buffer)
        self._packed.append(packed)
        self._size += len(packed)
        self._buffer.clear()


def write_settings(settings: Settings) -> bytes:
    """The settings as bytes, the same for equal settings."""
    body = zlib.compress(_ENCODER.encode(settings), 9)
    return SETTINGS_MAGIC + bytes([FORMAT]) + body


def expected_wall_ms(last: InputImage, now_us: int) -> int:
    """The wall time that is expected at ``now_us``; a clock that is not set stays so."""
    if last.wall.ms == 0:
        return 0
    return last.wall.ms + now_us // 1000 - last.now_us // 1000
