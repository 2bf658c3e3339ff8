"""The frames that `steelyard bench` reads: the same on every machine, with one plate in each."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from controller.commands import bench, bench_read_cost
from controller.commands.bench_read_cost import FRAME_PX, TEXTS, rendered
from vision.runtime import ModelError


@pytest.mark.parametrize("kind", range(len(TEXTS)))
def test_a_rendered_frame_holds_its_plate(kind: int) -> None:
    frame, plate = rendered(kind, np.random.default_rng(kind))
    again, _ = rendered(kind, np.random.default_rng(kind))
    assert frame.shape == (FRAME_PX[1], FRAME_PX[0], 3)
    assert (frame == again).all()
    height = round(bench_read_cost.PLATE_PX * plate.shape[0] / plate.shape[1])
    small = cv2.resize(plate, (bench_read_cost.PLATE_PX, height), interpolation=cv2.INTER_AREA)
    match = cv2.matchTemplate(frame, np.asarray(small, np.uint8), cv2.TM_CCOEFF_NORMED)
    assert float(match.max()) > 0.4


def test_another_seed_gives_another_frame() -> None:
    one, other = (rendered(0, np.random.default_rng(seed))[0] for seed in (1, 2))
    assert (one != other).any()


def test_a_model_that_is_not_there_leaves_the_other_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent() -> None:
        raise ModelError("detector.tflite: no such model file")

    monkeypatch.setattr(bench_read_cost, "reading_cost", absent)
    assert bench._reading() == {"error": "detector.tflite: no such model file"}
