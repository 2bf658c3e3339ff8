"""What commands that do something share: arguments, waiting on the lane's own clock, records."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from board.profile import Profile, ProfileError, read_profile
from controller.assembly import LEDGER_FILE
from controller.console.answer import CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Argument
from controller.console.link import LaneAwayError
from controller.console.messages import State
from controller.core.kinds import End
from hal.quantity import MASS
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.parts import Kind
from protocol.record import RecordError

POLL_S = 0.05
RECORD_S = 5.0
HANGING_S = 5.0
ENDS = tuple(end.name.lower() for end in End)

END = Argument(
    name="end",
    help_en="yard or road",
    help_zh="yard 货场侧 / road 公路侧",
    choices=lambda _: ENDS,
    only=True,
)
REASON = Argument(name="reason", help_en="why; it is recorded", help_zh="原因(记入记录)", rest=True)
WHY = Argument(
    name="reason", help_en="why; it is recorded", help_zh="原因(记入记录)", rest=True, optional=True
)


def both(ctx: Context, english: str, chinese: str) -> str:
    """One line in the session's language."""
    return chinese if ctx.screen.language == "zh" else english


def whole(text: str, name: str, least: int, most: int, unit: str) -> int:
    """A whole number within bounds; raises CommandError with both."""
    if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most):
        raise CommandError(f"{name} '{printable(text, 20)}': {least} to {most} {unit}")
    return int(text)


def mass_g(text: str, least_g: int, most_g: int) -> int:
    """A mass in grams; a bare number is kilograms.

    Raises:
        CommandError: no mass, or one outside the bounds.
    """
    bare = text.replace(".", "", 1)
    try:
        found_g = MASS.parse(f"{text} kg" if bare.isascii() and bare.isdecimal() else text)
    except ValueError as error:
        raise CommandError(f"'{printable(text, 20)}': {error}") from error
    if not least_g <= found_g <= most_g:
        raise CommandError(
            f"{found_g / 1000:g} kg: from {least_g / 1000:g} to {most_g / 1000:g} kg is needed"
        )
    return found_g


def end_of(given: dict[str, str]) -> End:
    """The end that an argument names."""
    return End[given["end"].upper()]


def site_of(state: State) -> Profile:
    """The site file of the lane that runs, as it is on disk now; raises CommandError."""
    try:
        return read_profile(state.about.path)
    except ProfileError as error:
        first = printable(error.problems[0] if error.problems else str(error))
        raise CommandError(f"the site file cannot be read as it is now: {first}") from error


def lane_wait(ctx: Context, true: Callable[[State], bool], seconds: float) -> State | None:
    """The first state of which something is true; None once the lane's clock has run so far.

    A lane whose clock stands still is given up after some seconds more of this machine's.
    """
    state = ctx.link.state()
    until_us = state.inputs.now_us + round(seconds * 1e6)
    until_s = time.monotonic() + seconds + HANGING_S
    while True:
        if true(state):
            return state
        if state.inputs.now_us >= until_us or time.monotonic() >= until_s:
            return None
        ctx.pause(POLL_S)
        state = ctx.link.state()


def still(ctx: Context, seconds: float) -> None:
    """Let the lane's clock run on for so long."""
    lane_wait(ctx, lambda _: False, seconds)


def newest_seq(ctx: Context) -> int:
    """The newest record on disk, 0 where there is none; raises CommandError."""
    path = ctx.folder / LEDGER_FILE
    try:
        with Ledger.open(path, read_only=True) as ledger:
            last = ledger.last()
    except (LedgerError, OSError) as error:
        raise CommandError(f"{path}: {printable(str(error))}") from error
    return last.seq if last is not None else 0


def wait_record(
    ctx: Context, after: int, kinds: Sequence[Kind], seconds: float = RECORD_S
) -> int | None:
    """The seq of this person's next record of these kinds on disk, None where none came in time."""
    found: list[int] = []

    def came(state: State) -> bool:
        if state.inputs.ledger.seq > after:
            found.extend(_own(ctx, after, kinds))
        return bool(found)

    lane_wait(ctx, came, seconds)
    return found[0] if found else None


def _own(ctx: Context, after: int, kinds: Sequence[Kind]) -> list[int]:
    """Records that others led to meanwhile, a vehicle's for instance, are not this person's."""
    try:
        with Ledger.open(ctx.folder / LEDGER_FILE, read_only=True) as ledger:
            return [
                one.seq
                for one in ledger.records(after + 1)
                if one.kind in kinds
                and one.person is not None
                and one.person.who == ctx.account.name
            ]
    except (LedgerError, RecordError, OSError):
        return []


def require_ledger(state: State) -> None:
    """Raise CommandError where what is to be done could not be recorded now."""
    if state.failure or not state.inputs.ledger.ready:
        why = printable(state.failure) or "it is not ready"
        raise CommandError(f"the ledger takes no record now, so nothing is begun: {why}")


def no_record(ctx: Context) -> str:
    """Why a record may not have come, as far as the lane tells."""
    state = ctx.link.state()
    if state.failure:
        return f"the ledger cannot take a record: {printable(state.failure)}"
    if not state.inputs.ledger.ready:
        return "the ledger is not ready"
    return f"the lane is in {state.phase.name} and did not take it; 'show lane' may tell why"


def let_go(ctx: Context, end: str) -> None:
    """Have a boom stop, whatever has happened; a lane that is away holds it by itself."""
    with suppress(CommandError, LaneAwayError):
        ctx.request("stop_boom", "let go at the console", end=end)
