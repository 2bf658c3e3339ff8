"""``calibrate``: zero, span and corners in a dialogue; a new version of the sheet, or nothing.

Readings are the running lane's own raw samples.  The sheet is written as ``steelyard calibrate``
writes it, the ledger records it, and the lane takes it up when it next takes a configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from board import calibration_writer
from board.calibration_file import CalibrationFileError, Standing, read_standing
from board.calibration_sheet import changes
from board.calibration_writer import Note
from board.profile import Profile
from controller.calibrating.proposing import (
    LEFTOVER_E,
    leftover_e,
    readable_sheet,
    require_good,
)
from controller.calibrating.session import Session
from controller.calibrating.steps import Step
from controller.calibrating.table import row_facts, summary_lines
from controller.calibrating.versions import writable_path
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.diag_scale import looked, silence
from controller.console.do_common import REASON, both, mass_g, require_ledger, site_of
from controller.console.do_record import make_known
from controller.console.grammar import Command
from controller.console.messages import State
from controller.console.roles import Role
from controller.core.kinds import CLEAR, NOT_FITTED
from sensors.adjustment import Adjustment
from sensors.corners import AdjustmentError

READ_S = 5.0
LOADS_MAX = 20
GIVE_UP = "q"
ACCEPT = "ACCEPT"


def calibrate(ctx: Context, given: dict[str, str]) -> Answer:
    """Guide one calibration and write it once it is accepted by a typed word."""
    state = ctx.link.state()
    require_ledger(state)
    profile = site_of(state)
    if profile.scale.by_indicator:
        raise CommandError(
            "devices.indicator weighs here: it is adjusted by its maker's procedure, then verified"
        )
    try:
        standing = read_standing(writable_path(Path(profile.path)))
        done = _Dialogue(ctx, profile).proposal()
        require_good(done)
        sheet = readable_sheet(standing, done)
    except (CalibrationFileError, AdjustmentError) as error:
        raise CommandError(printable(str(error), 600)) from error
    told = tuple(_proposed(done))
    for line in told:
        ctx.talk.tell(line)
    data = _facts(standing, sheet, done)
    if ctx.talk.ask(f"Type {ACCEPT} to write it, anything else to leave all as it is: ") != ACCEPT:
        line = both(ctx, "not accepted; nothing was written", "未接受，未写入任何内容")
        return Answer(data={**data, "written": False}, text=(line,))
    made = _write(standing, sheet, done, ctx, given["reason"])
    written = make_known(ctx, standing.sha256, made, _changed(data), given["reason"])
    return Answer(data={**data, **written}, text=(*written["text"],))


def _write(
    standing: Standing, sheet: dict[str, Any], done: Adjustment, ctx: Context, reason: str
) -> Standing:
    loads = [row_facts(row, done.after.e_g) for row in done.rows]
    note = Note(
        author=ctx.account.name,
        date=datetime.now(UTC).astimezone().replace(microsecond=0),
        reason=reason,
        loads=loads,
    )
    try:
        return calibration_writer.write_version(standing, sheet, note)
    except CalibrationFileError as error:
        raise CommandError(printable(str(error), 600)) from error


class _Dialogue:
    """Asks for one load after another and reads what the deck shows under it."""

    def __init__(self, ctx: Context, profile: Profile) -> None:
        self._ctx = ctx
        self._scale = profile.scale.scale
        self._session = Session(profile.scale)

    def proposal(self) -> Adjustment:
        """The whole dialogue; raises CommandError where it is given up, AdjustmentError."""
        tell = self._ctx.talk.tell
        tell(f"1. Zero. Clear the deck and its ends. ({GIVE_UP} gives up at any question.)")
        self._ready("Enter when it is empty")
        while not self._take(Step(do="zero")):
            self._ready("Enter to read it again")
        tell("2. Span. Put a load of known mass on the middle; the largest at least half of Max.")
        for number in range(LOADS_MAX):
            load_g = self._mass("kg on the deck" + (" (Enter: no more)" if number else ""))
            if load_g is None:
                break
            self._take(Step(do="span", load_g=load_g))
        tell("3. Corners (optional). The same load over each cell in turn.")
        load_g = self._mass("kg of that load (Enter: leave the corners as they are)")
        if load_g is not None:
            self._corners(load_g)
        return self._solved()

    def _corners(self, load_g: int) -> None:
        for number, cell in enumerate(self._scale.cells):
            place = f"cell {number}: {cell.x_m:g} m along, {cell.y_m:+g} m across"
            while True:
                self._ready(f"Over {place}; Enter when it stands there")
                if self._take(Step(do="corner", cell=number, load_g=load_g)):
                    break

    def _solved(self) -> Adjustment:
        straight = self._session.proposal()
        left_e = leftover_e(straight)
        if left_e > LEFTOVER_E:
            question = f"A straight line leaves up to {left_e:.2f} e. Correct each load? [y/n] "
            if self._asked(question).lower() in ("y", "yes"):
                return self._session.proposal(linearise=True)
        for warning in self._session.warnings():
            self._ctx.talk.tell(f"warning: {warning}")
        return straight

    def _take(self, step: Step) -> bool:
        """Read and take one step; False where it was not taken, which is told with its reason."""
        tell = self._ctx.talk.tell
        tell(f"   reading for {READ_S:g} s ...")
        try:
            if step.do == "zero":
                _require_clear(self._ctx.link.state())
            said = self._session.take(step, self._counts())
        except AdjustmentError as error:
            tell(f"   not taken: {printable(str(error), 600)}")
            return False
        tell(f"   {step.do} {step.where}: {said}".replace(" :", ":"))
        return True

    def _counts(self) -> NDArray[np.int64]:
        samples = looked(self._ctx, READ_S)
        if not samples.t_us:
            raise AdjustmentError(f"no samples came: {silence(samples)}")
        return np.array(samples.counts, np.int64)

    def _ready(self, prompt: str) -> None:
        self._asked(f"{prompt}: ")

    def _mass(self, prompt: str) -> int | None:
        while True:
            text = self._asked(f"{prompt}: ")
            if not text:
                return None
            try:
                return mass_g(text, 1, self._scale.max_g)
            except CommandError as error:
                self._ctx.talk.tell(f"   {error}")

    def _asked(self, prompt: str) -> str:
        answer = self._ctx.talk.ask(prompt).strip()
        if answer.lower() == GIVE_UP:
            raise CommandError("given up; nothing was written")
        return answer


def _require_clear(state: State) -> None:
    """Empty by every sensor at and over the deck; one that cannot tell is not clear."""
    for number, name in enumerate(("yard", "road")):
        here = state.inputs.ends[number]
        for role in ("arm", "beam_low", "beam_high"):
            found = getattr(here, role).state
            if found not in (CLEAR, NOT_FITTED):
                raise AdjustmentError(
                    f"zero: {name}.{role} is {found.name.lower()}; clear the deck and its ends"
                )


def _proposed(done: Adjustment) -> Iterator[str]:
    yield "load                kg    before  error e     after  error e  MPE e"
    for row in done.rows:
        facts = row_facts(row, done.after.e_g)
        name = f"{row.kind} {row.where}".strip()
        yield (
            f"{name:12} {facts['load_kg']:9.1f} {facts['before_kg']:9.1f} "
            f"{facts['error_before_e']:+8.2f} {facts['after_kg']:9.1f} "
            f"{facts['error_after_e']:+8.2f} {facts['mpe_e']:6g}  {'ok' if row.ok else 'OUT'}"
        )
    yield from summary_lines(done.before, done.after)
    for number, (old, new) in enumerate(zip(done.before.cells, done.after.cells, strict=True)):
        yield (
            f"cell {number}: zero {old.zero_counts:.0f} -> {new.zero_counts:.0f} counts, "
            f"{old.counts_per_kg:.4f} -> {new.counts_per_kg:.4f} counts/kg"
        )


def _facts(standing: Standing, sheet: dict[str, Any], done: Adjustment) -> dict[str, Any]:
    return {
        "file": str(standing.path),
        "version_before": standing.version,
        "loads": [row_facts(row, done.after.e_g) for row in done.rows],
        "changes": changes(standing.sheet, sheet),
    }


def _changed(data: dict[str, Any]) -> Iterable[tuple[str, object]]:
    return [(row["key"], row.get("after", "removed")) for row in data["changes"]]


COMMANDS = (
    Command(
        words="calibrate",
        help_en="calibrate zero, span and corners step by step",
        help_zh="逐步标定(零点、量程、偏载)",
        run=calibrate,
        role=Role.ADMIN,
        manual=True,
        armed=True,
        arguments=(REASON,),
    ),
)
