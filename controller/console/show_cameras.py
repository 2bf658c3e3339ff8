"""``show cameras``: what each camera gave, what became of it, and what was last wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.console.answer import Answer
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Command
from controller.console.lines import age, folded, profile_of, said, table
from controller.console.messages import Lens, State
from controller.console.show_io import wiring_of


def show_cameras(ctx: Context, arguments: dict[str, str]) -> Answer:
    """All cameras of the lane."""
    state = ctx.link.state()
    profile, note = profile_of(ctx, state)
    devices = profile.devices if profile is not None else {}
    cameras = [
        {**_data(state, lens), "wired": wiring_of(devices.get(lens.name))} for lens in state.lenses
    ]
    lines = list(_text(ctx, cameras))
    if note:
        lines += folded(ctx, said(ctx, "note", "提示"), note)
    return Answer(data={"cameras": cameras, "note": note}, text=tuple(lines))


def _data(state: State, lens: Lens) -> dict[str, Any]:
    now_us = state.inputs.now_us
    trouble = lens.trouble
    return {
        "name": lens.name,
        "pictures": lens.pictures,
        "newest_age_us": None if lens.newest_us is None else max(0, now_us - lens.newest_us),
        "taken": lens.taken,
        "read": lens.read,
        "late": lens.late,
        "flawed": dict(lens.flawed),
        "trouble": f"{trouble.name}: {trouble.seen}" if trouble is not None else "",
        "trouble_age_us": max(0, now_us - lens.trouble_us) if trouble is not None else None,
        "ails": lens.ails,
    }


def _text(ctx: Context, cameras: list[dict[str, Any]]) -> Iterator[str]:
    if not cameras:
        yield said(ctx, "no camera is fitted", "未安装相机")
        return
    head = (
        said(ctx, "camera", "相机"),
        said(ctx, "pictures", "图片"),
        said(ctx, "newest", "最新"),
        said(ctx, "taken", "采用"),
        said(ctx, "read", "识别"),
        said(ctx, "late", "迟到"),
        said(ctx, "flawed", "不合格"),
        said(ctx, "wired", "接线"),
    )
    yield from table(
        ctx, head, [_row(one) for one in cameras], frozenset({1, 2, 3, 4, 5, 6}), spare=(7, 5, 3)
    )
    for one in cameras:
        if one["flawed"]:
            why = ", ".join(f"{printable(name, 40)} {n}" for name, n in one["flawed"].items())
            yield from folded(ctx, one["name"], said(ctx, f"not read: {why}", f"未识别：{why}"))
        if one["trouble"]:
            since = age(one["trouble_age_us"])
            now = said(ctx, f"NOW, for {since}", f"当前，已 {since}") if one["ails"] else ""
            then = said(ctx, f"over; began {since} ago", f"已恢复；始于 {since} 前")
            yield from folded(ctx, one["name"], f"{printable(one['trouble'])} ({now or then})")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    newest = one["newest_age_us"]
    return (
        f"{one['name']}{'!' if one['ails'] else ''}",
        str(one["pictures"]),
        "--" if newest is None else age(newest),
        str(one["taken"]),
        str(one["read"]),
        str(one["late"]),
        str(sum(one["flawed"].values())),
        one["wired"],
    )


COMMANDS = (
    Command(
        words="show cameras",
        help_en="Each camera: pictures taken, read, flawed and why; last trouble.",
        help_zh="各相机：图片数、识别数、不合格原因、最近故障",
        run=show_cameras,
    ),
)
