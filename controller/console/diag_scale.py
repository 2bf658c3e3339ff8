"""``diag scale``: some seconds of the converter's own counts, judged cell by cell.

Nothing is moved and nothing is asked of the scale; a deck with a vehicle on it is judged as well as
an empty one, as long as it stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from board.scale import ScaleSite
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import both, lane_wait, site_of, whole
from controller.console.grammar import Argument, Command
from controller.console.messages import SAMPLES_S_MAX, Samples
from controller.console.roles import Role
from controller.core.kinds import Deck

LOOK_S = 10
LOOK_S_MIN, LOOK_S_MAX = 2, int(SAMPLES_S_MAX)
RATE_SHARE_MAX = 0.05
GAP_PERIODS = 1.5
MISSING_SHARE_MAX = 0.01
NOISE_E_MAX = 1.0
QUIET_NOISE_E_MAX = 0.25
"""Of a cell under an empty deck: a sound one stands far below, a vehicle's engine is not there."""
DRIFT_E_MIN_MAX = 1.0
DRIFT_SIGMAS = 4.0
"""A slope within so many of its own standard errors is noise."""
AGE_US_MAX = 500_000
AHEAD_US_MAX = 50_000
STUCK_BITS_MAX = 8
UNIQUE_MIN = 2

Counts = NDArray[np.int64]


class Rate(Struct, frozen=True, kw_only=True):
    """How the samples come: asked for and got, per second; gaps in us; samples that are missing."""

    wanted_hz: float
    got_hz: float
    jitter_p99_us: int
    gap_max_us: int
    missing: int
    samples: int


class CellLook(Struct, frozen=True, kw_only=True):
    """What some seconds of one cell look like; ``verdicts`` is empty where it is well."""

    cell: int
    mean_counts: float
    mean_kg: float
    noise_e: float
    drift_g_per_min: float
    unique: int
    stuck_bits: int
    saturated: int
    verdicts: tuple[str, ...]


def rate_of(samples: Samples) -> Rate:
    """The pace of samples; all zero where there are fewer than two.

    An indicator has no stated rate (0): its gaps are held against its own usual interval.
    """
    t_us = np.array(samples.t_us, np.int64)
    if len(t_us) < 2:
        return Rate(
            wanted_hz=samples.rate_hz, got_hz=0.0, jitter_p99_us=0, gap_max_us=0, missing=0,
            samples=len(t_us),
        )  # fmt: skip
    steps_us = np.diff(t_us)
    usual_us = float(np.median(steps_us))
    period_us = 1e6 / samples.rate_hz if samples.rate_hz else max(usual_us, 1.0)
    over = steps_us[steps_us > GAP_PERIODS * period_us]
    return Rate(
        wanted_hz=samples.rate_hz,
        got_hz=float((len(t_us) - 1) * 1e6 / max(int(t_us[-1] - t_us[0]), 1)),
        jitter_p99_us=round(float(np.percentile(np.abs(steps_us - usual_us), 99))),
        gap_max_us=int(steps_us.max()),
        missing=int(np.sum(np.round(over / period_us).astype(np.int64) - 1)),
        samples=len(t_us),
    )


def looks_of(
    samples: Samples, site: ScaleSite, health: Sequence[str] = (), *, empty: bool = False
) -> list[CellLook]:
    """Each cell judged by itself; counts (n, cells), n at least 2.

    ``health`` is what the lane's own watch says of each; ``empty`` that nothing stands on the deck.
    """
    counts = np.array(samples.counts, np.int64)
    t_min = (np.array(samples.t_us, np.float64) - samples.t_us[0]) / 60e6
    cells_g = site.scale.to_grams(counts)
    watched = [*health, *["OK"] * counts.shape[1]]
    noise_e_max = QUIET_NOISE_E_MAX if empty else NOISE_E_MAX
    return [
        _look(cell, counts[:, cell], cells_g[:, cell], t_min, site, watched[cell], noise_e_max)
        for cell in range(counts.shape[1])
    ]


def _look(
    cell: int, counts: Counts, grams: NDArray[np.float64], t_min: NDArray[np.float64],
    site: ScaleSite, health: str, noise_e_max: float,
) -> CellLook:  # fmt: skip
    slope, base = np.polyfit(t_min, grams, 1)
    noise_e = float((grams - slope * t_min - base).std()) / site.scale.e_g
    unique, stuck = len(np.unique(counts)), stuck_bits(counts)
    saturated = int(np.sum(np.abs(counts) >= site.max_counts))
    drift_e = float(slope) / site.scale.e_g
    # Of n even samples over T the slope of the noise alone scatters by noise sqrt(12 / n) / T.
    scatter_e = noise_e * float(np.sqrt(12 / len(t_min)) / max(float(t_min[-1]), 1e-9))
    drifts = abs(drift_e) > max(DRIFT_E_MIN_MAX, DRIFT_SIGMAS * scatter_e)
    verdicts = list(_verdicts(unique, stuck, saturated, drifts=drifts, noisy=noise_e > noise_e_max))
    if health != "OK" and not verdicts:
        verdicts.append(f"{health}: so says the lane's own watch over the cells: 'show scale'")
    return CellLook(
        cell=cell,
        mean_counts=float(counts.mean()),
        mean_kg=float(grams.mean()) / 1000,
        noise_e=noise_e,
        drift_g_per_min=float(slope),
        unique=unique,
        stuck_bits=stuck,
        saturated=saturated,
        verdicts=tuple(verdicts),
    )


def stuck_bits(counts: Counts) -> int:
    """How many of the lowest bits never change while higher ones do; 0 where nothing changes."""
    moved = int(np.bitwise_or.reduce(counts ^ counts[0]))
    return 0 if moved == 0 else (moved & -moved).bit_length() - 1


def _verdicts(
    unique: int, stuck: int, saturated: int, *, drifts: bool, noisy: bool
) -> Iterator[str]:
    if saturated:
        yield "SATURATED: take load off; else a broken wire, a short or too high a gain"
        return
    if unique < UNIQUE_MIN:
        yield "FROZEN: one value all the time: its cable, its channel, its converter"
        return
    if stuck > STUCK_BITS_MAX:
        yield f"STUCK: the lowest {stuck} bits never change: converter or its driver's options"
    if noisy:
        yield "NOISY: moisture in plug or box, a loose shield, wind, somebody on the deck"
    if drifts:
        yield "DRIFTS: still warming up, moisture, or the load moves"


def diag(ctx: Context, given: dict[str, str]) -> Answer:
    """Look at the weight's source for some seconds."""
    text = given.get("seconds", str(LOOK_S))
    seconds = whole(text, "look for", LOOK_S_MIN, LOOK_S_MAX, "s")
    state = ctx.link.state()
    site = site_of(state).scale
    samples = looked(ctx, seconds)
    if len(samples.t_us) < 2:
        raise CommandError(f"no samples came in {seconds} s: {silence(samples)}")
    rate = rate_of(samples)
    now = ctx.link.state()
    wrong = [*pace_verdicts(rate), *stamp_verdicts(ctx, samples, now.inputs.now_us)]
    if state.scale == "indicator":
        return _indicator(rate, samples, wrong, site.scale.e_g)
    empty = state.inputs.weight.deck is Deck.EMPTY
    looks = looks_of(samples, site, now.cell_health, empty=empty)
    data = _data(rate, wrong, looks)
    return Answer(data=data, text=_table(ctx, rate, wrong, looks))


def looked(ctx: Context, seconds: float) -> Samples:
    """The samples of the seconds that follow."""
    newest = ctx.link.samples(0.5).t_us
    after_us = newest[-1] if newest else ctx.link.state().inputs.now_us
    lane_wait(ctx, lambda _: False, seconds)
    return ctx.link.samples(seconds, after_us=after_us)


def silence(samples: Samples) -> str:
    """What a device that gave nothing has said last."""
    if samples.fault is None:
        return "look at its supply and its cable"
    fault = samples.fault
    return f"{fault.name} {fault.device}: {printable(fault.seen)}"


def pace_verdicts(rate: Rate) -> list[str]:
    """What is wrong with the pace of samples."""
    found = []
    if rate.wanted_hz and abs(rate.got_hz - rate.wanted_hz) > RATE_SHARE_MAX * rate.wanted_hz:
        found.append("RATE: the site file's rate is not what comes: look at the converter's speed")
    if rate.missing > MISSING_SHARE_MAX * max(rate.samples, 1):
        found.append("GAPS: samples are missing: cable, line speed, load of this computer")
    return found


def stamp_verdicts(ctx: Context, samples: Samples, now_us: int) -> list[str]:
    """What is wrong with the times of samples, and what their device says of itself.

    ``now_us`` is the lane's clock after ``samples``: what is newer than that is ahead, and what
    is older in samples that are asked for now is behind, however long the asking took.
    """
    newest_us = (ctx.link.samples(AGE_US_MAX / 1e5).t_us or samples.t_us)[-1]
    ahead_us, behind_us = samples.t_us[-1] - now_us, now_us - newest_us
    found = []
    if ahead_us > AHEAD_US_MAX or behind_us > AGE_US_MAX:
        side = "ahead of" if ahead_us > 0 else "behind"
        off_s = max(ahead_us, behind_us) / 1e6
        found.append(
            f"STAMPS: times are {off_s:.1f} s {side} the lane's, so nothing can be weighed: "
            "the converter's clock, or a driver that buffers"
        )
    if samples.fault is not None:
        found.append(silence(samples))
    return found


def _indicator(rate: Rate, samples: Samples, wrong: list[str], e_g: int) -> Answer:
    """Frames of an indicator: its own filter leaves no noise to judge, so a spread is told."""
    grams = [row[0] for row in samples.counts]
    spread_e = (max(grams) - min(grams)) / e_g
    if spread_e > NOISE_E_MAX:
        wrong = [*wrong, "UNSTEADY: the reading moves: somebody on the deck, wind, moisture"]
    data: dict[str, Any] = {
        **_pace(rate),
        "spread_e": round(spread_e, 3),
        "mean_kg": round(sum(grams) / len(grams) / 1000, 3),
        "verdicts": wrong,
        "ok": not wrong,
    }
    line = (
        f"indicator: {rate.got_hz:.1f} readings/s, {rate.missing} missing, "
        f"longest gap {rate.gap_max_us / 1e3:.0f} ms, spread {spread_e:.2f} e"
    )
    return Answer(data=data, text=(line, *(wrong or ["ok"])))


def _pace(rate: Rate) -> dict[str, Any]:
    return {
        "samples": rate.samples,
        "rate_wanted_hz": rate.wanted_hz,
        "rate_got_hz": round(rate.got_hz, 2),
        "jitter_p99_us": rate.jitter_p99_us,
        "gap_max_us": rate.gap_max_us,
        "missing": rate.missing,
    }


def _data(rate: Rate, wrong: list[str], looks: list[CellLook]) -> dict[str, Any]:
    cells = [
        {
            "cell": one.cell,
            "mean_counts": round(one.mean_counts, 1),
            "mean_kg": round(one.mean_kg, 2),
            "noise_e": round(one.noise_e, 4),
            "drift_g_per_min": round(one.drift_g_per_min, 1),
            "unique": one.unique,
            "stuck_bits": one.stuck_bits,
            "saturated": one.saturated,
            "verdicts": list(one.verdicts),
        }
        for one in looks
    ]
    ok = not wrong and not any(one.verdicts for one in looks)
    return {**_pace(rate), "verdicts": wrong, "cells": cells, "ok": ok}


def _table(ctx: Context, rate: Rate, wrong: list[str], looks: list[CellLook]) -> tuple[str, ...]:
    lines = [
        f"{rate.samples} samples: {rate.got_hz:.1f}/s got, {rate.wanted_hz:g}/s asked; jitter p99 "
        f"{rate.jitter_p99_us / 1e3:.1f} ms, longest gap {rate.gap_max_us / 1e3:.1f} ms, "
        f"{rate.missing} missing",
        "cell   mean counts       kg  noise e  drift g/min  unique  stuck  sat.  verdict",
    ]
    for one in looks:
        word = one.verdicts[0].split(":")[0] if one.verdicts else "ok"
        lines.append(
            f"{one.cell:4}  {one.mean_counts:12.0f}  {one.mean_kg:7.1f}  {one.noise_e:7.3f}  "
            f"{one.drift_g_per_min:11.0f}  {one.unique:6}  {one.stuck_bits:5}  "
            f"{one.saturated:4}  {word}"
        )
    lines += wrong
    lines += [f"cell {one.cell}: {verdict}" for one in looks for verdict in one.verdicts]
    if len(lines) == len(looks) + 2:
        lines.append(both(ctx, "every cell is well", "各传感器正常"))
    return tuple(lines)


COMMANDS = (
    Command(
        words="diag scale",
        help_en="look at the load cells' raw counts: rate, noise, drift, stuck or saturated",
        help_zh="称重传感器诊断(采样率、噪声、漂移、饱和)",
        run=diag,
        role=Role.MAINTAINER,
        arguments=(
            Argument(
                name="seconds",
                help_en=f"for how long, {LOOK_S_MIN} to {LOOK_S_MAX} s ({LOOK_S})",
                help_zh=f"时长(秒)，默认 {LOOK_S}",
                optional=True,
            ),
        ),
    ),
)
