"""Trucks as a scenario file says them: its ``[[truck]]`` entries, and who drives them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from msgspec import structs

from sim.cab import Habits
from sim.layout import Layout
from sim.truck import CONFIGURATIONS, Plate, Truck, build_truck
from sim.units import ScenarioError, mass_g, time_us, word
from sim.world import ENDS, Visit

TRUCK_KEYS = (
    "kind",
    "share",
    "comes_from",
    "at",
    "configuration",
    "weighs",
    "aboard",
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
    "same_as",
    "comes_back_as",
)
DRIVERS = (
    "good",
    "stops short",
    "overshoots",
    "pauses",
    "stands twice",
    "crashes the boom",
    "early",
    "late",
    "impatient",
    "backs out",
    "rocks the deck",
    "leaves the cab",
    "hangs over the end",
    "goes on red",
    "drives round",
)
_DIRT = {"clean": None, "dirty": 0.45, "unreadable": 1.0}
_WEIGHS = ("legal", "overloaded", "empty")
_COLOURS = ("blue", "yellow", "green", "any")
_AS_THEY_ARE = ("configuration", "suspension")


def visits_of(
    kind: Mapping[str, Any],
    rng: Random,
    arrives_us: int,
    layout: Layout,
    where: str,
    built: Mapping[int, Truck],
) -> list[Visit]:
    """Return the visit of one truck, and of the one that follows it onto the deck, if any.

    ``built`` are the trucks of the entries before, by their number.  Raises ScenarioError.
    """
    same = kind.get("same_as")
    truck = _truck(kind, rng, where) if same is None else _again(kind, built, where)
    driver = word(kind.get("driver", "good"), DRIVERS, f"{where} driver")
    fetches = kind.get("fetches")
    default = "road" if fetches else "yard"
    end = ENDS.index(word(kind.get("comes_from", default), ENDS, f"{where} comes_from"))
    aboard = kind.get("aboard")
    if aboard is not None:
        load = mass_g(aboard, f"{where} aboard")
    else:
        load = 0 if fetches else _load(kind.get("weighs", "legal"), truck, rng, f"{where} weighs")
    first = Visit(
        truck=truck,
        end=end,
        arrives_us=arrives_us,
        load_g=load,
        habits=Habits(
            stop_error_m=_stop_error(driver, truck, layout, rng),
            pauses=driver == "pauses",
            stands_twice=driver == "stands twice",
            crashes_boom=driver == "crashes the boom",
            early=driver == "early",
            late=driver == "late",
            impatient=driver == "impatient",
            backs_out=driver == "backs out",
            rocks=driver == "rocks the deck",
            leaves_cab=driver == "leaves the cab",
            stays_put=driver == "hangs over the end",
            on_red=driver == "goes on red",
            drives_round=driver == "drives round",
            next_plate=_plate(
                kind.get("comes_back_as"), _colour_of(truck), f"{where} comes_back_as"
            ),
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


def _again(kind: Mapping[str, Any], built: Mapping[int, Truck], where: str) -> Truck:
    """The truck of an entry before, perhaps with another plate on it."""
    number = kind["same_as"]
    if number not in built:
        raise ScenarioError(f"{where} same_as: {number!r}: name the number of a [[truck]] before")
    for key in _AS_THEY_ARE:
        if key in kind:
            raise ScenarioError(f"{where} {key}: it is the truck of [[truck]] {number}")
    truck = built[number]
    colour = word(kind.get("plate_colour", _colour_of(truck)), _COLOURS, f"{where} plate_colour")
    plate = _plate(kind.get("plate"), colour, f"{where} plate") or truck.plate
    dirt = _DIRT[word(kind.get("plate_state", "clean"), _DIRT, f"{where} plate_state")]
    papers = word(kind.get("papers", "known"), ("known", "missing"), f"{where} papers")
    return structs.replace(
        truck,
        plate=plate,
        plate_dirt=truck.plate_dirt if dirt is None else dirt,
        entry=structs.replace(truck.entry, plate=plate.text),
        registered=papers == "known",
    )


def _colour_of(truck: Truck) -> str:
    return "green" if truck.plate.ptype == "green8" else truck.plate.ptype[:-1]


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
    if driver in ("stops short", "hangs over the end"):
        return -room - rng.uniform(0.6, 1.4)
    if driver == "overshoots":
        return room + layout.beam_m + rng.uniform(0.02, 0.15)
    most = max(0.0, room - 0.2)
    return max(-most, min(most, rng.gauss(0.0, 0.35)))
