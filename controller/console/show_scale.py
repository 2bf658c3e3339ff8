"""``show scale``: each load cell with counts, load, noise and health; or what an indicator says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from controller.console.answer import Answer
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Command
from controller.console.lines import age, folded, kg, profile_of, said, table
from controller.console.look_words import health, word
from controller.console.messages import Samples, State
from controller.console.show_lane import scale_line
from sensors.calibration import Scale

LOOK_S = 5.0
NEWEST_S = 0.5
SILENT_US = 1_000_000
LIVE_S = 0.5


class CellLook(Struct, frozen=True, kw_only=True):
    """One cell, the first is 0; masses and noise in e are None without a calibration."""

    cell: int
    counts: int | None = None
    mass_g: float | None = None
    noise_counts: float | None = None
    noise_e: float | None = None
    share_percent: float | None = None
    health: str = "OK"


def show_scale(ctx: Context, arguments: dict[str, str]) -> Answer:
    """How the scale is, from what it gave in the last LOOK_S."""
    state, samples = ctx.link.state(), ctx.link.samples(LOOK_S)
    profile, note = profile_of(ctx, state)
    scale = profile.scale.scale if profile is not None else None
    data: dict[str, Any] = {
        "kind": state.scale,
        "rate_asked_hz": samples.rate_hz or None,
        "rate_got_hz": rate_got_hz(samples.t_us),
        "newest_age_us": _newest_age_us(state, samples),
        "indicated_g": state.inputs.weight.indicated_g,
        "motion": state.inputs.weight.motion,
        "zero_ok": state.inputs.weight.zero_ok,
        "zero_offset_g": state.inputs.weight.zero_offset_g,
        "deck": state.inputs.weight.deck.name,
        "max_g": scale.max_g if scale is not None else None,
        "e_g": scale.e_g if scale is not None else None,
        "calibration_version": profile.scale.calibration_version if profile else None,
        "fault": f"{samples.fault.name}: {samples.fault.seen}" if samples.fault else "",
        "note": note,
    }
    lines = folded(
        ctx,
        said(ctx, "scale", "衡器"),
        scale_line(ctx, state.inputs.weight, state.inputs.now_us),
    )
    if state.scale == "cells":
        looks = cell_looks(state, samples, scale)
        gross_g = _gross_g(state, looks, scale)
        data |= {"cells": [_data(look) for look in looks], "gross_g": gross_g}
        lines += [*_rate(ctx, data), *_cells(ctx, looks, gross_g)]
    else:
        data |= _heard(samples)
        lines += [*_rate(ctx, data), *_indicator(ctx, state, samples)]
    lines += _rest(ctx, data)
    return Answer(data=data, text=tuple(lines))


def rate_got_hz(t_us: list[int]) -> float | None:
    """Samples a second over the time that they span; None for fewer than two."""
    if len(t_us) < 2 or t_us[-1] <= t_us[0]:
        return None
    return round((len(t_us) - 1) * 1e6 / (t_us[-1] - t_us[0]), 2)


def cell_looks(state: State, samples: Samples, scale: Scale | None) -> list[CellLook]:
    """Each cell of the deck, those that give nothing too."""
    if not samples.t_us:
        n = len(scale.cells) if scale is not None else len(state.cell_health)
        return [CellLook(cell=cell, health=_health(state, cell, silent=True)) for cell in range(n)]
    counts = np.array(samples.counts, dtype=np.int64)
    newest = np.array(samples.t_us) > samples.t_us[-1] - NEWEST_S * 1e6
    silent = state.inputs.now_us - samples.t_us[-1] > SILENT_US
    known = scale is not None and len(scale.cells) == counts.shape[1]
    grams = scale.to_grams(counts) if known and scale is not None else None
    cells_g = grams[newest].mean(axis=0) if grams is not None else None
    total_g = float(cells_g.sum()) if cells_g is not None else 0.0
    heavy = scale is not None and total_g >= scale.min_g
    found = []
    for cell in range(counts.shape[1]):
        mass_g = round(float(cells_g[cell]), 1) if cells_g is not None else None
        e_g = scale.e_g if scale is not None else 1
        found.append(
            CellLook(
                cell=cell,
                counts=round(float(counts[newest, cell].mean())),
                mass_g=mass_g,
                noise_counts=round(float(counts[:, cell].std()), 1),
                noise_e=round(float(grams[:, cell].std()) / e_g, 3) if grams is not None else None,
                share_percent=round(100 * mass_g / total_g, 1) if heavy and mass_g else None,
                health=_health(state, cell, silent=silent),
            )
        )
    return found


def _health(state: State, cell: int, *, silent: bool) -> str:
    if silent:
        return "SILENT"
    name = state.cell_health[cell] if cell < len(state.cell_health) else "OK"
    return "BAD" if name == "OK" and cell in state.inputs.weight.bad_cells else name


def _newest_age_us(state: State, samples: Samples) -> int | None:
    return max(0, state.inputs.now_us - samples.t_us[-1]) if samples.t_us else None


def _gross_g(state: State, looks: list[CellLook], scale: Scale | None) -> float | None:
    masses = [look.mass_g for look in looks if look.mass_g is not None]
    if scale is None or not masses or len(masses) != len(looks):
        return None
    bare_g = sum(masses) - state.inputs.weight.zero_offset_g
    return round(scale.correct_gross_g(bare_g), 1)


def _data(look: CellLook) -> dict[str, Any]:
    return {name: getattr(look, name) for name in look.__struct_fields__}


def _rate(ctx: Context, data: dict[str, Any]) -> Iterator[str]:
    asked, got = data["rate_asked_hz"], data["rate_got_hz"]
    text = said(
        ctx,
        f"{asked:g} samples/s asked, " if asked else "",
        f"要求 {asked:g} 次/秒，" if asked else "",
    )
    shown = f"{got:.1f}" if got is not None else "0"
    text += said(ctx, f"{shown} got", f"实际 {shown} 次/秒")
    if data["newest_age_us"] is not None:
        old = age(data["newest_age_us"])
        text += said(ctx, f", newest {old} old", f"，最新 {old} 前")
    yield from folded(ctx, said(ctx, "rate", "速率"), text)


def _cells(ctx: Context, looks: list[CellLook], gross_g: float | None) -> Iterator[str]:
    head = (
        said(ctx, "cell", "传感器"),
        said(ctx, "counts", "内码"),
        "kg",
        said(ctx, "noise", "噪声"),
        said(ctx, "noise e", "噪声 e"),
        said(ctx, "load %", "占比 %"),
        said(ctx, "health", "状态"),
    )
    rows = [
        (
            str(look.cell),
            "--" if look.counts is None else str(look.counts),
            kg(look.mass_g, 1),
            "--" if look.noise_counts is None else f"{look.noise_counts:.1f}",
            "--" if look.noise_e is None else f"{look.noise_e:.2f}",
            "--" if look.share_percent is None else f"{look.share_percent:.1f}",
            health(ctx, look.health),
        )
        for look in looks
    ]
    yield from table(ctx, head, rows, frozenset(range(6)), spare=(3, 1, 5, 4))
    if gross_g is not None:
        unrounded = said(ctx, "unrounded, not for trade", "未修约，不作贸易结算")
        yield from folded(ctx, said(ctx, "gross", "毛重"), f"{kg(gross_g, 1)} kg ({unrounded})")


def _heard(samples: Samples) -> dict[str, Any]:
    heard = samples.heard
    readings = [row[0] for row in samples.counts]
    return {
        "readings_g": readings[-10:],
        "spread_g": max(readings) - min(readings) if readings else None,
        "frames": heard.frames if heard else 0,
        "states": dict(heard.states) if heard else {},
        "moving": heard.moving if heard else 0,
        "centred": heard.centred if heard else 0,
        "last_frame": heard.last if heard else "",
    }


def _indicator(ctx: Context, state: State, samples: Samples) -> Iterator[str]:
    found, heard = _heard(samples), samples.heard
    shown = "  ".join(kg(one) for one in found["readings_g"]) or "--"
    yield from folded(ctx, said(ctx, "readings", "示值"), f"{shown} kg")
    if found["spread_g"] is not None:
        yield from folded(
            ctx, said(ctx, "spread", "极差"), f"{kg(found['spread_g'])} kg / {LOOK_S:g} s"
        )
    states = ", ".join(f"{name} {times}" for name, times in found["states"].items()) or "--"
    yield from folded(ctx, said(ctx, "frames", "帧"), f"{found['frames']}: {states}")
    moving = said(
        ctx,
        f"{found['moving']} in motion, {found['centred']} at centre of zero",
        f"{found['moving']} 帧动态，{found['centred']} 帧零点",
    )
    yield from folded(ctx, said(ctx, "stability", "稳定"), moving)
    if heard is not None and heard.last:
        old = age(state.inputs.now_us - heard.last_us)
        yield from folded(ctx, said(ctx, "last frame", "最新帧"), f"{heard.last} ({old})")


def _rest(ctx: Context, data: dict[str, Any]) -> Iterator[str]:
    if data["e_g"] is not None:
        scale = (
            f"Max {kg(data['max_g'])} kg  e {kg(data['e_g'], 0 if data['e_g'] >= 1000 else 3)} kg"
        )
        version = data["calibration_version"]
        if data["kind"] == "cells":
            scale += "  " + said(ctx, f"calibration {version}", f"标定版本 {version}")
        yield from folded(ctx, said(ctx, "range", "量程"), scale)
    if data["motion"] and data["kind"] == "cells":
        yield from folded(
            ctx,
            said(ctx, "note", "提示"),
            said(
                ctx, "the deck is in motion: noise is that of the load", "秤台不稳：噪声含载荷变化"
            ),
        )
    for label, text in (
        (said(ctx, "fault", "故障"), data["fault"]),
        (word(ctx, "note"), data["note"]),
    ):
        if text:
            yield from folded(ctx, label, printable(text))


COMMANDS = (
    Command(
        words="show scale",
        help_en="Each load cell: counts, kg, noise, share of load, health.",
        help_zh="各传感器：内码、重量、噪声、占比、状态",
        run=show_scale,
        live_s=LIVE_S,
    ),
)
