"""Scenario files: a day in the yard, in words that a non-programmer reads and writes.

A file has one ``[day]``, any number of ``[[truck]]``, and may have ``[[person]]``, ``[[fault]]``,
``[[request]]``, ``[[load]]``, ``[[device]]`` and ``[[hand]]``.  With ``mix = true`` the trucks are
kinds, and the day is dealt from them.  ``[cheat]`` says what is to be seen of a cheat.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from hal.ports import PersonRequest
from sim.cheatwords import read_cheat, read_device, read_hand
from sim.faults import amounts
from sim.layout import Layout
from sim.loadwords import read_loads
from sim.people import MANNERS, Walker
from sim.scene import Light, Sky
from sim.truck import Truck
from sim.truckwords import TRUCK_KEYS, visits_of
from sim.units import ScenarioError, celsius, known_keys, time_us, word
from sim.warmth import Warmth
from sim.world import ENDS, Asked, Fault, Options, Visit

SCENARIOS = Path(__file__).parent / "scenarios"
TRUCKS_MAX = 1000

_LISTS = ("truck", "person", "fault", "request", "load", "device", "hand")
APART = ("kill", "disk")
"""What a file says of the lane's own process and disk; the yard knows nothing of it."""
_TOP = ("day", "cheat", *_LISTS)
_REQUESTS = (
    "allow_degraded",
    "forbid_degraded",
    "clear_cells",
    "enter_manual",
    "leave_manual",
    "reset",
    "release",
    "send_back",
    "confirm_plate",
    "raise_boom",
    "lower_boom",
    "stop_boom",
    "zero",
    "test_lamp",
    "test_sign",
    "configure",
    "calibrate",
    "void",
)
ON_SCREEN = "on screen"
"""The passage that whoever asks has before him, whatever its number is."""
_ASKED = ("kind", "who", "why", "at", "end", "plate", "detail", "passage")
_DAY = (
    "title",
    "begins",
    "light",
    "sky",
    "wind",
    "temperature",
    "operator",
    "mix",
    "every",
    "trucks",
)
_WIND_G = {"calm": 200.0, "breeze": 800.0, "strong": 6_000.0}
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
    table = table_of(scenario)
    day = {key: part for key, part in table.items() if key not in APART}
    return deal(day, seed, trucks, where=str(_find(scenario)))


def table_of(scenario: str | Path) -> dict[str, Any]:
    """Return what a file, or a scenario by name, says.  Raises ScenarioError."""
    path = _find(scenario)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read as TOML: {error}") from error


def deal(
    table: Mapping[str, Any], seed: int, trucks: int | None = None, *, where: str = "scenario"
) -> tuple[list[Visit], Options]:
    """Deal the day that a scenario table describes."""
    known_keys(table, _TOP, where)
    for key in _LISTS:
        if not isinstance(table.get(key, []), list):
            raise ScenarioError(f"{where}: write [[{key}]] with double brackets, once for each")
    day = table.get("day", {})
    known_keys(day, _DAY, f"{where}: [day]")
    options = _options(table, day, where)
    kinds = table.get("truck", [])
    for i, kind in enumerate(kinds):
        known_keys(kind, TRUCK_KEYS, f"{where}: [[truck]] {i + 1}")
    count = _count(day, trucks, len(kinds), where)
    rng = Random(f"{seed}/queue")
    if day.get("mix", False):
        picks = _shuffled(kinds, count, rng, where)
    else:
        picks = list(range(min(count, len(kinds))))
    every = time_us(day.get("every", "20 s"), f"{where}: [day] every")
    visits: list[Visit] = []
    built: dict[int, Truck] = {}
    for turn, pick in enumerate(picks):
        place = f"{where}: [[truck]] {pick + 1}"
        at = kinds[pick].get("at")
        arrives = turn * every if at is None else time_us(at, f"{place} at")
        rng = Random(f"{seed}/truck {turn}")
        found = visits_of(kinds[pick], rng, arrives, options.layout, place, built)
        built.setdefault(pick + 1, found[0].truck)
        visits += found
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
    operator = word(
        day.get("operator", "present"), ("present", "absent", *MANNERS), f"{at} operator"
    )
    return Options(
        title=str(day.get("title", "untitled")),
        wall_start_ms=_begins(day.get("begins", "2026-11-22 08:00"), f"{at} begins"),
        wind_rms_g=_WIND_G[word(day.get("wind", "breeze"), _WIND_G, f"{at} wind")],
        warmth=_warmth(day.get("temperature"), f"{at} temperature"),
        light=Light(word(day.get("light", "day"), (x.value for x in Light), f"{at} light")),
        sky=Sky(word(day.get("sky", "clear"), (x.value for x in Sky), f"{at} sky")),
        operator_absent=operator == "absent",
        operator_manner=operator if operator in MANNERS else "good",
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
        devices=tuple(
            read_device(device, f"{where}: [[device]] {i + 1}")
            for i, device in enumerate(table.get("device", []))
        ),
        hands=tuple(
            read_hand(hand, f"{where}: [[hand]] {i + 1}")
            for i, hand in enumerate(table.get("hand", []))
        ),
        cheat=read_cheat(table.get("cheat"), f"{where}: [cheat]"),
    )


def _warmth(value: object, where: str) -> Warmth | None:
    return None if value is None else Warmth(mean_c=celsius(value, where))


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
    known_keys(asked, _ASKED, where)
    for key in ("who", "why"):
        if not isinstance(asked.get(key), str) or not asked[key]:
            raise ScenarioError(f"{where} {key}: a request names who asks, and why")
    kind = word(asked.get("kind"), _REQUESTS, f"{where} kind")
    end, passage = asked.get("end"), asked.get("passage")
    if end is not None:
        word(end, ENDS, f"{where} end")
    return Asked(
        on_screen=passage == ON_SCREEN,
        at_us=time_us(asked.get("at"), f"{where} at"),
        request=PersonRequest(
            kind=kind.upper(),
            who=asked["who"],
            why=asked["why"],
            end=end,
            plate=str(asked.get("plate", "")),
            passage_id=None if passage == ON_SCREEN else _passage(passage, where),
            detail=str(asked.get("detail", "")),
        ),
    )


def _passage(number: object, where: str) -> int | None:
    whole = isinstance(number, int) and not isinstance(number, bool)
    if number is not None and not whole:
        raise ScenarioError(
            f'{where} passage = {number!r}: the number of a passage is expected, or "{ON_SCREEN}"'
        )
    return number if isinstance(number, int) else None


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
