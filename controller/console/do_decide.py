"""An operator's word on the vehicle in the lane: let it go, send it back, say its plate."""

from __future__ import annotations

from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import (
    END,
    REASON,
    WHY,
    both,
    lane_wait,
    newest_seq,
    no_record,
    wait_record,
)
from controller.console.grammar import Argument, Command
from controller.console.messages import State
from controller.console.roles import Role
from controller.core.kinds import Phase
from protocol.parts import Kind

DECIDED_S = 8.0
PLATE_MAX = 20
SEEN = "the plate was read by eye"


def release(ctx: Context, given: dict[str, str]) -> Answer:
    """Let the vehicle that is held go on, on this person's word."""
    return _leaves(ctx, "release", given)


def send_back(ctx: Context, given: dict[str, str]) -> Answer:
    """Let the vehicle that is held go back where it came from."""
    return _leaves(ctx, "send_back", given)


def confirm_plate(ctx: Context, given: dict[str, str]) -> Answer:
    """Say which plate the vehicle under way has."""
    state = ctx.link.state()
    passage = state.outputs.passage_id
    plate = given["plate"].upper()
    if not passage:
        raise CommandError(f"no vehicle is under way; the lane is in {state.phase.name}")
    if not plate.isprintable() or not 1 <= len(plate) <= PLATE_MAX:
        raise CommandError(f"a plate has 1 to {PLATE_MAX} characters")
    why = given.get("reason", SEEN)
    ctx.request("confirm_plate", why, plate=plate, passage_id=passage)

    def stands(now: State) -> bool:
        return now.outputs.lookup == plate or now.outputs.passage_id != passage

    found = lane_wait(ctx, stands, DECIDED_S)
    if found is None or found.outputs.lookup != plate:
        raise CommandError(
            f"the lane did not take the plate {printable(plate)} for passage {passage}: "
            f"it is in {ctx.link.state().phase.name}"
        )
    line = f"passage {passage} has the plate {printable(plate)}; the lane is in {found.phase.name}"
    data = {"passage_id": passage, "plate": plate, "phase": found.phase.name}
    return Answer(data=data, text=(line,))


def _leaves(ctx: Context, kind: str, given: dict[str, str]) -> Answer:
    before = ctx.link.state()
    passage = before.outputs.passage_id
    if before.phase is not Phase.HOLDING or not passage:
        raise CommandError(
            "no vehicle waits for a person's word: that is taken in HOLDING, and the lane is in "
            f"{before.phase.name}"
        )
    newest = newest_seq(ctx)
    # Named, so that the word cannot fall to the vehicle that comes after this one.
    ctx.request(kind, given["reason"], end=given.get("end"), passage_id=passage)
    taken = lane_wait(ctx, lambda state: state.phase is not Phase.HOLDING, DECIDED_S)
    if taken is None:
        raise CommandError(_not_taken(before))
    seq = wait_record(ctx, newest, (Kind.RELEASE, Kind.AMENDMENT))
    if seq is None:
        raise CommandError(f"no record of it is on disk yet, so no boom opens: {no_record(ctx)}")
    after = lane_wait(ctx, lambda state: state.phase is not Phase.DECIDING, DECIDED_S)
    phase = (after or ctx.link.state()).phase.name
    line = both(
        ctx,
        f"passage {passage}: recorded as seq {seq}; the lane is in {phase}",
        f"通行 {passage}：已记录为 {seq}；车道状态 {phase}",
    )
    data = {"passage_id": passage, "seq": seq, "phase": phase, "asked": kind}
    return Answer(data=data, text=(line,))


def _not_taken(before: State) -> str:
    if before.outputs.entry is None:
        return "the lane did not see by which end it came: say the way, 'release via END REASON'"
    return "the lane did not take it: name no other end than its way out, and see 'show lane'"


def _ways(words: str, english: str, chinese: str) -> tuple[Command, Command]:
    run = release if words == "release" else send_back
    plain = Command(
        words=words,
        help_en=english,
        help_zh=chinese,
        run=run,
        role=Role.OPERATOR,
        arguments=(REASON,),
    )
    named = Command(
        words=f"{words} via",
        help_en=f"{english}, by the end that is named",
        help_zh=f"{chinese}(指定一端)",
        run=run,
        role=Role.OPERATOR,
        arguments=(END, REASON),
    )
    return plain, named


COMMANDS = (
    *_ways("release", "let the vehicle that is held go on", "放行被扣停的车辆"),
    *_ways("send-back", "send the vehicle that is held back", "退回被扣停的车辆"),
    Command(
        words="plate confirm",
        help_en="say the plate of the vehicle under way",
        help_zh="确认或更正车牌",
        run=confirm_plate,
        role=Role.OPERATOR,
        arguments=(
            Argument(name="plate", help_en="the whole plate", help_zh="完整车牌号"),
            WHY,
        ),
    ),
)
