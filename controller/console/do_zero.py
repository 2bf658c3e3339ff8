"""``zero``: the empty deck is zero, by a person's word and only where the interlock agrees."""

from __future__ import annotations

from collections.abc import Mapping

from controller.assembly import interlock_settings, lane_settings
from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.do_common import (
    REASON,
    both,
    lane_wait,
    newest_seq,
    no_record,
    site_of,
    wait_record,
)
from controller.console.grammar import Command
from controller.console.messages import State
from controller.console.refusal_words import words
from controller.console.roles import Role
from controller.core.kinds import Deck
from controller.core.refusals import Refusal, zero_refusals
from protocol.parts import Kind

SETTLES_S = 3.0


def zero(ctx: Context, given: dict[str, str]) -> Answer:
    """Have the scale set its zero, once the record of it is on disk."""
    before = ctx.link.state()
    profile = site_of(before)
    if before.inputs.weight.deck is not Deck.EMPTY:
        raise CommandError(
            f"the deck is {before.inputs.weight.deck.name}: clear it, or 'diag scale' where it is"
        )
    against = zero_refusals(before.inputs, interlock_settings(profile))
    if said := _said(ctx, before, against):
        raise CommandError(f"zero is not set: {said}")
    newest = newest_seq(ctx)
    ctx.request("zero", given["reason"])
    seq = wait_record(ctx, newest, (Kind.SERVICE,))
    if seq is None:
        raise CommandError(f"zero is not set: {no_record(ctx)}")
    was_g = before.inputs.weight.zero_offset_g
    limit_s = lane_settings(profile).zero_ask_us_max / 1e6 + SETTLES_S
    moved = lane_wait(ctx, lambda state: state.inputs.weight.zero_offset_g != was_g, limit_s)
    after = moved or ctx.link.state()
    now = after.inputs.weight
    data = {
        "seq": seq,
        "zero_offset_before_g": was_g,
        "zero_offset_after_g": now.zero_offset_g,
        "changed": moved is not None,
        "zero_ok": now.zero_ok,
    }
    line = both(
        ctx,
        f"zero: {was_g} g -> {now.zero_offset_g} g from the calibration; recorded as seq {seq}",
        f"零点：距标定 {was_g} g -> {now.zero_offset_g} g；已记录为 {seq}",
    )
    return Answer(data=data, text=(line, *_unchanged(ctx, after, data)))


def _said(ctx: Context, state: State, against: tuple[Refusal, ...]) -> str:
    return "; ".join(words(one, ctx.screen.language, state.inputs.now_us) for one in against)


def _unchanged(ctx: Context, state: State, data: Mapping[str, object]) -> tuple[str, ...]:
    if data["changed"]:
        return ()
    settings = interlock_settings(site_of(state))
    said = _said(ctx, state, zero_refusals(state.inputs, settings))
    if said:
        return (f"it was recorded, and then not set: {said}",)
    return ("the offset is as it was: the deck was at zero already",)


COMMANDS = (
    Command(
        words="zero",
        help_en="set the scale's zero on the empty deck",
        help_zh="置零(空秤)",
        run=zero,
        role=Role.MAINTAINER,
        manual=True,
        armed=True,
        arguments=(REASON,),
    ),
)
