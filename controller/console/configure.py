"""Configure: a candidate set key by key, taken up by the lane, confirmed, saved, gone back from."""

from __future__ import annotations

import time
from collections.abc import Sequence

from board.machine_block import Change, check_text
from board.profile import ProfileError
from board.site_writer import SiteFileError, save, saved_before, writable
from controller import configfiles
from controller.configfiles import ConfigFileError
from controller.console import config_desk as desk
from controller.console import config_offers as offers
from controller.console.answer import Answer, CommandError
from controller.console.candidate import (
    Candidate,
    Difference,
    SettingError,
    between,
    flat,
    running_changes,
    shown,
)
from controller.console.clean import printable
from controller.console.config_record import record_change, recorded
from controller.console.context import Context
from controller.console.do_common import both
from controller.console.grammar import Argument, Command
from controller.console.link import LaneAwayError
from controller.console.roles import Role

TAKEN_UP_S = 120.0
LOOK_S = 0.2
MINUTES_MAX = 1_440


def do_set(ctx: Context, given: dict[str, str]) -> Answer:
    """Set a key of the candidate, if its value is right."""
    key = given["key"]
    desk.demand_legal(ctx, [key])
    before = desk.load(ctx.folder)
    try:
        after = before.set(key, given["value"], ctx.account.name, desk.now())
    except SettingError as error:
        raise CommandError("; ".join(printable(one) for one in error.problems)) from error
    return _kept(ctx, before, after, key)


def do_unset(ctx: Context, given: dict[str, str]) -> Answer:
    """Take back what was set, or take a key of the site file out."""
    key = given["key"]
    desk.demand_legal(ctx, [key])
    before = desk.load(ctx.folder)
    try:
        after = before.unset(key, ctx.account.name, desk.now())
    except ValueError as error:
        raise CommandError(printable(str(error))) from error
    return _kept(ctx, before, after, key)


def do_rollback(ctx: Context, given: dict[str, str]) -> Answer:
    """Have the settings that were saved so many times before the last as the candidate."""
    back = _whole(given["number"], "rollback", 0, 9_999, "saves back")
    now = desk.empty(ctx.folder)
    try:
        block = saved_before(now.site, back)
    except ValueError as error:
        raise CommandError(printable(str(error))) from error
    after = Candidate(site=now.site, saved=now.saved, running=now.running, changes=block.changes)
    differences = after.from_running()
    desk.demand_legal(ctx, desk.keys_of(differences))
    desk.store(ctx.folder, after)
    about = f"version {block.version}"
    if block.date is not None:
        about += f" of {block.date.isoformat()} by {printable(block.author)}"
    line = both(ctx, f"the candidate is {about}", f"候选配置取自 {about}")
    data = {"version": block.version, "differences": rows(differences)}
    return Answer(data=data, text=(line, *_next_step(ctx, after, differences)))


def do_commit(ctx: Context, given: dict[str, str]) -> Answer:
    """Have the lane take the candidate up, for good or until it is not confirmed."""
    minutes = 0
    if "minutes" in given:
        minutes = _whole(given["minutes"], "commit confirmed", 1, MINUTES_MAX, "minutes")
    before = desk.load(ctx.folder)
    differences = before.from_running()
    if not differences:
        raise CommandError("nothing to commit: the candidate is what runs; 'set KEY VALUE' first")
    if desk.pending_of(ctx.folder) is not None:
        raise CommandError("what runs is not confirmed yet: 'confirm' it first, or let it go back")
    desk.demand_legal(ctx, desk.keys_of(differences))
    desk.demand_right(before)
    why = _reason(ctx, given)
    candidate = before.explained(why, desk.now())
    after = candidate.sha256
    seqs = record_change(ctx, why, _running_sha256(ctx), after, differences)
    event = _newest_event(ctx)
    try:
        path = configfiles.write(ctx.folder, configfiles.NEXT, candidate.text)
    except ConfigFileError as error:
        raise CommandError(f"recorded as seq {seqs[-1]}, but not done: {error}") from error
    refused = ctx.link.reload(str(path.resolve()), minutes * 60)
    if refused:
        raise CommandError(f"recorded as seq {seqs[-1]}, but not done: {printable(refused)}")
    told = _taken_up(ctx, event, after)
    if told.startswith("taken up"):
        desk.drop(ctx.folder)
    text = [both(ctx, f"recorded as seq {_list(seqs)}", f"已记录,序号 {_list(seqs)}"), told]
    if minutes:
        text.append(
            both(
                ctx,
                f"it goes back by itself in {minutes} min: 'confirm REASON' keeps it",
                f"{minutes} 分钟后自动回退:用 confirm REASON 确认",
            )
        )
    data = {"seqs": seqs, "sha256": after, "told": told, "minutes": minutes}
    return Answer(data={**data, "differences": rows(differences)}, text=tuple(text))


def do_confirm(ctx: Context, given: dict[str, str]) -> Answer:
    """Keep what a ``commit confirmed`` has taken up."""
    if desk.pending_of(ctx.folder) is None:
        raise CommandError("nothing waits to be confirmed")
    why = _reason(ctx, given)
    seq = recorded(ctx, why, f"after={_running_sha256(ctx)}\nconfirmed")
    refused = ctx.link.reload("")
    if refused:
        raise CommandError(f"recorded as seq {seq}, but {printable(refused)}")
    line = both(
        ctx,
        f"confirmed, recorded as seq {seq}; 'save REASON' keeps it over a restart",
        f"已确认,序号 {seq};用 save REASON 保存,重启后仍有效",
    )
    return Answer(data={"seq": seq}, text=(line,))


def do_save(ctx: Context, given: dict[str, str]) -> Answer:
    """Write the running settings to the program's end of the site file."""
    candidate = desk.load(ctx.folder)
    try:
        writable(candidate.site)
    except SiteFileError as error:
        raise CommandError(str(error)) from error
    if desk.pending_of(ctx.folder) is not None:
        raise CommandError("what runs is not confirmed yet: 'confirm' it first")
    try:
        before = _running_sha256(ctx)
    except LaneAwayError:
        return _save_without_lane(ctx, candidate, _reason(ctx, given))
    changes = running_changes(candidate.running)
    if changes == running_changes(candidate.saved):
        raise CommandError("nothing to save: what was set and runs is saved already")
    differences = between(candidate.saved, candidate.running)
    desk.demand_legal(ctx, desk.keys_of(differences))
    why = _reason(ctx, given)
    seq = recorded(ctx, why, f"after={before}\nsaved")
    version = _save(ctx, candidate, changes, why)
    text = [
        both(
            ctx,
            f"version {version} is saved in {candidate.site}, recorded as seq {seq}",
            f"版本 {version} 已保存到 {candidate.site},记录序号 {seq}",
        )
    ]
    if candidate.changes != changes:
        text.append(
            both(
                ctx,
                "settings of the candidate that were not committed were not saved",
                "尚未 commit 的候选设置没有保存",
            )
        )
    data = {"version": version, "seq": seq, "differences": rows(differences)}
    return Answer(data=data, text=tuple(text))


def _save_without_lane(ctx: Context, candidate: Candidate, why: str) -> Answer:
    """For a lane that cannot start: save the candidate itself, but nothing legal."""
    differences = candidate.from_saved()
    legal = [one.key for one in differences if one.legal]
    if legal:
        raise CommandError(
            f"{', '.join(legal)}: no lane runs that could record it; start one, commit, then save"
        )
    if candidate.changes == running_changes(candidate.saved):
        raise CommandError("nothing to save: what was set is saved already")
    desk.demand_right(candidate)
    version = _save(ctx, candidate, candidate.explained(why, desk.now()).changes, why)
    desk.drop(ctx.folder)
    line = both(
        ctx,
        f"version {version} is saved in {candidate.site}; NOT RECORDED, since no lane runs",
        f"版本 {version} 已保存到 {candidate.site};通道未运行,没有记录",
    )
    return Answer(
        data={"version": version, "seq": None, "differences": rows(differences)}, text=(line,)
    )


def _save(ctx: Context, candidate: Candidate, changes: Sequence[Change], why: str) -> int:
    try:
        block = save(
            candidate.site,
            changes,
            seen=candidate.saved,
            author=ctx.account.name,
            reason=why,
            date=desk.now(),
        )
    except (SiteFileError, ProfileError) as error:
        raise CommandError(printable(str(error))) from error
    return block.version


def _kept(ctx: Context, before: Candidate, after: Candidate, key: str) -> Answer:
    desk.store(ctx.folder, after)
    was, now = flat(before.table).get(key), flat(after.table).get(key)
    differences = after.from_running()
    data = {"key": key, "before": shown(was), "after": shown(now)}
    line = printable(f"{key}: {shown(was)} -> {shown(now)}")
    text = (line, *_next_step(ctx, after, differences))
    return Answer(data={**data, "problems": after.problems()}, text=text)


def _next_step(ctx: Context, after: Candidate, differences: Sequence[Difference]) -> list[str]:
    problems = [printable(one) for one in after.problems()]
    if problems:
        head = both(ctx, "to mend before a commit:", "commit 之前须更正:")
        return [head, *(f"  {one}" for one in problems[: desk.PROBLEMS_SHOWN])]
    count = len(differences)
    if not count:
        return [both(ctx, "the candidate is what runs", "候选配置与运行配置相同")]
    return [
        both(
            ctx,
            f"differs from what runs in {count}: 'show config diff', then "
            "'commit confirmed 10 REASON'",
            f"与运行配置有 {count} 处不同:show config diff 查看,commit confirmed 10 REASON 生效",
        )
    ]


def _newest_event(ctx: Context) -> int:
    events = ctx.link.events().events
    return events[-1].number if events else 0


def _taken_up(ctx: Context, after_event: int, sha256: str) -> str:
    """What the lane tells of a configuration, once it tells anything."""
    until_s = time.monotonic() + TAKEN_UP_S
    while time.monotonic() < until_s:
        ctx.pause(LOOK_S)
        try:
            events = ctx.link.events(after_event).events
        except LaneAwayError:
            continue
        for event in events:
            if event.kind == "config" and sha256[:12] in event.text:
                return printable(event.text)
    return both(
        ctx,
        f"not taken up within {TAKEN_UP_S:g} s: the lane is not at rest; it goes on waiting, and "
        "'show config' tells",
        f"{TAKEN_UP_S:g} 秒内未生效:通道未空闲;仍在等待,见 show config",
    )


def _running_sha256(ctx: Context) -> str:
    return ctx.link.state().about.config_sha256


def _reason(ctx: Context, given: dict[str, str]) -> str:
    why = given.get("reason", "").strip()
    why = why or ctx.talk.ask(both(ctx, "reason: ", "原因:")).strip()
    try:
        check_text("reason", why)
    except ValueError as error:
        raise CommandError(str(error)) from error
    return why


def _whole(text: str, name: str, least: int, most: int, unit: str) -> int:
    if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most):
        raise CommandError(f"{name} '{printable(text, 20)}': {least} to {most} {unit}")
    return int(text)


def _list(seqs: Sequence[int]) -> str:
    return ", ".join(str(seq) for seq in seqs)


def rows(differences: Sequence[Difference]) -> list[dict[str, object]]:
    """Differences as plain data."""
    return [
        {
            "key": one.key,
            "before": shown(one.before),
            "after": shown(one.after),
            "legal": one.legal,
        }
        for one in differences
    ]


_KEY = Argument(
    name="key", help_en="as in the site file", help_zh="站点文件中的键", choices=offers.keys
)
_SET_KEY = Argument(
    name="key",
    help_en="as in the site file",
    help_zh="站点文件中的键",
    choices=offers.set_keys,
)
_VALUE = Argument(
    name="value",
    help_en="with its unit",
    help_zh="带单位的值",
    choices=offers.values,
    rest=True,
)
_WHY = Argument(
    name="reason", help_en="why; it is recorded", help_zh="原因(记入记录)", rest=True, optional=True
)
_MINUTES = Argument(name="minutes", help_en="1 to 1440", help_zh="1 至 1440 分钟")
_NUMBER = Argument(name="number", help_en="0 is the last saved", help_zh="0 为最近一次保存")

COMMANDS = (
    Command(
        words="set",
        help_en="Set a key of the candidate configuration.",
        help_zh="设置候选配置的一个键",
        run=do_set,
        role=Role.MAINTAINER,
        arguments=(_KEY, _VALUE),
    ),
    Command(
        words="unset",
        help_en="Take back what was set, or a key of the site file out.",
        help_zh="撤销已设置的键,或去掉站点文件中的键",
        run=do_unset,
        role=Role.MAINTAINER,
        arguments=(_SET_KEY,),
    ),
    Command(
        words="commit",
        help_en="Have the lane take up the candidate, until the next start.",
        help_zh="使候选配置生效(重启前有效)",
        run=do_commit,
        role=Role.MAINTAINER,
        arguments=(_WHY,),
    ),
    Command(
        words="commit confirmed",
        help_en="The same, going back by itself unless confirmed in time.",
        help_zh="同上,若未按时确认则自动回退",
        run=do_commit,
        role=Role.MAINTAINER,
        arguments=(_MINUTES, _WHY),
    ),
    Command(
        words="confirm",
        help_en="Keep what 'commit confirmed' has taken up.",
        help_zh="确认 commit confirmed 的配置",
        run=do_confirm,
        role=Role.MAINTAINER,
        arguments=(_WHY,),
    ),
    Command(
        words="save",
        help_en="Write the running settings to the end of the site file.",
        help_zh="把运行配置保存到站点文件末尾",
        run=do_save,
        role=Role.MAINTAINER,
        arguments=(_WHY,),
    ),
    Command(
        words="rollback",
        help_en="Have the settings saved N times before as the candidate.",
        help_zh="以之前第 N 次保存的设置作为候选配置",
        run=do_rollback,
        role=Role.MAINTAINER,
        arguments=(_NUMBER,),
    ),
)
