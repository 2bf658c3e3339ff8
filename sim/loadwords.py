"""The ``[[load]]`` entries of a scenario file: what lies, walks or is wedged on the deck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.layout import Layout
from sim.loads import FOR_GOOD_US, DeckLoad, Person, Prop, Rain, Thing
from sim.units import ScenarioError, known_keys, length_m, mass_g, rain_mm_h, share, time_us, word

_SIDE_M = {"left": 1.0, "middle": 0.0, "right": -1.0}
_ALWAYS = ("what", "from", "until")
_PLACE = ("at", "side")
_KEYS = {
    "person": (*_ALWAYS, *_PLACE, "weighs", "walks_to", "paces"),
    "mud": (*_ALWAYS, *_PLACE, "weighs"),
    "thing": (*_ALWAYS, *_PLACE, "weighs"),
    "rain": (*_ALWAYS, "strength"),
    "prop": (*_ALWAYS, *_PLACE, "carries", "gap", "lifts"),
}


def read_loads(entries: list[Any], layout: Layout, where: str) -> tuple[DeckLoad, ...]:
    """Return the loads of these entries.

    Raises:
        ScenarioError: a key, value or unit that cannot be run, or a place beside the deck.
    """
    return tuple(
        _load(entry, i, layout, f"{where}: [[load]] {i + 1}") for i, entry in enumerate(entries)
    )


def _load(entry: Mapping[str, Any], number: int, layout: Layout, where: str) -> DeckLoad:
    what = word(entry.get("what"), _KEYS, f"{where} what")
    known_keys(entry, _KEYS[what], where)
    from_us, until_us = _times(entry, what, where)
    if what == "rain":
        strength = rain_mm_h(entry.get("strength", "10 mm/h"), f"{where} strength")
        return Rain(mm_per_h=strength, from_us=from_us, until_us=until_us, seed=number)
    at = _place(entry.get("at"), layout, f"{where} at")
    side = _SIDE_M[word(entry.get("side", "middle"), _SIDE_M, f"{where} side")]
    if what == "person":
        return Person(
            weight_g=mass_g(entry.get("weighs", "80 kg"), f"{where} weighs"),
            from_us=from_us,
            until_us=until_us,
            x_m=at,
            to_x_m=_place(entry.get("walks_to", entry.get("at")), layout, f"{where} walks_to"),
            y_m=side,
            paces=entry.get("paces") is True,
        )
    if what == "prop":
        return Prop(
            share=share(entry.get("carries"), f"{where} carries"),
            gap_g=mass_g(entry.get("gap", "0 kg"), f"{where} gap"),
            lifts_g=mass_g(entry.get("lifts", "0 kg"), f"{where} lifts"),
            from_us=from_us,
            until_us=until_us,
            x_m=at,
            y_m=side,
        )
    weight = mass_g(entry.get("weighs"), f"{where} weighs")
    return Thing.lying(weight, at, side, from_us=from_us, until_us=until_us)


def _times(entry: Mapping[str, Any], what: str, where: str) -> tuple[int, int]:
    from_us = time_us(entry.get("from", "0 s"), f"{where} from")
    if entry.get("until") is None and what not in ("person", "rain"):
        return from_us, FOR_GOOD_US
    until_us = time_us(entry.get("until"), f"{where} until")
    if until_us <= from_us:
        raise ScenarioError(f"{where} until: {entry['until']!r} is not after from")
    return from_us, until_us


def _place(value: object, layout: Layout, where: str) -> float:
    at = length_m(value, where)
    if at > layout.platform_m:
        raise ScenarioError(f"{where}: {value!r} is beyond the deck of {layout.platform_m:g} m")
    return at
