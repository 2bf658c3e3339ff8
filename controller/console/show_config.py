"""``show config``: every setting with where it comes from, and what differs from what."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from board.machine_block import Change, human_part
from board.site_lines import lines_of
from board.site_writer import history
from controller.configfiles import Pending
from controller.console import config_desk as desk
from controller.console.answer import Answer
from controller.console.candidate import Candidate, between, flat, running_changes, shown
from controller.console.clean import printable
from controller.console.config_keys import defaults, known_keys
from controller.console.config_legal import legal_of
from controller.console.configure import rows
from controller.console.context import Context
from controller.console.do_common import both
from controller.console.grammar import Argument, Command

HISTORY_SHOWN = 40


def show_config(ctx: Context, given: dict[str, str]) -> Answer:
    """All that the lane runs with, or what begins with a text, each with its source."""
    candidate, begun = desk.load(ctx.folder), given.get("key", "")
    running = Candidate(
        site=candidate.site,
        saved=candidate.running,
        running=candidate.running,
        changes=running_changes(candidate.running),
    )
    found = [one for one in settings_of(running) if one["key"].startswith(begun)]
    width = max((len(one["key"]) for one in found), default=0)
    values = max((len(one["value"]) for one in found), default=0)
    lines = [
        printable(f"{one['key']:<{width}}  {one['value']:<{min(values, 40)}}  {one['source']}")
        for one in found
    ]
    about, told = _standing(ctx, candidate)
    return Answer(data={**about, "settings": found}, text=(*lines, *told))


def show_diff(ctx: Context, given: dict[str, str]) -> Answer:
    """What a commit would change, and what a save would."""
    candidate = desk.load(ctx.folder)
    commit, saved = candidate.from_running(), between(candidate.saved, candidate.running)
    text = [
        both(ctx, "running -> candidate:", "运行配置 -> 候选配置:"),
        *_differences(ctx, rows(commit)),
    ]
    text += [
        both(ctx, "saved -> running:", "已保存 -> 运行配置:"),
        *_differences(ctx, rows(saved)),
    ]
    problems = [printable(one) for one in candidate.problems()]
    if problems:
        text += [both(ctx, "to mend before a commit:", "commit 之前须更正:")]
        text += [f"  {one}" for one in problems]
    data = {"candidate": rows(commit), "running": rows(saved), "problems": problems}
    return Answer(data=data, text=tuple(text))


def show_saved(ctx: Context, given: dict[str, str]) -> Answer:
    """What the program's end of the site file sets, with who set it and why."""
    candidate = desk.load(ctx.folder)
    changes = running_changes(candidate.saved)
    data = [_change(one) for one in changes]
    lines = [printable(f"{one['key']} = {one['value']}   {one['source']}") for one in data]
    nothing = both(ctx, f"nothing is set in {candidate.site}", f"{candidate.site} 中没有设置")
    return Answer(data={"path": str(candidate.site), "set": data}, text=tuple(lines or [nothing]))


def show_history(ctx: Context, given: dict[str, str]) -> Answer:
    """Every version saved, newest first, with the number that ``rollback`` takes."""
    data = history(Path(desk.running_of(ctx.folder).site))
    lines = [
        printable(
            f"rollback {row['rollback']:<3} v{row['version']:<4} {row['date'] or '-':<25} "
            f"{row['author'] or '-':<12} {row['settings']:>3}  {row['problem'] or row['reason']}"
        )
        for row in data[:HISTORY_SHOWN]
    ]
    nothing = both(ctx, "nothing was ever saved here", "从未保存过")
    return Answer(data={"versions": data}, text=tuple(lines or [nothing]))


def settings_of(candidate: Candidate) -> list[dict[str, Any]]:
    """Every key with its value and its source: ``site``, ``console`` or ``default``.

    ``line`` is that of the site file, ``who``, ``at`` and ``why`` those of the console.
    """
    table = flat(candidate.table)
    text = human_part(candidate.saved).decode("utf-8")
    lines, name = lines_of(text), candidate.site.name
    changes = {one.key: one for one in candidate.changes}
    found = []
    for key, value in table.items():
        if key in changes:
            found.append(_change(changes[key]))
            continue
        line = lines.get(key)
        source = f"{name} line {line}" if line is not None else name
        found.append(_row(key, shown(value), "site", source, line=line))
    usual = defaults(indicator="indicator" in candidate.table.get("devices", {}))
    for key, stated in usual.items():
        if key not in table and stated:
            found.append(_row(key, stated, "default", "default"))
    return found


def _change(one: Change) -> dict[str, Any]:
    source = f"set by {one.who} {one.at.isoformat(timespec='minutes')}: {one.why}"
    told = {"who": one.who, "at": one.at.isoformat(), "why": one.why}
    return {**_row(one.key, shown(one.value), "console", source), **told}


def _row(key: str, value: str, kind: str, source: str, line: int | None = None) -> dict[str, Any]:
    legal = legal_of(key) is not None
    return {
        "key": key,
        "value": value,
        "from": kind,
        "source": source,
        "line": line,
        "legal": legal,
    }


def _standing(ctx: Context, candidate: Candidate) -> tuple[dict[str, Any], list[str]]:
    """Whether what runs is saved and confirmed, and whether a candidate waits."""
    waiting, unsaved = candidate.from_running(), between(candidate.saved, candidate.running)
    pending = desk.pending_of(ctx.folder)
    lines = []
    if unsaved:
        lines.append(
            both(
                ctx,
                f"{len(unsaved)} settings that run are not saved: a restart loses them",
                f"{len(unsaved)} 处运行设置尚未保存,重启后失效",
            )
        )
    if waiting:
        lines.append(
            both(
                ctx,
                f"{len(waiting)} settings of the candidate are not committed: 'show config diff'",
                f"{len(waiting)} 处候选设置尚未 commit:见 show config diff",
            )
        )
    if pending is not None:
        lines.append(_unconfirmed(ctx, pending))
    data = {
        "path": str(candidate.site),
        "unsaved": len(unsaved),
        "uncommitted": len(waiting),
        "goes_back_ms": None if pending is None else pending.deadline_ms,
    }
    return data, lines


def _unconfirmed(ctx: Context, pending: Pending) -> str:
    left_min = max(0, round(pending.deadline_ms / 60_000 - time.time() / 60))
    return both(
        ctx,
        f"NOT CONFIRMED: goes back in about {left_min} min unless 'confirm REASON'",
        f"尚未确认:约 {left_min} 分钟后自动回退,用 confirm REASON 确认",
    )


def _differences(ctx: Context, found: Sequence[dict[str, object]]) -> Iterator[str]:
    if not found:
        yield both(ctx, "  no difference", "  没有不同")
    for one in found:
        legal = both(ctx, "  (legal)", "  (法定)") if one["legal"] else ""
        yield printable(f"  {one['key']}: {one['before']} -> {one['after']}{legal}")


def _sections(ctx: Context) -> Sequence[str]:
    return sorted({key.partition(".")[0] for key in known_keys(())})


COMMANDS = (
    Command(
        words="show config",
        help_en="What the lane runs with, and where each value comes from.",
        help_zh="运行配置及每个值的来源",
        run=show_config,
        arguments=(
            Argument(
                name="key",
                help_en="a section, or a key",
                help_zh="一节或一个键",
                choices=_sections,
                optional=True,
            ),
        ),
    ),
    Command(
        words="show config diff",
        help_en="What a commit would change, and what a save would.",
        help_zh="commit 与 save 将改变的内容",
        run=show_diff,
    ),
    Command(
        words="show config saved",
        help_en="What the console has saved to the site file, by whom and why.",
        help_zh="控制台保存到站点文件的设置、作者与原因",
        run=show_saved,
    ),
    Command(
        words="show config history",
        help_en="The versions saved, for 'rollback N'.",
        help_zh="已保存的版本,供 rollback N 使用",
        run=show_history,
    ),
)
