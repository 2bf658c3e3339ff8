"""The keys that a site may set, for completion and for what counts where nothing is stated."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import get_args

import msgspec

from board.devices import END_ROLES, ENDS, LANE_ROLES
from board.plates import AGREE_MAX, PPM, PlateChoices, Policy
from board.profile import TIME_BOUNDS, RuleChoices, Site
from board.storage import KINDS, NEVER
from controller.core.settings import InterlockSettings, LaneSettings
from hal import registry
from hal.quantity import TIME
from protocol import retention
from sensors.indicated_rule import Rule

SCAN = "20 ms"
# How the drivers of a role are called where not as the role is.
_KINDS = {
    "approach": ("input", "presence"),
    "arm": ("input", "presence"),
    "beam_low": ("input", "presence", "beam"),
    "beam_high": ("input", "presence", "beam"),
    "estop": ("stop", "presence"),
    "approach_signal": ("signal",),
    "deck_signal": ("signal",),
    "rear_camera": ("camera",),
    "overview_camera": ("camera", "still"),
    "side_camera": ("camera", "still"),
    "rf_detector": ("detector",),
    "voice": ("voice", "sign"),
}
_SCALE = ("serial", "class", "certificate_no", "certificate_valid_until", "max_counts", "file")
_RULE_TIMES = ("window", "settle", "check", "silent", "give_up")


def defaults(*, indicator: bool = False) -> dict[str, str]:
    """What counts for each key that a site may leave out, as a site file would write it.

    Keys without a value of their own, as a certificate's number, have "".
    """
    found = {f"timing.{name}": _time(name) for name in TIME_BOUNDS}
    for section, kind in (("site", Site), ("rules", RuleChoices)):
        for one in msgspec.structs.fields(kind):
            stated = one.default if isinstance(one.default, str) else None
            found[f"{section}.{one.encode_name}"] = f'"{stated}"' if stated else ""
    found |= {f"scale.{name}": "" for name in _SCALE} | {"seal.key": ""}
    found |= _plates() | _disk() | {f"retention.{kind}": f'"{NEVER}"' for kind in KINDS}
    found["retention.without_acknowledgement"] = "[]"
    return found | (_indicator() if indicator else {})


def choices_of(key: str) -> tuple[str, ...]:
    """The values that a key may have where they can be counted, as they are typed; else none."""
    if key == "rules.preferred":
        return ENDS
    if key == "plates.policy":
        return get_args(Policy)
    if key == "plates.agree":
        return tuple(str(number) for number in range(1, AGREE_MAX + 1))
    section, _, rest = key.partition(".")
    if section == "devices" and rest.endswith(".driver"):
        role = rest.removesuffix(".driver").rpartition(".")[2]
        kinds = _KINDS.get(role, (role,))
        return tuple(name for name in registry.names() if name.rpartition(".")[2] in kinds)
    return ()


def known_keys(stated: Sequence[str], *, indicator: bool = False) -> tuple[str, ...]:
    """Every key that completion offers: those stated, those with a default, every device."""
    roles = [*LANE_ROLES, *(f"{end}.{role}" for end in ENDS for role in END_ROLES)]
    drivers = [f"devices.{role}.driver" for role in roles]
    plain = [key for key in stated if "[" not in key]
    return tuple(sorted({*plain, *defaults(indicator=indicator), *drivers}))


def _time(name: str) -> str:
    """The default of a time: the lane's own or the interlock's, whatever it is called there."""
    if name == "scan":
        return f'"{SCAN}"'
    if name == "tare_expiry":
        return f'"{TIME.show(_default(LaneSettings, "tare_expiry_ms") * 1_000)}"'
    stem, limit = name.removesuffix("_max"), "_us_max" if name.endswith("_max") else "_us"
    holder = LaneSettings if stem + limit in LaneSettings.__struct_fields__ else InterlockSettings
    return f'"{TIME.show(_default(holder, stem + limit))}"'


def _default(kind: type[msgspec.Struct], name: str) -> int:
    found = next(one for one in msgspec.structs.fields(kind) if one.name == name)
    return int(found.default)


def _plates() -> dict[str, str]:
    usual = PlateChoices()
    return {
        "plates.policy": f'"{usual.policy}"',
        "plates.auto": f'"{Decimal(usual.auto_ppm) / PPM:.2f}"',
        "plates.confirm": f'"{Decimal(usual.confirm_ppm) / PPM:.2f}"',
        "plates.agree": str(usual.agree_min),
    }


def _disk() -> dict[str, str]:
    usual = retention.Policy()
    return {
        "disk.alarm": f'"{usual.filling_ppm // 10_000} %"',
        "disk.critical": f'"{usual.critical_ppm // 10_000} %"',
        "disk.room": f'"{usual.room_bytes // 1_000_000} MB"',
    }


def _indicator() -> dict[str, str]:
    usual = Rule()
    times = {f"indicator.{name}": TIME.show(getattr(usual, f"{name}_us")) for name in _RULE_TIMES}
    return {key: f'"{value}"' for key, value in times.items()} | {
        "indicator.readings": str(usual.readings)
    }
