"""Drivers: people who see lamps, booms and the sign, and steer one vehicle by them.

A driver looks ten times a second, acts after a reaction time, and knows nothing of the lane but
what stands before the windscreen.
"""

from __future__ import annotations

from math import copysign, sqrt
from random import Random

from msgspec import structs

from sim.cab import Habits, Mind, Surroundings
from sim.layout import Layout
from sim.scale import TICK_US
from sim.signwords import Word
from sim.vehicle import Vehicle

THINK_US = 100_000
_NEAR_M = 0.06
_CREEP_MPS = 0.45
_SNEAK_MPS = 0.5
_YIELD_M = -10.0
_BEHIND_LINE_M = 0.6
_BRAKE_MPS2 = 1.8
_AT_BOOM_M = 0.35
_ROCK_M = 0.3
_SITS_US = 1_500_000
_TICK_S = TICK_US / 1_000_000


class Driver:
    """One driver with one vehicle, from the waiting place to the far side, or back."""

    def __init__(
        self, vehicle: Vehicle, habits: Habits, layout: Layout, rng: Random, *, arrives_us: int
    ) -> None:
        self.vehicle = vehicle
        self.habits = habits
        self.mind = Mind.WAITING
        self.wake_us = arrives_us
        self.left_by: int | None = None
        self.was_over = False
        self.orderly = not (
            habits.tailgates
            or habits.crashes_boom
            or habits.backs_out
            or habits.rocks
            or habits.leaves_cab
            or habits.stays_put
            or habits.on_red
        )
        self._layout = layout
        self._rng = rng
        self._target_m = vehicle.s_m
        self._speed_mps = rng.uniform(0.9, 2.1)
        self._gentle = rng.uniform(0.5, 1.05)
        self._line_m = -layout.stop_line_m - rng.uniform(0.2, 1.0)
        self._stop_m = self._stop_point(habits.stop_error_m)
        self._nose_m = vehicle.truck.axles_m[0] + rng.uniform(0.6, 1.5)
        self._pause_m = rng.uniform(0.3, 0.7) * self._stop_m if habits.pauses else None
        self._react_us = rng.randrange(500_000, 1_300_000)
        if habits.late:
            self._react_us *= 8
        if habits.impatient:
            self._line_m = -layout.boom_m - _AT_BOOM_M
        self._back_out_m = 0.4 * self._stop_m if habits.backs_out else None
        if habits.stands_twice:
            self._pause_m = max(vehicle.truck.length_m + 0.3, self._stop_m - rng.uniform(1.5, 5.0))
        self._rocks_left = 3 if habits.rocks else 0
        self._cue_us: int | None = None
        self._stood_us: int | None = None

    def think(self, now_us: int, around: Surroundings) -> None:
        """Look, and change the mind where something calls for it."""
        _THOUGHTS[self.mind](self, now_us, around)

    def acceleration(self, around: Surroundings) -> float:
        """Return the acceleration of this tick, m/s2 along the way of entry."""
        vehicle = self.vehicle
        if vehicle.v_mps == 0.0 and abs(self._target_m - vehicle.s_m) < _NEAR_M:
            return 0.0
        gap = self._target_m - vehicle.s_m
        if gap > 0:
            gap = self._free_road(gap, around)
        elif gap < 0:
            gap = min(0.0, max(gap, 1.5 - around.room_behind_m(vehicle)))
        wanted = 0.0
        if abs(gap) >= _NEAR_M:
            wanted = copysign(min(self._limit(), sqrt(2 * self._gentle * abs(gap))), gap)
        change = (wanted - vehicle.v_mps) / _TICK_S
        most = self._gentle
        if change * vehicle.v_mps < 0:
            # The last hand's breadth is braked as softly as it still can be.
            left = max(abs(self._target_m - vehicle.s_m), 0.01)
            need = vehicle.v_mps * vehicle.v_mps / (2 * left)
            most = min(_BRAKE_MPS2, max(self._gentle, need)) if wanted == 0.0 else _BRAKE_MPS2
        return max(-most, min(most, change))

    def _free_road(self, gap: float, around: Surroundings) -> float:
        """Keep the distance to the vehicle ahead; a driver who stands does not follow by inches."""
        free = around.room_ahead_m(self.vehicle) - self._gap()
        if free >= gap:
            return gap
        if free < 0.5 and self.vehicle.v_mps == 0.0:
            return 0.0
        return max(0.0, free)

    def _gap(self) -> float:
        return 1.2 if self.habits.tailgates else 2.5

    def _limit(self) -> float:
        if self.mind is Mind.ADJUSTING:
            return _CREEP_MPS
        if self.mind in (Mind.BACKING, Mind.YIELDING):
            return min(1.1, self._speed_mps)
        if self.mind is Mind.LEAVING:
            return self._speed_mps + 1.0
        if self.vehicle.s_m <= -9.0:
            return self._speed_mps + 1.5
        return _SNEAK_MPS if self.habits.tailgates and self.vehicle.s_m > -3.0 else self._speed_mps

    def _stop_point(self, error_m: float) -> float:
        middle = (self._layout.platform_m + self.vehicle.truck.length_m) / 2
        return middle + error_m

    def _reacted(self, now_us: int, cue: bool) -> bool:
        """Tell whether a cue has stood for the reaction time."""
        if not cue:
            self._cue_us = None
            return False
        if self._cue_us is None:
            self._cue_us = now_us
        return now_us - self._cue_us >= self._react_us

    def _turn(self, mind: Mind, target_m: float) -> None:
        self.mind = mind
        self._target_m = target_m
        self._cue_us = self._stood_us = None

    def _stop_here(self, mind: Mind) -> None:
        braking = self.vehicle.v_mps * abs(self.vehicle.v_mps) / (2 * _BRAKE_MPS2)
        self._turn(mind, self.vehicle.s_m + braking)

    def _standing(self) -> bool:
        return self.vehicle.v_mps == 0.0

    def _waiting(self, now_us: int, around: Surroundings) -> None:
        if self.habits.drives_round and now_us >= self.wake_us:
            around.drove_round(self.vehicle, now_us)
            self._vanish(1 - self.vehicle.end)
        elif now_us >= self.wake_us and around.may_set_out(self.vehicle, self.habits.tailgates):
            self.vehicle.s_m = -self._layout.wait_m
            self.vehicle.present = True
            self._turn(Mind.APPROACHING, self._line_m)

    def _approaching(self, now_us: int, around: Surroundings) -> None:
        end = self.vehicle.end
        open_way = around.boom_is_open(end) and (
            around.approach_is_green(end) or self.habits.tailgates
        )
        open_way = open_way or self._goes_early(around)
        if not self.habits.tailgates:
            # Green is for the one ahead as long as there is one.
            open_way = open_way and around.room_ahead_m(self.vehicle) > self._layout.platform_m
        told_back = not open_way and self._is_told_back(around)
        if around.is_backed_upon(self.vehicle):
            self._turn(Mind.YIELDING, _YIELD_M)
        elif not self._reacted(now_us, open_way or told_back):
            return
        elif open_way:
            self._turn(Mind.ENTERING, self._stop_m)
        else:
            self._back_off()

    def _is_told_back(self, around: Surroundings) -> bool:
        """Whether the sign bids back, and nobody is on the deck whom it could mean instead."""
        alone = around.room_ahead_m(self.vehicle) > self._layout.platform_m
        near = self.vehicle.s_m > -self._layout.approach_loop_m[1]
        return near and alone and self._standing() and around.sign_word() is Word.BACK

    def _back_off(self) -> None:
        """Go behind the line; who stands there already goes out of the lane's sight."""
        line_m = -self._layout.stop_line_m - _BEHIND_LINE_M
        if self.vehicle.s_m > -self._layout.stop_line_m:
            self._line_m = min(self._line_m, line_m)
            self._turn(Mind.YIELDING, self._line_m)
        else:
            self._turn(Mind.YIELDING, _YIELD_M)

    def _entering(self, now_us: int, around: Surroundings) -> None:
        vehicle = self.vehicle
        before_boom = vehicle.s_m < -self._layout.boom_m - 0.3
        barred = not around.boom_is_open(vehicle.end) and not self._goes_early(around)
        if before_boom and barred:
            past_line = vehicle.s_m > self._line_m
            self._turn(Mind.YIELDING if past_line else Mind.APPROACHING, self._line_m)
        elif self.habits.tailgates:
            self._sneak(now_us, around)
        elif self._back_out_m is not None and vehicle.s_m >= self._back_out_m:
            self._back_out_m = None
            self._turn(Mind.YIELDING, _YIELD_M)
        elif self._pause_m is not None and vehicle.s_m >= self._pause_m:
            self._pause_m = None
            self.wake_us = now_us + self._rng.randrange(1_500_000, 5_000_000)
            self._stop_here(Mind.ADJUSTING)
        elif self._standing() and abs(vehicle.s_m - self._stop_m) < 2 * _NEAR_M:
            self._turn(Mind.STANDING, vehicle.s_m)

    def _goes_early(self, around: Surroundings) -> bool:
        return self.habits.early and around.boom_rises(self.vehicle.end)

    def _sneak(self, now_us: int, around: Surroundings) -> None:
        """Put the nose on the deck behind the one ahead; go on when he has gone."""
        # Whoever is still on the way must not take the road before the deck for the deck.
        way_m = max(0.0, -self.vehicle.s_m)
        alone = around.room_ahead_m(self.vehicle) > self._layout.platform_m + way_m
        if self._reacted(now_us, self._is_told(around)):
            self._turn(Mind.YIELDING, _YIELD_M)
        elif alone:
            self.habits = structs.replace(self.habits, tailgates=False)
            self._target_m = self._stop_m
        else:
            self._target_m = min(self._stop_m, self._nose_m)

    def _is_told(self, around: Surroundings) -> bool:
        return (
            around.sign_word() is Word.SECOND_VEHICLE
            or around.told_to_back_off(self.vehicle)
            or around.is_backed_upon(self.vehicle)
        )

    def _still(self, now_us: int, around: Surroundings) -> None:
        word = around.sign_word()
        self.was_over = self.was_over or word in (Word.OVER, Word.BACK_OUT)
        near, far = self.vehicle.end, 1 - self.vehicle.end
        green = around.deck_is_green(far) or self.habits.on_red
        away = green and around.boom_is_open(far)
        back = around.deck_is_green(near) and around.boom_is_open(near)
        hint = word in (Word.FORWARD, Word.BACK) and not self.habits.stays_put
        if self._stood_us is None:
            self._stood_us = now_us
        if self._fidgets(now_us, around):
            return
        if self.habits.crashes_boom and now_us - self._stood_us > self.habits.patience_us:
            self._turn(Mind.LEAVING, self._gone_m())
        elif self._reacted(now_us, away or back or hint):
            self._obey(away, back, word)

    def _fidgets(self, now_us: int, around: Surroundings) -> bool:
        """Rock the deck, or leave the cab, after a moment at rest."""
        stood_us = now_us - (self._stood_us or 0) if self._standing() else 0
        if self._rocks_left and stood_us > 1_200_000:
            self._rocks_left -= 1
            swing_m = _ROCK_M if self._rocks_left % 2 else -_ROCK_M
            self._turn(Mind.ADJUSTING, self.vehicle.s_m + swing_m)
            return True
        if self.habits.leaves_cab and stood_us > _SITS_US:
            self.habits = structs.replace(self.habits, leaves_cab=False)
            self.wake_us = around.step_out(self.vehicle, now_us)
            self.mind = Mind.OUTSIDE
            return True
        return False

    def _outside(self, now_us: int, around: Surroundings) -> None:
        if now_us >= self.wake_us:
            self._turn(Mind.STANDING, self.vehicle.s_m)

    def _obey(self, away: bool, back: bool, word: Word) -> None:
        if away:
            self._turn(Mind.LEAVING, self._gone_m())
        elif back:
            self._turn(Mind.BACKING, -self._layout.wait_m)
        elif word is Word.FORWARD:
            self._turn(Mind.ADJUSTING, self._layout.platform_m - 0.05)
        else:
            self._turn(Mind.ADJUSTING, self.vehicle.truck.length_m + 0.05)

    def _gone_m(self) -> float:
        return self._layout.platform_m + self.vehicle.truck.length_m + self._layout.gone_m

    def _adjusting(self, now_us: int, around: Surroundings) -> None:
        """Creep on while the sign says so, stop when it no longer does, or where it must end."""
        word = around.sign_word()
        wanted = Word.FORWARD if self._target_m > self.vehicle.s_m else Word.BACK
        if now_us < self.wake_us:
            return
        if (
            self._standing()
            and self.vehicle.s_m < self._stop_m - 1.0
            and word
            not in (
                Word.FORWARD,
                Word.BACK,
            )
        ):
            self._turn(Mind.ENTERING, self._stop_m)
        elif self._standing() or self._reacted(now_us, word is not wanted):
            self._stop_here(Mind.STANDING)

    def _leaving(self, now_us: int, around: Surroundings) -> None:
        vehicle, far = self.vehicle, 1 - self.vehicle.end
        edge = self._layout.platform_m + self._layout.boom_m
        blocked = vehicle.s_m < edge - 0.2 and not around.boom_is_open(far)
        if blocked and not self.habits.crashes_boom:
            self._stop_here(Mind.STANDING)
        elif vehicle.s_m >= self._gone_m() - 0.5:
            self._vanish(far)
            if self.habits.fetch_g is not None:
                self._fetch(now_us, far, self.habits.fetch_g)

    def _backing(self, now_us: int, around: Surroundings) -> None:
        vehicle = self.vehicle
        blocked = vehicle.rear_s_m > -self._layout.boom_m + 0.2 and not around.boom_is_open(
            vehicle.end
        )
        if blocked:
            self._stop_here(Mind.STANDING)
        elif vehicle.s_m <= -self._layout.wait_m + 0.5:
            self._vanish(vehicle.end)
            if self.habits.unload_g is not None and self.was_over and vehicle.load_g > 0:
                self._unload(now_us)

    def _vanish(self, end: int) -> None:
        self.vehicle.present = False
        self.vehicle.v_mps = self.vehicle.a_mps2 = 0.0
        self.left_by = end
        self.mind = Mind.GONE

    def _unload(self, now_us: int) -> None:
        self.vehicle.load(max(0, self.vehicle.load_g - (self.habits.unload_g or 0)))
        self._come_again(now_us)

    def _fetch(self, now_us: int, end: int, load_g: int) -> None:
        self.vehicle.end = end
        self.vehicle.load(load_g)
        self.habits = structs.replace(self.habits, fetch_g=None)
        self._come_again(now_us)

    def _come_again(self, now_us: int) -> None:
        self.wake_us = now_us + self.habits.away_us
        self.was_over = False
        self.left_by = None
        if self.habits.next_plate is not None:
            plate = self.habits.next_plate
            self.vehicle.truck = structs.replace(self.vehicle.truck, plate=plate)
        room = (self._layout.platform_m - self.vehicle.truck.length_m) / 2 - 0.3
        self._stop_m = self._stop_point(self._rng.uniform(-0.5, 0.5) * max(0.0, room))
        self.mind = Mind.AWAY

    def _away(self, now_us: int, around: Surroundings) -> None:
        if now_us >= self.wake_us:
            self.mind = Mind.WAITING

    def _yielding(self, now_us: int, around: Surroundings) -> None:
        """Back off the deck to the line; having been told once, wait for a turn from then on."""
        if self._standing() and abs(self.vehicle.s_m - self._target_m) < 2 * _NEAR_M:
            self.habits = structs.replace(self.habits, tailgates=False)
            self._turn(Mind.APPROACHING, self._line_m)

    def _gone(self, now_us: int, around: Surroundings) -> None:
        """Nothing is left to think about."""


_THOUGHTS = {
    Mind.WAITING: Driver._waiting,
    Mind.APPROACHING: Driver._approaching,
    Mind.ENTERING: Driver._entering,
    Mind.STANDING: Driver._still,
    Mind.ADJUSTING: Driver._adjusting,
    Mind.LEAVING: Driver._leaving,
    Mind.BACKING: Driver._backing,
    Mind.YIELDING: Driver._yielding,
    Mind.OUTSIDE: Driver._outside,
    Mind.AWAY: Driver._away,
    Mind.GONE: Driver._gone,
}
