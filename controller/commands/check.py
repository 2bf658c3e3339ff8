"""``steelyard check``: whether a site file can be run here, and what is doubtful in it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from board.build import DevicePlan, plan
from board.chips import check_chips
from board.config import split_config
from board.devices import BOOM_GUARDS, ENDS, DeviceSite
from board.machine_block import read_block
from board.plates import PlateChoices
from board.profile import Profile, ProfileError, examine
from controller.commands.check_opens import lacking_to_read, missing_here, opens
from hal.registry import lacking, remedy

DIVISIONS_OUTDOORS_MAX = 3_000
CERTIFICATE_NOTICE_DAYS = 30
AGREE_MIN = 2
PLATE_ROLES = ("camera", "rear_camera")


def check_site(path: str | Path, today: datetime.date) -> dict[str, Any]:
    """Return what the site file describes: ``ok, site, lane, scale, devices, warnings``.

    Every driver is loaded and its options are compared, what hangs on a coprocessor is held to that
    chip's own rules, but no device is opened.  ``opens`` says of each what it would take,
    ``not_here`` which device files this computer does not have now, ``not_installed`` which
    libraries that a driver wants when it starts: that is no error, since a site file is mostly
    checked at a desk.

    Raises:
        ProfileError: the file cannot be used; all problems are named.
    """
    profile, devices, problems = examine(path)
    plans = plan(devices, problems)
    check_chips(plans, _cells(profile), problems)
    if profile is None or problems.found:
        raise ProfileError(problems.found)
    return {
        "ok": True,
        "site": profile.site.name,
        "lane": profile.site.lane,
        "scale": profile.scale.serial,
        "devices": [
            {
                "device": role,
                "driver": device.driver,
                "opens": opens(plans[role].driver, plans[role].options),
            }
            for role, device in profile.devices.items()
        ],
        "not_here": _not_here(plans),
        "console": _console(profile),
        "not_installed": _not_installed(plans),
        "warnings": [f"{profile.path}: {text}" for text in warnings(profile, today)],
    }


def _console(profile: Profile) -> dict[str, Any]:
    """What the program's end of the site file sets, and who saved it; empty where it has none."""
    block = read_block(split_config(profile.config)[0])
    if block.date is None:
        return {}
    keys = [one.key for one in block.changes]
    saved = {"version": block.version, "author": block.author, "date": block.date.isoformat()}
    return {**saved, "keys": keys}


def _not_here(plans: Mapping[str, DevicePlan]) -> list[dict[str, str]]:
    return [
        {"device": role, "file": name}
        for role, device in plans.items()
        for name in missing_here(device.driver, device.options)
    ]


def _cells(profile: Profile | None) -> int | None:
    return None if profile is None else len(profile.scale.scale.cells) or None


def _not_installed(plans: Mapping[str, DevicePlan]) -> list[dict[str, str]]:
    wanted = {role: lacking(device.device.driver) for role, device in plans.items()}
    readers = [role for role in plans if role.rpartition(".")[2] in PLATE_ROLES]
    for role in readers:
        wanted[role] = list(dict.fromkeys([*wanted[role], *lacking_to_read()]))
    return [
        {"device": role, "library": library, "remedy": remedy(library)}
        for role, libraries in wanted.items()
        for library in libraries
    ]


def warnings(profile: Profile, today: datetime.date) -> list[str]:
    """What a site can run with, but an engineer should know; each with key path and remedy."""
    return [
        *_scale_warnings(profile, today),
        *_lane_warnings(profile),
        *_storage_warnings(profile),
        *_file_warnings(profile),
    ]


def _scale_warnings(profile: Profile, today: datetime.date) -> Iterator[str]:
    """Outdoor bridges of more than 3000 divisions rarely keep class III (facts: metrology 2.1)."""
    scale = profile.scale
    if scale.divisions > DIVISIONS_OUTDOORS_MAX:
        yield (
            f"scale.e: {scale.divisions} divisions; an outdoor weighbridge of more than "
            f"{DIVISIONS_OUTDOORS_MAX} seldom holds class III: consider a larger e"
        )
    until = scale.certificate_valid_until
    if until is None:
        yield "scale.certificate_valid_until: not stated; records will carry no certificate date"
    elif until < today:
        yield (
            f"scale.certificate_valid_until = {until}: the certificate lapsed "
            f"{(today - until).days} days ago; have the scale verified (JJG 539: once a year)"
        )
    elif (until - today).days <= CERTIFICATE_NOTICE_DAYS:
        yield (
            f"scale.certificate_valid_until = {until}: the certificate lapses in "
            f"{(until - today).days} days; arrange verification"
        )
    if scale.certificate_no is None:
        yield "scale.certificate_no: not stated; records will name no certificate"


def _lane_warnings(profile: Profile) -> Iterator[str]:
    devices = profile.devices
    for end in ENDS:
        guards = [g for g in BOOM_GUARDS if f"{end}.{g}" in devices]
        if f"{end}.gate" in devices and len(guards) == 1:
            yield (
                f"devices.{end}: the boom is guarded by {guards[0]} alone; a draw-bar passes a "
                "single beam and a high bed drops out of a loop: fit a second sensor"
            )
        if f"{end}.camera" not in devices:
            yield f"devices.{end}.camera: none; vehicles from this end have no plate and are held"
    yield from _plate_warnings(profile.plates)
    yield from _chip_warnings(devices)
    yield from _indicator_warnings(devices)
    if "estop" not in devices and any(f"{end}.gate" in devices for end in ENDS):
        yield "devices.estop: none; booms without an emergency stop need one in their own circuit"


def _chip_warnings(devices: Mapping[str, DeviceSite]) -> Iterator[str]:
    """The socket with MicroPython's prompt is where a stranger would plug in first."""
    ports = {
        str(one.options.get("port")): one.key
        for one in devices.values()
        if one.driver.startswith("coprocessor.")
    }
    for port, key in ports.items():
        if "MicroPython" in port or "/ttyACM" in port:
            yield (
                f"{key}.port = {port}: if this is the Pico's own USB socket, nobody answers there; "
                "the link is at GP0 and GP1, by a USB-serial cable with 3.3 V levels"
            )


def _indicator_warnings(devices: Mapping[str, DeviceSite]) -> Iterator[str]:
    """A weight alone does not say where it stands, so the ends must be watched."""
    for end in ENDS if "indicator" in devices else ():
        if not any(f"{end}.{beam}" in devices for beam in ("beam_low", "beam_high")):
            yield (
                f"devices.{end}.beam_low: none; an indicator cannot tell a vehicle that hangs over "
                "this end, nor a device on its cable from one that drives off: fit a beam"
            )


def _plate_warnings(plates: PlateChoices) -> Iterator[str]:
    if plates.agree_min < AGREE_MIN:
        yield (
            f"plates.agree = {plates.agree_min}: a single frame names a vehicle; only a camera "
            "that takes one picture a vehicle needs that"
        )
    if plates.policy == "hold":
        yield 'plates.policy = "hold": every vehicle waits for a person to enter its plate'


def _storage_warnings(profile: Profile) -> Iterator[str]:
    for rule in profile.storage.rules:
        if not rule.acknowledged and rule.kind != "video":
            yield (
                f'retention.without_acknowledgement: "{rule.kind}" is part of the evidence; what '
                "nobody else has got is gone for good: leave it out"
            )


def _file_warnings(profile: Profile) -> Iterator[str]:
    named = [pair for device in profile.devices.values() for pair in _files(device)]
    if profile.rules.book is not None:
        named.append(("rules.book", profile.rules.book))
    for key, name in named:
        if not (Path(profile.folder) / name).is_file():
            yield f'{key} = "{name}": no such file beside the site file'


def _files(device: DeviceSite) -> Iterator[tuple[str, str]]:
    one, many = device.options.get("file"), device.options.get("files")
    if isinstance(one, str):
        yield f"{device.key}.file", one
    if isinstance(many, list):
        for number, name in enumerate(many):
            if isinstance(name, str):
                yield f"{device.key}.files[{number}]", name


def text_of(found: Mapping[str, Any]) -> str:
    """The result of ``check_site`` as lines for a person."""
    lines = [f"{found['site']}, lane {found['lane']}, scale {found['scale']}: can be run"]
    width = max(len(one["device"]) for one in found["devices"])
    for one in found["devices"]:
        lines.append(f"  {one['device']:{width}}  {one['driver']:20} {', '.join(one['opens'])}")
    gone: dict[str, list[str]] = {one["file"]: [] for one in found["not_here"]}
    for one in found["not_here"]:
        gone[one["file"]].append(one["device"])
    lines += [f"not on this computer: {file} ({', '.join(roles)})" for file, roles in gone.items()]
    wanted: dict[tuple[str, str], list[str]] = {}
    for one in found["not_installed"]:
        wanted.setdefault((one["library"], one["remedy"]), []).append(one["device"])
    lines += [
        f"not installed here: {library} ({', '.join(roles)}): {what}"
        for (library, what), roles in wanted.items()
    ]
    if set_by := found.get("console"):
        lines.append(
            f"set at the console: {', '.join(set_by['keys']) or 'nothing any more'} "
            f"(version {set_by['version']}, {set_by['author']}, {set_by['date']})"
        )
    lines += [f"warning: {text}" for text in found["warnings"]]
    return "\n".join(line.rstrip() for line in lines)
