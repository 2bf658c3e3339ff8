"""Loops, beams and the emergency stop."""

from __future__ import annotations

from hal.bus import Bus
from hal.ports import Contact
from sim.devices.common import end_of, yard_of
from sim.devices.late import Late
from sim.faults import Trouble
from sim.units import ScenarioError

PRESENCE_KINDS = ("approach", "arm", "beam_low", "beam_high", "estop")
_LOOPS = ("approach", "arm")
_BEAMS = ("beam_low", "beam_high")
_SAYS = {
    "silent": Contact.UNKNOWN,
    "unknown": Contact.UNKNOWN,
    "pressed": Contact.BLOCKED,
    "says blocked": Contact.BLOCKED,
    "says clear": Contact.CLEAR,
}
_OTHER = {Contact.CLEAR: Contact.BLOCKED, Contact.BLOCKED: Contact.CLEAR}
_PRESSED, _RELEASED = Contact.BLOCKED, Contact.CLEAR


class SimPresence:
    """One loop, beam or emergency stop."""

    def __init__(self, bus: Bus, *, kind: str, end: str = "") -> None:
        if kind not in PRESENCE_KINDS:
            raise ScenarioError(f"kind = {kind!r}: known are {', '.join(PRESENCE_KINDS)}")
        self._yard = yard_of(bus)
        self._kind = kind
        self._end = end_of(end) if kind != "estop" else 0
        self._name = kind if kind == "estop" else f"{end}.{kind}"
        self._late: Late[Contact] = Late()

    def read(self) -> Contact:
        """The present state."""
        yard = self._yard
        if not yard.troubles:
            self._late.clear()
            state = yard.said[self._name] = self._state()
            return state
        fault = yard.fault_of(self._name)
        if fault in _SAYS:
            return _SAYS[fault]
        said = yard.said
        if fault == "stuck" and self._name in said:
            return said[self._name]
        state = self._state()
        if fault == "slow":
            self._late.put(yard.now_us, state)
            return self._late.get(yard.now_us, said.get(self._name, state))
        self._late.clear()
        said[self._name] = state
        if fault is None:
            return state
        return self._troubled(fault, state, yard.troubles[self._name])

    def _troubled(self, fault: str, state: Contact, trouble: Trouble) -> Contact:
        now_us = self._yard.now_us
        if fault == "chatters":
            return _OTHER[state] if trouble.pulses(now_us) else state
        if fault == "restarts" and self._kind in _LOOPS:
            # A detector takes what it finds on its loop at the start for the empty road.
            boots = trouble.boots(now_us)
            trouble.tuned_away = state is Contact.BLOCKED and (boots or trouble.tuned_away)
            if boots:
                return Contact.UNKNOWN
            return Contact.CLEAR if trouble.tuned_away else state
        if fault == "restarts" and trouble.boots(now_us):
            # The contact of a beam is closed at rest, so that a cut cable reads as blocked.
            return Contact.BLOCKED if self._kind in _BEAMS else Contact.UNKNOWN
        return state

    def _state(self) -> Contact:
        if self._kind == "estop":
            return _PRESSED if self._yard.estop_pressed else _RELEASED
        return self._yard.presence(self._end, self._kind)
