"""Taking the lane by hand and giving it back; arming a session, which ends by itself."""

from __future__ import annotations

from collections.abc import Callable

from controller.console.answer import Answer, CommandError
from controller.console.context import ARMED_S, Context
from controller.console.do_common import REASON, both, lane_wait, whole
from controller.console.grammar import Argument, Command
from controller.console.messages import State
from controller.console.roles import Role
from controller.core.kinds import CLEAR, Phase

ARM_S_MIN, ARM_S_MAX = 5, 600
TAKEN_S = 3.0
Reached = Callable[[State], bool]


def arm(ctx: Context, given: dict[str, str]) -> Answer:
    """Let this session move things for a while."""
    text = given.get("seconds", f"{ARMED_S:g}")
    seconds = whole(text, "arm for", ARM_S_MIN, ARM_S_MAX, "s")
    ctx.armed.arm(seconds)
    line = both(
        ctx,
        f"armed for {seconds} s: see that nobody is under a boom or on the deck",
        f"已解锁 {seconds} 秒：请确认道闸下和秤台上无人",
    )
    return Answer(data={"armed": True, "left_s": seconds}, text=(line,))


def disarm(ctx: Context, given: dict[str, str]) -> Answer:
    """Move nothing more."""
    ctx.armed.disarm()
    return Answer(data={"armed": False, "left_s": 0}, text=(both(ctx, "disarmed", "已锁定"),))


def enter(ctx: Context, given: dict[str, str]) -> Answer:
    """Take the lane by hand."""
    before = ctx.link.state()
    if before.phase is Phase.MANUAL:
        raise CommandError("the lane is by hand already")
    if before.phase is Phase.EMERGENCY:
        raise CommandError("the emergency stop holds the lane: release it, then 'reset REASON'")
    ctx.request("enter_manual", given["reason"])
    return _now(ctx, before, lambda state: state.phase is Phase.MANUAL)


def leave(ctx: Context, given: dict[str, str]) -> Answer:
    """Give the lane back; it comes to work by itself once all is in order."""
    before = ctx.link.state()
    if before.phase is not Phase.MANUAL:
        raise CommandError(f"the lane is not by hand; it is in {before.phase.name}")
    ctx.request("leave_manual", given["reason"])
    ctx.armed.disarm()
    return _now(ctx, before, lambda state: state.phase is not Phase.MANUAL)


def reset(ctx: Context, given: dict[str, str]) -> Answer:
    """Take the lane out of an emergency stop that has been released."""
    before = ctx.link.state()
    if before.phase is not Phase.EMERGENCY:
        raise CommandError(
            f"there is no emergency to reset; the lane is in {before.phase.name}, "
            "and what stops it is shown by 'show faults'"
        )
    if before.inputs.estop is not CLEAR:
        raise CommandError(
            f"the emergency stop reads {before.inputs.estop.name}: pull it out first; "
            "if it is out, look at its circuit ('show io')"
        )
    ctx.request("reset", given["reason"])
    return _now(ctx, before, lambda state: state.phase is not Phase.EMERGENCY)


def _now(ctx: Context, before: State, done: Reached) -> Answer:
    state = lane_wait(ctx, done, TAKEN_S)
    if state is None:
        now = ctx.link.state()
        raise CommandError(
            f"the lane did not take it: it is in {now.phase.name} ({now.outcome}) "
            f"{TAKEN_S:g} s later; 'show lane' may tell why"
        )
    data = {"phase": state.phase.name, "outcome": state.outcome, "before": before.phase.name}
    return Answer(data=data, text=(f"{before.phase.name} -> {state.phase.name}: {state.outcome}",))


COMMANDS = (
    Command(
        words="arm",
        help_en="let this session move booms and test lights, for a while",
        help_zh="解锁本会话的操作权限(限时)",
        run=arm,
        role=Role.MAINTAINER,
        manual=True,
        arguments=(
            Argument(
                name="seconds",
                help_en=f"for how long, {ARM_S_MIN} to {ARM_S_MAX} s ({ARMED_S:g})",
                help_zh=f"时长(秒)，默认 {ARMED_S:g}",
                optional=True,
            ),
        ),
    ),
    Command(
        words="disarm",
        help_en="move nothing more",
        help_zh="锁定操作权限",
        run=disarm,
        role=Role.MAINTAINER,
    ),
    Command(
        words="manual enter",
        help_en="take the lane by hand: no vehicle is let in or out by rule",
        help_zh="转入手动",
        run=enter,
        role=Role.MAINTAINER,
        arguments=(REASON,),
    ),
    Command(
        words="manual leave",
        help_en="give the lane back",
        help_zh="退出手动",
        run=leave,
        role=Role.MAINTAINER,
        arguments=(REASON,),
    ),
    Command(
        words="reset",
        help_en="take the lane out of an emergency stop that was released",
        help_zh="急停复位",
        run=reset,
        role=Role.MAINTAINER,
        arguments=(REASON,),
    ),
)
