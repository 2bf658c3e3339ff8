"""``selftest``: all that can be tested without moving or showing anything, as a table."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from board.calibration_file import CalibrationFileError
from board.profile import Profile
from controller.assembly import LEDGER_FILE
from controller.calibrating.versions import versions
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.diag_io import point_verdict
from controller.console.diag_scale import (
    looked,
    looks_of,
    pace_verdicts,
    rate_of,
    silence,
    stamp_verdicts,
)
from controller.console.do_common import both, site_of
from controller.console.do_snap import OK, judged_now
from controller.console.grammar import Command
from controller.console.messages import State
from controller.console.roles import Role
from controller.core.kinds import ClockQuality, Deck
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.record import RecordError

SCALE_S = 3.0
DISK_BYTES_MIN = 512 * 1024 * 1024
LATE_SHARE_MAX = 0.5
RECORDS_READ = 50


class Result(Struct, frozen=True):
    """One test: its name, whether it passed (None: cannot be tested so), and what was seen."""

    name: str
    passed: bool | None
    seen: str

    @property
    def word(self) -> str:
        """As the table has it."""
        return "SKIP" if self.passed is None else "PASS" if self.passed else "FAIL"


Test = Callable[[Context, State], Iterator[Result]]


def selftest(ctx: Context, given: dict[str, str]) -> Iterator[Answer]:
    """Make every test, and tell each as it ends; the last answer sums them up."""
    state = ctx.link.state()
    results: list[Result] = []
    for test in (_pace, _clock, _ledger, _disk, _site, _points, _scale, _cameras, _troubles, _eyes):
        for result in _made(test, ctx, state):
            results.append(result)
            yield Answer(
                data={"test": result.name, "result": result.word, "seen": result.seen},
                text=(f"{result.word:4}  {result.name:22}  {result.seen}",),
            )
    failed = [one.name for one in results if one.passed is False]
    passed = sum(one.passed is True for one in results)
    data: dict[str, Any] = {"ok": not failed, "passed": passed, "failed": failed}
    told = both(
        ctx,
        f"{passed} passed, {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}",
        f"通过 {passed} 项，失败 {len(failed)} 项{'：' if failed else ''}{', '.join(failed)}",
    )
    yield Answer(data=data, text=(told,))


def _made(test: Test, ctx: Context, state: State) -> Iterator[Result]:
    """What a test finds; one that cannot be made has failed, and says why."""
    try:
        yield from test(ctx, state)
    except (CommandError, ValueError, LedgerError, RecordError, OSError) as error:
        yield Result(test.__name__.strip("_"), False, printable(str(error), 300))


def _pace(ctx: Context, state: State) -> Iterator[Result]:
    pace = state.pace
    good = pace.late_p99_us <= LATE_SHARE_MAX * pace.period_us
    seen = (
        f"every {pace.period_us / 1000:g} ms; late p50 {pace.late_p50_us / 1000:.1f}, "
        f"p99 {pace.late_p99_us / 1000:.1f}, max {pace.late_max_us / 1000:.1f} ms"
    )
    yield Result("scan", good, seen)


def _clock(ctx: Context, state: State) -> Iterator[Result]:
    good = state.inputs.wall.quality is ClockQuality.SYNCHRONISED
    seen = state.inputs.wall.quality.name
    yield Result("clock", good, seen if good else f"{seen}: set up NTP or a GPS clock")


def _ledger(ctx: Context, state: State) -> Iterator[Result]:
    if state.failure or not state.inputs.ledger.ready:
        yield Result("ledger writes", False, printable(state.failure or "not ready", 200))
    else:
        yield Result("ledger writes", True, f"newest record seq {state.inputs.ledger.seq}")
    with Ledger.open(ctx.folder / LEDGER_FILE, read_only=True) as ledger:
        last = ledger.last()
        first = max(1, (last.seq if last is not None else 0) - RECORDS_READ + 1)
        read = sum(1 for _ in ledger.records(first))
    seen = f"the newest {read} records read; all of them: steelyard verify"
    yield Result("ledger reads", True, seen)


def _disk(ctx: Context, state: State) -> Iterator[Result]:
    use = shutil.disk_usage(ctx.folder)
    share = 100 * use.free // use.total
    seen = f"{use.free / 1e9:.1f} GB free ({share} %)"
    yield Result("disk", use.free >= DISK_BYTES_MIN, seen)


def _site(ctx: Context, state: State) -> Iterator[Result]:
    profile = site_of(state)
    same = profile.sha256 == state.about.config_sha256
    seen = "as the lane runs it" if same else "changed since: the lane runs with another"
    yield Result("site file", same, f"{profile.sha256[:12]}: {seen}")
    if not profile.scale.by_indicator:
        yield _calibration(profile)
    yield _certificate(profile)


def _calibration(profile: Profile) -> Result:
    site = profile.scale
    sealed = f"version {site.calibration_version} ({site.calibration_hash[:12]})"
    try:
        found = versions(Path(profile.path))
    except CalibrationFileError as error:
        return Result("calibration", None, f"{sealed}; {printable(str(error), 120)}")
    wrong = [row["problem"] for row in found["versions"] if row["problem"]]
    problem = found["problem"] or (wrong[0] if wrong else "")
    seen = f"{sealed}, seal and history hold" if found["whole"] else printable(problem, 200)
    return Result("calibration", bool(found["whole"]), seen)


def _certificate(profile: Profile) -> Result:
    until = profile.scale.certificate_valid_until
    if until is None:
        return Result("certificate", None, "the site file states no date")
    days = (until - datetime.date.today()).days
    left = f"{days} days left" if days >= 0 else f"lapsed {-days} days ago: have it verified"
    return Result("certificate", days >= 0, f"valid until {until}: {left}")


def _points(ctx: Context, state: State) -> Iterator[Result]:
    for point in state.points:
        if point.way == "in" and point.state != "NOT_FITTED":
            verdict, what = point_verdict(point, 0, 1.0)
            seen = point.state if verdict == "ok" else f"{point.state}: {what}"
            yield Result(point.name, verdict == "ok", seen)


def _scale(ctx: Context, state: State) -> Iterator[Result]:
    samples = looked(ctx, SCALE_S)
    if len(samples.t_us) < 2:
        yield Result("scale", False, f"no samples: {silence(samples)}")
        return
    rate = rate_of(samples)
    now = ctx.link.state()
    wrong = [*pace_verdicts(rate), *stamp_verdicts(ctx, samples, now.inputs.now_us)]
    seen = f"{rate.got_hz:.1f}/s" + (f" of {rate.wanted_hz:g}/s" if rate.wanted_hz else "")
    yield Result("scale rate", not wrong, "; ".join([seen, *wrong]))
    empty = state.inputs.weight.deck is Deck.EMPTY
    looks = (
        looks_of(samples, site_of(state).scale, now.cell_health, empty=empty)
        if state.scale == "cells"
        else ()
    )
    for look in looks:
        good = not look.verdicts
        seen = f"noise {look.noise_e:.3f} e, {look.unique} different values"
        yield Result(f"cell {look.cell}", good, "; ".join([seen, *look.verdicts]))
    weight = state.inputs.weight
    seen = f"deck {weight.deck.name}, zero {weight.zero_offset_g} g from the calibration"
    yield Result("zero", weight.zero_ok, seen)


def _cameras(ctx: Context, state: State) -> Iterator[Result]:
    for name in state.cameras:
        said, pixels = ctx.link.snap(name)
        if pixels is None:
            # One that sends by itself when a vehicle comes is no worse for sending nothing now.
            silent = said.error.endswith("no picture came")
            yield Result(name, None if silent else False, printable(said.error, 200))
            continue
        judged = judged_now(pixels, said.age_us)
        seen = (
            f"{judged.name.value}, sharpness {judged.sharpness:.2f}, {said.width} x {said.height} "
            f"px, {said.age_us / 1e6:.1f} s old"
        )
        yield Result(name, judged.name == OK, seen)


def _troubles(ctx: Context, state: State) -> Iterator[Result]:
    told = [f"{one.name} {one.device}: {printable(one.seen)}" for one in state.troubles]
    told += [str(code) for code in state.inputs.faults]
    yield Result("drivers' own checks", not told, "; ".join(told) or "nothing is wrong")


def _eyes(ctx: Context, state: State) -> Iterator[Result]:
    """What only a person at the lane can say."""
    yield Result("booms", None, "'gate raise', 'gate lower': they move")
    yield Result("lamps, sign, voice", None, "'lamp test', 'sign test', 'voice test': look")
    yield Result("sensors", None, "block each by hand and see 'monitor io'")


COMMANDS = (
    Command(
        words="selftest",
        help_en="test all that can be tested without moving anything",
        help_zh="自检(不动作)",
        run=selftest,
        role=Role.MAINTAINER,
    ),
)
