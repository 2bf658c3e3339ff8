"""Three different errors: an unknown name, a missing library, a missing class."""

import pytest

from hal import registry
from hal.trace import TraceCells


def test_a_driver_is_had_by_name() -> None:
    assert registry.load("trace.cells") is TraceCells


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(registry.DriverError, match=r"did you mean 'trace\.cells'"):
        registry.load("trace.cell")


def test_a_missing_library_is_answered_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.DRIVERS, "bench.cells", "no_such_library:Cells")
    with pytest.raises(registry.DriverError, match="needs the library 'no_such_library'"):
        registry.load("bench.cells")


def test_a_missing_class_is_answered_with_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.DRIVERS, "bench.cells", "hal.trace:NoCells")
    with pytest.raises(registry.DriverError, match=r"hal\.trace has no NoCells"):
        registry.load("bench.cells")
