"""``show io``: every input and output with its state, age and changes, and where it is wired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from board.devices import DeviceSite
from controller.console.answer import Answer
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Command
from controller.console.lines import folded, places, profile_of, room, said, short_age, table, wall
from controller.console.look_words import word
from controller.console.messages import Event, Point, State

FLAPS = 10
FLAP_US = 2_000_000
RECENT_US = 60_000_000
"""So many changes within this time are no vehicle's: an axle passes a beam twice a second."""
_ROLES = {"boom": "gate", "approach_lamp": "approach_signal", "deck_lamp": "deck_signal"}
_WIRES = (
    "port",
    "host",
    "url",
    "chip",
    "address",
    "unit",
    "pin",
    "line",
    "channel",
    "coil",
    "input",
)


def show_io(ctx: Context, arguments: dict[str, str]) -> Answer:
    """All points, those that are unknown or chatter first told of."""
    state, events = ctx.link.state(), ctx.link.events().events
    profile, note = profile_of(ctx, state)
    devices = profile.devices if profile is not None else {}
    flapping = flaps(events, state.inputs.now_us)
    points = [_data(state, point, devices, flapping) for point in state.points]
    lines = _table(ctx, state, points)
    bad = [one for one in points if one["mark"]]
    for one in bad:
        told = {
            "UNKNOWN": said(ctx, "is unknown: check cable and supply", "状态未知：检查线缆和电源"),
            "FLAPPING": said(ctx, "chatters: loose contact or dirt?", "频繁跳变：接触不良或脏污？"),
        }[one["mark"]]
        lines += folded(ctx, "!", f"{one['name']} {told}")
    if note:
        lines += folded(ctx, said(ctx, "note", "提示"), note)
    data = {"now_us": state.inputs.now_us, "points": points, "note": note}
    return Answer(data=data, text=tuple(lines))


def flaps(events: Sequence[Event], now_us: int) -> frozenset[str]:
    """Inputs that changed FLAPS times within FLAP_US, in the last RECENT_US."""
    times: dict[str, list[int]] = {}
    for event in events:
        if event.kind == "in" and event.t_us > now_us - RECENT_US:
            times.setdefault(event.text.split(" ", 1)[0], []).append(event.t_us)
    return frozenset(
        name
        for name, at in times.items()
        if any(last - first <= FLAP_US for first, last in zip(at, at[FLAPS - 1 :], strict=False))
    )


def wiring_of(device: DeviceSite | None) -> str:
    """Driver and address of a device, as the site file has them."""
    if device is None:
        return ""
    parts = [
        f"{name}={_short(value)}"
        for name, value in device.options.items()
        if name.rpartition("_")[2].removesuffix("s") in _WIRES
    ]
    return printable(" ".join([device.driver, *parts]), 120)


def _short(value: object) -> str:
    if isinstance(value, str) and "://" in value:
        # Who logs in to a camera, and with what, is not for the screen.
        scheme, _, rest = value.partition("://")
        return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
    return str(value)


def _device_of(name: str, devices: dict[str, DeviceSite]) -> DeviceSite | None:
    end, _, role = name.rpartition(".")
    role = _ROLES.get(role, role)
    return devices.get(f"{end}.{role}" if end else role)


def _data(
    state: State, point: Point, devices: dict[str, DeviceSite], flapping: frozenset[str]
) -> dict[str, Any]:
    device = _device_of(point.name, devices)
    age_us = max(0, state.inputs.now_us - point.since_us)
    mark = "FLAPPING" if point.name in flapping else ""
    if point.state == "UNKNOWN":
        mark = "UNKNOWN"
    wall_ms = state.inputs.wall.ms
    return {
        "name": point.name,
        "way": point.way,
        "state": point.state,
        "age_us": age_us,
        "changes": point.changes,
        "last_change_ms": wall_ms - age_us // 1000 if wall_ms and point.changes else None,
        "driver": device.driver if device is not None else "",
        "wired": wiring_of(device),
        "mark": mark,
    }


def _table(ctx: Context, state: State, points: Sequence[dict[str, Any]]) -> list[str]:
    """A row a point; what it is wired to below the table where it has no room in it."""
    rows = [_row(ctx, state, one) for one in points]
    head, right = _head(ctx), frozenset({3, 4})
    whole = [*zip(*[head, *rows], strict=True)]
    wide = sum(max(places(cell) for cell in column) + 2 for column in whole) - 2
    if wide <= room(ctx):
        return table(ctx, head, rows, right)
    wired = [(one["name"], one["wired"]) for one in points if one["wired"]]
    lines = table(ctx, head[:-1], [row[:-1] for row in rows], right, spare=(1, 5, 4))
    return [*lines, "", *table(ctx, (head[0], head[-1]), wired, frozenset())]


def _head(ctx: Context) -> tuple[str, ...]:
    return (
        said(ctx, "point", "测点"),
        "",
        said(ctx, "state", "状态"),
        said(ctx, "for", "持续"),
        said(ctx, "changes", "变化"),
        said(ctx, "last", "最近"),
        said(ctx, "driver", "驱动与接线"),
    )


def _row(ctx: Context, state: State, one: dict[str, Any]) -> tuple[str, ...]:
    mark = {"UNKNOWN": "?", "FLAPPING": "!"}.get(one["mark"], "")
    ways = {"in": said(ctx, "in", "入"), "out": said(ctx, "out", "出")}
    return (
        f"{one['name']}{mark}",
        ways[one["way"]],
        word(ctx, one["state"]),
        short_age(one["age_us"]),
        str(one["changes"]),
        wall(one["last_change_ms"], state.inputs.wall.offset_min, date=False),
        one["wired"],
    )


COMMANDS = (
    Command(
        words="show io",
        help_en="Every input and output: state, age, changes, driver and wiring.",
        help_zh="全部输入输出：状态、持续时间、变化次数、接线",
        run=show_io,
    ),
)
