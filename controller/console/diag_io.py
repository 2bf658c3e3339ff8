"""``diag io``: every input and output watched for some seconds, without moving any of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.console.answer import Answer
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import both, lane_wait, whole
from controller.console.grammar import Argument, Command
from controller.console.messages import Point, State
from controller.console.roles import Role
from controller.core.kinds import Phase

LOOK_S = 10
LOOK_S_MIN, LOOK_S_MAX = 2, 120
FLAPS_PER_S_MAX = 1.0
UNFITTED = "NOT_FITTED"
_REMEDY = {
    "boom": (
        "both limit switches are made, or one cannot be read: a bent lever, a short, a swapped wire"
    ),
    "estop": "the two contacts disagree or its circuit is open: no boom moves until it is mended",
}


def diag(ctx: Context, given: dict[str, str]) -> Answer:
    """Watch the lane's points for some seconds."""
    text = given.get("seconds", str(LOOK_S))
    seconds = whole(text, "look for", LOOK_S_MIN, LOOK_S_MAX, "s")
    first = ctx.link.state()
    lane_wait(ctx, lambda _: False, seconds)
    last = ctx.link.state()
    ran_s = max((last.inputs.now_us - first.inputs.now_us) / 1e6, 1e-3)
    rows = list(_rows(first, last, ran_s))
    wrong = [row for row in rows if row["verdict"] != "ok"]
    told = [f"{one.name} {one.device}: {printable(one.seen)}" for one in last.troubles]
    data = {
        "seconds": round(ran_s, 2),
        "points": rows,
        "troubles": told,
        "ok": not wrong and not told,
    }
    return Answer(data=data, text=tuple(_lines(ctx, last, rows, told, ran_s)))


def point_verdict(point: Point, flips: int, seconds: float) -> tuple[str, str]:
    """What is wrong with a point, and what to do: ("ok", "") where nothing is."""
    role = point.name.rpartition(".")[2]
    if point.way == "out":
        return "ok", ""
    # First, for one that comes and goes may be unknown at this moment, and it is no cut cable.
    if flips > max(3.0, FLAPS_PER_S_MAX * seconds):
        return "FLAPS", "a loose contact, a dirty or badly aimed beam, a loop next to a cable"
    if point.state == "UNKNOWN":
        usual = "no voltage, a cut cable, or a device that is silent: its supply and its plug"
        return "UNKNOWN", _REMEDY.get(role, usual)
    if role == "boom" and point.state == "BETWEEN":
        return "BETWEEN", "neither limit switch is made: it stands half up, or a switch is set off"
    if role == "estop" and point.state == "BLOCKED":
        return "PRESSED", "pull it out, then 'reset REASON'"
    return "ok", ""


def _rows(first: State, last: State, seconds: float) -> Iterator[dict[str, Any]]:
    before = {point.name: point.changes for point in first.points}
    for point in last.points:
        flips = point.changes - before.get(point.name, 0)
        verdict, what = point_verdict(point, flips, seconds)
        yield {
            "name": point.name,
            "way": point.way,
            "state": point.state,
            "age_s": round((last.inputs.now_us - point.since_us) / 1e6, 2),
            "changes": flips,
            "verdict": verdict,
            "remedy": what,
        }


def _lines(
    ctx: Context, state: State, rows: list[dict[str, Any]], told: list[str], seconds: float
) -> Iterator[str]:
    fitted = [row for row in rows if row["state"] != UNFITTED]
    yield f"{len(fitted)} points watched for {seconds:.0f} s"
    for row in fitted:
        yield (
            f"{row['name']:22} {row['way']:3}  {row['state']:8}  {row['age_s']:10.1f} s  "
            f"{row['changes']:4} changes  {row['verdict']}"
        )
    for row in fitted:
        if row["remedy"]:
            yield f"{row['name']}: {row['remedy']}"
    yield from told
    if not told and all(row["verdict"] == "ok" for row in rows):
        yield both(ctx, "nothing is wrong as far as can be seen", "未见异常")
        if state.phase is not Phase.MANUAL:
            yield both(
                ctx,
                "an input that never changes may be dead: block it by hand and see 'monitor io'",
                "长期不变的输入可能失效：请人工触发并用 monitor io 观察",
            )


COMMANDS = (
    Command(
        words="diag io",
        help_en="watch inputs and outputs: unknown, flapping, contradictory",
        help_zh="输入输出诊断(未知、抖动、矛盾)",
        run=diag,
        role=Role.MAINTAINER,
        arguments=(
            Argument(
                name="seconds",
                help_en=f"for how long, {LOOK_S_MIN} to {LOOK_S_MAX} s ({LOOK_S})",
                help_zh=f"时长(秒)，默认 {LOOK_S}",
                optional=True,
            ),
        ),
    ),
)
