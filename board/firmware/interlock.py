"""The coprocessor's own last word on booms and lamps: integers in, one integer out, no state.

The same file runs on the chip and under CPython, where every input is tried.  It knows nothing of
the host's reasons and obeys only this, in this order:

1. An emergency stop that is pressed or unknown stops every boom and turns every lamp red.
2. Without a fresh lease every boom holds and every lamp is red.
3. A boom that falls over a guard that is blocked or unknown goes up again, whatever is asked.
4. A boom goes down only when every fitted guard at its end is clear and has been so for its
   settling time, at least one is fitted, and its limit switches do not contradict each other.
5. Where booms exclude each other, one goes up only while the other is known closed and not raised.
6. At most one lamp of the lane is green.

Contacts are 0 unknown, 1 clear, 2 blocked, 3 not fitted, as on the wire.
"""

UNKNOWN, CLEAR, BLOCKED, NOT_FITTED = 0, 1, 2, 3
HOLD, RAISE, LOWER = 0, 1, 2
UNSURE, CLOSED, BETWEEN, OPEN, UNWATCHED = 0, 1, 2, 3, 4
"""Where a boom stands by its limit switches; UNWATCHED has none."""

OBEYED = 0
ESTOP_PRESSED = 1
LEASE_STALE = 2
REVERSED = 3
GUARD_BLOCKED = 4
GUARD_UNKNOWN = 5
GUARD_NONE = 6
GUARD_SETTLING = 7
POSITION_UNKNOWN = 8
OTHER_NOT_CLOSED = 9
NO_SUCH_LEVEL = 10
NO_SUCH_LAMP = 11
REASONS_MAX = 16
"""A decision is ``level * REASONS_MAX + reason``."""


def guard(first: int, second: int) -> int:
    """The worse of two guards: blocked, then unknown, then clear; NOT_FITTED counts for nothing."""
    if first == BLOCKED or second == BLOCKED:
        return BLOCKED
    if first == UNKNOWN or second == UNKNOWN:
        return UNKNOWN
    if first == CLEAR or second == CLEAR:
        return CLEAR
    return NOT_FITTED


def position(closed: int, opened: int) -> int:
    """Where a boom stands; made = BLOCKED, not made = CLEAR."""
    if closed == NOT_FITTED and opened == NOT_FITTED:
        return UNWATCHED
    if closed == BLOCKED and opened == CLEAR:
        return CLOSED
    if closed == CLEAR and opened == BLOCKED:
        return OPEN
    if closed == CLEAR and opened == CLEAR:
        return BETWEEN
    return UNSURE


def boom(
    wanted: int,
    estop: int,
    leased: bool,
    under: int,
    settled: bool,
    falling: bool,
    here: int,
    other: int,
    other_rises: bool,
    exclusive: bool,
) -> int:
    """Return the level to drive and why it is not the wanted one.

    ``under`` is ``guard`` over the end's guards and ``settled`` whether it has been clear for the
    settling time; ``falling`` whether the boom was last driven down, or up again because of it.
    """
    if estop != CLEAR and estop != NOT_FITTED:
        return HOLD * REASONS_MAX + ESTOP_PRESSED
    if not leased:
        return HOLD * REASONS_MAX + LEASE_STALE
    if falling and under != CLEAR and here != CLOSED and here != OPEN:
        return RAISE * REASONS_MAX + REVERSED
    if wanted == LOWER:
        return _lower(under, settled, here)
    if wanted == RAISE:
        if exclusive and (other != CLOSED or other_rises):
            return HOLD * REASONS_MAX + OTHER_NOT_CLOSED
        return RAISE * REASONS_MAX + OBEYED
    if wanted == HOLD:
        return HOLD * REASONS_MAX + OBEYED
    return HOLD * REASONS_MAX + NO_SUCH_LEVEL


def _lower(under: int, settled: bool, here: int) -> int:
    if under == BLOCKED:
        return HOLD * REASONS_MAX + GUARD_BLOCKED
    if under == NOT_FITTED:
        return HOLD * REASONS_MAX + GUARD_NONE
    if under != CLEAR:
        return HOLD * REASONS_MAX + GUARD_UNKNOWN
    if not settled:
        return HOLD * REASONS_MAX + GUARD_SETTLING
    if here == UNSURE:
        return HOLD * REASONS_MAX + POSITION_UNKNOWN
    return LOWER * REASONS_MAX + OBEYED


def lamps(wanted: int, heads: int, estop: int, leased: bool) -> int:
    """Return the green heads as bits, times REASONS_MAX, and the reason; all others are red."""
    if estop != CLEAR and estop != NOT_FITTED:
        return ESTOP_PRESSED
    if not leased:
        return LEASE_STALE
    if wanted >> heads or wanted & (wanted - 1):
        return NO_SUCH_LAMP
    return wanted * REASONS_MAX + OBEYED
