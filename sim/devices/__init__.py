"""The yard's devices as ordinary drivers, on an ordinary profile.

All share one ``Yard``: ``bus.share("yard", Yard.default)``.  A device that the yard has given a
trouble behaves as the real one would, as ``sim/faults.toml`` says in words.  What a sensor has said
is kept in the yard: it stays what it is while the controller starts anew.
"""

from sim.devices.camera import SimCamera
from sim.devices.cells import SimCells
from sim.devices.clock import SimClock
from sim.devices.gate import SimGate
from sim.devices.indicator import SimIndicator
from sim.devices.late import SLOW_US
from sim.devices.people import SimRegister, SimRequests
from sim.devices.presence import SimPresence
from sim.devices.shown import SimSign, SimSignal
from sim.devices.still import SimStill
from sim.devices.stream import RAIL_COUNTS
from sim.devices.thermometer import SimThermometer

__all__ = [
    "RAIL_COUNTS",
    "SLOW_US",
    "SimCamera",
    "SimCells",
    "SimClock",
    "SimGate",
    "SimIndicator",
    "SimPresence",
    "SimRegister",
    "SimRequests",
    "SimSign",
    "SimSignal",
    "SimStill",
    "SimThermometer",
]
