"""``show faults``: each standing fault with what was measured, its cause, what to do, evidence."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.lines import age, folded, said, wall
from controller.console.link import LaneAwayError
from controller.console.look_evidence import crashes, journals_of, newest_records, record_of
from controller.console.look_measured import measured
from controller.console.messages import Event, Samples, Standing, State
from controller.faults import Entry, load_catalogue
from protocol.record import Record

HISTORY_MAX = 8


def show_faults(ctx: Context, arguments: dict[str, str]) -> Answer:
    """All faults that stand, or one by its code or name whether it stands or not."""
    which = arguments.get("fault")
    if which is not None:
        return _one(ctx, _entry(which))
    state, samples, events = ctx.link.state(), ctx.link.samples(1.0), ctx.link.events().events
    newest = newest_records(ctx) if state.standing else []
    faults = [_standing(ctx, state, samples, one, newest) for one in state.standing]
    bundles = [{"path": str(path), "first_cause": cause} for path, cause in crashes(ctx)]
    history = _history(events)
    lines = list[str]()
    for fault in faults:
        lines += [*_lines(ctx, fault, state.inputs.wall.offset_min), ""]
    if not faults:
        lines.append(said(ctx, "no fault stands", "当前无故障"))
    for bundle in bundles:
        told = f"{bundle['path']}: {bundle['first_cause']}"
        lines += folded(ctx, said(ctx, "crash", "程序错误"), told)
    lines += _told(ctx, history[-HISTORY_MAX:], state.inputs.wall.offset_min)
    return Answer(
        data={"faults": faults, "crashes": bundles, "history": history[-100:]}, text=tuple(lines)
    )


def _one(ctx: Context, entry: Entry) -> Answer:
    """One entry; what is measured and when it stood only where the lane answers."""
    try:
        state, samples = ctx.link.state(), ctx.link.samples(1.0)
        events: Sequence[Event] = ctx.link.events().events
    except LaneAwayError as error:
        data = _data(entry) | {"standing": None, "note": str(error)}
        note = folded(ctx, said(ctx, "note", "提示"), printable(str(error)))
        return Answer(data=data, text=(*_lines(ctx, data, 0), *note))
    stands = next((one for one in state.standing if one.code == entry.code), None)
    data = _data(entry) | {"standing": stands is not None}
    if stands is not None:
        data = _standing(ctx, state, samples, stands, newest_records(ctx))
    history = [one for one in _history(events) if _about(one["text"], entry)]
    data["history"] = history[-100:]
    offset_min = state.inputs.wall.offset_min
    lines = [*_lines(ctx, data, offset_min), *_told(ctx, history[-HISTORY_MAX:], offset_min)]
    return Answer(data=data, text=tuple(lines))


def _entry(which: str) -> Entry:
    entries = load_catalogue().entries
    if which.isdecimal():
        found = entries.get(int(which[:9]))
        if found is not None:
            return found
        raise CommandError(
            f"no fault has the code {which[:9]}; 'show faults' lists those that stand"
        )
    names = {entry.name: entry for entry in entries.values()}
    wanted = which.upper()
    if wanted in names:
        return names[wanted]
    begun = [name for name in names if name.startswith(wanted)]
    if len(begun) == 1:
        return names[begun[0]]
    near = begun[:4] or difflib.get_close_matches(wanted, list(names), 3)
    hint = f"did you mean {', '.join(near).lower()}?" if near else "? shows all names"
    raise CommandError(f"no fault '{printable(which, 40)}'; {hint}")


def _data(entry: Entry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "name": entry.name,
        "meaning": entry.meaning,
        "meaning_zh": entry.zh,
        "likely_cause": entry.likely_cause,
        "first_action": entry.first_action,
        "stops": entry.stops,
    }


def _standing(
    ctx: Context, state: State, samples: Samples, one: Standing, newest: Sequence[Record]
) -> dict[str, Any]:
    entry = load_catalogue().entries.get(one.code)
    if entry is None:
        return {"code": one.code, "name": "?", "meaning": "not in this console's catalogue"}
    age_us = max(0, state.inputs.now_us - one.since_us)
    wall_ms = state.inputs.wall.ms
    record = record_of(newest, entry.code, entry.name)
    return _data(entry) | {
        "standing": True,
        "age_us": age_us,
        "since_ms": wall_ms - age_us // 1000 if wall_ms else None,
        "times": one.times,
        "measured": [printable(text, 300) for text in measured(ctx, state, samples, entry)],
        "record_seq": record.seq if record is not None else None,
        "evidence": [str(path) for path in journals_of(ctx, record)] if record is not None else [],
    }


def _lines(ctx: Context, fault: dict[str, Any], offset_min: int) -> Iterator[str]:
    zh, en = str(fault.get("meaning_zh", "")), fault["meaning"]
    stops = said(ctx, "  STOPS THE LANE", "  停止放车") if fault.get("stops") else ""
    yield from folded(ctx, str(fault["code"]), f"{fault['name']}{stops}")
    yield from folded(ctx, said(ctx, "meaning", "含义"), said(ctx, en, f"{zh} {en}"))
    if fault.get("age_us") is not None:
        since = wall(fault["since_ms"], offset_min)
        times = fault["times"]
        text = said(
            ctx,
            f"{since}, for {age(fault['age_us'])}; {times}x since start",
            f"{since}，已 {age(fault['age_us'])}；启动以来 {times} 次",
        )
        yield from folded(ctx, said(ctx, "since", "开始"), text)
    elif fault.get("standing") is False:
        yield from folded(ctx, said(ctx, "now", "当前"), said(ctx, "does not stand", "未发生"))
    for number, text in enumerate(fault.get("measured", ())):
        yield from folded(ctx, said(ctx, "measured", "实测") if number == 0 else "", text)
    if "likely_cause" in fault:
        yield from folded(ctx, said(ctx, "cause", "可能原因"), fault["likely_cause"])
        yield from folded(ctx, said(ctx, "do first", "首先处理"), fault["first_action"])
    if fault.get("standing"):
        yield from _evidence(ctx, fault)


def _evidence(ctx: Context, fault: dict[str, Any]) -> Iterator[str]:
    label, seq = said(ctx, "evidence", "证据"), fault.get("record_seq")
    if seq is None:
        none = said(
            ctx,
            "no record yet; the journal of the next record tells of it",
            "尚无记录；下一条记录的日志将包含",
        )
        yield from folded(ctx, label, none)
        return
    yield from folded(ctx, label, said(ctx, f"record {seq}: trace passage {seq}", f"记录 {seq}"))
    for path in fault["evidence"]:
        # A path is for copying: it is not broken, and folds only at the edge of the screen.
        yield f"  {printable(path)}"


def _history(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [
        {"wall_ms": one.wall_ms, "t_us": one.t_us, "gone": one.kind == "gone", "text": one.text}
        for one in events
        if one.kind in ("fault", "gone")
    ]


def _about(text: str, entry: Entry) -> bool:
    return text.split(" ", 1)[0] in (str(entry.code), entry.name)


def _told(ctx: Context, history: Sequence[dict[str, Any]], offset_min: int) -> Iterator[str]:
    if history:
        yield said(ctx, "history, newest last:", "历史（最新在后）：")
    for one in history:
        sign = "-" if one["gone"] else "+"
        yield from folded(
            ctx, wall(one["wall_ms"], offset_min, date=False), f"{sign} {printable(one['text'])}"
        )


def _names(ctx: Context) -> list[str]:
    return [entry.name.lower() for entry in load_catalogue().entries.values()]


COMMANDS = (
    Command(
        words="show faults",
        help_en="Standing faults: measured, cause, first action, evidence; or one of them.",
        help_zh="当前故障：实测值、原因、处理、证据",
        run=show_faults,
        arguments=(
            Argument(
                name="fault",
                help_en="a code or a name",
                help_zh="故障代码或名称",
                choices=_names,
                optional=True,
            ),
        ),
    ),
)
