"""``show lane``: the whole lane on one screen, redrawn in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.console.answer import Answer
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Command
from controller.console.lines import age, cut, kg, labelled, padded, places, room, said, wall
from controller.console.look_words import phase, word
from controller.console.messages import State
from controller.console.watch import SENSORS
from controller.core.images import PlateRead, Weight
from controller.core.kinds import End
from controller.faults import load_catalogue
from controller.words import page_for

LIVE_S = 0.5
FAULTS_SHOWN = 4
_COLUMN = 24


def show_lane(ctx: Context, arguments: dict[str, str]) -> Answer:
    """The lane as it is in its newest scan."""
    state = ctx.link.state()
    return Answer(data=lane_data(state), text=tuple(_text(ctx, state)))


def lane_data(state: State) -> dict[str, Any]:
    """The same for programs: times in microseconds of the lane's clock, masses in grams."""
    inputs, outputs, weight = state.inputs, state.outputs, state.inputs.weight
    return {
        "site": state.about.site,
        "lane": state.about.lane,
        "now_us": inputs.now_us,
        "wall_ms": inputs.wall.ms,
        "clock": inputs.wall.quality.name,
        "phase": state.phase.name,
        "phase_age_us": inputs.now_us - state.since_us,
        "outcome": state.outcome,
        "passage_id": outputs.passage_id,
        "entry": outputs.entry.name.lower() if outputs.entry is not None else None,
        "plate": outputs.lookup,
        "proposal": outputs.proposal,
        "plates": [_read(one) for one in inputs.plates],
        "sign": outputs.sign.message.name,
        "sign_lines": list(page_for(outputs.sign, "zh").lines),
        "ends": {end.name.lower(): _end(state, end) for end in End},
        "estop": inputs.estop.name,
        "weight": {
            "deck": weight.deck.name,
            "indicated_g": weight.indicated_g,
            "motion": weight.motion,
            "zero_ok": weight.zero_ok,
            "zero_offset_g": weight.zero_offset_g,
            "status": weight.status.name,
            "weight_g": weight.weight_g,
            "u95_g": weight.u95_g,
            "bad_cells": list(weight.bad_cells),
        },
        "faults": [
            {"code": one.code, "age_us": inputs.now_us - one.since_us} for one in state.standing
        ],
        "ledger_seq": inputs.ledger.seq,
        "ledger_ready": inputs.ledger.ready,
        "ledger_failure": state.failure,
        "scan_late_p99_us": state.pace.late_p99_us,
        "scan_late_max_us": state.pace.late_max_us,
        "up_us": state.up_us,
    }


def _end(state: State, end: End) -> dict[str, Any]:
    here, now_us = state.inputs.ends[end], state.inputs.now_us
    found: dict[str, Any] = {}
    for name in SENSORS:
        sensor = getattr(here, name)
        found[name] = {"state": sensor.state.name, "age_us": now_us - sensor.since_us}
    boom = here.boom
    found["boom"] = {"state": boom.position.name, "age_us": now_us - boom.since_us}
    found["drive"] = state.outputs.booms[end].name
    found["approach_lamp"] = state.outputs.approach_lamps[end].name
    found["deck_lamp"] = state.outputs.deck_lamps[end].name
    return found


def _read(one: PlateRead) -> dict[str, Any]:
    return {
        "text": one.text,
        "camera": f"{one.end.name.lower()} {one.view.name.lower()}",
        "agree": one.agree,
        "frames": one.frames,
        "least_ppm": min(one.char_ppm, default=0),
    }


def _text(ctx: Context, state: State) -> Iterator[str]:
    inputs, outputs = state.inputs, state.outputs
    yield _head(ctx, state)
    yield labelled(
        ctx,
        said(ctx, "phase", "阶段"),
        f"{phase(ctx, state.phase.name)}  {age(inputs.now_us - state.since_us)}"
        f"  {printable(state.outcome, 60)}",
    )
    yield labelled(ctx, said(ctx, "passage", "过车"), _passage(ctx, state))
    yield labelled(ctx, said(ctx, "sign", "显示屏"), _sign(ctx, state))
    yield labelled(ctx, said(ctx, "scale", "衡器"), scale_line(ctx, inputs.weight, inputs.now_us))
    yield labelled(ctx, said(ctx, "weighing", "称重"), _weighing(ctx, inputs.weight))
    yield cut(_row(ctx, "", *(word(ctx, end.name.lower()) for end in End)), room(ctx))
    for name in (*SENSORS, "boom"):
        yield _row(ctx, word(ctx, name), *(_sensor(ctx, state, end, name) for end in End))
    for name, levels in (
        ("gate", outputs.booms),
        ("approach_lamp", outputs.approach_lamps),
        ("deck_lamp", outputs.deck_lamps),
    ):
        yield _row(ctx, word(ctx, name), *(word(ctx, levels[end].name) for end in End))
    yield labelled(ctx, said(ctx, "e-stop", "急停"), _estop(ctx, state))
    yield labelled(ctx, said(ctx, "ledger", "账本"), _ledger(ctx, state))
    yield from _faults(ctx, state)


def _head(ctx: Context, state: State) -> str:
    about, time = state.about, state.inputs.wall
    left = said(
        ctx,
        f"{printable(about.site, 60)}, lane {about.lane}",
        f"{printable(about.site, 60)}，{about.lane} 号车道",
    )
    right = f"{wall(time.ms, time.offset_min)} {word(ctx, time.quality.name)}"
    width = room(ctx)
    return cut(padded(left, max(0, width - places(right) - 2)) + "  " + right, width)


def _passage(ctx: Context, state: State) -> str:
    inputs, outputs = state.inputs, state.outputs
    if not outputs.passage_id:
        return said(ctx, "no vehicle", "无车")
    entry = f" {word(ctx, outputs.entry.name.lower())}" if outputs.entry is not None else ""
    plate = printable(outputs.lookup, 16) or said(ctx, "no plate yet", "车牌未定")
    text = f"{outputs.passage_id}{entry}  {plate}"
    if outputs.proposal:
        asked = printable(outputs.proposal, 16)
        text += said(ctx, f"  confirm: {asked}?", f"  请确认：{asked}?")
    for one in inputs.plates[:2]:
        sure = min(one.char_ppm, default=0) / 10_000
        text += f"  [{printable(one.text, 16)} {one.agree}/{one.frames} {sure:.0f}%]"
    return text


def _sign(ctx: Context, state: State) -> str:
    sign = state.outputs.sign
    shown = " / ".join(page_for(sign, "zh" if said(ctx, "", "z") else "en").lines)
    return f"{sign.message.name}: {printable(shown, 120)}"


def scale_line(ctx: Context, weight: Weight, now_us: int) -> str:
    """What the instrument shows: indication, motion, zero, deck."""
    deck = f"{word(ctx, weight.deck.name)} {age(now_us - weight.since_us)}"
    shown = f"{kg(weight.indicated_g)} kg"
    if weight.indicated_g is None:
        shown = said(ctx, "blank", "无示值")
    still = said(ctx, "MOTION", "动态") if weight.motion else said(ctx, "steady", "稳定")
    if weight.indicated_g is None and not weight.motion:
        still = said(ctx, "motion ?", "动态 ?")
    zero = said(ctx, "zero ok", "零点正常") if weight.zero_ok else said(ctx, "NO ZERO", "零点异常")
    offset = f"{weight.zero_offset_g:+d} g"
    return f"{shown}  {still}  {zero} ({offset})  {said(ctx, 'deck', '秤台')} {deck}"


def _weighing(ctx: Context, weight: Weight) -> str:
    text = f"{weight.weighing_id} {word(ctx, weight.status.name)}"
    if weight.weight_g is not None:
        sure = f" +/- {kg(weight.u95_g)}" if weight.u95_g is not None else ""
        text += f" {kg(weight.weight_g)}{sure} kg"
        if weight.axles is not None:
            text += said(ctx, f", {weight.axles} axles", f"，{weight.axles} 轴")
    if weight.bad_cells:
        cells = ", ".join(str(cell) for cell in weight.bad_cells)
        text += said(ctx, f"  BAD CELL {cells}", f"  传感器 {cells} 故障")
    return text


def _row(ctx: Context, label: str, *cells: str) -> str:
    wide = min(_COLUMN, max(12, (room(ctx) - 12) // 2))
    shown = "".join(padded(cut(cell, wide - 1), wide) for cell in cells)
    return cut(f"{padded(label, 11)} {shown}".rstrip(), room(ctx))


def _sensor(ctx: Context, state: State, end: End, name: str) -> str:
    here = state.inputs.ends[end]
    if name == "boom":
        return (
            f"{word(ctx, here.boom.position.name)} {age(state.inputs.now_us - here.boom.since_us)}"
        )
    sensor = getattr(here, name)
    if sensor.state.name == "NOT_FITTED":
        return word(ctx, "NOT_FITTED")
    return f"{word(ctx, sensor.state.name)} {age(state.inputs.now_us - sensor.since_us)}"


def _estop(ctx: Context, state: State) -> str:
    pressed = {"BLOCKED": said(ctx, "PRESSED", "已按下"), "CLEAR": said(ctx, "free", "未按下")}
    name = state.inputs.estop.name
    pace = state.pace
    return (
        f"{pressed.get(name, word(ctx, name))}   {said(ctx, 'scan', '扫描')} "
        f"{pace.period_us / 1000:g} ms, {said(ctx, 'late', '迟到')} p99 "
        f"{pace.late_p99_us / 1000:.1f} ms, max {pace.late_max_us / 1000:.1f} ms"
    )


def _ledger(ctx: Context, state: State) -> str:
    ledger = state.inputs.ledger
    ready = said(ctx, "ready", "正常") if ledger.ready else said(ctx, "NOT READY", "不可用")
    newest = said(ctx, f"newest seq {ledger.seq}", f"最新 seq {ledger.seq}")
    return f"{ready}  {newest}  {printable(state.failure, 120)}".rstrip()


def _faults(ctx: Context, state: State) -> Iterator[str]:
    if not state.standing:
        yield labelled(ctx, said(ctx, "faults", "故障"), said(ctx, "none", "无"))
        return
    entries = load_catalogue().entries
    for number, one in enumerate(state.standing[:FAULTS_SHOWN]):
        entry = entries.get(one.code)
        meaning = said(ctx, f"{entry.name}: {entry.meaning}", entry.zh) if entry else "?"
        label = said(ctx, "faults", "故障") if number == 0 else ""
        since = age(state.inputs.now_us - one.since_us)
        yield labelled(ctx, label, f"{one.code} ({since}) {meaning}")
    more = len(state.standing) - FAULTS_SHOWN
    if more > 0:
        yield labelled(
            ctx, "", said(ctx, f"{more} more: show faults", f"另有 {more} 个：show faults")
        )


COMMANDS = (
    Command(
        words="show lane",
        help_en="The whole lane on one screen, live.",
        help_zh="实时显示整条车道",
        run=show_lane,
        live_s=LIVE_S,
    ),
)
