"""``monitor weight|io|events``: what the lane does, until a key or a time ends it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from board.profile import Profile
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.lines import cut, kg, padded, profile_of, room, said, spark, wall
from controller.console.link import LaneAwayError
from controller.console.messages import Event, Events, Samples

WEIGHT_EVERY_S = 0.1
EVENTS_EVERY_S = 0.2
STATE_EVERY_S = 1.0
SECONDS_MAX = 86_400.0
CURVE = 20
FIRST_S = 0.5
SILENT_S = 1.0


def monitor_weight(ctx: Context, arguments: dict[str, str]) -> Iterator[Answer]:
    """The gross load ten times a second, cell by cell, from the raw samples."""
    return _weights(ctx, seconds_of(ctx, arguments))


def monitor_io(ctx: Context, arguments: dict[str, str]) -> Iterator[Answer]:
    """Each change of an input or output as it comes."""
    return _events(ctx, seconds_of(ctx, arguments), frozenset({"in", "out"}))


def monitor_events(ctx: Context, arguments: dict[str, str]) -> Iterator[Answer]:
    """All that happens as it comes."""
    return _events(ctx, seconds_of(ctx, arguments), None)


def seconds_of(ctx: Context, arguments: dict[str, str]) -> float | None:
    """For how long a stream runs; None is until it is ended.

    Raises:
        CommandError: no number of seconds.
    """
    text = arguments.get("seconds")
    if text is None:
        return ctx.seconds
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= SECONDS_MAX:
        raise CommandError(
            f"'{printable(text, 20)}' is no number of seconds, up to {SECONDS_MAX:g}"
        )
    return seconds


def ticks(ctx: Context, seconds: float | None, every_s: float) -> Iterator[None]:
    """Every so often, on time where it can be, for so long."""
    began_s = due_s = time.monotonic()
    while seconds is None or due_s - began_s < seconds:
        yield
        # What took too long is not made up for.
        due_s = max(due_s + every_s, time.monotonic())
        ctx.pause(max(0.0, due_s - time.monotonic()))


def event_answer(ctx: Context, event: Event) -> Answer:
    """An event as data and as a line; its text may hold words from anywhere."""
    text = printable(event.text)
    line = f"{wall(event.wall_ms, date=False)} {padded(event.kind, 7)} {text}"
    data = {
        "number": event.number,
        "t_us": event.t_us,
        "wall_ms": event.wall_ms,
        "kind": event.kind,
        "text": event.text,
    }
    return Answer(data=data, text=(line,))


def following(ctx: Context, after: int, seconds: float | None) -> Iterator[Event | str]:
    """Events after a number as they come, and words on a lane that went away or came back."""
    away = ""
    for _ in ticks(ctx, seconds, EVENTS_EVERY_S):
        try:
            got = ctx.link.events(after)
        except LaneAwayError as error:
            if not away:
                away = str(error)
                yield said(ctx, f"lane away: {away}", f"车道无应答：{away}")
            continue
        if away or got.newest < after:
            away = ""
            yield said(ctx, "the lane answers again", "车道已恢复应答")
        if got.newest < after:
            got, after = ctx.link.events(0), 0
        if got.missed and after:
            yield said(ctx, f"{got.missed} events were missed", f"遗漏 {got.missed} 条")
        yield from got.events
        after = max(after, newest_of(got))


def newest_of(got: Events) -> int:
    """The number of the newest event there is."""
    return max(got.newest, got.events[-1].number if got.events else 0)


def _events(ctx: Context, seconds: float | None, kinds: frozenset[str] | None) -> Iterator[Answer]:
    for event in following(ctx, newest_of(ctx.link.events()), seconds):
        if isinstance(event, str):
            yield Answer(data={"note": event}, text=(printable(event),))
        elif kinds is None or event.kind in kinds:
            yield event_answer(ctx, event)


def _weights(ctx: Context, seconds: float | None) -> Iterator[Answer]:
    state = ctx.link.state()
    profile, note = profile_of(ctx, state)
    if profile is None:
        raise CommandError(note)
    asked_s = heard_s = time.monotonic()
    curve: deque[float] = deque(maxlen=CURVE)
    after_us = 0
    for _ in ticks(ctx, seconds, WEIGHT_EVERY_S):
        if time.monotonic() - asked_s >= STATE_EVERY_S:
            state, asked_s = ctx.link.state(), time.monotonic()
        samples = ctx.link.samples(FIRST_S, after_us)
        if not samples.t_us:
            if time.monotonic() - heard_s >= SILENT_S:
                heard_s = time.monotonic()
                text = _silence(ctx, samples)
                yield Answer(data={"fault": text}, text=(cut(text, room(ctx)),))
            continue
        after_us, heard_s = samples.t_us[-1], time.monotonic()
        data = _weighed(samples, profile, state.inputs.weight.zero_offset_g)
        curve.append(data["gross_g"])
        yield Answer(data=data, text=(_line(ctx, data, curve),))


def _silence(ctx: Context, samples: Samples) -> str:
    fault = samples.fault
    if fault is None:
        return said(ctx, "no samples come", "无采样数据")
    return printable(f"{fault.name} {fault.device}: {fault.seen}")


def _weighed(samples: Samples, profile: Profile, zero_offset_g: int) -> dict[str, Any]:
    """The mean of what has come since the last look."""
    rows = np.array(samples.counts, dtype=np.float64)
    scale = profile.scale.scale
    found: dict[str, Any] = {"t_us": samples.t_us[-1], "samples": len(rows)}
    if not scale.cells:
        return found | {"gross_g": round(float(rows[-1, 0])), "cells_g": []}
    grams = scale.to_grams(rows).mean(axis=0)
    gross_g = scale.correct_gross_g(float(grams.sum()) - zero_offset_g)
    spread_g = float(scale.to_grams(rows).sum(axis=1).std())
    return found | {
        "gross_g": round(gross_g),
        "noise_g": round(spread_g, 1),
        "cells_g": [round(float(one)) for one in grams],
    }


def _line(ctx: Context, data: dict[str, Any], curve: deque[float]) -> str:
    """One line, in which the cells come before the curve where not all has room."""
    drawn = spark(list(curve), unicode=ctx.screen.unicode)
    cells = " ".join(f"{round(one / 1000):5d}" for one in data["cells_g"])
    head = f"{data['t_us'] / 1e6 % 1000:5.1f} s {padded(kg(data['gross_g']), 7, right=True)} kg"
    whole = f"{head} | {cells}" if cells else head
    left = room(ctx) - len(whole) - 3
    return cut(f"{whole} | {drawn[-left:]}" if left >= 4 else whole, room(ctx))


SECONDS = Argument(
    name="seconds",
    help_en="for how long; without it until a key is pressed",
    help_zh="持续秒数；不填则按任意键结束",
    optional=True,
)
COMMANDS = (
    Command(
        words="monitor weight",
        help_en="Gross and each cell ten times a second, with a curve.",
        help_zh="每秒十次显示总重和各传感器",
        run=monitor_weight,
        arguments=(SECONDS,),
        live_s=WEIGHT_EVERY_S,
    ),
    Command(
        words="monitor io",
        help_en="Each change of an input or output, a line each.",
        help_zh="逐行显示输入输出变化",
        run=monitor_io,
        arguments=(SECONDS,),
    ),
    Command(
        words="monitor events",
        help_en="Phases, faults, inputs, requests and records as they come.",
        help_zh="实时显示阶段、故障、输入、请求、记录",
        run=monitor_events,
        arguments=(SECONDS,),
    ),
)
