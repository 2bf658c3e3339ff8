"""``truck check``: a truck of known mass on the deck against what this scale says of it."""

from __future__ import annotations

from typing import Any

from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.do_common import REASON, both, lane_wait, mass_g, site_of
from controller.console.do_record import recorded
from controller.console.grammar import Argument, Command
from controller.console.messages import State
from controller.console.roles import Role
from controller.core.kinds import Deck, WeighingStatus
from sensors.indication import mpe_in_service_g

WEIGHED_S = 30.0
_WHY = {
    WeighingStatus.NOT_FULLY_ON: "it does not stand on the deck with all its wheels",
    WeighingStatus.TAILGATE: "something else touches the deck",
    WeighingStatus.UNSTABLE: "it does not stand still: engine off, nobody in it, wait for the wind",
    WeighingStatus.CELL_FAULT: "the cells disagree: 'diag scale'",
    WeighingStatus.DEGRADED: "a cell is bad: 'show faults'",
    WeighingStatus.TAMPERED: "the load changed as no vehicle changes it: 'show faults'",
}


def check(ctx: Context, given: dict[str, str]) -> Answer:
    """Hold the weight of the truck that stands on the deck against its known mass."""
    state = ctx.link.state()
    scale = site_of(state).scale.scale
    known_g = mass_g(given["mass"], scale.min_g, scale.max_g)
    if state.inputs.weight.deck is Deck.EMPTY:
        raise CommandError("the deck is empty: have the truck stand on it with all its wheels")

    def weighed(now: State) -> bool:
        return now.inputs.weight.status is WeighingStatus.ACCEPTED

    found = lane_wait(ctx, weighed, WEIGHED_S)
    if found is None or found.inputs.weight.weight_g is None:
        status = ctx.link.state().inputs.weight.status
        why = _WHY.get(status, f"the weighing is {status.name}")
        raise CommandError(f"no weight was accepted in {WEIGHED_S:g} s: {why}")
    weight = found.inputs.weight
    data = _judged(weight.weight_g or 0, weight.estimate_g, known_g, scale.e_g)
    verdict = "within" if data["ok"] else "OUTSIDE"
    detail = (
        f"known truck {known_g} g, weighed {data['weighed_g']} g, error {data['error_g']} g "
        f"({data['error_e']:+.2f} e), MPE in service {data['mpe_g']} g: {verdict}"
    )
    seq, why = recorded(ctx, "calibrate", given["reason"], detail)
    data |= {"seq": seq, "axles": weight.axles, "u95_g": weight.u95_g}
    return Answer(data=data, text=tuple(_lines(ctx, data, why)))


def _judged(weight_g: int, estimate_g: int | None, known_g: int, e_g: int) -> dict[str, Any]:
    """The error by the weight that would be judged; finer by what it was before rounding."""
    mpe_g = mpe_in_service_g(known_g, e_g)
    error_g = weight_g - known_g
    fine_g = (estimate_g if estimate_g is not None else weight_g) - known_g
    return {
        "known_g": known_g,
        "weighed_g": weight_g,
        "error_g": error_g,
        "error_e": round(error_g / e_g, 3),
        "error_before_rounding_e": round(fine_g / e_g, 3),
        "mpe_g": mpe_g,
        "mpe_e": mpe_g / e_g,
        "ok": abs(error_g) <= mpe_g,
    }


def _lines(ctx: Context, data: dict[str, Any], why: str) -> list[str]:
    verdict = both(ctx, "within", "合格") if data["ok"] else both(ctx, "OUTSIDE", "超差")
    lines = [
        f"known {data['known_g'] / 1000:g} kg, weighed {data['weighed_g'] / 1000:g} kg: error "
        f"{data['error_g'] / 1000:+g} kg = {data['error_e']:+.2f} e "
        f"({data['error_before_rounding_e']:+.2f} e before rounding)",
        f"MPE in service {data['mpe_g'] / 1000:g} kg = {data['mpe_e']:g} e (R 76 3.5.2): {verdict}",
    ]
    if not data["ok"]:
        lines.append("stop using it for trade; 'diag scale', look under the deck, then 'calibrate'")
    lines.append(f"recorded as seq {data['seq']}" if data["seq"] else f"NOT RECORDED: {why}")
    return lines


COMMANDS = (
    Command(
        words="truck check",
        help_en="hold a truck of known mass on the deck against this scale",
        help_zh="已知质量车辆核查",
        run=check,
        role=Role.MAINTAINER,
        arguments=(
            Argument(name="mass", help_en="its mass, in kg or as 48.2t", help_zh="质量(kg)"),
            REASON,
        ),
    ),
)
