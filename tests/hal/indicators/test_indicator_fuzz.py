"""No bytes make a codec raise, keep more than a frame, or lose more than two frames after them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_rig import LAUMAS, Bench, Range

from controller.commands import bench_wire
from controller.commands.bench_wire import GOAL_RATIO, WIRES, throughput
from hal.indicators.codec import FRAME_BYTES_MAX, Decoder, Shown
from hal.indicators.cutters import SAMPLES, cutters
from hal.ports import DeviceFault, IndicationState

CUTTERS = cutters()
TARGET = Path(__file__).parents[2] / "fuzz" / "atheris_indicators.py"


def garbled(name: str) -> st.SearchStrategy[bytes]:
    """Anything, and good frames with a few bytes lost, doubled or altered."""
    sample = SAMPLES[name] * 4
    at = st.integers(0, len(sample) - 1)
    hurt = st.lists(st.tuples(at, st.binary(max_size=3), st.integers(0, 3)), max_size=4)
    near = st.builds(lambda cuts: _hurt(sample, cuts), hurt)
    return st.lists(st.one_of(st.binary(max_size=120), near), max_size=4).map(b"".join)


def _hurt(data: bytes, cuts: list[tuple[int, bytes, int]]) -> bytes:
    for at, instead, lost in cuts:
        data = data[:at] + instead + data[at + lost :]
    return data


@pytest.mark.parametrize("name", sorted(CUTTERS))
@given(data=st.data())
@settings(max_examples=60)
def test_garbage_is_survived_and_good_frames_are_found_again(
    name: str, data: st.DataObject
) -> None:
    decoder = Decoder(CUTTERS[name])
    for piece in data.draw(st.lists(garbled(name), max_size=5)):
        decoder.feed(piece)
        assert decoder.held_bytes < FRAME_BYTES_MAX
    sample = SAMPLES[name]
    found = [a.found for a in decoder.feed(sample * 6)]
    good = [f for f in found if isinstance(f, Shown) and f.raw == sample]
    # What the garbage left may swallow the first two.
    assert len(good) >= 4


@pytest.mark.parametrize("name", sorted(CUTTERS))
@given(data=st.data())
@settings(max_examples=30)
def test_it_does_not_matter_how_the_bytes_were_cut_up(name: str, data: st.DataObject) -> None:
    stream = data.draw(garbled(name))
    whole, pieces = Decoder(CUTTERS[name]), Decoder(CUTTERS[name])
    expected = [a.found for a in whole.feed(stream)]
    at = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    parts = [stream[i:j] for i, j in zip([0, *at], [*at, len(stream)], strict=True)]
    assert [a.found for part in parts for a in pieces.feed(part)] == expected


DRIVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "yaohua-0": ("yaohua.indicator", {"unit": "kg"}),
    "yaohua-1": ("yaohua.indicator", {"unit": "kg", "format": "1"}),
    "toledo": ("toledo.indicator", {"checksum": True}),
    "st-gs": ("text.indicator", {"dialect": "st-gs"}),
    "mt-sics": ("sics.indicator", {}),
    "laumas": ("modbus.indicator", LAUMAS),
}


@pytest.mark.parametrize("name", sorted(DRIVERS))
@given(data=st.data())
@settings(max_examples=20)
def test_a_driver_gives_only_weights_that_its_scale_can_show(
    name: str, data: st.DataObject
) -> None:
    driver, options = DRIVERS[name]
    scale = Range()
    bench = Bench(driver, scale=scale, **options)
    for piece in data.draw(st.lists(garbled(name), max_size=8)):
        said = bench.say(piece)
        if isinstance(said, DeviceFault):
            assert said.seen
            continue
        for indication in said:
            assert (indication.gross_g is None) == (indication.state != IndicationState.OK)
            if indication.gross_g is not None:
                assert abs(indication.gross_g) <= scale.max_g + 9 * scale.e_g
                assert indication.gross_g % scale.d_g == 0


@pytest.mark.parametrize("name", sorted(WIRES))
def test_a_codec_follows_many_times_the_fastest_line(name: str) -> None:
    assert throughput(name) >= GOAL_RATIO


@pytest.mark.parametrize("name", sorted(CUTTERS))
def test_a_codec_follows_the_worst_garbage_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = SAMPLES[name]
    monkeypatch.setattr(bench_wire, "SAMPLE_BYTES_MIN", 8_000)
    # Beginnings without an end cost the most: each of them is looked at as if it were a frame.
    for garbage in (sample[:1] * 64, sample[:-2], sample[:-1] + bytes([sample[-1] ^ 1])):
        monkeypatch.setitem(WIRES, name, WIRES[name]._replace(sample=garbage))
        assert throughput(name) >= GOAL_RATIO


def test_coverage_guided_bytes_find_nothing() -> None:
    pytest.importorskip("atheris", reason="atheris is not installed")
    run = subprocess.run(
        [sys.executable, TARGET, "-runs=2000", "-seed=1", "-max_len=256"],
        cwd=TARGET.parents[2],
        env={"PYTHONPATH": str(TARGET.parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Done 2000 runs" in run.stderr
