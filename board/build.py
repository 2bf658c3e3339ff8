"""From a profile to drivers: every device by name, none by fallback, all problems at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from board.devices import END_ROLES, ENDS, DeviceSite
from board.profile import Profile, ProfileError
from hal import registry
from hal.bus import Bus
from hal.ports import (
    Camera,
    Clock,
    Gate,
    Indicator,
    LaneSignal,
    LoadCells,
    PresenceSensor,
    RequestSource,
    SelfChecking,
    Sign,
    Thermometer,
    VehicleRegister,
    Watchdog,
)
from hal.quantity import SUFFIXES
from hal.schema import Problems


@dataclass(frozen=True, kw_only=True)
class Side:
    """The devices at one end; None where the site has none."""

    approach: PresenceSensor | None = None
    arm: PresenceSensor | None = None
    beam_low: PresenceSensor | None = None
    beam_high: PresenceSensor | None = None
    gate: Gate | None = None
    approach_signal: LaneSignal | None = None
    deck_signal: LaneSignal | None = None
    camera: Camera | None = None
    rear_camera: Camera | None = None
    overview_camera: Camera | None = None
    side_camera: Camera | None = None


@dataclass(frozen=True, kw_only=True)
class Board:
    """All drivers of one lane by role; ``sides`` is (yard, road).

    Either ``cells`` or ``indicator`` weighs, never both (``board/devices.py``).

    ``checking`` are those drivers, of whatever role, that can say what is wrong with their device.
    """

    profile: Profile
    bus: Bus
    clock: Clock
    sides: tuple[Side, Side]
    cells: LoadCells | None = None
    indicator: Indicator | None = None
    thermometer: Thermometer | None = None
    sign: Sign | None = None
    voice: Sign | None = None
    estop: PresenceSensor | None = None
    requests: RequestSource | None = None
    register: VehicleRegister | None = None
    rf_detector: PresenceSensor | None = None
    watchdog: Watchdog | None = None
    checking: tuple[SelfChecking, ...] = ()


class DevicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One device with its driver's class and the options as its constructor takes them."""

    device: DeviceSite
    driver: Callable[..., Any]
    options: dict[str, Any]


def build(profile: Profile, bus: Bus | None = None) -> Board:
    """Construct every driver that the profile names, the clock first.

    Drivers find on the bus: ``clock``, ``folder`` (where the paths of the site file begin),
    ``scale`` (the profile's) and ``cell_count``.

    Raises:
        ProfileError: a driver that cannot be had, is of the wrong kind, is given a wrong option,
            or refuses to start; all problems are in it.
    """
    bus = bus if bus is not None else Bus()
    problems = Problems(profile.path)
    plans = plan(profile.devices, problems)
    if problems.found:
        raise ProfileError(problems.found)
    bus.share("folder", lambda: Path(profile.folder))
    bus.share("scale", lambda: profile.scale)
    bus.share("cell_count", lambda: len(profile.scale.scale.cells))
    drivers: dict[str, Any] = {}
    for role in sorted(plans, key=lambda r: r != "clock"):
        drivers[role] = _construct(plans[role], bus, problems)
        if role == "clock":
            bus.share("clock", lambda: drivers["clock"])
    if problems.found:
        bus.close()
        raise ProfileError(problems.found)
    checking = tuple(d for d in drivers.values() if isinstance(d, SelfChecking))
    sides = tuple(
        Side(**{role: drivers.pop(f"{e}.{role}", None) for role in END_ROLES}) for e in ENDS
    )
    return Board(profile=profile, bus=bus, sides=(sides[0], sides[1]), checking=checking, **drivers)


def plan(devices: dict[str, DeviceSite], problems: Problems) -> dict[str, DevicePlan]:
    """Load the driver of every device and check its options, constructing nothing."""
    plans: dict[str, DevicePlan] = {}
    for role, device in devices.items():
        try:
            driver = registry.load(device.driver)
        except registry.DriverError as error:
            problems.add(f"{device.key}.driver", str(error), device.driver)
            continue
        lacking = [m for m in _methods(device.port) if not hasattr(driver, m)]
        if lacking:
            what = f"this driver is no {device.port.__name__}: it lacks {', '.join(lacking)}"
            problems.add(f"{device.key}.driver", what, device.driver)
            continue
        options = _options(device, driver, problems)
        plans[role] = DevicePlan(device=device, driver=driver, options=options)
    return plans


def _construct(plan: DevicePlan, bus: Bus, problems: Problems) -> Any:
    """A driver that refuses its options or cannot open its device is the user's to mend."""
    try:
        return plan.driver(bus, **plan.options)
    except (ValueError, OSError, ImportError) as error:
        problems.add(plan.device.key, f"driver '{plan.device.driver}' cannot start: {error}")
        return None


def _methods(port: type) -> list[str]:
    return sorted(n for n, m in vars(port).items() if inspect.isfunction(m) and n[0] != "_")


def _options(device: DeviceSite, driver: Callable[..., Any], problems: Problems) -> dict[str, Any]:
    """The options as the driver takes them: ``travel = "2 s"`` becomes ``travel_us``."""
    parameters = dict(list(inspect.signature(driver).parameters.items())[1:])
    shown = {_without_suffix(name): name for name in parameters}
    options: dict[str, Any] = {}
    for name, value in device.options.items():
        if name in shown:
            options[shown[name]] = _option(device, driver, shown[name], value, problems)
        else:
            problems.unread(f"{device.key}.{name}", name, shown or ["(no options)"], value)
    for name, parameter in parameters.items():
        if name not in options and parameter.default is parameter.empty:
            text = f"missing; the driver '{device.driver}' needs it"
            problems.add(f"{device.key}.{_without_suffix(name)}", text)
    return options


def _option(
    device: DeviceSite, driver: Callable[..., Any], name: str, value: object, problems: Problems
) -> Any:
    shown = _without_suffix(name)
    try:
        if shown != name:
            return SUFFIXES[name.removeprefix(shown)].parse(value)
        kind = get_type_hints(vars(driver).get("__init__", driver)).get(name, Any)
        return msgspec.convert(value, kind, strict=True)
    except ValueError as error:
        problems.add(f"{device.key}.{shown}", str(error), value)
        return None


def _without_suffix(name: str) -> str:
    return next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
