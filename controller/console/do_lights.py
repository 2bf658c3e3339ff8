"""Lamps, sign and voice tried out by hand: the lane shows them for a short time, on record."""

from __future__ import annotations

from controller.assembly import lane_settings
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import (
    END,
    WHY,
    both,
    end_of,
    lane_wait,
    no_record,
    site_of,
)
from controller.console.grammar import Argument, Command
from controller.console.messages import State
from controller.console.refusal_words import words
from controller.console.roles import Role
from controller.core.kinds import End, Lamp, Message
from controller.core.refusals import green_refusals

STARTS_S = 5.0
OVER_S = 5.0
TRIED = "tried out at the console"
FACES = ("approach", "deck")


def lamp(ctx: Context, given: dict[str, str]) -> Answer:
    """Show one lamp green for a short time; red is what it shows before and after."""
    end, face = end_of(given), given["face"]
    state = ctx.link.state()
    device = f"{given['end']}.{face}_signal"
    profile = site_of(state)
    if device not in profile.devices:
        raise CommandError(f"this lane has no {device}: its site file names none")
    _may_be_green(ctx, state, end, face)
    ctx.request("test_lamp", given.get("reason", TRIED), end=given["end"], detail=face)

    def is_green(now: State) -> bool:
        return _lamp(now, end, face) is Lamp.GREEN

    begun = lane_wait(ctx, is_green, STARTS_S)
    if begun is None:
        _may_be_green(ctx, ctx.link.state(), end, face)
        raise CommandError(f"{device} is not shown green: {no_record(ctx)}")
    limit_s = lane_settings(profile).test_us / 1e6 + OVER_S
    over = lane_wait(ctx, lambda now: not is_green(now), limit_s)
    if over is None:
        raise CommandError(f"{device} is still green: 'manual leave REASON' turns all lamps red")
    return _done(ctx, over, device, (over.inputs.now_us - begun.inputs.now_us) / 1e6)


def sign(ctx: Context, given: dict[str, str]) -> Answer:
    """Show the page of the test on the sign."""
    return _page(ctx, given, "sign")


def voice(ctx: Context, given: dict[str, str]) -> Answer:
    """Have the voice say the words of the test; the sign shows them meanwhile."""
    return _page(ctx, given, "voice")


def _page(ctx: Context, given: dict[str, str], device: str) -> Answer:
    profile = site_of(ctx.link.state())
    if device not in profile.devices:
        raise CommandError(f"this lane has no {device}: its site file names none")
    ctx.request("test_sign", given.get("reason", TRIED))

    def shows(now: State) -> bool:
        return now.outputs.sign.message is Message.TEST

    begun = lane_wait(ctx, shows, STARTS_S)
    if begun is None:
        raise CommandError(f"the {device} shows no test: {no_record(ctx)}")
    limit_s = lane_settings(profile).test_us / 1e6 + OVER_S
    over = lane_wait(ctx, lambda now: not shows(now), limit_s) or ctx.link.state()
    return _done(ctx, over, device, (over.inputs.now_us - begun.inputs.now_us) / 1e6)


def _lamp(state: State, end: End, face: str) -> Lamp:
    lamps = state.outputs.approach_lamps if face == "approach" else state.outputs.deck_lamps
    return lamps[end]


def _may_be_green(ctx: Context, state: State, end: End, face: str) -> None:
    against = green_refusals(state.inputs, end, approach=face == "approach")
    said = "; ".join(words(one, ctx.screen.language, state.inputs.now_us) for one in against)
    if said:
        raise CommandError(f"the {end.name.lower()} {face} lamp stays red: {said}")


def _done(ctx: Context, state: State, device: str, seconds: float) -> Answer:
    """What the lane wanted, and what the device itself says against it; eyes say the rest."""
    wrong = [one for one in state.troubles if one.device == device]
    told = [f"{one.name}: {printable(one.seen)}" for one in wrong]
    line = both(
        ctx,
        f"{device} was asked for {seconds:.1f} s and is as before; only eyes and ears say whether "
        "it was right",
        f"{device} 已测试 {seconds:.1f} 秒并恢复；是否正常须由现场人员目视、耳听确认",
    )
    data = {"device": device, "asked_s": round(seconds, 2), "troubles": told}
    return Answer(data=data, text=(line, *told))


_FACE = Argument(
    name="face",
    help_en="approach: to who comes; deck: to who stands on the deck",
    help_zh="approach 面向来车 / deck 面向秤台",
    choices=lambda _: FACES,
    only=True,
)

COMMANDS = (
    Command(
        words="lamp test",
        help_en="show one lamp green for a short time, beside its open boom",
        help_zh="信号灯测试(道闸须开到位)",
        run=lamp,
        role=Role.MAINTAINER,
        manual=True,
        armed=True,
        arguments=(END, _FACE, WHY),
    ),
    Command(
        words="sign test",
        help_en="show the page of the test on the sign",
        help_zh="显示屏测试",
        run=sign,
        role=Role.MAINTAINER,
        manual=True,
        armed=True,
        arguments=(WHY,),
    ),
    Command(
        words="voice test",
        help_en="have the voice say the words of the test",
        help_zh="语音测试",
        run=voice,
        role=Role.MAINTAINER,
        manual=True,
        armed=True,
        arguments=(WHY,),
    ),
)
