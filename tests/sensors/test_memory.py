"""What a weigher holds does not grow with the trucks it has weighed: bytes are counted."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trace_rig import write_trace

from controller.commands import bench_day
from controller.commands.bench_day import Day, live, reachable_bytes, said
from controller.commands.weigh import TraceError, read_scale, read_trace
from sensors.weigher import Weigher

FEW = 3
EACH_S = 30
SHORT = [(2.0, 0.0), (5.0, 3.4), (60.0, 0.0)]


def is_array(each: object) -> bool:
    return isinstance(each, np.ndarray)


@pytest.fixture
def files(tmp_path: Path, passage: Callable[..., Any]) -> tuple[Path, Path]:
    return write_trace(tmp_path, passage(SHORT, seconds=10.0))


def day(files: tuple[Path, Path], trucks: int) -> Day:
    scale = read_scale(files[1])
    return live(read_trace(files[0], scale), scale, trucks, trucks * EACH_S)


def test_nothing_is_kept_of_ten_times_the_trucks(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays: dict[int, int] = {}
    held = bench_day._held

    def counted(weigher: Weigher, at_s: int, trucks: int) -> Any:
        arrays[trucks] = reachable_bytes(weigher, is_array)
        return held(weigher, at_s, trucks)

    monkeypatch.setattr(bench_day, "_held", counted)
    few, many = day(files, FEW), day(files, 10 * FEW)
    assert (few.accepted, many.accepted) == (FEW, 10 * FEW)
    # A row of samples more or less may wait for its grid point; one array a truck would be 3 KiB.
    assert abs(arrays[10 * FEW] - arrays[FEW]) <= 128
    # Events and the curve fill up to their limits within the first half.
    half, end = many.held[1:]
    assert abs(end.reachable_bytes - half.reachable_bytes) < 4096


def test_bytes_behind_a_view_and_a_method_are_counted_and_code_is_not() -> None:
    class Keeper:
        def __init__(self) -> None:
            self.view = np.zeros(1000)[:10]
            self.bound = self.keep
            self.rest = {"a": [np.zeros(500)], "f": partial(self.keep, np.zeros(250))}

        def keep(self, *_: object) -> None: ...

    keeper = Keeper()
    found = reachable_bytes(keeper, is_array)
    assert 8 * 1750 <= found <= 8 * 1750 + 5 * 128
    assert reachable_bytes(keeper) < found + 3000


def test_a_day_too_short_for_its_trucks_is_refused(files: tuple[Path, Path]) -> None:
    scale = read_scale(files[1])
    with pytest.raises(TraceError, match=r"9 trucks in 60 s: each needs 10 s"):
        live(read_trace(files[0], scale), scale, 9, 60)


def test_a_day_is_told_by_its_start_middle_and_end(files: tuple[Path, Path]) -> None:
    words = said(day(files, FEW)).splitlines()
    assert "3 weighed" in words[0]
    assert [line.split(" s, ")[0].strip() for line in words[1:]] == ["30", "60", "90"]
    assert all("KiB held" in line for line in words[1:])
