"""One recorded passage made ready for playing: where the deck is empty, where the vehicle stands.

A recording shows a vehicle that comes and, mostly, one that stops.  It cannot answer a boom, so
the player needs to know which stretches may be repeated while it waits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hal.recording import Recording, RecordingError

LOADED_SHARE = 0.05
ABOARD_SHARE = 0.95
GONE_SHARE = 0.10
STAND_US = 2_000_000
END_US = 250_000
BEFORE_LOAD_US = 1_000_000
EMPTY_US_MIN = 500_000


class Passage(Struct, frozen=True, kw_only=True):
    """A recording and its marks, all sample indices.

    ``[0, quiet)`` is the empty deck; ``aboard`` is where the load first came near its last level;
    ``[stand, n)`` is repeated while the vehicle waits; ``stays`` is False when it drove off.
    ``entry`` and ``leave`` are the beams, or what the load tells of them where none were recorded
    (``beams_recorded`` is False then).
    """

    recording: Recording
    period_us: int
    quiet: int
    aboard: int
    stand: int
    stays: bool
    beams_recorded: bool
    entry: NDArray[np.int8]
    leave: NDArray[np.int8]

    @property
    def samples(self) -> int:
        return int(self.recording.t_us.size)


def prepare(recording: Recording) -> Passage:
    """Find the marks of one recording.

    Raises:
        RecordingError: no vehicle comes, or the deck is not empty at the beginning.
    """
    t_us = recording.t_us
    load = _smooth_load(recording)
    high = float(np.percentile(load, 95))
    if t_us.size < 3 or high <= 0:
        raise RecordingError(f"{recording.path}: no vehicle comes onto the deck in this recording")
    first = int(np.argmax(load > LOADED_SHARE * high))
    quiet = int(np.searchsorted(t_us, t_us[first] - BEFORE_LOAD_US))
    if t_us[quiet] - t_us[0] < EMPTY_US_MIN:
        raise RecordingError(
            f"{recording.path}: the deck is not empty for {EMPTY_US_MIN / 1e6} s at the beginning; "
            "start the recording earlier"
        )
    stand = int(np.searchsorted(t_us, t_us[-1] - STAND_US))
    last = float(np.median(load[t_us >= t_us[-1] - END_US]))
    stays = last > GONE_SHARE * high
    aboard = int(np.argmax(load > ABOARD_SHARE * (last if stays else high)))
    entry, leave = _beams(recording, max(first, 1), aboard)
    return Passage(
        recording=recording,
        period_us=int(np.median(np.diff(t_us))),
        quiet=quiet,
        aboard=max(aboard, first),
        stand=max(stand, aboard),
        stays=stays,
        beams_recorded=recording.entry_beam is not None and recording.exit_beam is not None,
        entry=entry,
        leave=leave,
    )


def check_same_cells(recordings: list[Recording], files: list[Path]) -> None:
    """Raise RecordingError when the recordings of one deck differ in their cells."""
    for recording, file in zip(recordings, files, strict=True):
        if recording.cells != recordings[0].cells:
            raise RecordingError(
                f"{file}: {recording.cells} cells, but {files[0]} has {recordings[0].cells}; "
                "recordings of one deck belong together"
            )


def _smooth_load(recording: Recording) -> NDArray[np.float64]:
    """Load above the empty deck in counts, cells that jump for a few samples smoothed away."""
    total = recording.counts.sum(axis=1).astype(np.float64)
    width = 9
    padded = np.pad(total, width // 2, mode="edge")
    smooth: NDArray[np.float64] = np.median(
        np.lib.stride_tricks.sliding_window_view(padded, width), axis=1
    )
    opening = recording.t_us - recording.t_us[0] <= EMPTY_US_MIN
    return smooth - float(np.median(smooth[opening]))


def _beams(
    recording: Recording, first: int, aboard: int
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The recorded beams; else the entry is taken as blocked while the load is rising."""
    if recording.entry_beam is not None and recording.exit_beam is not None:
        return recording.entry_beam, recording.exit_beam
    entry = np.zeros(recording.t_us.size, np.int8)
    t_us = recording.t_us
    start = int(np.searchsorted(t_us, t_us[first] - BEFORE_LOAD_US // 2))
    end = int(np.searchsorted(t_us, t_us[aboard] + BEFORE_LOAD_US // 2))
    entry[start:end] = 1
    return entry, np.zeros_like(entry)
