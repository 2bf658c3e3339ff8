"""The devices that misbehave, and how: any kind of any device of ``sim/faults.toml``.

Every fault ends.  Of the sensors that guard one boom at most one lies at a time: against two liars
no lane can know better.  Any number of them may say that they do not know.
"""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import seconds
from sim.explore.plan import Table
from sim.faults import AT_AN_END, CELLS, GUARDS, TABLE, Kind
from sim.world import ENDS

_LOOSE_S = 120.0


def deal_faults(rng: Random, span_s: float) -> list[Table]:
    """The faults of a shift, in the order of time."""
    return Faults(rng, span_s).dealt()


def deal_loose(rng: Random, faults: list[Table], span_s: float) -> list[Table]:
    """A guard with a loose plug, in a few shifts: silent for a moment every few seconds."""
    if rng.random() >= 0.1:
        return faults
    device = f"{rng.choice(ENDS)}.{rng.choice(GUARDS)}"
    if any(fault["device"] == device for fault in faults):
        return faults
    at_s, found = rng.uniform(1.0, 4.0), list(faults)
    while at_s < min(span_s, _LOOSE_S):
        until_s = at_s + rng.uniform(1.6, 2.2)
        times = {"from": seconds(at_s), "until": seconds(until_s)}
        found.append({"device": device, "kind": "silent"} | times)
        at_s = until_s + rng.uniform(1.0, 6.0)
    return sorted(found, key=lambda fault: float(fault["from"].split()[0]))


_FITTED = tuple(part for part in TABLE if part != "indicator")
"""The lane that is ridden weighs with bare cells."""


class Faults:
    """Deals the faults of a shift: how many, single or in bursts, short or long."""

    def __init__(self, rng: Random, span_s: float) -> None:
        self._rng = rng
        self._span_s = span_s
        self._taken: list[tuple[str, float, float]] = []

    def dealt(self) -> list[Table]:
        """The faults, in the order of time."""
        rng = self._rng
        faults: list[Table] = []
        for _ in range(rng.choices((0, 1, 2, 4, 8), (1, 2, 4, 4, 2))[0]):
            faults += self.episode()
        return sorted(faults, key=lambda fault: float(fault["from"].split()[0]))

    def episode(self, from_s: float | None = None) -> list[Table]:
        """One device that misbehaves, once or in a burst; it begins at any time, or then."""
        rng = self._rng
        part = rng.choice(_FITTED)
        kind = rng.choice(_different(part))
        device, how = _device(rng, part), _how(rng, kind)
        times = rng.choices((1, 2, 3, 5), (6, 1, 1, 1))[0]
        low, high = rng.choice(((0.1, 1.0), (1.0, 8.0), (8.0, 90.0)))
        at_s = rng.uniform(1, self._span_s) if from_s is None else from_s
        found: list[Table] = []
        for _ in range(times):
            until_s = at_s + rng.uniform(low, high)
            if self._free(device, kind, at_s, until_s):
                times_ = {"from": seconds(at_s), "until": seconds(until_s)}
                found.append({"device": device, "kind": kind.name} | how | times_)
            at_s = until_s + rng.uniform(0.2, 6.0)
        return found

    def _free(self, device: str, kind: Kind, at_s: float, until_s: float) -> bool:
        """Whether neither the device nor, for a liar, another guard of its boom is taken."""
        keys = [device]
        end, _, part = device.partition(".")
        if part in GUARDS and kind.lies:
            keys.append(f"{end} lies")
        if any(k in keys and f <= until_s + 0.2 and at_s <= u + 0.2 for k, f, u in self._taken):
            return False
        self._taken += [(key, at_s, until_s) for key in keys]
        return True


def _different(part: str) -> tuple[Kind, ...]:
    """The kinds of a device, of those that do the same only the first."""
    return tuple({kind.does: kind for kind in reversed(TABLE[part].values())}.values())[::-1]


def _how(rng: Random, kind: Kind) -> Table:
    """How often and how much."""
    how: Table = {}
    if kind.rates:
        how["rate"] = rng.choice(kind.rates)
    if kind.amounts:
        how["by"] = rng.choice(kind.amounts)
    return how


def _device(rng: Random, part: str) -> str:
    if part in AT_AN_END:
        return f"{rng.choice(ENDS)}.{part}"
    return f"cell{rng.randrange(CELLS)}" if part == "cell" else part
