"""What is legal is recorded: the CALIBRATE record of a new sheet, and its way into the lane."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from board.calibration_file import Standing
from controller.console.answer import CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import newest_seq, no_record, wait_record
from controller.console.link import LaneAwayError
from hal.requests import DETAIL_MAX
from protocol.parts import Kind

TAIL = 40


def detail_of(before: str, after: str, changed: Iterable[tuple[str, object]]) -> str:
    """The detail of a record: both digests, then a line for each value, as much as there is room.

    Cut at a line, and the last one then says how many more there were.
    """
    lines = [f"{key} = {value}" for key, value in changed]
    text = f"before={before} after={after}"
    for number, line in enumerate(lines):
        if len(text) + len(line) + 1 > DETAIL_MAX - TAIL:
            return f"{text}\n... {len(lines) - number} more"
        text += f"\n{line}"
    return text


def make_known(
    ctx: Context, before: str, made: Standing, changed: Iterable[tuple[str, object]], reason: str
) -> dict[str, Any]:
    """Have the lane record a new calibration and take it up; what came of both, with its lines."""
    detail = detail_of(before, made.sha256, changed)
    seq, why = recorded(ctx, "calibrate", reason, detail)
    lines = [f"version {made.version} is in {made.path}"]
    effect = "at the next start"
    if seq is None:
        lines.append(
            f"NOT RECORDED: {why}; the lane was not told to take it up. Have it recorded: "
            "'calibrate record REASON'"
        )
    else:
        lines.append(f"recorded as seq {seq}")
        refused = _reload(ctx)
        effect = "at the next start" if refused else "once the lane is in IDLE with an empty deck"
        lines.append(f"it takes effect {effect}{f': {printable(refused)}' if refused else ''}")
    return {
        "written": True,
        "version": made.version,
        "sha256": made.sha256,
        "seq": seq,
        "effect": effect,
        "text": lines,
    }


def recorded(ctx: Context, kind: str, reason: str, detail: str) -> tuple[int | None, str]:
    """The seq of the record that a request led to; None with the reason where there is none."""
    try:
        newest = newest_seq(ctx)
        ctx.request(kind, reason, detail=detail)
        seq = wait_record(ctx, newest, (Kind.SERVICE,))
        return seq, "" if seq is not None else no_record(ctx)
    except (CommandError, LaneAwayError) as error:
        return None, str(error)
    except KeyboardInterrupt:
        # What was written before stays, so whoever stopped here has to be told that it does.
        return None, "stopped before the record was seen"


def _reload(ctx: Context) -> str:
    try:
        return ctx.link.reload(ctx.link.state().about.path)
    except LaneAwayError as error:
        return str(error)
