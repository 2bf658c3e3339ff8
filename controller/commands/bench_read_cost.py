"""What reading costs, for `steelyard bench`: rendered frames, a process of its own a thread count.

A process that does nothing else shows the memory of the reader and not that of the simulator.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any, Final

import cv2
import numpy as np

from controller.commands.bench_read_count import quantile
from controller.commands.bench_read_eyes import Eyes, model_bytes, open_eyes, peak_mib, resident_mib
from vision.draw import draw_plate
from vision.pictures import Bgr
from vision.plates import PlateType

THREADS: Final = (1, 2)
FRAMES: Final = 30
WARM_UP: Final = 3
FRAME_PX: Final = (1280, 720)
PLATE_PX: Final = 150
TEXTS: Final = (
    ("晋A12345", PlateType.YELLOW1),
    ("鲁C1234挂", PlateType.YELLOW2),
    ("皖B7K2M9", PlateType.BLUE1),
    ("京AD12345", PlateType.GREEN8),
)


def reading_cost(frames: int = FRAMES) -> dict[str, Any]:
    """Return milliseconds a frame and a cut-out and MiB for each thread count, and model sizes.

    Raises ModelError or VisionLibraryError where a model cannot be opened.
    """
    by_threads = {f"threads_{threads}": _cost(threads, frames) for threads in THREADS}
    return {**by_threads, "models_bytes": model_bytes()}


def _cost(threads: int, frames: int) -> dict[str, Any]:
    """Send rendered frames to a fresh process: drawing them there would count as its memory."""
    took: dict[str, list[float]] = defaultdict(list)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        for number in range(-WARM_UP, frames):
            frame, cutout = rendered(number % len(TEXTS), np.random.default_rng(number + WARM_UP))
            laps = pool.submit(_read, threads, frame, cutout).result()
            for stage, value in laps.items():
                took[stage] += [value] if number >= 0 else []
        memory = pool.submit(_memory).result()
    plates = sum(took.pop("plates"))
    cutout_ms = _quantiles(took.pop("cutout"))
    frame_ms = {stage: _quantiles(values) for stage, values in took.items()}
    return {
        "frame_ms": frame_ms,
        "cutout_ms": cutout_ms,
        "plates_a_frame": round(plates / frames, 2),
        "resident_mib": memory,
    }


@cache
def _eyes(threads: int) -> Eyes:
    return open_eyes(threads)


def _read(threads: int, frame: Bgr, cutout: Bgr) -> dict[str, float]:
    seen, laps = _eyes(threads).frame("", frame)
    _, cutout_laps = _eyes(threads).crop("", cutout)
    return laps | {"cutout": cutout_laps["total"], "plates": len(seen)}


def _memory() -> dict[str, float]:
    return {"now": resident_mib(), "peak": peak_mib()}


def _quantiles(values: list[float]) -> dict[str, float]:
    return {"median": quantile(values, 0.5), "p95": quantile(values, 0.95)}


def rendered(kind: int, rng: np.random.Generator) -> tuple[Bgr, Bgr]:
    """Return a frame (720, 1280, 3) with one plate in perspective, and the plate alone.

    The ground is noise of every size, from clouds to grain, with little colour in it: there is
    something to search everywhere.
    """
    text, ptype = TEXTS[kind]
    plate = draw_plate(text, ptype, px_per_mm=0.5)
    frame = np.full((FRAME_PX[1], FRAME_PX[0], 3), 110.0, np.float32)
    for cells in (6, 40, 200):
        grey = rng.normal(0, 18, (cells * 9 // 16, cells, 1))
        coarse = grey + rng.normal(0, 4, (*grey.shape[:2], 3))
        frame += cv2.resize(coarse.astype(np.float32), FRAME_PX, interpolation=cv2.INTER_LINEAR)
    high, wide = plate.shape[0] * PLATE_PX / plate.shape[1], float(PLATE_PX)
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    corners += rng.normal(0, 3, (4, 2)).astype(np.float32)
    corners += rng.uniform((100, 100), (1000, 550)).astype(np.float32)
    source = np.array(
        [(0, 0), (plate.shape[1], 0), plate.shape[1::-1], (0, plate.shape[0])], np.float32
    )
    matrix = cv2.getPerspectiveTransform(source, corners)
    smooth = cv2.GaussianBlur(plate, (0, 0), 0.7)
    cv2.warpPerspective(
        smooth.astype(np.float32), matrix, FRAME_PX, frame, borderMode=cv2.BORDER_TRANSPARENT
    )
    frame += rng.normal(0, 4, (*frame.shape[:2], 1)).astype(np.float32)
    return np.clip(frame, 0, 255).astype(np.uint8), plate
