"""Scenario files: a day in the yard, in words that a non-programmer reads and writes.

A file has one ``[day]``, any number of ``[[truck]]``, and may have ``[[person]]``, ``[[fault]]``,
``[[request]]`` and ``[[load]]``.  With ``mix = true`` the trucks are kinds, and the day is dealt
from them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from hal.ports import PersonRequest
from sim.driver import Habits
from sim.faults import amounts
from sim.layout import Layout
from sim.loadwords import read_loads
from sim.people import Walker
from sim.scene import Light, Sky
from sim.truck import CONFIGURATIONS, Plate, Truck, build_truck
from sim.units import ScenarioError, known_keys, mass_g, time_us, word
from sim.world import ENDS, Asked, Fault, Options, Visit

SCENARIOS = Path(__file__).parent / "scenarios"
TRUCKS_MAX = 1000

_TOP = ("day", "truck", "person", "fault", "request", "load")
_REQUESTS = (
    "allow_degraded",
    "forbid_degraded",
    "clear_cells",
    "enter_manual",
    "leave_manual",
    "reset",
)
_DAY = ("title", "begins", "light", "sky", "wind", "operator", "mix", "every", "trucks")
_TRUCK = (
    "kind",
    "share",
    "comes_from",
    "at",
    "configuration",
    "weighs",
    "suspension",
    "plate",
    "plate_colour",
    "plate_state",
    "papers",
    "driver",
    "unloads",
    "fetches",
    "away",
    "followed_by",
)
_WIND_G = {"calm": 200.0, "breeze": 800.0, "strong": 6_000.0}
_DIRT = {"clean": None, "dirty": 0.45, "unreadable": 1.0}
_WEIGHS = ("legal", "overloaded", "empty")
_DRIVERS = ("good", "stops short", "overshoots", "pauses", "crashes the boom")
_COLOURS = ("blue", "yellow", "green", "any")
_CHINA = timezone(timedelta(hours=8))


def names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def read_scenario(
    scenario: str | Path, seed: int, trucks: int | None = None
) -> tuple[list[Visit], Options]:
    """Read a file, or a scenario by name, and deal its day from the seed.

    Raises:
        ScenarioError: no such scenario, or a key, value or unit that cannot be run.
    """
    path = _find(scenario)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read as TOML: {error}") from error
    return deal(table, seed, trucks, where=str(path))


def deal(
    table: Mapping[str, Any], seed: int, trucks: int | None = None, *, where: str = "scenario"
) -> tuple[list[Visit], Options]:
    """Deal the day that a scenario table describes."""
    known_keys(table, _TOP, where)
    for key in _TOP[1:]:
        if not isinstance(table.get(key, []), list):
            raise ScenarioError(f"{where}: write [[{key}]] with double brackets, once for each")
    day = table.get("day", {})
    known_keys(day, _DAY, f"{where}: [day]")
    options = _options(table, day, where)
    kinds = table.get("truck", [])
    for i, kind in enumerate(kinds):
        known_keys(kind, _TRUCK, f"{where}: [[truck]] {i + 1}")
    count = _count(day, trucks, len(kinds), where)
    rng = Random(f"{seed}/queue")
    if day.get("mix", False):
        picks = _shuffled(kinds, count, rng, where)
    else:
        picks = list(range(min(count, len(kinds))))
    every = time_us(day.get("every", "20 s"), f"{where}: [day] every")
    visits: list[Visit] = []
    for turn, pick in enumerate(picks):
        place = f"{where}: [[truck]] {pick + 1}"
        at = kinds[pick].get("at")
        arrives = turn * every if at is None else time_us(at, f"{place} at")
        rng = Random(f"{seed}/truck {turn}")
        visits += _visits(kinds[pick], rng, arrives, options.layout, place)
    return visits, options


def _find(scenario: str | Path) -> Path:
    path = Path(scenario)
    if path.suffix == ".toml" or path.exists():
        if not path.is_file():
            raise ScenarioError(f"{path}: no such scenario file")
        return path
    word(str(scenario), names(), "scenario")
    return SCENARIOS / f"{scenario}.toml"


def _options(table: Mapping[str, Any], day: Mapping[str, Any], where: str) -> Options:
    at = f"{where}: [day]"
    return Options(
        title=str(day.get("title", "untitled")),
        wall_start_ms=_begins(day.get("begins", "2026-11-22 08:00"), f"{at} begins"),
        wind_rms_g=_WIND_G[word(day.get("wind", "breeze"), _WIND_G, f"{at} wind")],
        light=Light(word(day.get("light", "day"), (x.value for x in Light), f"{at} light")),
        sky=Sky(word(day.get("sky", "clear"), (x.value for x in Sky), f"{at} sky")),
        operator_absent=word(
            day.get("operator", "present"), ("present", "absent"), f"{at} operator"
        )
        == "absent",
        walkers=tuple(
            _walker(person, f"{where}: [[person]] {i + 1}")
            for i, person in enumerate(table.get("person", []))
        ),
        faults=tuple(
            _fault(fault, f"{where}: [[fault]] {i + 1}")
            for i, fault in enumerate(table.get("fault", []))
        ),
        requests=tuple(
            _asked(asked, f"{where}: [[request]] {i + 1}")
            for i, asked in enumerate(table.get("request", []))
        ),
        loads=read_loads(table.get("load", []), Layout(), where),
    )


def _begins(value: object, where: str) -> int:
    try:
        begins = datetime.strptime(str(value), "%Y-%m-%d %H:%M").replace(tzinfo=_CHINA)
    except ValueError as error:
        raise ScenarioError(
            f'{where}: {value!r} is not a time; write for example "2026-11-22 08:00"'
        ) from error
    return int(begins.timestamp() * 1000)


def _walker(person: Mapping[str, Any], where: str) -> Walker:
    known_keys(person, ("end", "from", "until"), where)
    return Walker(
        end=ENDS.index(word(person.get("end"), ENDS, f"{where} end")),
        from_us=time_us(person.get("from"), f"{where} from"),
        until_us=time_us(person.get("until"), f"{where} until"),
    )


def _fault(fault: Mapping[str, Any], where: str) -> Fault:
    known_keys(fault, ("device", "kind", "from", "until", "rate", "by"), where)
    until = fault.get("until")
    stated = amounts(fault.get("device"), fault.get("kind"), fault, where)
    return Fault(
        device=fault["device"],
        kind=fault["kind"],
        from_us=time_us(fault.get("from"), f"{where} from"),
        until_us=None if until is None else time_us(until, f"{where} until"),
        amounts=stated,
    )


def _asked(asked: Mapping[str, Any], where: str) -> Asked:
    known_keys(asked, ("kind", "who", "why", "at"), where)
    for key in ("who", "why"):
        if not isinstance(asked.get(key), str) or not asked[key]:
            raise ScenarioError(f"{where} {key}: a request names who asks, and why")
    kind = word(asked.get("kind"), _REQUESTS, f"{where} kind")
    return Asked(
        at_us=time_us(asked.get("at"), f"{where} at"),
        request=PersonRequest(kind=kind.upper(), who=asked["who"], why=asked["why"]),
    )


def _count(day: Mapping[str, Any], trucks: int | None, kinds: int, where: str) -> int:
    count = trucks if trucks is not None else day.get("trucks", kinds)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= TRUCKS_MAX:
        raise ScenarioError(
            f"{where}: trucks = {count!r}: a whole number from 0 to {TRUCKS_MAX} is expected"
        )
    return count


def _shuffled(kinds: Sequence[Mapping[str, Any]], count: int, rng: Random, where: str) -> list[int]:
    """Deal ``count`` kinds: each one once as far as they go, the rest by their shares."""
    if not kinds:
        raise ScenarioError(f"{where}: mix = true needs at least one [[truck]]")
    shares = [kind.get("share", 1) for kind in kinds]
    if not all(isinstance(share, int) and share > 0 for share in shares):
        raise ScenarioError(f"{where}: every share is a whole number above 0")
    picks = list(range(len(kinds)))[:count]
    picks += rng.choices(range(len(kinds)), shares, k=max(0, count - len(picks)))
    rng.shuffle(picks)
    return picks


def _visits(
    kind: Mapping[str, Any], rng: Random, arrives_us: int, layout: Layout, where: str
) -> list[Visit]:
    """Return the visit of one truck, and of the one that follows it onto the deck, if any."""
    truck = _truck(kind, rng, where)
    driver = word(kind.get("driver", "good"), _DRIVERS, f"{where} driver")
    fetches = kind.get("fetches")
    default = "road" if fetches else "yard"
    end = ENDS.index(word(kind.get("comes_from", default), ENDS, f"{where} comes_from"))
    load = 0 if fetches else _load(kind.get("weighs", "legal"), truck, rng, f"{where} weighs")
    first = Visit(
        truck=truck,
        end=end,
        arrives_us=arrives_us,
        load_g=load,
        habits=Habits(
            stop_error_m=_stop_error(driver, truck, layout, rng),
            pauses=driver == "pauses",
            crashes_boom=driver == "crashes the boom",
            unload_g=_unload(kind.get("unloads"), truck, load, f"{where} unloads"),
            fetch_g=_load(fetches, truck, rng, f"{where} fetches") if fetches else None,
            away_us=time_us(kind.get("away", "45 s"), f"{where} away"),
        ),
    )
    if kind.get("followed_by") is None:
        return [first]
    word(kind["followed_by"], ("tailgater",), f"{where} followed_by")
    return [first, _tailgater(rng, arrives_us, end, layout)]


def _tailgater(rng: Random, arrives_us: int, end: int, layout: Layout) -> Visit:
    truck = build_truck(rng, "2-axle truck")
    error = _stop_error("good", truck, layout, rng)
    return Visit(
        truck=truck,
        end=end,
        arrives_us=arrives_us + 1,
        load_g=_load("legal", truck, rng, "tailgater"),
        habits=Habits(stop_error_m=error, tailgates=True),
    )


def _truck(kind: Mapping[str, Any], rng: Random, where: str) -> Truck:
    title = kind.get("configuration", "any")
    if isinstance(title, list):
        title = rng.choice([word(t, CONFIGURATIONS, f"{where} configuration") for t in title])
    title = word(title, ("any", *CONFIGURATIONS), f"{where} configuration")
    if title == "any":
        title = rng.choice(tuple(CONFIGURATIONS))
    colour = word(kind.get("plate_colour", "yellow"), _COLOURS, f"{where} plate_colour")
    if colour == "any":
        colour = "blue" if title == "2-axle truck" and rng.random() < 0.5 else "yellow"
    suspension = kind.get("suspension")
    if suspension is not None:
        word(suspension, ("steel", "air"), f"{where} suspension")
    return build_truck(
        rng,
        title,
        colour=colour,
        plate=_plate(kind.get("plate"), colour, f"{where} plate"),
        dirt=_DIRT[word(kind.get("plate_state", "clean"), _DIRT, f"{where} plate_state")],
        registered=word(kind.get("papers", "known"), ("known", "missing"), f"{where} papers")
        == "known",
        suspension=suspension,
    )


def _plate(text: object, colour: str, where: str) -> Plate | None:
    if text is None:
        return None
    length = 8 if colour == "green" else 7
    if not isinstance(text, str) or len(text) != length:
        raise ScenarioError(f"{where}: {text!r}: a {colour} plate has {length} characters")
    return Plate(text, "green8" if colour == "green" else f"{colour}1")


def _load(value: object, truck: Truck, rng: Random, where: str) -> int:
    if value == "legal":
        gross = rng.uniform(0.7, 0.94) * truck.limit_g
    elif value == "overloaded":
        gross = rng.uniform(1.06, 1.3) * truck.limit_g
    elif value == "empty":
        return 0
    elif isinstance(value, str) and value.isalpha():
        word(value, _WEIGHS, where)
        raise AssertionError(value)
    else:
        gross = mass_g(value, where)
    if gross < truck.tare_g:
        raise ScenarioError(
            f"{where}: {value!r} is less than the empty {truck.title} weighs "
            f'({truck.tare_g / 1e6:.1f} t); write more, or "empty"'
        )
    return round(gross) - truck.tare_g


def _unload(value: object, truck: Truck, load_g: int, where: str) -> int | None:
    if value is None:
        return None
    if value == "enough":
        return max(0, truck.tare_g + load_g - round(0.93 * truck.limit_g))
    return mass_g(value, where)


def _stop_error(driver: str, truck: Truck, layout: Layout, rng: Random) -> float:
    room = (layout.platform_m - truck.length_m) / 2
    if driver == "stops short":
        return -room - rng.uniform(0.6, 1.4)
    if driver == "overshoots":
        return room + layout.beam_m + rng.uniform(0.02, 0.15)
    most = max(0.0, room - 0.2)
    return max(-most, min(most, rng.gauss(0.0, 0.35)))
