"""Raw counts of the load cells, packed without loss: what a weight can be computed from again.

The bytes are one deterministic CBOR array (``counts.cddl``):
``[1, "counts", rate_mhz, t0_us, rows, cells, packed]``.  ``packed`` is a zlib stream (RFC 1950) of
numbers in a row: of the times the step from the sample before (0 for the first), then each cell's
counts, cell by cell; each as the difference from the one before it in its column, the first from 0.
So an even clock is a row of zeros.  A number is zigzag coded (0, -1, 1, -2 …) and written in groups
of seven bits, lowest first, the high bit set where more follow (LEB128).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from protocol import cbor

VERSION = 1
COUNTS = "counts"
ROWS_MAX = 131_072
CELLS_MAX = 16
RATE_MHZ_MAX = 2_000_000
BYTES_MAX = 2 * 1024 * 1024
# Two values of 40 bits differ by 41, with the sign 42: six groups.
_GROUPS_MAX = 6
_VALUE_MAX = 2**40 - 1


class CountsError(ValueError):
    """Counts that cannot be packed, or bytes that are not packed counts."""


class RawCounts(Struct, frozen=True, kw_only=True):
    """Samples: times ``t_us`` (n,), ``counts`` (n, cells), both int64; the nominal rate in mHz."""

    rate_mhz: int
    t_us: NDArray[np.int64]
    counts: NDArray[np.int64]


def pack(raw: RawCounts) -> bytes:
    """Pack samples; raises CountsError for too many of them, or times that do not rise."""
    rows, cells = _checked(raw)
    columns = [np.diff(raw.t_us, prepend=raw.t_us[:1]), *raw.counts.T]
    _of_a_converter(columns)
    steps = np.concatenate([np.diff(column, prepend=np.int64(0)) for column in columns])
    # Noise repeats nothing: to look for repetitions takes ten times as long and gains 3 %.
    deflating = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    packed = deflating.compress(_written(steps)) + deflating.flush()
    t0_us = int(raw.t_us[0])
    return cbor.encode([VERSION, COUNTS, raw.rate_mhz, t0_us, rows, cells, packed])


def unpack(data: bytes) -> RawCounts:
    """Unpack samples; raises CountsError saying what is wrong, for anything ``pack`` never gave."""
    rate_mhz, t0_us, rows, cells, packed = _header(data)
    size = rows * (cells + 1)
    steps = _read(_inflated(packed, size * _GROUPS_MAX), size)
    columns = list(np.cumsum(steps.reshape(cells + 1, rows), axis=1))
    _of_a_converter(columns)
    found = RawCounts(
        rate_mhz=rate_mhz,
        t_us=t0_us + np.cumsum(columns[0]),
        counts=np.stack(columns[1:], axis=1),
    )
    _checked(found)
    if int(found.t_us[0]) != t0_us:
        raise CountsError("the first sample is not at t0_us")
    return found


def _checked(raw: RawCounts) -> tuple[int, int]:
    """Rows and cells, if they are within bounds and belong together."""
    if raw.counts.ndim != 2 or raw.t_us.shape != raw.counts.shape[:1]:
        raise CountsError(f"times {raw.t_us.shape} and counts {raw.counts.shape}: no such samples")
    rows, cells = raw.counts.shape
    _within("rows", rows, 1, ROWS_MAX)
    _within("cells", cells, 1, CELLS_MAX)
    _within("rate_mhz", raw.rate_mhz, 1, RATE_MHZ_MAX)
    _within("t0_us", int(raw.t_us[0]), 0, 2**62)
    if not (np.diff(raw.t_us) > 0).all():
        raise CountsError("the times of the samples do not rise")
    return rows, cells


def _of_a_converter(columns: Sequence[NDArray[np.int64]]) -> None:
    """No count and no step of time is so large; so no sum of differences leaves 64 bits."""
    largest = max(int(np.abs(column).max()) for column in columns)
    if largest > _VALUE_MAX:
        raise CountsError(f"{largest} is beyond {_VALUE_MAX}: no count and no step of a converter")


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise CountsError(f"{name} is {value}; {low} to {high} are allowed")


def _header(data: bytes) -> tuple[int, int, int, int, bytes]:
    if len(data) > BYTES_MAX:
        raise CountsError(f"{len(data)} bytes are too many; at most {BYTES_MAX} are allowed")
    try:
        found = cbor.decode(data)
    except cbor.CborError as error:
        raise CountsError(f"not packed counts: {error}") from error
    if not isinstance(found, list) or len(found) < 2 or type(found[0]) is not int:
        raise CountsError("not packed counts: an array that begins with a version is expected")
    if found[:2] != [VERSION, COUNTS]:
        raise CountsError(
            f"version {found[0]} of {found[1]!r}: this program reads version {VERSION} of "
            f"{COUNTS!r}; use a newer one"
        )
    numbers, packed = found[2:6], found[-1]
    if len(found) != 7 or any(type(n) is not int for n in numbers) or not isinstance(packed, bytes):
        raise CountsError("not packed counts: four integers and bytes are expected after the kind")
    rate_mhz, t0_us, rows, cells = (n for n in numbers if isinstance(n, int))
    _within("rows", rows, 1, ROWS_MAX)
    _within("cells", cells, 1, CELLS_MAX)
    _within("t0_us", t0_us, 0, 2**62)
    return rate_mhz, t0_us, rows, cells, packed


def _inflated(packed: bytes, most: int) -> bytes:
    """Inflate no more than could be there: a few bytes must not fill the memory."""
    inflating = zlib.decompressobj()
    try:
        written = inflating.decompress(packed, most)
        if not inflating.eof:
            written += inflating.decompress(inflating.unconsumed_tail, 1)
    except zlib.error as error:
        raise CountsError(f"the packed numbers are damaged: {error}") from error
    if not inflating.eof or inflating.unused_data or len(written) > most:
        raise CountsError("the packed numbers are cut short, too long, or followed by something")
    return written


def _written(steps: NDArray[np.int64]) -> bytes:
    rest = (steps << 1) ^ (steps >> 63)
    lengths = np.ones(len(rest), np.int64)
    for k in range(1, _GROUPS_MAX):
        lengths += rest >= 1 << 7 * k
    ends = np.cumsum(lengths)
    written = np.empty(int(ends[-1]), np.uint8)
    places = ends - lengths
    while len(rest):
        longer = rest > 127
        written[places] = (rest & 127) | (longer.astype(np.int64) << 7)
        rest, places = rest[longer] >> 7, places[longer] + 1
    return written.tobytes()


def _read(written: bytes, size: int) -> NDArray[np.int64]:
    data = np.frombuffer(written, np.uint8)
    ends = np.flatnonzero(data < 128)
    if len(ends) != size or len(data) == 0 or int(ends[-1]) != len(data) - 1:
        raise CountsError(f"{len(ends)} numbers are packed, {size} are promised")
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if int(lengths.max()) > _GROUPS_MAX:
        raise CountsError(f"a number has {int(lengths.max())} groups; at most {_GROUPS_MAX}")
    places = np.arange(len(data)) - np.repeat(starts, lengths)
    parts = (data & 127).astype(np.int64) << (7 * places)
    coded = np.add.reduceat(parts, starts)
    return np.asarray((coded >> 1) ^ -(coded & 1), np.int64)
