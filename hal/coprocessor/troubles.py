"""What is wrong with a coprocessor, as facts of the catalogue: 560 to 567."""

from __future__ import annotations

from collections import deque

from hal.ports import DeviceFault
from protocol import coprocessor as wire
from protocol.framing import Decoder

SILENT_US = 500_000
LOOK_US = 1_000_000
LOOKS = 10
CORRUPT_PERMILLE = 10
CORRUPT_MIN = 3
TOLD_US = 10_000_000
"""So long a thing that has passed is told: a restart, a lost lease, a reversal."""
REFUSED_US = 200_000
"""A refusal shorter than this is the host's own look at the same contact, a little later."""
BAD_SAMPLES = 5


class Troubles:
    """Gathers what the link notices; ``found`` are the faults of now."""

    def __init__(self, port: str) -> None:
        self.found: tuple[DeviceFault, ...] = ()
        self.refused_wiring = ""
        self.bad_samples: list[int] = []
        self.railed: list[bool] = []
        self._port = port
        self._version = ""
        self._passed: dict[str, tuple[str, int]] = {}
        self._refused: dict[int, tuple[int, int, str]] = {}
        self._looks: deque[tuple[int, int]] = deque(maxlen=LOOKS)
        self._look_us = -(1 << 62)

    def met(self, about: wire.About, before: wire.About | None, t_us: int) -> None:
        """Somebody has said who they are."""
        self._version = ""
        if about.protocol != wire.PROTOCOL:
            version = ".".join(map(str, about.version))
            self._version = (
                f"firmware {version} speaks protocol {about.protocol}, this program {wire.PROTOCOL}"
            )
        restarted = before is not None and before.starts != about.starts
        if restarted or about.cause:
            self._passed["COPROCESSOR_RESET"] = (_cause(about), t_us)

    def lease_lost(self, t_us: int) -> None:
        """It went safe since this program was silent."""
        seen = "no levels for a second: booms held, lamps red"
        self._passed["COPROCESSOR_LEASE"] = (seen, t_us)

    def cells(self, flags: tuple[int, ...]) -> None:
        """Count the bad samples in a row of each cell."""
        if len(flags) != len(self.bad_samples):
            self.bad_samples = [0] * len(flags)
            self.railed = [False] * len(flags)
        for cell, flag in enumerate(flags):
            self.bad_samples[cell] = self.bad_samples[cell] + 1 if flag else 0
            self.railed[cell] = flag == wire.SATURATED

    def verdicts(self, state: wire.State, t_us: int) -> None:
        """What its interlock has made of what the lane wanted."""
        for index, (level, reason) in enumerate(state.booms):
            wanted = state.wanted[index]
            if reason in (wire.OBEYED, wire.LEASE_STALE, wire.GUARD_SETTLING):
                self._refused.pop(index, None)
                continue
            asked, why = _word(wire.LEVELS_OF, wanted), _word(wire.REASONS, reason)
            seen = f"boom {index}: {asked} asked, {why}"
            if reason == wire.REVERSED:
                self._passed["COPROCESSOR_REFUSED"] = (seen, t_us)
            elif level != wanted and self._refused.get(index, (0, -1, ""))[1] != reason:
                self._refused[index] = (t_us, reason, seen)
            elif level == wanted:
                self._refused.pop(index, None)

    def forget(self) -> None:
        """The coprocessor is not known any more."""
        self._refused.clear()
        self.bad_samples = []
        self.railed = []

    def look(
        self,
        now_us: int,
        heard_us: int,
        line: DeviceFault | None,
        decoder: Decoder,
        strays: int = 0,
    ) -> None:
        """Bring ``found`` up to date; ``strays`` are the bytes since the last frame."""
        if now_us - self._look_us >= LOOK_US:
            self._look_us = now_us
            self._looks.append((decoder.frames, decoder.corrupt))
        told: list[DeviceFault] = [] if line is None else [line]
        if line is None and now_us - heard_us > SILENT_US:
            silent_ms = (now_us - heard_us) // 100_000 * 100
            told.append(
                self._fault("COPROCESSOR_SILENT", f"no frame for {silent_ms} ms, {_why(strays)}")
            )
        if self._version:
            told.append(self._fault("COPROCESSOR_VERSION", self._version))
        if self.refused_wiring:
            told.append(self._fault("COPROCESSOR_WIRING", self.refused_wiring))
        told += self._frames(decoder)
        for name, (seen, t_us) in list(self._passed.items()):
            if now_us - t_us > TOLD_US:
                del self._passed[name]
            else:
                told.append(self._fault(name, seen))
        told += [
            self._fault("COPROCESSOR_REFUSED", seen)
            for since_us, _, seen in self._refused.values()
            if now_us - since_us >= REFUSED_US
        ]
        told += [
            self._fault("COPROCESSOR_CELL", f"cell{cell} {'at its rail' if rail else 'gives none'}")
            for cell, (bad, rail) in enumerate(zip(self.bad_samples, self.railed, strict=True))
            if bad >= BAD_SAMPLES
        ]
        self.found = tuple(told)

    def _frames(self, decoder: Decoder) -> list[DeviceFault]:
        frames, corrupt = self._looks[0]
        bad, whole = decoder.corrupt - corrupt, decoder.frames - frames
        if bad < CORRUPT_MIN or bad * 1000 < CORRUPT_PERMILLE * (bad + whole):
            return []
        return [self._fault("COPROCESSOR_FRAMES", f"{bad} of {bad + whole} frames were spoilt")]

    def _fault(self, name: str, seen: str) -> DeviceFault:
        return DeviceFault(name=name, device=self._port, seen=seen)


def _why(strays: int) -> str:
    if strays == 0:
        return "not one byte: has it power and firmware, are TX and RX crossed?"
    return (
        f"{strays} bytes that are none: another baud rate, or the Pico's own USB socket in place "
        "of GP0 and GP1?"
    )


def _cause(about: wire.About) -> str:
    if not about.cause:
        return f"started for the {about.starts}. time"
    more = f", {about.more} more since" if about.more else ""
    return f"first cause: {_word(wire.CAUSES, about.cause)}: {about.cause_text}{more}"


def _word(words: tuple[str, ...], index: int) -> str:
    return words[index] if index < len(words) else f"code {index}"
