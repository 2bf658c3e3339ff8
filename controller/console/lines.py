"""Lines for a plain terminal: columns, ages, masses, small curves, each within its width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from prompt_toolkit.utils import get_cwidth

from board.profile import Profile, ProfileError, read_profile
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.messages import State

WIDTH_MIN = 20
LABEL = 11
_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = "_.-=+*%#"
_KEPT = "look.profile"


def language(ctx: Context) -> Literal["en", "zh"]:
    """The person's language; English where the terminal shows no Chinese."""
    return "zh" if ctx.screen.language == "zh" and ctx.screen.unicode else "en"


def said(ctx: Context, english: str, chinese: str) -> str:
    """The one of the two that this person reads."""
    return chinese if language(ctx) == "zh" else english


def room(ctx: Context) -> int:
    """Places in a line; the last one of a terminal stays free, as some turn the line there."""
    return max(WIDTH_MIN, ctx.screen.width - 1)


def places(text: str) -> int:
    """How many places of a terminal a text takes; a Chinese character takes two."""
    return sum(max(0, get_cwidth(letter)) for letter in text)


def cut(text: str, width: int) -> str:
    """As much as has room, ``~`` at the end of what was cut."""
    if places(text) <= width:
        return text
    kept, used = list[str](), 0
    for letter in text:
        used += max(0, get_cwidth(letter))
        if used > width - 1:
            break
        kept.append(letter)
    return "".join(kept) + "~"


def padded(text: str, width: int, *, right: bool = False) -> str:
    """A text in a column of this width."""
    space = " " * max(0, width - places(text))
    return space + text if right else text + space


def labelled(ctx: Context, label: str, text: str) -> str:
    """A line with a name in front, cut to the width of the screen."""
    return cut(f"{padded(label, LABEL)} {text}".rstrip(), room(ctx))


def folded(ctx: Context, label: str, text: str) -> list[str]:
    """The same, but continued on further lines where it is longer; breaks at spaces if it can."""
    rows = broken(text, max(8, room(ctx) - LABEL - 1))
    return [f"{padded(label if n == 0 else '', LABEL)} {row}" for n, row in enumerate(rows)]


def broken(text: str, width: int) -> list[str]:
    """A text in rows of at most this width, broken at spaces if it can be."""
    rows, row, used, space = list[str](), "", 0, 0
    for letter in text:
        wide = max(0, get_cwidth(letter))
        if used + wide > width:
            # From the last space on, if there is one, the rest goes to the next row.
            at = space or len(row)
            rows.append(row[:at].rstrip())
            row = row[at:].lstrip()
            used, space = places(row), 0
        row += letter
        used += wide
        if letter == " ":
            space = len(row)
    return [*rows, row]


def table(
    ctx: Context,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: frozenset[int],
    spare: Sequence[int] = (),
) -> list[str]:
    """Columns as wide as they must be, those in ``right`` flush right, cut to the screen.

    Where they are too wide the ``spare`` ones are left out, the first of them first.
    """
    whole = [list(head), *[list(row) for row in rows]]
    widths = [max(places(row[n]) for row in whole) for n in range(len(head))]
    shown = list(range(len(head)))
    for column in spare:
        if sum(widths[n] + 2 for n in shown) - 2 > room(ctx):
            shown.remove(column)
    return [
        cut(
            "  ".join(padded(row[n], widths[n], right=n in right) for n in shown).rstrip(),
            room(ctx),
        )
        for row in whole
    ]


def age(span_us: int) -> str:
    """A span as people say it: ``0.4 s``, ``3 min 20 s``, ``2 h 05 min``, ``3 d 4 h``."""
    seconds = max(0, span_us) / 1e6
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole // 60 % 60:02d} min"
    return f"{whole // 86_400} d {whole // 3600 % 24} h"


def short_age(span_us: int) -> str:
    """The same for a narrow column: ``0.4s``, ``3m20s``, ``2h05m``, ``3d04h``."""
    seconds = max(0, span_us) / 1e6
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole // 60 % 60:02d}m"
    return f"{whole // 86_400}d{whole // 3600 % 24:02d}h"


def size(count: int) -> str:
    """A number of bytes in kB, MB or GB, with one decimal."""
    for factor, unit in ((10**9, "GB"), (10**6, "MB")):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1000:.1f} kB"


def kg(mass_g: float | None, decimals: int = 0) -> str:
    """A mass in kilograms without its unit, in groups of three digits; ``--`` where none."""
    if mass_g is None or math.isnan(mass_g):
        return "--"
    text = f"{mass_g / 1000:,.{decimals}f}".replace(",", " ")
    return text.removeprefix("-") if float(text.replace(" ", "")) == 0 else text


def wall(ms: int | None, offset_min: int = 480, *, date: bool = True) -> str:
    """Wall time of milliseconds since 1970 UTC; ``--`` where there is none."""
    if not ms:
        return "--"
    try:
        at = datetime.fromtimestamp(ms / 1000, UTC) + timedelta(minutes=offset_min)
    except (OverflowError, ValueError, OSError):
        return "--"
    return at.strftime("%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S")


def spark(values: Sequence[float], *, unicode: bool) -> str:
    """A small curve, a letter for each value, from the least to the greatest of them."""
    blocks = _BLOCKS if unicode else _PLAIN
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    top = len(blocks) - 1
    return "".join(blocks[round((value - low) / span * top)] for value in values)


def profile_of(ctx: Context, state: State) -> tuple[Profile | None, str]:
    """The site file that the lane runs on, and what is to be said of it ("" for nothing)."""
    about = state.about
    key = (about.path, about.config_sha256)
    kept = ctx.kept.get(_KEPT)
    # A file that could not be read, or was another, may be put right meanwhile.
    if kept is None or kept[0] != key or kept[2]:
        ctx.kept[_KEPT] = kept = (key, *_read(ctx, state))
    profile: Profile | None = kept[1]
    note: str = kept[2]
    return profile, note


def _read(ctx: Context, state: State) -> tuple[Profile | None, str]:
    path = state.about.path
    try:
        profile = read_profile(path)
    except (ProfileError, OSError, ValueError) as error:
        first = printable(str(error).splitlines()[0] if str(error) else type(error).__name__)
        return None, said(ctx, f"site file not read: {first}", f"站点文件读取失败：{first}")
    if profile.sha256 == state.about.config_sha256:
        return profile, ""
    return profile, said(
        ctx,
        f"{printable(path)} has been changed since the lane took it up",
        f"{printable(path)} 在车道启动后已被修改",
    )
