"""When a weight may be believed, and when a believed one must be taken back."""

import math
from typing import Final

from sensors.calibration import Scale
from sensors.cells import CellWatch
from sensors.deckwatch import DeckWatch
from sensors.estimator import Estimate, Estimator
from sensors.history import History
from sensors.indication import is_over_range, mpe_initial_g, round_to_d
from sensors.standing import ROCKING_AFTER_US
from sensors.thermal import Corrections
from sensors.weighing import Basis, EventKind, Note, Status, WithdrawReason

U95_SHARE: Final = 0.7
U95_E: Final = 0.45
# A body that still swings hard by then will not be better known for seconds.
U95_LATE_E: Final = 0.6
PATIENCE_US: Final = 1_300_000
U95_LAST_SHARE: Final = 0.5
LAST_PATIENCE_US: Final = 4_000_000
SURE_TICKS: Final = 2
_MISPLACED: Final = (Status.NOT_FULLY_ON, Status.TAILGATE)
CHECK_US: Final = 5_000_000
GIVE_UP_US: Final = 10_000_000


class Acceptance:
    """Judges the vehicle on the deck once a tick.

    A weight is accepted when every axle is on, the vehicle stands, both beams are clear, nobody
    rocks it, the cells agree, and the estimator's u95 is small against e and the MPE at that load.
    For 5 s after that (R 76 A.4.12 as read in facts) it must stand, or it is withdrawn; `withdrawn`
    says why until another is accepted.
    """

    def __init__(
        self,
        scale: Scale,
        history: History,
        cells: CellWatch,
        estimator: Estimator,
        note: Note,
        corrections: Corrections | None = None,
    ) -> None:
        self._scale = scale
        self._corrections = corrections or Corrections(scale)
        self._cells = cells
        self._note = note
        self.deck = DeckWatch(scale, history, cells, estimator, note)
        self._now_us = 0
        self.begin()

    def begin(self) -> None:
        """A vehicle comes on."""
        self.deck.begin()
        self._sure_ticks = 0
        self._stood = False
        self._leaving = False
        self.status = Status.RUNNING
        self.weight_g: int | None = None
        self.u95_g: int | None = None
        self.accepted_us: int | None = None
        self.withdrawn: WithdrawReason | None = None
        self.basis: Basis | None = None
        self._accepted_swing_g = 0.0

    def judge(self, now_us: int, fresh: int, zero_ok: bool) -> None:
        """Look at the newest samples once a tick."""
        self._now_us = now_us
        step = self.deck.move(now_us, fresh)
        if step is not None and self.status == Status.ACCEPTED:
            if self._checking():
                self._withdraw(WithdrawReason.AXLE)
            elif step.mass_g < 0:
                self._leaving = True
        self.deck.look(self.status == Status.ACCEPTED)
        if self.withdrawn is not None and self.deck.load.changed:
            # What looked like a restless vehicle at first was a load that changes.
            self.withdrawn = WithdrawReason.LOAD_CHANGED
        if not self.deck.stands:
            self._sure_ticks = 0
        self._decide(self.deck.estimate, zero_ok)

    def _checking(self) -> bool:
        return self.accepted_us is not None and self._now_us - self.accepted_us <= CHECK_US

    def _decide(self, estimate: Estimate | None, zero_ok: bool) -> None:
        if self._cells.faulty:
            self._to(Status.CELL_FAULT)
            return
        if self.status == Status.ACCEPTED:
            self._check_accepted(estimate)
        if self._leaving:
            return
        if self.deck.second_vehicle:
            self._to(Status.TAILGATE)
            return
        if self.status == Status.ACCEPTED:
            return
        if self.deck.rolling:
            self._roll()
            return
        if not self.deck.stands:
            return
        if not self._stood:
            self._stood = True
            self._note(EventKind.STANDING, 0)
        if self.deck.incomplete:
            self._misplaced()
        elif estimate is not None and zero_ok and self._may_accept(estimate):
            self._accept(estimate)
        elif self.deck.stood_us > GIVE_UP_US:
            self._to(Status.UNSTABLE, round(self.deck.swing_g))
        elif self.status in _MISPLACED:
            self._to(Status.RUNNING)

    def _misplaced(self) -> None:
        """An axle may be off the deck, or what is in the beam is another vehicle."""
        if self.deck.followed:
            self._to(Status.TAILGATE)
        else:
            self._to(Status.NOT_FULLY_ON, self.deck.axles.books.gone_off())

    def _roll(self) -> None:
        """The vehicle moves on: what was said about its place is void."""
        self._stood = False
        if self.status in (*_MISPLACED, Status.UNSTABLE, Status.WITHDRAWN):
            self._to(Status.RUNNING)

    def _may_accept(self, estimate: Estimate) -> bool:
        gross_g = round(estimate.weight_g)
        scale = self._scale
        if gross_g < scale.min_g or is_over_range(gross_g, scale) or self.deck.axles.stepping:
            return False
        if not self.deck.clear:
            return False
        shown_g = self._corrections.correct_g(estimate.weight_g)
        most_u95_g = self._most_u95_g(self._mpe_g(round(shown_g)))
        if self._u95_g(estimate) > most_u95_g or self._cells.doubtful or self.deck.turns:
            self._sure_ticks = 0
            return False
        if self.deck.load.disturbed(self._now_us):
            return False
        self._sure_ticks += 1
        return self._sure_ticks >= SURE_TICKS and self.deck.cells.holds()

    def _most_u95_g(self, mpe_g: int) -> float:
        """The widest uncertainty of an accepted weight: strict at first, then by the MPE."""
        most_e = U95_E if self.deck.stood_us < PATIENCE_US else U95_LATE_E
        most_g = min(U95_SHARE * mpe_g, most_e * self._scale.e_g)
        return (
            most_g if self.deck.stood_us < LAST_PATIENCE_US else max(most_g, U95_LAST_SHARE * mpe_g)
        )

    def _u95_g(self, estimate: Estimate) -> float:
        """The estimate's expanded uncertainty with that of the corrections."""
        return math.hypot(estimate.u95_g, 2 * self._corrections.u_g(estimate.weight_g))

    def _accept(self, estimate: Estimate) -> None:
        self.weight_g = round(self._corrections.correct_g(estimate.weight_g))
        self.u95_g = round(self._u95_g(estimate))
        self.accepted_us = self._now_us
        self.withdrawn = None
        self.basis = self._basis(estimate)
        self._accepted_swing_g = self.deck.swing_g
        self._to(Status.ACCEPTED, self.weight_g)

    def _basis(self, estimate: Estimate) -> Basis | None:
        """What the weight comes from; None for an estimator that does not say how it works."""
        method, by = self.deck.method, self._corrections
        if method is None or estimate.from_us is None:
            return None
        return Basis(
            method=method.name,
            version=method.version,
            parameters=method.parameters,
            load_since_us=self.deck.load_since_us,
            stopped_us=self.deck.stopped_us,
            from_us=estimate.from_us,
            to_us=self._now_us,
            estimate_g=round(estimate.weight_g),
            creep_g=round(by.creep_g),
            temperature_mc=_milli(by.celsius),
            zeroed_mc=_milli(by.zeroed_celsius),
        )

    def _check_accepted(self, estimate: Estimate | None) -> None:
        if not self._checking():
            return
        if not self.deck.stands:
            self._withdraw(WithdrawReason.MOVED)
        elif estimate is not None and self.weight_g is not None and self.u95_g is not None:
            change = abs(self._corrections.correct_g(estimate.weight_g) - self.weight_g)
            if change > self._scale.e_g + self.u95_g + estimate.u95_g:
                self._withdraw(WithdrawReason.LOAD_CHANGED)
            elif self._u95_g(estimate) > self._most_u95_g(self._mpe_g(self.weight_g)):
                self._check_rocking()
        else:
            self._check_rocking()

    def _check_rocking(self) -> None:
        """A swing that grew counts where it is not understood: a stop may beat for a second."""
        if self.deck.stood_us > ROCKING_AFTER_US and self.deck.load.rocks_more_than(
            self._accepted_swing_g, self.deck.swing_g
        ):
            self._withdraw(WithdrawReason.ROCKING)

    def _mpe_g(self, gross_g: int) -> int:
        """The error of the load as it is indicated, which is what the record holds it to."""
        indicated_g = round_to_d(min(gross_g, self._scale.max_g), self._scale.d_g)
        return mpe_initial_g(indicated_g, self._scale.e_g)

    def _withdraw(self, reason: WithdrawReason) -> None:
        self.status = Status.WITHDRAWN
        self._take_back(reason)

    def _take_back(self, reason: WithdrawReason) -> None:
        self.withdrawn = reason
        self._note(EventKind.WITHDRAWN, reason)

    def _to(self, status: Status, value: int = 0) -> None:
        if status == self.status:
            return
        if self.status == Status.ACCEPTED:
            reason = (
                WithdrawReason.CELL_FAULT if status == Status.CELL_FAULT else WithdrawReason.AXLE
            )
            self._take_back(reason)
        self.status = status
        kinds = {
            Status.ACCEPTED: EventKind.ACCEPTED,
            Status.NOT_FULLY_ON: EventKind.NOT_FULLY_ON,
            Status.UNSTABLE: EventKind.UNSTABLE,
        }
        if status in kinds:
            self._note(kinds[status], value)


def _milli(celsius: float | None) -> int | None:
    return None if celsius is None else round(1000 * celsius)
