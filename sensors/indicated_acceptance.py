"""When an indicator's reading is the vehicle's weight, and when it must be taken back."""

from typing import Final

from sensors.indicated_frames import FAR_G, Frames
from sensors.indicated_rule import METHOD, OK, VERSION, Reading, Rule, u95_g
from sensors.indicated_tamper import Ends, TamperWatch
from sensors.indication import Capacity, is_over_range
from sensors.weighing import Basis, EventKind, Note, Status, WithdrawReason

SHORT_US: Final = 2_000_000
"""An end must be blocked for so long, and the load steady, before somebody is told to move."""
MIN_E: Final = 20
NEVER_US: Final = -(2**62)


class Acceptance:
    """Judges the vehicle on the deck at every frame.

    A weight is accepted where the window is a weight by the indicator's own word, no end was
    crossed in it and all are clear.  For ``rule.check_us`` afterwards no reading may lie further
    than 1 e from it, nor may they be more than two adjacent values (R 76-1 A.4.12), or it is
    withdrawn.  Later, a load that comes to stand elsewhere takes it back as well.
    """

    def __init__(
        self, capacity: Capacity, rule: Rule, frames: Frames, tamper: TamperWatch, note: Note
    ) -> None:
        self._capacity = capacity
        self._rule = rule
        self._frames = frames
        self._tamper = tamper
        self._note = note
        self.begin(0)

    def begin(self, now_us: int) -> None:
        """A vehicle comes on."""
        self.status = Status.RUNNING
        self.weight_g: int | None = None
        self.u95_g: int | None = None
        self.accepted_us: int | None = None
        self.basis: Basis | None = None
        self.withdrawn: WithdrawReason | None = None
        self._since_us = now_us
        self._fresh_us = NEVER_US
        self._low_g = self._high_g = 0
        self._tamper.begin(now_us)

    def judge(self, reading: Reading, ends: Ends, zero_ok: bool) -> None:
        """Look at the newest frame."""
        now_us, window = reading.t_us, self._frames.window
        crossed_us = max(self._since_us, ends.edge_us)
        stands = bool(window) and ends.clear and ends.edge_us < window[0].t_us
        settled = now_us - crossed_us >= self._rule.settle_us
        load_g = self._frames.stable_g if stands else None
        self._tamper.is_whole(now_us, ends)
        if load_g is not None and load_g >= self._min_g:
            self._tamper.stands(now_us, load_g, ends)
        if self.status == Status.ACCEPTED:
            self._check(reading, load_g, ends)
        if self.status == Status.ACCEPTED:
            return
        if self._told_of_ends(now_us, ends):
            return
        fresh = bool(window) and window[0].t_us > self._fresh_us
        if load_g is not None and settled and fresh and zero_ok and self._may_be(load_g):
            self._accept(now_us, load_g, window)
        elif now_us - max(crossed_us, self._fresh_us) > self._rule.give_up_us:
            self._to(Status.UNSTABLE, self._frames.swing_g or 0)

    def lost(self) -> None:
        """The indicator fell silent, or says that it has no weight: nothing of it stands."""
        if self.status == Status.ACCEPTED:
            self._withdraw(WithdrawReason.CELL_FAULT)
        elif self.status != Status.WITHDRAWN:
            self.status = Status.RUNNING

    @property
    def _min_g(self) -> int:
        return MIN_E * self._capacity.e_g

    def _may_be(self, load_g: int) -> bool:
        return load_g >= self._min_g and not is_over_range(load_g, self._capacity)

    def _told_of_ends(self, now_us: int, ends: Ends) -> bool:
        """Whether the driver has to move: something stands in an end, and the load stands too."""
        if ends.blocked and self._frames.steady and now_us - ends.edge_us >= SHORT_US:
            joined = self._load_g - (self.weight_g or FAR_G) >= self._min_g
            self._to(Status.TAILGATE if joined else Status.NOT_FULLY_ON)
            return True
        if self.status in (Status.NOT_FULLY_ON, Status.TAILGATE) and ends.clear:
            self._to(Status.RUNNING)
        return self.status in (Status.NOT_FULLY_ON, Status.TAILGATE)

    @property
    def _load_g(self) -> int:
        load_g = self._frames.load_g
        return -FAR_G if load_g is None else load_g

    def _accept(self, now_us: int, load_g: int, window: list[Reading]) -> None:
        interval_us = self._frames.interval_us
        assert interval_us is not None, "a window without a rate"
        self.weight_g = self._low_g = self._high_g = load_g
        self.u95_g = u95_g(min(load_g, self._capacity.max_g), self._capacity)
        self.accepted_us = now_us
        self.withdrawn = None
        e_g, d_g = self._capacity.e_g, self._capacity.d_g
        self.basis = Basis(
            method=METHOD,
            version=VERSION,
            parameters=self._rule.parameters(interval_us, e_g=e_g, d_g=d_g),
            load_since_us=window[0].t_us,
            stopped_us=window[0].t_us,
            from_us=window[0].t_us,
            to_us=now_us,
            estimate_g=load_g,
            creep_g=0,
            temperature_mc=None,
            zeroed_mc=None,
        )
        self._to(Status.ACCEPTED, load_g)

    def _check(self, reading: Reading, stands_g: int | None, ends: Ends) -> None:
        """Hold the accepted weight to what is shown after it."""
        weight_g, accepted_us = self.weight_g, self.accepted_us
        if weight_g is None or accepted_us is None:
            raise AssertionError("accepted without a weight")
        if reading.t_us - accepted_us > self._rule.check_us:
            if stands_g is not None and abs(stands_g - weight_g) > self._capacity.e_g:
                self._withdraw(WithdrawReason.LOAD_CHANGED)
            return
        shown_g = reading.gross_g
        if reading.state != OK or shown_g is None:
            self._withdraw(WithdrawReason.CELL_FAULT)
            return
        self._low_g, self._high_g = min(self._low_g, shown_g), max(self._high_g, shown_g)
        if abs(shown_g - weight_g) > self._capacity.e_g:
            reason = WithdrawReason.MOVED if not ends.clear else WithdrawReason.LOAD_CHANGED
            self._withdraw(reason)
        elif self._high_g - self._low_g > self._capacity.d_g:
            self._withdraw(WithdrawReason.ROCKING)

    def _withdraw(self, reason: WithdrawReason) -> None:
        """Only a window that began later may give a weight again."""
        self.status = Status.WITHDRAWN
        self.withdrawn = reason
        self._fresh_us = self._frames.last_us or NEVER_US
        self._note(EventKind.WITHDRAWN, reason)

    def _to(self, status: Status, value: int = 0) -> None:
        if status == self.status:
            return
        self.status = status
        kinds = {
            Status.ACCEPTED: EventKind.ACCEPTED,
            Status.NOT_FULLY_ON: EventKind.NOT_FULLY_ON,
            Status.TAILGATE: EventKind.TAILGATE,
            Status.UNSTABLE: EventKind.UNSTABLE,
        }
        if status in kinds:
            self._note(kinds[status], value)
