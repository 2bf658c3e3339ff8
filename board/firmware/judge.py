"""What the interlock has to be told over time: since when guards are clear, which boom falls."""

from array import array

import interlock
from interlock import CLEAR, CLOSED, HOLD, LOWER, NOT_FITTED, RAISE, REASONS_MAX, REVERSED
from moment import elapsed

NO_INPUT = 255


class Judge:
    """Levels and reasons of every boom and of the lamps, anew in each round.

    ``guards`` holds the inputs beneath each boom, ``limits`` its (closed, open) or NO_INPUT.
    """

    def __init__(
        self,
        guards: list[list[int]],
        limits: list[tuple[int, int]],
        settles_ms: list[int],
        travels_ms: list[int],
        estop: int,
        heads: int,
        exclusive: bool,
    ) -> None:
        self.number = len(guards)
        self.wanted = bytearray(self.number)
        self.greens = 0
        self.booms = bytearray(self.number)
        self.lamps = 0
        self.changed = False
        self._guards = [bytes(some) for some in guards]
        self._closed = bytes([limit[0] for limit in limits])
        self._open = bytes([limit[1] for limit in limits])
        self._settles_ms = array("i", settles_ms)
        self._travels_ms = array("i", travels_ms)
        self._estop = estop
        self._heads = heads
        self._exclusive = exclusive
        self._settled = bytearray(self.number)
        self._clear_ms = array("i", [0] * self.number)
        self._was_clear = bytearray(self.number)
        self._falling = bytearray(self.number)
        self._reversed_ms = array("i", [0] * self.number)

    def level(self, index: int) -> int:
        """What is to be driven at a boom."""
        return self.booms[index] // REASONS_MAX

    def judge(self, states: bytearray, leased: bool, now_ms: int) -> None:
        """Judge what the host wants by the contacts as they are."""
        self.changed = False
        estop = NOT_FITTED if self._estop == NO_INPUT else states[self._estop]
        for index in range(self.number):
            verdict = self._boom(index, states, estop, leased, now_ms)
            self._follow(index, verdict, now_ms)
            if verdict != self.booms[index]:
                self.booms[index] = verdict
                self.changed = True
        lamps = interlock.lamps(self.greens, self._heads, estop, leased)
        if lamps != self.lamps:
            self.lamps = lamps
            self.changed = True

    def _boom(self, index: int, states: bytearray, estop: int, leased: bool, now_ms: int) -> int:
        under = NOT_FITTED
        for guard in self._guards[index]:
            under = interlock.guard(under, states[guard])
        self._settle(index, under, now_ms)
        other = 1 - index
        alone = other >= self.number
        return interlock.boom(
            self.wanted[index],
            estop,
            leased,
            under,
            self._settled[index] == 1,
            self._falling[index] == 1,
            self._position(index, states),
            CLOSED if alone else self._position(other, states),
            (not alone) and self.level(other) == RAISE,
            self._exclusive,
        )

    def _settle(self, index: int, under: int, now_ms: int) -> None:
        """Once settled it stays so until a guard is no longer clear, however long that takes."""
        if under != CLEAR:
            self._was_clear[index] = 0
            self._settled[index] = 0
        elif not self._was_clear[index]:
            self._was_clear[index] = 1
            self._clear_ms[index] = now_ms
        if self._settled[index] or not self._was_clear[index]:
            return
        if elapsed(now_ms, self._clear_ms[index]) >= self._settles_ms[index]:
            self._settled[index] = 1

    def _follow(self, index: int, verdict: int, now_ms: int) -> None:
        """A boom falls while it is driven down, and while it goes up again because of it.

        A reversal ends after the boom's travel time, whatever its limit switches say.
        """
        if verdict // REASONS_MAX == LOWER:
            self._falling[index] = 1
        elif verdict % REASONS_MAX != REVERSED:
            self._falling[index] = 0
        elif self.booms[index] != verdict:
            self._reversed_ms[index] = now_ms
        elif elapsed(now_ms, self._reversed_ms[index]) >= self._travels_ms[index]:
            self._falling[index] = 0

    def _position(self, index: int, states: bytearray) -> int:
        closed = self._closed[index]
        opened = self._open[index]
        if closed == NO_INPUT or opened == NO_INPUT:
            return interlock.UNWATCHED
        return interlock.position(states[closed], states[opened])

    def let_go(self) -> None:
        """Forget what was wanted: the state after a start and after a loss of the lease."""
        for index in range(self.number):
            self.wanted[index] = HOLD
        self.greens = 0
