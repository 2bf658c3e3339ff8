"""``camera snap``: one picture now, how sharp it is, what is wrong with it, and where it lies."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from controller.console import office
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import both
from controller.console.grammar import Argument, Command
from controller.console.graphics import Pixels, kitty, sixel
from controller.console.roles import Role

if TYPE_CHECKING:
    from controller.console.seat import Seat
    from vision.quality import Quality

SNAPS_MAX = 50
PNG_BYTES_MAX = 32 * 1024 * 1024
JUDGED_PX_MIN = 32
COLUMNS_MAX = 80
GRAPHICS = ("none", "sixel", "kitty")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
OK = "ok"
_DO: dict[str, tuple[str, str]] = {
    "ok": ("good", "正常"),
    "stale": (
        "an old picture: look at the camera's network, supply and time",
        "画面陈旧：检查相机网络、电源与时间",
    ),
    "dark": (
        "too dark: look at its lamp, its exposure, and whether a cap is on the lens",
        "过暗：检查补光灯、曝光及镜头盖",
    ),
    "bright": (
        "too bright: look at its exposure, at the sun, and at fog or dirt on the glass",
        "过亮：检查曝光、逆光及镜头雾气污垢",
    ),
    "blurred": ("not sharp: focus it, clean the glass", "模糊：调焦、清洁镜头"),
    "blocked": (
        "nothing to be seen: something covers the lens, or it looks at a wall",
        "无内容：镜头被遮挡或朝向错误",
    ),
}


def snap(ctx: Context, given: dict[str, str]) -> Answer:
    """Take a picture of a camera and judge it."""
    name = given["camera"]
    path = _target(ctx, name, given.get("file"))
    said, pixels = ctx.link.snap(name)
    if pixels is None:
        raise CommandError(
            f"{printable(said.error)}; look at its supply, its cable and 'show cameras'"
        )
    if min(pixels.shape[:2]) < JUDGED_PX_MIN:
        raise CommandError(f"{name}: a picture of {said.width} x {said.height} px shows nothing")
    judged = judged_now(pixels, said.age_us)
    png = _png(pixels)
    office.write(path, png)
    data = {
        "camera": name,
        "file": str(path),
        "width_px": said.width,
        "height_px": said.height,
        "age_s": round(said.age_us / 1e6, 2),
        "verdict": judged.name.value,
        "sharpness": round(judged.sharpness, 3),
        "quantity": judged.quantity,
        "value": round(judged.value, 3),
        "limit": round(judged.limit, 3),
        "ok": judged.name == OK,
    }
    return Answer(data=data, text=(*_lines(ctx, data, judged), *_inline(ctx, png, pixels)))


def judged_now(pixels: Pixels, age_us: int) -> Quality:
    """What a picture is worth by itself; it is held against none before it.

    Raises CommandError where the libraries of vision are not installed.
    """
    try:
        from vision.quality import FrameWatch  # noqa: PLC0415 - a lane without cameras has none
    except ModuleNotFoundError as error:
        raise CommandError(f"pictures cannot be judged here: {error.name} is missing") from error
    return FrameWatch().judge(pixels, 0, age_us)


def graphics(ctx: Context, given: dict[str, str]) -> Answer:
    """Say which pictures this terminal can show in its text."""
    kind = given["kind"]
    ctx.screen.graphics = "sixel" if kind == "sixel" else "kitty" if kind == "kitty" else "none"
    return Answer(data={"graphics": ctx.screen.graphics}, text=(f"graphics {kind}",))


def _target(ctx: Context, camera: str, file: str | None) -> Path:
    """Where the picture goes: a plain name in the console's own folder, never over another."""
    folder = office.office(ctx.folder)
    if file is None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        file = f"{re.sub('[^A-Za-z0-9]', '-', camera)[:40]}-{stamp}"
    if not _NAME.fullmatch(file):
        raise CommandError(f"FILE: a name of letters, digits, _ . and -, which goes into {folder}")
    path = folder / f"snap-{file.removesuffix('.png')}.png"
    kept = sorted(folder.glob("snap-*.png"))
    if path in kept:
        raise CommandError(f"{path} is there already: choose another name")
    if len(kept) >= SNAPS_MAX:
        raise CommandError(f"{folder} holds {SNAPS_MAX} pictures: take them away first")
    return path


def _png(pixels: Pixels) -> bytes:
    import cv2  # noqa: PLC0415 - a lane without cameras has none

    good, coded = cv2.imencode(".png", pixels)
    if not good or coded.nbytes > PNG_BYTES_MAX:
        raise CommandError("the picture cannot be written as a PNG")
    return coded.tobytes()


def _lines(ctx: Context, data: dict[str, object], judged: Quality) -> tuple[str, ...]:
    english, chinese = _DO[judged.name.value]
    sharp = f"sharpness {judged.sharpness:.2f}"
    measured = (
        f" ({judged.quantity} {judged.value:.2f}, limit {judged.limit:.2f})"
        if judged.name != OK
        else f" (from {judged.limit:.2f} on it can be read)"
    )
    return (
        f"{data['camera']}: {data['width_px']} x {data['height_px']} px, "
        f"{data['age_s']} s old, {sharp}",
        f"{judged.name.value.upper()}: {both(ctx, english, chinese)}{measured}",
        f"{data['file']}",
    )


def _inline(ctx: Context, png: bytes, pixels: Pixels) -> tuple[str, ...]:
    """Draw it where the terminal can; what is recorded for others shows no picture."""
    from controller.console.seat import Seat  # noqa: PLC0415 - a script has no terminal

    seat: Seat | object = ctx.kept.get("seat")
    if ctx.screen.graphics == "none" or not isinstance(seat, Seat):
        return ()
    if seat.terminal.recorder is not None:
        return ("not drawn here: this session is recorded, and pictures show plates and people",)
    width = min(ctx.screen.width, COLUMNS_MAX)
    drawn = sixel(pixels) if ctx.screen.graphics == "sixel" else kitty(png, width)
    seat.terminal.write(drawn)
    return ()


def _cameras(ctx: Context) -> tuple[str, ...]:
    return ctx.link.state().cameras


COMMANDS = (
    Command(
        words="camera snap",
        help_en="take a picture now and say how sharp it is",
        help_zh="抓拍并评价清晰度",
        run=snap,
        role=Role.MAINTAINER,
        arguments=(
            Argument(
                name="camera",
                help_en="which camera, as yard.camera",
                help_zh="相机名称",
                choices=_cameras,
                only=True,
            ),
            Argument(
                name="file",
                help_en="a name of its own for the file",
                help_zh="文件名",
                optional=True,
            ),
        ),
    ),
    Command(
        words="terminal graphics",
        help_en="draw pictures in this terminal: none, sixel or kitty",
        help_zh="终端内显示图片的方式",
        run=graphics,
        arguments=(
            Argument(
                name="kind",
                help_en="none, sixel or kitty",
                help_zh="none、sixel 或 kitty",
                choices=lambda _: GRAPHICS,
                only=True,
            ),
        ),
    ),
)
