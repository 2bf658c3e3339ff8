"""What the scale's watch finds while a vehicle stands on it: which of it speaks against its weight.

A step that falls together with a blocked beam may be a second vehicle's axle, so it is told as an
alarm and a flag, and holds nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from controller.core.faults import Fault
from sensors.tamper_finding import TamperFinding, TamperKind

BEAM_NEAR_US = 1_000_000
"""A step this near to a blocked beam may be an axle's."""
BLOCKED_MAX = 8
FLAG_MAX = 64

_FAULTS = {
    TamperKind.STEP: Fault.WEIGHT_STEP,
    TamperKind.PLATEAU_JUMP: Fault.WEIGHT_STEP,
    TamperKind.SYMMETRIC: Fault.WEIGHT_SCALED,
    TamperKind.NO_RETURN: Fault.DECK_PROPPED,
}
_OF_A_LOAD = (TamperKind.STEP, TamperKind.PLATEAU_JUMP, TamperKind.SYMMETRIC)


class Tampering:
    """Remembers when this weighing began, when a beam was blocked, and what was told already."""

    def __init__(self) -> None:
        self._weighing_id = 0
        self._began_us = 0
        self._blocked: deque[tuple[int, int]] = deque(maxlen=BLOCKED_MAX)
        self._was_blocked = False
        self._told_us = -1

    def see(self, now_us: int, weighing_id: int, blocked: bool) -> None:
        """Take the time, the weighing under way and whether anything blocks a beam."""
        if weighing_id != self._weighing_id:
            self._weighing_id, self._began_us = weighing_id, now_us
        if blocked:
            from_us = self._blocked.pop()[0] if self._was_blocked else now_us
            self._blocked.append((from_us, now_us))
        self._was_blocked = blocked

    def spoils(self, findings: Sequence[TamperFinding]) -> bool:
        """Whether the load of this weighing changed by itself, so that its weight cannot stand."""
        return any(
            found.kind in _OF_A_LOAD
            and found.at_us >= self._began_us
            and not self._beam_near(found.at_us)
            for found in findings
        )

    def flags(self, findings: Sequence[TamperFinding]) -> tuple[str, ...]:
        """What no record tells of yet, with its quantity; each finding is told once."""
        told_us = self._told_us
        new = [found for found in findings if found.kind in _FAULTS and found.at_us > told_us]
        self._told_us = max((told_us, *(found.at_us for found in new)))
        return tuple(dict.fromkeys(flag_of(found) for found in new))

    def _beam_near(self, at_us: int) -> bool:
        return any(
            from_us - BEAM_NEAR_US <= at_us <= until_us + BEAM_NEAR_US
            for from_us, until_us in self._blocked
        )


def flag_of(found: TamperFinding) -> str:
    """A finding with its measured quantity, in at most the 64 characters of a flag."""
    fault = _FAULTS[found.kind]
    text = f"{fault.value} {fault.name} {found.value_g / 1e3:+.0f} kg ± {found.u95_g / 1e3:.0f} kg"
    if found.ratio_ppm is not None:
        text += f", {found.ratio_ppm / 1e4:+.2f} %"
    if found.kind is TamperKind.NO_RETURN and found.x_mm is not None:
        text += f" at {found.x_mm / 1e3:.1f} m"
    return text[:FLAG_MAX]
