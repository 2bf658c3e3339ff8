"""Commands about the session itself: what the terminal can show, its recording, its end."""

from __future__ import annotations

from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.roles import Role
from controller.console.seat import seat_of

WIDTH_MIN, WIDTH_MAX = 40, 300
HEIGHT_MIN, HEIGHT_MAX = 5, 200
ON_OFF = ("on", "off")


def _leave(ctx: Context, _: dict[str, str]) -> Answer:
    seat_of(ctx).leaving = "logout"
    return Answer(data={"logout": True})


def _language(ctx: Context, given: dict[str, str]) -> Answer:
    if given["language"] == "zh" and not ctx.screen.unicode:
        raise CommandError("this terminal shows no Chinese; if it does: terminal unicode on")
    ctx.screen.language = "zh" if given["language"] == "zh" else "en"
    return _shown(ctx)


def _width(ctx: Context, given: dict[str, str]) -> Answer:
    ctx.screen.width = _number(given["columns"], WIDTH_MIN, WIDTH_MAX)
    return _fixed(ctx)


def _height(ctx: Context, given: dict[str, str]) -> Answer:
    ctx.screen.height = _number(given["rows"], HEIGHT_MIN, HEIGHT_MAX)
    return _fixed(ctx)


def _colour(ctx: Context, given: dict[str, str]) -> Answer:
    ctx.screen.colour = given["state"] == "on"
    return _shown(ctx)


def _unicode(ctx: Context, given: dict[str, str]) -> Answer:
    ctx.screen.unicode = given["state"] == "on"
    seat_of(ctx).terminal.unicode = ctx.screen.unicode
    if not ctx.screen.unicode:
        ctx.screen.language = "en"
    return _shown(ctx)


def _show(ctx: Context, _: dict[str, str]) -> Answer:
    return _shown(ctx)


def _record_start(ctx: Context, given: dict[str, str]) -> Answer:
    seat = seat_of(ctx)
    made = seat.record(given["file"])
    seat.door.note(ctx.account.name, "record", f"start {made.path.name}")
    return Answer(
        data={"file": str(made.path)},
        text=(f"recording what is shown here, never what is typed, to {made.path}",),
    )


def _record_stop(ctx: Context, _: dict[str, str]) -> Answer:
    seat = seat_of(ctx)
    made = seat.terminal.recorder
    if made is None:
        raise CommandError("nothing is being recorded: record start NAME")
    seat.close()
    seat.door.note(ctx.account.name, "record", f"stop {made.path.name}: {made.ended}")
    return Answer(data={"file": str(made.path), "ended": made.ended}, text=(f"{made.path}",))


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and least <= int(text[:6]) <= most):
        raise CommandError(f"{text!r:.20}: a number from {least} to {most}")
    return int(text)


def _fixed(ctx: Context) -> Answer:
    """The size is as it was said from now on, whatever the terminal's own is."""
    seat_of(ctx).terminal.size_fixed = True
    return _shown(ctx)


def _shown(ctx: Context) -> Answer:
    screen = ctx.screen
    data = {
        "width": screen.width,
        "height": screen.height,
        "colour": screen.colour,
        "unicode": screen.unicode,
        "language": screen.language,
    }
    line = (
        f"{screen.width} x {screen.height}, {'colour' if screen.colour else 'no colour'}, "
        f"{'Unicode' if screen.unicode else 'ASCII'}, {screen.language}"
    )
    return Answer(data=data, text=(line,))


def _on_off(ctx: Context) -> tuple[str, ...]:
    return ON_OFF


_STATE = Argument(name="state", help_en="on or off", help_zh="开或关", choices=_on_off, only=True)

COMMANDS = (
    Command(words="exit", help_en="log out", help_zh="退出登录", run=_leave),
    Command(words="logout", help_en="log out", help_zh="退出登录", run=_leave),
    Command(words="quit", help_en="log out", help_zh="退出登录", run=_leave),
    Command(
        words="terminal show",
        help_en="what this terminal is taken for",
        help_zh="显示终端设置",
        run=_show,
    ),
    Command(
        words="terminal language",
        help_en="speak Chinese or English here",
        help_zh="界面语言",
        arguments=(
            Argument(
                name="language",
                help_en="zh or en",
                help_zh="中文或英文",
                choices=lambda _: ("zh", "en"),
                only=True,
            ),
        ),
        run=_language,
    ),
    Command(
        words="terminal width",
        help_en="so many columns",
        help_zh="终端列数",
        arguments=(Argument(name="columns", help_en="40 to 300", help_zh="40至300"),),
        run=_width,
    ),
    Command(
        words="terminal height",
        help_en="so many rows",
        help_zh="终端行数",
        arguments=(Argument(name="rows", help_en="5 to 200", help_zh="5至200"),),
        run=_height,
    ),
    Command(
        words="terminal length",
        help_en="so many rows, as height",
        help_zh="终端行数",
        arguments=(Argument(name="rows", help_en="5 to 200", help_zh="5至200"),),
        run=_height,
    ),
    Command(
        words="terminal colour",
        help_en="colours or none",
        help_zh="颜色开关",
        arguments=(_STATE,),
        run=_colour,
    ),
    Command(
        words="terminal unicode",
        help_en="all letters, or ASCII alone",
        help_zh="是否支持中文等字符",
        arguments=(_STATE,),
        run=_unicode,
    ),
    Command(
        words="record start",
        help_en="record what this terminal shows, for remote help",
        help_zh="开始录制会话",
        role=Role.MAINTAINER,
        arguments=(Argument(name="file", help_en="a name, no folder", help_zh="文件名"),),
        run=_record_start,
    ),
    Command(
        words="record stop",
        help_en="end the recording",
        help_zh="停止录制",
        role=Role.MAINTAINER,
        run=_record_stop,
    ),
)
