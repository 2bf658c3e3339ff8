"""Weighing of vehicles that roll over a deck or an axle plate; see docs/rolling.md.

Never a static weighing: it has its own result, its own uncertainty, and no way into the evidence.
"""

from sensors.rolling.classes import AXLE_INITIAL_PERCENT, GROSS_INITIAL_PERCENT, class_for
from sensors.rolling.collector import RollingScale, weigh_recording
from sensors.rolling.weighing import RollingEvent, RollingVerdict, RollingWeighing

__all__ = [
    "AXLE_INITIAL_PERCENT",
    "GROSS_INITIAL_PERCENT",
    "RollingEvent",
    "RollingScale",
    "RollingVerdict",
    "RollingWeighing",
    "class_for",
    "weigh_recording",
]
