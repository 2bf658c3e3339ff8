"""The yard: vehicles, people, deck, booms and sensors in one seeded world with its own clock.

Time is an integer of microseconds that only ``advance`` moves.  Physics runs in ticks of one ADC
sample.  Every part draws from a generator of its own, made from the seed and the part's name, so
that a new part never shifts the chances of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from hal.ports import BoomContacts, Contact, PersonRequest, RegisterEntry, SignPage
from sim.boom import BoomArm
from sim.bridge import Bridge, floor_of
from sim.cab import Habits, Mind
from sim.cheatjudge import Cheat
from sim.cheats import Hand, Mischief, SignalDevice
from sim.contacts import Contacts
from sim.driver import THINK_US, Driver
from sim.faults import Amounts, Trouble, amounts
from sim.layout import Layout
from sim.loads import DeckLoad
from sim.outlook import Outlook
from sim.people import Operator, Walker
from sim.scale import TICK_US, Cells, Converter, DeckMotion
from sim.scene import Corners, Light, Sight, Sky
from sim.sights import front_of, stands_beside
from sim.signwords import Word, gist
from sim.steady import FLAP_US, steady
from sim.truck import Truck
from sim.truth import Crossing, Truth
from sim.vehicle import Vehicle
from sim.warmth import CALIBRATED_C, Drift, Warmth
from sim.wind import Wind

if TYPE_CHECKING:
    from pathlib import Path

ENDS = ("yard", "road")
PHOTOGRAPHS_MAX = 32
_TICK_S = TICK_US / 1_000_000
_THINK_TICKS = THINK_US // TICK_US
IDLE_US_MAX = 10_000_000
"""How far ahead of an idle yard anybody looks."""
NEAR_M = 1.0
"""Nobody drives as far between two thoughts."""
_ELSEWHERE = (Mind.WAITING, Mind.AWAY)


class Visit(Struct, frozen=True, kw_only=True):
    """One vehicle of the day: by which end, when at the earliest, with what, how driven."""

    truck: Truck
    end: int
    arrives_us: int
    load_g: int
    habits: Habits = Habits()


class Fault(Struct, frozen=True, kw_only=True):
    """A device that misbehaves for a while; ``until_us`` None means for good."""

    device: str
    kind: str
    from_us: int
    until_us: int | None = None
    amounts: Amounts | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """A request that somebody puts in at a stated time, perhaps about the passage on his screen."""

    at_us: int
    request: PersonRequest
    on_screen: bool = False


class Options(Struct, frozen=True, kw_only=True):
    """What a scenario states about the day beside its vehicles."""

    title: str = "empty yard"
    layout: Layout = Layout()
    site_seed: int = 1
    wall_start_ms: int = 1_795_305_600_000
    wind_rms_g: float = 800.0
    light: Light = Light.DAY
    sky: Sky = Sky.CLEAR
    operator_absent: bool = False
    operator_manner: str = "good"
    walkers: tuple[Walker, ...] = ()
    faults: tuple[Fault, ...] = ()
    requests: tuple[Asked, ...] = ()
    loads: tuple[DeckLoad, ...] = ()
    warmth: Warmth | None = None
    devices: tuple[SignalDevice, ...] = ()
    hands: tuple[Hand, ...] = ()
    cheat: Cheat | None = None


class Yard(Outlook):
    """One lane with everything around it."""

    def __init__(
        self, seed: int, visits: Sequence[Visit] = (), options: Options | None = None
    ) -> None:
        self.seed = seed
        self.options = options or Options()
        rng = self.random("booms")
        booms = tuple(BoomArm(travel_s=rng.uniform(1.5, 3.0)) for _ in ENDS)
        super().__init__(self.options.layout, self.options.walkers, booms)
        self.truth = Truth()
        self.cells = Cells(self.layout.platform_m, self.options.site_seed)
        self.loads: list[DeckLoad] = list(self.options.loads)
        if (warmth := self.options.warmth) is not None:
            drift = Drift(warmth, self.options.wall_start_ms, self.options.site_seed)
            self.loads.append(drift)
        motion = DeckMotion(self.options.site_seed)
        self.converter = Converter(self.cells, self._generator("noise"), self.loads, motion)
        self.approach_green = [False, False]
        self.deck_green = [False, False]
        self.estop_pressed = False
        # The passage under way, or the last one, as whoever runs the lane shows it at the desk.
        self.screen: int | None = None
        self.operator = Operator(
            self.random("operator"),
            absent=self.options.operator_absent,
            manner=self.options.operator_manner,
        )
        plans = self.options.devices, self.options.hands
        self.mischief = Mischief(*plans) if any(plans) else None
        self.register: dict[str, RegisterEntry] = {}
        self.paint = True
        self.drivers: list[Driver] = []
        self._at_wheel: list[Driver] = []
        self._sign: SignPage | None = None
        self._word = Word.NOTHING
        self._bridge = Bridge(
            self.converter,
            motion,
            Wind(self._generator("wind"), self.options.wind_rms_g),
            floor_of(self.layout.platform_m, self.options.site_seed),
        )
        self._photographs: dict[Corners, Sight] = {}
        self._faults: dict[str, str] = {}
        self.troubles: dict[str, Trouble] = {}
        self.said: dict[str, Contact] = {}
        self.switches: dict[str, BoomContacts] = {}
        self._contacts = Contacts(self.layout.boom_m, self.truth)
        for visit in visits:
            self.add(visit)

    @classmethod
    def default(cls) -> Yard:
        """Return the yard that a bare ``sim`` board gets: the mixed morning with seed 1."""
        return cls.from_scenario("morning", seed=1)

    @classmethod
    def from_scenario(cls, scenario: str | Path, seed: int, trucks: int | None = None) -> Yard:
        """Return the yard of a scenario file or of one by name; ``trucks`` limits their number.

        Raises:
            ScenarioError: the file does not exist or cannot be run as it is written.
        """
        from sim.scenario import read_scenario  # noqa: PLC0415 - the loader builds visits of this module

        visits, options = read_scenario(scenario, seed, trucks)
        return cls(seed, visits, options)

    def _generator(self, part: str) -> np.random.Generator:
        return np.random.default_rng(self.random(part).getrandbits(64))

    def add(self, visit: Visit) -> Driver:
        """Let one more vehicle come."""
        number = len(self.drivers)
        rng = self.random(f"vehicle {number}")
        vehicle = Vehicle(
            visit.truck, self.layout, rng, end=visit.end, load_g=visit.load_g, number=number
        )
        driver = Driver(vehicle, visit.habits, self.layout, rng, arrives_us=visit.arrives_us)
        self.drivers.append(driver)
        if visit.truck.registered:
            self.register[visit.truck.plate.text] = visit.truck.entry
            if visit.habits.next_plate is not None:
                own = visit.habits.next_plate.text
                self.register[own] = structs.replace(visit.truck.entry, plate=own)
        return driver

    @property
    def done(self) -> bool:
        """Whether every vehicle has come and gone."""
        return all(driver.mind is Mind.GONE for driver in self.drivers)

    @property
    def empty(self) -> bool:
        """Whether no vehicle is in the lane's view."""
        return not any(driver.vehicle.present for driver in self.drivers)

    @property
    def celsius(self) -> float:
        """How warm the cells are."""
        warmth = self.options.warmth
        return CALIBRATED_C if warmth is None else warmth.celsius(self.wall_ms)

    @property
    def wall_ms(self) -> int:
        """True wall time, milliseconds since 1970 UTC."""
        return self.options.wall_start_ms + self.now_us // 1000

    @property
    def sign(self) -> SignPage | None:
        """What the sign shows."""
        return self._sign

    @sign.setter
    def sign(self, page: SignPage | None) -> None:
        if page != self._sign:
            self._sign = page
            self._word = gist(page)

    def fault(self, device: str, kind: str, stated: Amounts | None = None) -> None:
        """Make a device misbehave in a way of ``sim/faults.toml``; its amounts unless stated.

        Raises:
            ScenarioError: no such device, or no such way for it.
        """
        stated = stated or amounts(device, kind, {}, "fault")
        self._faults[device] = kind
        rng = self.random(f"fault {device} {self.now_us}")
        self.troubles[device] = Trouble(kind, self.now_us, stated, rng)

    def heal(self, device: str) -> None:
        """End the fault of a device."""
        self._faults.pop(device, None)
        self.troubles.pop(device, None)

    def fault_of(self, device: str) -> str | None:
        """Return the present fault of a device, if any; one that flaps is silent by turns."""
        kind = self._faults.get(device)
        if kind == "flapping":
            return "silent" if self.now_us // FLAP_US % 2 else None
        return kind

    @property
    def calm_until_us(self) -> int:
        """Until when everything stands as it is but the cells' noise; 0 if something moves now.

        Whoever or whatever sets in does so when the drivers think, or is a person on foot.  Before
        a device fails it is not calm either: it treats alike what it has not given away until then.
        """
        if self._present or not self._bridge.still or self.troubles or self.mischief is not None:
            return 0
        if any(boom.moving for boom in self.booms) or self.operator.asks:
            return 0
        until_us = (self._tick // _THINK_TICKS + 1) * THINK_US
        if any(w.from_us < until_us and self.now_us < w.until_us for w in self.walkers):
            return 0
        return 0 if self._turns_by(until_us) else until_us

    def _turns_by(self, until_us: int) -> bool:
        """Whether a device fails, or is well again, as they think then."""
        edges = (edge for f in self.options.faults for edge in (f.from_us, f.until_us))
        return any(edge is not None and 0 <= until_us - edge < THINK_US for edge in edges)

    @property
    def idle_until_us(self) -> int:
        """Until when the drivers, too, have nothing to think about; 0 if they have now.

        Nothing lies on the deck until then, and no weather works on the cells.
        """
        now, options = self.now_us, self.options
        deck = self.truth.on_deck[-1].until_us if self.truth.on_deck else 0
        if not self.calm_until_us or deck is None or options.warmth is not None:
            return 0
        minds = [driver for driver in self.drivers if driver.mind is not Mind.GONE]
        if any(driver.mind not in _ELSEWHERE for driver in minds):
            return 0
        begins = [now + IDLE_US_MAX, *(driver.wake_us for driver in minds)]
        edges = [edge for f in options.faults for edge in (f.from_us, f.until_us)]
        edges += [asked.at_us for asked in options.requests]
        # Whoever sets in does so with the next thought, and shows before it.
        begins += [e - 2 * THINK_US for e in edges if e is not None and e > now - THINK_US]
        begins += [walker.from_us for walker in self.walkers if now < walker.until_us]
        until_us = min(begins)
        loaded = any(load.acts(now, until_us) for load in self.loads)
        return 0 if loaded or until_us <= now else until_us

    @property
    def thinks_us(self) -> int:
        """When anybody thinks next: until then things go on as they are; 0 if not for the lane."""
        if self.mischief is not None or self.options.warmth is not None:
            return 0
        until_us = (self._tick // _THINK_TICKS + 1) * THINK_US
        if self.operator.asks or self._turns_by(until_us) or not self._deck_stays():
            return 0
        return until_us if all(map(steady, self.troubles, self.troubles.values())) else 0

    def _deck_stays(self) -> bool:
        """Whether the deck, where it is at rest, stays so until somebody has thought.

        The converter tells ticks of a deck at rest from others only as they are taken.  That one
        comes to rest is seen by ``says``.
        """
        return not (self._bridge.still and any(v.near_deck(NEAR_M) for v in self._present))

    def says(self) -> tuple[object, ...]:
        """What sensors and limit switches in order would say now, and whether the deck is still."""
        return (self._bridge.still, *super().says())

    def ahead(self, us: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return times and counts of an idle yard's converter after so many microseconds."""
        return self.converter.ahead((self.now_us + us) // TICK_US - self._tick)

    def idle(self, us: int) -> None:
        """Let this many microseconds pass, of which the lane knows, before ``idle_until_us``."""
        self.now_us += us
        due = self.now_us // TICK_US
        self.converter.rest(due - self._tick)
        self.converter.take()
        self._tick = due
        if self.walkers:
            self._moved_tick = due

    def advance(self, us: int) -> None:
        """Let this many microseconds pass."""
        self.now_us += us
        due = self.now_us // TICK_US
        while self._tick < due:
            self._tick += 1
            self._step()

    def sight(self, end: int, *, behind: bool = False) -> Sight | None:
        """Return the nearest vehicle front that the camera of this end sees, or the farthest.

        Who has gone aside for another that backs off stands behind nobody.
        """
        options = self.options
        there = [driver.vehicle for driver in self.drivers if driver.vehicle.present]
        if behind:
            there = [v for v in there if not any(stands_beside(v, other) for other in there)]
        found = (front_of(v, end, self.layout, options.light, options.sky) for v in there)
        sights = sorted((s for s in found if s is not None), key=lambda s: s.distance_m)
        return sights[-1 if behind else 0] if sights else None

    def standing(self) -> tuple[tuple[int, float, float], ...]:
        """Where vehicles are now: (number, from, to) in metres from the yard's end of the deck."""
        found = []
        for vehicle in self._present:
            low_m, high_m = vehicle.rear_s_m, vehicle.s_m
            if vehicle.end:
                low_m, high_m = self.layout.platform_m - high_m, self.layout.platform_m - low_m
            found.append((vehicle.number, low_m, high_m))
        return tuple(found)

    def photographed(self, corners: Corners, sight: Sight) -> None:
        """Remember what stood before the lens, for a reader that does without pixels."""
        self._photographs[corners] = sight
        if len(self._photographs) > PHOTOGRAPHS_MAX:
            del self._photographs[next(iter(self._photographs))]

    def photograph(self, corners: Corners) -> Sight | None:
        """Return what stood before the lens when these corners were reported, if still known."""
        return self._photographs.get(corners)

    def _step(self) -> None:
        now = self._tick * TICK_US
        if self._tick % _THINK_TICKS == 0:
            self._think(now)
        moved = bool(self.walkers)
        for driver in self._at_wheel:
            driver.vehicle.roll(driver.acceleration(self))
            moved = moved or driver.vehicle.v_mps != 0.0
        if moved:
            self._moved_tick = self._tick
        for boom in self.booms:
            if boom.moving:
                boom.step(_TICK_S)
                moved = True
        self._bridge.tick(self._present, self._tick)
        if moved:
            self._contacts.look(now, self.booms, self._present, self.walkers)

    def _think(self, now: int) -> None:
        for fault in self.options.faults:
            self._schedule(fault, now)
        for asked in self.options.requests:
            if asked.at_us <= now < asked.at_us + THINK_US:
                self._ask(asked)
        for driver in self.drivers:
            if driver.mind is not Mind.GONE:
                driver.think(now, self)
        if self.mischief is not None:
            self.mischief.think(now, self.drivers, self.booms)
        at_wheel = [d for d in self.drivers if d.vehicle.present]
        if at_wheel != self._at_wheel:
            self._moved_tick = self._tick
            # The same list as long as the same are there: what was seen of them still counts.
            self._present = [driver.vehicle for driver in at_wheel]
        self._at_wheel = at_wheel
        loaded = [v for v in self._present if v.axles_on_deck()]
        whole = any(v.rear_s_m > 0 for v in loaded)
        self.truth.deck(now, {v.number: v.mass_g for v in loaded}, whole)
        self._cross(now)
        loaded.sort(key=lambda v: v.s_m, reverse=True)
        first = loaded[0] if loaded else None
        self.operator.look(now, self._word, first, self._follower(first))

    def _ask(self, asked: Asked) -> None:
        """Put in what is asked; nobody asks about a passage while there is none on the screen."""
        request = asked.request
        if asked.on_screen:
            request = structs.replace(request, passage_id=self.screen)
        if not asked.on_screen or self.screen is not None:
            self.operator.request(request)

    def _follower(self, first: Vehicle | None) -> Vehicle | None:
        """The vehicle behind the first one, if it has its nose past the stop line."""
        line = -self.layout.stop_line_m
        behind = (v for v in self._present if v is not first and v.s_m > line)
        return next((v for v in behind if first is not None and v.end == first.end), None)

    def _schedule(self, fault: Fault, now: int) -> None:
        if fault.from_us <= now < fault.from_us + THINK_US:
            self.fault(fault.device, fault.kind, fault.amounts)
        if fault.until_us is not None and fault.until_us <= now < fault.until_us + THINK_US:
            self.heal(fault.device)

    def _cross(self, now: int) -> None:
        """Take down each vehicle that was in, once its last part is past a boom."""
        for vehicle in self._present:
            end = vehicle.outside_of()
            if end is None:
                vehicle.was_inside = vehicle.was_inside or vehicle.axles_on_deck() > 0
            elif vehicle.was_inside:
                vehicle.was_inside = False
                self.truth.crossings.append(
                    Crossing(
                        at_us=now,
                        vehicle=vehicle.number,
                        plate=vehicle.truck.plate.text,
                        entry=vehicle.end,
                        end=end,
                        mass_g=vehicle.mass_g,
                        limit_g=vehicle.truck.limit_g,
                    )
                )
