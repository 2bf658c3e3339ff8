"""The books of a vehicle's axles: which climbed on and off, what they weigh and how far apart.

The jump at the edge is off by the bounce of the step itself, so an axle weighs what the level rose
by between the step before it and the step after it; the last one takes what the gross leaves.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np

from sensors.axle_confidence import JUMP_SHARE, JUMP_U95, Climb, one_axle
from sensors.axle_steps import AxleStep, End
from sensors.axle_tail import Books, Edge, Tail

AXLES_MAX: Final = 24
SWINGS_BACK_US: Final = 600_000
# What comes on without a step is an axle where it is more than this share of the lightest one.
UNSEEN: Final = 0.6
# Beside three others or more no axle weighs so much more than the heaviest of them.
HEAVIER: Final = 1.5


class AxleAnswers(NamedTuple):
    """What the books say of all axles, given a gross and its u95, as `AxleBooks` explains each."""

    axles: int
    confidence: float
    offsets_mm: tuple[int, ...]
    spacings_u95_mm: tuple[int, ...]
    loads_g: tuple[int, ...]
    loads_u95_g: tuple[int, ...]


class AxleBooks:
    """Keeps the steps of one vehicle and answers for its axles.

    Memory is bounded: at most AXLES_MAX steps are kept, further ones only counted as `lost`.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the vehicle; the deck is empty."""
        self.steps: list[AxleStep] = []
        self.front: End | None = None
        self.lost = 0
        self.last_moment_gm = 0.0
        self._climbs: list[Climb] = []
        self._level_g = 0.0
        self._tail = Tail()
        self._calm_g: float | None = None
        self._answers: dict[tuple[int | None, int | None], AxleAnswers] = {}

    def answers(self, gross_g: int | None, gross_u95_g: int | None) -> AxleAnswers:
        """All answers for one gross, worked out once until a step changes the books."""
        asked = gross_g, gross_u95_g
        if asked not in self._answers:
            # An accepted gross stays, so there is but one question at a time.
            self._answers = {
                asked: AxleAnswers(
                    axles=self.count(),
                    confidence=self.count_confidence(gross_g),
                    offsets_mm=self.offsets_mm(),
                    spacings_u95_mm=self.spacings_u95_mm(),
                    loads_g=self.loads_g(gross_g),
                    loads_u95_g=self.loads_u95_g(gross_g, gross_u95_g),
                )
            }
        return self._answers[asked]

    def enter(self, edge: Edge, level_g: float | None = None) -> None:
        """Enter a step, or strike out the last one where this undoes it.

        `level_g` is the load for a while before it, None where there was no time between two steps.
        """
        if self._swings_back(edge.step):
            self._tail.undo(self.steps[-1], edge)
            self._rewrite()
            return
        if len(self.steps) >= AXLES_MAX:
            self._answers.clear()
            self.lost += 1
            return
        if level_g is not None:
            self.see_level(level_g)
        if level_g is not None or self._tail.full:
            now = Books(list(self.steps), list(self._climbs), self.last_moment_gm, self._level_g)
            self._tail = Tail(now, self._tail.after_g(level_g))
        self._tail.add(edge)
        self._write(edge)

    def join(self, half: Edge) -> bool:
        """Make one of the last step and this, its second half; returns whether that could be."""
        whole = None if self.lost or self._weighs_two(half.step) else self._tail.join(half)
        if whole is None:
            return False
        self._answers.clear()
        self.steps[-1], self._climbs[-1] = whole.step, whole.climb
        self._calm_g = None
        return True

    def _weighs_two(self, step: AxleStep) -> bool:
        """Whether the last axle would be too heavy for one if this were the rest of it."""
        *others, last_g = (known.mass_g for known in self.climbed())
        both_g = (last_g + step.mass_g) / JUMP_SHARE
        return len(others) >= 3 and both_g > HEAVIER * max(others)

    def see_level(self, level_g: float) -> None:
        """Strike out of the newest steps those that have not lasted, the load being this now."""
        if self._calm_g is None:
            self._calm_g = level_g
        if not self.lost and self._tail.judge(level_g):
            self._rewrite()

    def unexplained_g(self, level_g: float) -> float:
        """By how much the load of a vehicle that stands is more than its steps explain; 0.0: not.

        So much is an axle that no step tells of; a body that leans makes less.
        """
        before_g = level_g if self._calm_g is None else self._calm_g
        self._calm_g = level_g
        lightest_g = min((step.mass_g for step in self.climbed()), default=0)
        return level_g - before_g if level_g - before_g > UNSEEN * lightest_g else 0.0

    def may_be_one(self, mass_g: float) -> bool:
        """Whether so much is not too heavy beside the others for one axle."""
        return mass_g <= HEAVIER * max((step.mass_g for step in self.climbed()), default=0)

    def _rewrite(self) -> None:
        """Enter the newest steps again, without those that count no more."""
        before = self._tail.before
        self.steps, self._climbs = list(before.steps), list(before.climbs)
        self.last_moment_gm, self._level_g = before.moment_gm, before.level_g
        self._answers.clear()
        for edge in self._tail.lasting():
            self._write(edge)

    def _write(self, edge: Edge) -> None:
        self._answers.clear()
        self._calm_g = None
        self.last_moment_gm = edge.moment_gm
        self._weigh_last(edge.load_g)
        self.steps.append(edge.step)
        self._climbs.append(edge.climb)

    def lose(self) -> None:
        """Take note that an axle may have come or gone unseen: the count is not known any more."""
        self._answers.clear()
        self.lost += 1

    def _swings_back(self, step: AxleStep) -> bool:
        """Whether this undoes the last step: a bouncing body passed for an axle, there and back."""
        if not self.steps:
            return False
        last = self.steps[-1]
        soon = step.at_us - last.at_us < SWINGS_BACK_US
        return soon and 0.5 < -step.mass_g / last.mass_g < 2.0

    def _weigh_last(self, load_g: float) -> None:
        """The last axle weighs what the load rose by since the one before it was on."""
        if not self.steps:
            return
        last = self.steps[-1]
        if last.mass_g > 0 and load_g > self._level_g:
            self.steps[-1] = msgspec.structs.replace(last, mass_g=round(load_g - self._level_g))
        self._level_g = load_g

    def widen(self, rise_g: float) -> None:
        """The last step goes on: it is as strong as its stronger half."""
        self._answers.clear()
        last = self.steps[-1]
        if abs(rise_g) > abs(last.mass_g):
            self.steps[-1] = msgspec.structs.replace(last, mass_g=round(rise_g))
            self._tail.widen(self.steps[-1])

    def has(self, step: AxleStep) -> bool:
        """Whether a step that was entered still counts."""
        return any(known.at_us == step.at_us for known in self.steps)

    def _climbed(self) -> list[int]:
        return [i for i, s in enumerate(self.steps) if s.mass_g > 0 and s.end == self.front]

    def climbed(self) -> list[AxleStep]:
        """The steps up at the end where the vehicle came on, first axle first."""
        return [self.steps[i] for i in self._climbed()]

    def count(self) -> int:
        """Axles that climbed on, or -1 when that is not known."""
        climbed = len(self._climbed())
        return climbed if climbed and not self.lost else -1

    def offsets_mm(self) -> tuple[int, ...]:
        """Distances of the axles that climbed on from the first of them, millimetres."""
        ways = [step.travel_mm for step in self.climbed()]
        return tuple(int(way) for way in np.cumsum([0, *ways[1:]])) if ways else ()

    def gone_off(self) -> int:
        """How many axles have left over the far end and not come back."""
        far = [step for step in self.steps if step.end != self.front]
        return max(0, -sum(1 if step.mass_g > 0 else -1 for step in far))

    def on_deck(self) -> int:
        """How many axles stand on the deck by count of steps."""
        return max(0, sum(1 if step.mass_g > 0 else -1 for step in self.steps))

    def loads_g(self, gross_g: int | None) -> tuple[int, ...]:
        """Loads of the axles that climbed on; the last takes what the others leave of `gross_g`."""
        loads = [step.mass_g for step in self.climbed()]
        rest = self._rest_g(gross_g)
        if rest is None or gross_g is None:
            return tuple(loads)
        if 0.6 * loads[-1] < rest < 2.0 * loads[-1]:
            return (*loads[:-1], rest)
        # A rest far from the last axle's jump says that some load is wrong, but not which one.
        return tuple(round(load * gross_g / sum(loads)) for load in loads)

    def _rest_g(self, gross_g: int | None) -> int | None:
        """What the gross leaves for the last axle, where all axles are on the deck."""
        loads = [step.mass_g for step in self.climbed()]
        if not loads or gross_g is None or len(loads) != len(self.steps) or self.lost:
            return None
        return gross_g - sum(loads[:-1])

    def loads_u95_g(self, gross_g: int | None, gross_u95_g: int | None) -> tuple[int, ...]:
        """The expanded uncertainty (95 %) of every load that `loads_g` gives, grams."""
        stated, whole = self.loads_g(gross_g), self._rest_g(gross_g) is not None
        out = []
        for i, load_g in zip(self._climbed(), stated, strict=True):
            before_g, after_g = self._climbs[i].before_sigma_g, 0.5 * (gross_u95_g or 0)
            # Loads that contradict the gross were scaled to it; by so much they may err.
            scaled_g = load_g - self.steps[i].mass_g if whole else 0
            if i + 1 < len(self.steps):
                after_g = self._climbs[i + 1].before_sigma_g
            elif not whole:
                after_g = JUMP_U95 / 2 * load_g
            elif load_g == self._rest_g(gross_g):
                scaled_g = 0
            out.append(round(2 * float(np.linalg.norm((before_g, after_g, scaled_g)))))
        return tuple(out)

    def spacings_u95_mm(self) -> tuple[int, ...]:
        """The expanded uncertainty (95 %) of the way from each axle to the next, millimetres."""
        return tuple(round(2000 * self._climbs[i].way_sigma_m) for i in self._climbed()[1:])

    def count_confidence(self, gross_g: int | None) -> float:
        """Probability, 0 to 1, that each axle that climbed on is one, and one only."""
        if self.lost or not self.steps:
            return 0.0
        chance, rest = 1.0, self._rest_g(gross_g)
        for i in self._climbed():
            last = i + 1 == len(self.steps)
            load_g = rest if last else self.steps[i].mass_g
            chance *= one_axle(load_g, self._climbs[i].jump_g)
        return chance
