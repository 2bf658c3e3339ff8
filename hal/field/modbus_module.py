"""One Modbus module: the inputs that are looked at, the coils that are ours, each transaction's
answer or what was wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pymodbus.exceptions import ModbusException

from hal.field.modbus_rtu import FRAME_BYTES_MAX, is_question, units_heard
from hal.ports import Clock, DeviceFault

MISSES_MAX = 3
AGAIN_US = 1_000_000
REASSERT_US = 1_000_000
STUCK_READS = 3
UNIT_MAX = 247
ADDRESS_MAX = 0xFFFF
SPAN_MAX = 512
_EXCEPTIONS = {
    1: "illegal function",
    3: "illegal value",
    4: "the module has failed inside",
    5: "acknowledged, not done yet",
    6: "the module is busy",
    10: "the gateway has no path",
    11: "the gateway's module does not answer",
}


class Master(Protocol):
    """What of a client of pymodbus is used here."""

    def connect(self) -> bool: ...

    def close(self) -> None: ...

    def read_coils(self, address: int, *, count: int, device_id: int) -> Any: ...

    def read_discrete_inputs(self, address: int, *, count: int, device_id: int) -> Any: ...

    def write_coils(self, address: int, values: list[bool], *, device_id: int) -> Any: ...

    def write_coil(self, address: int, value: bool, *, device_id: int) -> Any: ...


Trace = Callable[[bool, bytes], bytes]


class RefusedError(Exception):
    """A transaction without a usable answer."""

    def __init__(self, name: str, seen: str) -> None:
        super().__init__(name, seen)
        self.name = name

    def __str__(self) -> str:
        _, seen = self.args
        return str(seen)


class Module:
    """One module: the inputs that are looked at, the coils that are ours, and how they are."""

    def __init__(self, line: str, unit: int) -> None:
        if not 1 <= unit <= UNIT_MAX:
            raise ValueError(f"a Modbus unit is 1 to {UNIT_MAX}, not {unit}")
        self.name = f"{line} unit {unit}"
        self.unit = unit
        self.trouble: DeviceFault | None = None
        self.read_us = 0
        self.inputs: dict[int, bool] = {}
        self.coils: dict[int, bool] = {}
        self.told: dict[int, bool] = {}
        self.answered_us = 0
        self._wanted: set[int] = set()
        self._differ: dict[int, int] = {}
        self._misses = 0
        self.again_us = 0
        self._written: dict[int, bool] = {}
        self._written_us = 0

    def want(self, address: int) -> None:
        """Have this input read in every round."""
        wanted = self._wanted | {_address(address)}
        _check_span(wanted)
        self._wanted = wanted  # the thread may be reading the set before

    def own(self, address: int, safe: bool) -> None:
        """Hold this coil from now on, at its safe level until told otherwise.

        Raises:
            ValueError: another device holds it already.
        """
        if address in self.told:
            raise ValueError(f"coil {address} of {self.name} is held by another device already")
        told = {**self.told, _address(address): safe}
        _check_span(set(told))
        self.told = told

    def tell(self, levels: dict[int, bool]) -> None:
        """Hold these levels from the end of this round on."""
        self.told = {**self.told, **levels}

    @property
    def stuck(self) -> list[int]:
        """The coils that have read back other than written, several times in a row."""
        return sorted(coil for coil, reads in self._differ.items() if reads >= STUCK_READS)

    @property
    def is_lost(self) -> bool:
        """Whether it has not answered several times in a row, and is asked more seldom."""
        return self._misses >= MISSES_MAX

    def read(self, ask: Ask) -> None:
        """Read what is wanted; raises ``RefusedError``."""
        if self._wanted:
            self.inputs, self.read_us = ask.bits("read_discrete_inputs", self.unit, self._wanted)
        if self.told:
            self.coils, _ = ask.bits("read_coils", self.unit, set(self.told))
            for coil, told in self._written.items():
                differs = self.coils.get(coil) is not told
                self._differ[coil] = self._differ.get(coil, 0) + 1 if differs else 0
                if differs:
                    self._written_us = 0

    def write(self, ask: Ask, now_us: int) -> None:
        """Write what is to change, off before on, or everything when that is due."""
        told = dict(self.told)
        whole = now_us - self._written_us >= REASSERT_US
        changed = {c for c, on in told.items() if whole or self._written.get(c) is not on}
        for run in _runs(changed, told):
            ask.write(self.unit, run, [told[coil] for coil in run])
            self._written.update({coil: told[coil] for coil in run})
        if whole and told:
            self._written_us = now_us

    def hit(self, now_us: int) -> None:
        self._misses = 0
        self.trouble = None
        self.answered_us = now_us

    def miss(self, error: RefusedError, now_us: int) -> None:
        """Count a transaction that failed; what a module itself refuses is told at once."""
        self._misses += 1
        self.again_us = now_us + AGAIN_US
        if self._misses >= MISSES_MAX or error.name in ("IO_ADDRESS", "IO_REFUSES"):
            self.trouble = DeviceFault(name=error.name, device=self.name, seen=str(error))


def _runs(coils: set[int], told: dict[int, bool]) -> list[list[int]]:
    """Neighbours together, so that one frame sets them all; those that only go off come first."""
    runs: list[list[int]] = []
    for coil in sorted(coils):
        if runs and runs[-1][-1] == coil - 1:
            runs[-1].append(coil)
        else:
            runs.append([coil])
    return sorted(runs, key=lambda run: any(told[coil] for coil in run))


class Ask:
    """Transactions with a master, each either an answer or ``RefusedError``."""

    def __init__(
        self,
        master: Master,
        clock: Clock,
        heard: Ear,
        timeout_us: int,
        pause: Callable[[float], object],
    ) -> None:
        self._master = master
        self._clock = clock
        self._heard = heard
        self._timeout_us = timeout_us
        self._pause = pause

    def bits(self, what: str, unit: int, wanted: set[int]) -> tuple[dict[int, bool], int]:
        """The bits that are wanted, and the lane time at which they were asked for."""
        first, count = min(wanted), max(wanted) - min(wanted) + 1
        now_us = self._clock.now_us()
        answer = self._done(what, unit, first, count=count)
        if len(answer.bits) < count:
            raise RefusedError(
                "IO_GARBLED", f"{len(answer.bits)} bits came, {count} were asked for"
            )
        return {n: bool(answer.bits[n - first]) for n in wanted}, now_us

    def write(self, unit: int, run: Sequence[int], values: list[bool]) -> None:
        if len(run) == 1:
            self._done("write_coil", unit, run[0], values[0])
        else:
            self._done("write_coils", unit, run[0], values)

    def _done(self, what: str, unit: int, address: int, *more: Any, **named: Any) -> Any:
        self._heard.clear()
        try:
            answer = getattr(self._master, what)(address, *more, device_id=unit, **named)
        except ModbusException as error:
            refused = self._unanswered(unit)
            self._let_it_come(refused)
            raise refused from error
        if answer.isError():
            raise _refusal(answer, address)
        if answer.function_code != _FUNCTIONS[what]:
            refused = RefusedError(
                "IO_GARBLED", f"function {answer.function_code} answers {what}: it came too late"
            )
            self._let_it_come(refused)
            raise refused
        return answer

    def _let_it_come(self, refused: RefusedError) -> None:
        """See that an answer which comes too late is not taken for that to the next question.

        On a serial line it comes while nothing is asked, and what has come is dropped before the
        next question; a connection numbers its answers, and one that is behind is made anew.
        """
        if not self._heard.tcp:
            self._pause(self._timeout_us / 1e6)
        elif refused.name != "IO_SILENT":
            self._master.close()

    def _unanswered(self, unit: int) -> RefusedError:
        data = self._heard.data
        if not data:
            ms = self._timeout_us // 1000
            return RefusedError("IO_SILENT", f"no answer from unit {unit} in {ms} ms")
        others = [n for n in units_heard(data, self._heard.tcp) if n != unit]
        if others:
            return RefusedError("IO_WRONG_UNIT", f"unit {others[0]} answers, unit {unit} was asked")
        if is_question(data, unit):
            echo = f"only the question comes back from unit {unit}: the converter echoes"
            return RefusedError("IO_SILENT", f"{echo}, and no module answers")
        return RefusedError("IO_GARBLED", f"no frame of unit {unit} in {data[:16].hex(' ')}")


_FUNCTIONS = {"read_coils": 1, "read_discrete_inputs": 2, "write_coil": 5, "write_coils": 15}


def _refusal(answer: Any, address: int) -> RefusedError:
    code = getattr(answer, "exception_code", 0)
    if code == 2:
        return RefusedError("IO_ADDRESS", f"illegal address {address} or beyond (exception 2)")
    return RefusedError("IO_REFUSES", f"exception {code}: {_EXCEPTIONS.get(code, 'unknown')}")


class Ear:
    """What came over the line since the last question, as far as a frame goes."""

    def __init__(self, tcp: bool) -> None:
        self.tcp = tcp
        self.data = b""

    def clear(self) -> None:
        self.data = b""

    def trace(self, sending: bool, data: bytes) -> bytes:
        if not sending:
            self.data = data[: 2 * FRAME_BYTES_MAX]
        return data


def _address(address: int) -> int:
    if not 0 <= address <= ADDRESS_MAX:
        raise ValueError(f"a coil or input is 0 to {ADDRESS_MAX}, not {address}; the first is 0")
    return address


def _check_span(addresses: set[int]) -> None:
    if max(addresses) - min(addresses) >= SPAN_MAX:
        raise ValueError(
            f"coils or inputs {min(addresses)} and {max(addresses)} of one module lie more than "
            f"{SPAN_MAX} apart: one of them is wrong"
        )
