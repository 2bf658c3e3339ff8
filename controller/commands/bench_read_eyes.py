"""The reader as `steelyard bench` measures it: stages timed apart, models weighed, memory told."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from controller.commands.bench_read_count import Seen
from vision import detect, recognise
from vision.pictures import Bgr
from vision.plates import PlateType
from vision.reader import Finder, Found, PlateReader, TextReader
from vision.recognise import PlateRead

Laps = dict[str, float]
"""Milliseconds by stage: detect, rectify, recognise, and total."""
MIB = 2**20


class Stopwatch:
    """A detector and a recogniser that keep the time of their last frame, in ms."""

    def __init__(self, detector: Finder, recogniser: TextReader) -> None:
        self._detector, self._recogniser = detector, recogniser
        self.detect_ms = self.recognise_ms = 0.0

    def find(self, frame_bgr: Bgr) -> Sequence[Found]:
        """Find, timed; a new frame begins."""
        began = time.perf_counter()
        found = self._detector.find(frame_bgr)
        self.detect_ms, self.recognise_ms = (time.perf_counter() - began) * 1000, 0.0
        return found

    def read(self, crop_bgr: Bgr, ptype: PlateType | None = None) -> PlateRead:
        """Read, timed; the cut-outs of one frame add up."""
        began = time.perf_counter()
        read = self._recogniser.read(crop_bgr, ptype)
        self.recognise_ms += (time.perf_counter() - began) * 1000
        return read

    def accepts(self, read: PlateRead) -> bool:
        """Pass on; it takes no time."""
        return self._recogniser.accepts(read)


class Eyes:
    """Cut-outs and frames, each read with the time of its stages."""

    def __init__(self, recogniser: TextReader, open_detector: Callable[[], Finder]) -> None:
        """The detector is opened for the first frame: cut-outs alone need none."""
        self._recogniser, self._open_detector = recogniser, open_detector
        self._watch: Stopwatch | None = None

    def crop(self, name: str, pixels: Bgr) -> tuple[list[Seen], Laps]:
        """Read a cut-out; only `recognise` and `total` are timed."""
        began = time.perf_counter()
        read = self._recogniser.read(pixels)
        took = (time.perf_counter() - began) * 1000
        seen = Seen(
            file=name,
            text=read.text,
            ptype=read.ptype.value if read.ptype else "",
            confidence=round(read.confidence, 4),
            accepted=self._recogniser.accepts(read),
        )
        return [seen] if read.text else [], {"recognise": took, "total": took}

    def frame(self, name: str, pixels: Bgr) -> tuple[list[Seen], Laps]:
        """Read a frame; what is neither detecting nor recognising is rectifying."""
        if self._watch is None:
            self._watch = Stopwatch(self._open_detector(), self._recogniser)
        watch = self._watch
        watch.detect_ms = watch.recognise_ms = 0.0
        began = time.perf_counter()
        plates = PlateReader(watch, watch).read(pixels)
        total = (time.perf_counter() - began) * 1000
        detecting, recognising = watch.detect_ms, watch.recognise_ms
        seen = [
            Seen(
                file=name,
                text=plate.read.text,
                ptype=plate.ptype.value,
                confidence=round(plate.read.confidence, 4),
                accepted=plate.accepted,
            )
            for plate in plates
        ]
        rectifying = max(0.0, total - detecting - recognising)
        laps = {"detect": detecting, "rectify": rectifying, "recognise": recognising}
        return seen, laps | {"total": total}


def open_eyes(threads: int) -> Eyes:
    """Open the recogniser, and the detector at the first frame.

    Raises ModelError or VisionLibraryError, as the first frame may.
    """
    # OpenCV would take every core for itself, and the figures would be those of another machine.
    cv2.setNumThreads(threads)
    return Eyes(recognise.Recogniser(threads=threads), lambda: detect.Detector(threads=threads))


def model_bytes() -> dict[str, int]:
    """Return the size of each model file that is there."""
    paths = (detect.MODEL_PATH, recognise.MODEL_PATH)
    return {path.name: path.stat().st_size for path in paths if path.is_file()}


def resident_mib() -> float:
    """Return the memory that this process holds now, on Linux; elsewhere its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return peak_mib()
    return round(pages * os.sysconf("SC_PAGE_SIZE") / MIB, 1)


def peak_mib() -> float:
    """Return the most memory that this process has held so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB, 1)
