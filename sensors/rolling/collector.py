"""Sample by sample to whole passages: from the empty deck to the empty deck, in bounded memory."""

from typing import Final

import numpy as np

from sensors.calibration import FloatArray, IntArray, Scale
from sensors.rolling.judge import Beam, weigh_passage
from sensors.rolling.weighing import RollingEvent, RollingVerdict, RollingWeighing

EMPTY_S: Final = 3.0
AFTER_S: Final = 0.8
PASSAGE_S_MAX: Final = 180.0
ON_SAMPLES: Final = 3
HEAD_SAMPLES: Final = 10
# Mud and water on an empty deck stay below this share of Max.
MUD_SHARE: Final = 0.01
ROW_M_MIN: Final = 0.3
# The longest way from one axle to the next; a plate is empty between axles.
GAP_M_MAX: Final = 10.5
GAP_S_MAX: Final = 15.0
STANDING_M: Final = 0.15
STANDING_S: Final = 2.0


class RollingScale:
    """Weighs vehicles that roll over a deck or an axle plate, one after the other.

    Keeps at most EMPTY_S of the empty deck and PASSAGE_S_MAX of a passage. Every weighing is made
    from samples up to the empty deck behind the vehicle, and none after.
    """

    def __init__(self, scale: Scale) -> None:
        """Raises ValueError when the cells stand in one row: load has no lever then."""
        if float(np.ptp(scale.x_m())) < ROW_M_MIN:
            raise ValueError(
                f"all cells within {ROW_M_MIN} m along the deck: rolling weighing needs two rows"
            )
        self._scale = scale
        self._x_m = scale.x_m()
        self._length_m = scale.platform_mm / 1000
        self._t_us: IntArray = np.zeros(0, np.int64)
        self._counts: IntArray = np.zeros((0, len(scale.cells)), np.int64)
        self._beams: Beam = np.zeros((0, 2), np.int8)
        self._began_us: int | None = None

    @property
    def samples(self) -> int:
        """How many samples are kept."""
        return len(self._t_us)

    def push(
        self,
        t_us: IntArray,
        counts: IntArray,
        entry_beam: Beam | None = None,
        exit_beam: Beam | None = None,
    ) -> list[RollingWeighing]:
        """Take samples and return the vehicles that have ended.

        Times (n,) rising, counts (n, cells), beams (n,) with 1 = blocked, None = no beam.
        """
        clear = np.zeros(len(t_us), np.int8)
        pair = [clear if beam is None else beam for beam in (entry_beam, exit_beam)]
        self._t_us = np.concatenate((self._t_us, t_us))
        self._counts = np.vstack((self._counts, counts))
        self._beams = np.vstack((self._beams, np.column_stack(pair)))
        return self._ended(ended=False)

    def finish(self) -> list[RollingWeighing]:
        """The stream ends here; return what still stands on the deck, with its reason."""
        return self._ended(ended=True)

    def _ended(self, ended: bool) -> list[RollingWeighing]:
        done = []
        while (found := self._loaded_from_the_start(ended) or self._passage(ended)) is not None:
            done.append(found)
        self._forget()
        return done

    def _loaded(self) -> tuple[FloatArray, IntArray]:
        """Grams above the empty deck, and the samples in which something stands on it."""
        cells_g = self._scale.to_grams(self._counts)
        head = self._t_us < self._t_us[0] + 400_000
        cells_g = cells_g - np.median(cells_g[head], axis=0)
        on = cells_g.sum(axis=1) > self._scale.min_g
        run = on.copy()
        for k in range(1, ON_SAMPLES):
            run[k:] &= on[:-k]
            run[:k] = False
        places = np.flatnonzero(run)
        return cells_g, places

    def _passage(self, ended: bool) -> RollingWeighing | None:
        if len(self._t_us) < ON_SAMPLES:
            return None
        cells_g, on = self._loaded()
        if not len(on):
            return None
        first = max(0, int(on[0]) - ON_SAMPLES + 1)
        last = self._last_of_vehicle(cells_g, on, first)
        now_us, last_us = int(self._t_us[-1]), int(self._t_us[last])
        free_us = round(1e6 * max(AFTER_S, self._gap_s(cells_g, first, last)))
        too_long = now_us - int(self._t_us[first]) > 1e6 * PASSAGE_S_MAX
        if now_us - last_us < free_us and not ended and not too_long:
            return None
        if now_us - last_us < 100_000:
            return self._still_on(cells_g, first, last)
        stop = int(np.searchsorted(self._t_us, last_us + round(1e6 * AFTER_S), side="right"))
        start = int(np.searchsorted(self._t_us, self._t_us[first] - round(1e6 * EMPTY_S)))
        rows = slice(start, stop)
        out = weigh_passage(
            self._t_us[rows],
            self._counts[rows],
            self._scale,
            first - start,
            last - start,
            self._beams[rows],
        )
        self._drop(int(np.searchsorted(self._t_us, last_us + 150_000)))
        return out

    def _last_of_vehicle(self, cells_g: FloatArray, on: IntArray, first: int) -> int:
        """The last loaded sample before an empty way that no vehicle spans."""
        gap_us = 1e6 * max(AFTER_S, self._gap_s(cells_g, first, int(on[-1])))
        breaks = np.flatnonzero(np.diff(self._t_us[on]) > gap_us)
        return int(on[breaks[0]]) if len(breaks) else int(on[-1])

    def _gap_s(self, cells_g: FloatArray, first: int, last: int) -> float:
        """How long the deck may be empty between two axles of one vehicle, by its first axle."""
        way_m = GAP_M_MAX - self._length_m
        if way_m <= 0:
            return 0.0
        rows = cells_g[first : last + 1]
        load = rows.sum(axis=1)
        off = np.flatnonzero(load < self._scale.min_g)
        end = int(off[off > 2][0]) if (off > 2).any() else len(load)
        on_s = max(float(self._t_us[first + end - 1] - self._t_us[first]) / 1e6, 1e-3)
        return min(GAP_S_MAX, 1.5 * way_m * on_s / self._length_m)

    def _loaded_from_the_start(self, ended: bool) -> RollingWeighing | None:
        """Something stood on the deck before the stream began: wait until it has gone."""
        load_g = self._scale.to_grams(self._counts).sum(axis=1)
        mud_g = max(2.0 * self._scale.min_g, MUD_SHARE * self._scale.max_g)
        if len(load_g) < HEAD_SAMPLES or np.median(load_g[:HEAD_SAMPLES]) < mud_g:
            return None
        if self._began_us is None:
            self._began_us = int(self._t_us[0])
        empty = np.flatnonzero(load_g < mud_g)
        if not len(empty) and not ended:
            self._drop(max(0, len(load_g) - HEAD_SAMPLES))
            return None
        gone = max(1, int(empty[0])) if len(empty) else len(load_g)
        out = RollingWeighing(
            verdict=RollingVerdict.INCOMPLETE,
            began_us=self._began_us,
            ended_us=int(self._t_us[gone - 1]),
            events=(RollingEvent(at_us=self._began_us, kind="loaded_at_the_start"),),
        )
        self._began_us = None
        self._drop(gone)
        return out

    def _still_on(self, cells_g: FloatArray, first: int, last: int) -> RollingWeighing:
        """A vehicle that has not left: it stands, or the recording ends too early."""
        t_us = self._t_us[: last + 1]
        recent = np.searchsorted(t_us, t_us[-1] - round(1e6 * STANDING_S))
        rows = cells_g[max(first, int(recent)) : last + 1]
        centre_m = (rows @ self._x_m) / np.maximum(rows.sum(axis=1), 1.0)
        third = max(1, len(centre_m) // 3)
        moved_m = abs(float(np.median(centre_m[-third:]) - np.median(centre_m[:third])))
        stands = moved_m < STANDING_M and len(rows) > third
        out = RollingWeighing(
            verdict=RollingVerdict.NOT_ROLLING if stands else RollingVerdict.INCOMPLETE,
            began_us=int(t_us[first]),
            ended_us=int(t_us[last]),
            events=(
                RollingEvent(
                    at_us=int(t_us[last]), kind="still_on_kg", value=round(rows[-1].sum() / 1000)
                ),
            ),
        )
        self._drop(len(self._t_us))
        return out

    def _drop(self, count: int) -> None:
        self._t_us, self._counts = self._t_us[count:], self._counts[count:]
        self._beams = self._beams[count:]

    def _forget(self) -> None:
        """Of an empty deck keep the last EMPTY_S."""
        if len(self._t_us) < 2 or len(self._loaded()[1]):
            return
        keep_us = self._t_us[-1] - round(1e6 * EMPTY_S)
        self._drop(int(np.searchsorted(self._t_us, keep_us)))


def weigh_recording(
    t_us: IntArray,
    counts: IntArray,
    scale: Scale,
    entry_beam: Beam | None = None,
    exit_beam: Beam | None = None,
) -> list[RollingWeighing]:
    """Weigh all vehicles of one recording, in the order in which they came."""
    rolling = RollingScale(scale)
    return [*rolling.push(t_us, counts, entry_beam, exit_beam), *rolling.finish()]
