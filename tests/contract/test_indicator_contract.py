"""Contract of ``Indicator``: facts with later and later times, no invented weight, a fault for
silence; over every driver on an emulator behind a pty."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from indicator_rig import CAN_ZERO, HAS_MOTION, KINDS, Stand, stand, until

from hal.ports import DeviceFault, Indication, IndicationState, Indicator, SelfChecking

FRAME_US = 100_000


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def there(kind: str, tmp_path: Path) -> Iterator[Stand]:
    with stand(kind, tmp_path) as found:
        yield found


def seen_until(there: Stand, wanted: int | None, *, still: bool = True) -> list[Indication]:
    """Every indication until one that counts shows this weight."""
    seen: list[Indication] = []

    def shown() -> bool:
        said = there.driver.read()
        seen.extend(said if isinstance(said, tuple) else ())
        return any(i.gross_g == wanted and not (still and i.motion) for i in seen[-3:])

    until(shown)
    return seen


def test_every_weight_is_told_with_its_frame_and_later_than_the_one_before(
    there: Stand, kind: str
) -> None:
    driver = there.driver
    assert isinstance(driver, Indicator)
    before_us = time.monotonic_ns() // 1000
    seen: list[Indication] = []
    for gross_g in (0, 54_320_000, -40_000):
        there.emulator.weight_g = gross_g
        seen += seen_until(there, gross_g)
    assert _checks(there) == ()
    times = [i.t_us for i in seen]
    assert times == sorted(set(times))
    # The first frame may have been on its way already: it is as old as its first byte.
    assert before_us - FRAME_US <= times[0] <= times[-1] <= time.monotonic_ns() // 1000
    for indication in seen:
        assert indication.raw
        assert (indication.gross_g is None) == (indication.state != IndicationState.OK)
        assert indication.motion in ((True, False) if kind in HAS_MOTION else (True, None))


def test_a_moving_load_is_told_as_moving(there: Stand, kind: str) -> None:
    if kind not in HAS_MOTION:
        return
    there.emulator.motion = True
    there.emulator.weight_g = 20_000_000
    seen = seen_until(there, 20_000_000, still=False)
    assert all(i.motion for i in seen if i.gross_g == 20_000_000)
    there.emulator.motion = False
    seen_until(there, 20_000_000)


def test_an_overloaded_deck_has_no_weight(there: Stand) -> None:
    there.emulator.weight_g = 54_320_000
    seen_until(there, 54_320_000)
    there.emulator.weight_g = 120_000_000
    said: list[DeviceFault | Indication] = []

    def refused() -> bool:
        got = there.driver.read()
        said.extend(got if isinstance(got, tuple) else [got])
        last = said[-1] if said else None
        return isinstance(last, DeviceFault) or (last is not None and last.gross_g is None)

    until(refused)
    shown = [s.gross_g for s in said if isinstance(s, Indication)]
    assert set(shown) <= {54_320_000, None}


def test_a_silent_indicator_is_a_fault_with_words_and_comes_back(there: Stand) -> None:
    seen_until(there, 0)
    there.emulator.silent = True
    until(lambda: isinstance(there.driver.read(), DeviceFault))
    fault = there.driver.read()
    assert isinstance(fault, DeviceFault)
    assert (fault.name, fault.device) == ("INDICATOR_SILENT", there.wire.port)
    assert fault.seen
    there.emulator.silent = False
    seen_until(there, 0)
    assert _checks(there) == ()


def test_a_pulled_plug_is_a_fault_and_the_weight_comes_back_with_it(there: Stand) -> None:
    seen_until(there, 0)
    there.wire.unplug()
    until(lambda: _fault(there) == "LINE_DOWN")
    there.emulator.weight_g = 20_000_000
    there.wire.plug()
    seen_until(there, 20_000_000)


def test_a_reader_who_does_not_come_costs_bounded_memory(there: Stand) -> None:
    seen_until(there, 0)
    time.sleep(0.3)
    said = there.driver.read()
    assert isinstance(said, tuple)
    assert len(said) <= 256
    assert there.driver.read() == ()


def test_zero_is_set_where_the_protocol_can(there: Stand, kind: str) -> None:
    there.emulator.weight_g = 60_000
    seen_until(there, 60_000)
    assert there.driver.request_zero() == (kind in CAN_ZERO)
    if kind in CAN_ZERO:
        seen_until(there, 0)
        assert there.emulator.zero_g == 60_000


def _fault(there: Stand) -> str:
    said = there.driver.read()
    return said.name if isinstance(said, DeviceFault) else ""


def _checks(there: Stand) -> tuple[DeviceFault, ...]:
    assert isinstance(there.driver, SelfChecking)
    return there.driver.faults()
