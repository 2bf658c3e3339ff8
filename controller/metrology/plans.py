"""The tests done at the scale: what to put on, step by step, and the readings as they settle."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from controller.metrology.guide import STOP, Guide
from controller.metrology.live import LiveDeck
from sensors.indication import round_to_d
from sensors.metrology.bands import MPE_BREAKS_E, SUPPORTS_FEW, close_to_max
from sensors.metrology.loads import (
    EXTRA_D_MAX,
    LIGHT_MAX_G,
    UP_LOADS_MIN,
    WEIGHINGS_MIN,
    WEIGHINGS_MIN_LIGHT,
    Added,
    discrimination,
    eccentricity,
    repeatability,
    weighing,
)
from sensors.metrology.look import Run, with_named
from sensors.metrology.report import Instrument, Reading, Report, SetError, show_g
from sensors.metrology.runs import FOLLOW_US, creep_of, stability_of, zero_return_of
from sensors.metrology.stability import TIMES_MIN, zero_accuracy
from sensors.weighing import Status

MINUTE_US = 60_000_000
HALF_HOUR_US = 30 * MINUTE_US
FOUR_HOURS_US = 8 * HALF_HOUR_US
SLACK_US = MINUTE_US // 2
PLACING_US_MAX = 30 * MINUTE_US
CREEP_SHARE = 0.98


def guided(test: str, guide: Guide) -> Report:
    """Do one test at the scale.

    Raises:
        SetError: a reading that cannot be had, a load outside its band, or the technician stops.
    """
    guide.enter(f"{test}: clear the deck, zero is set. Enter to begin, {STOP} to stop")
    guide.deck.begin()
    return with_named(_GUIDED[test](guide), guide.deck.looks)


def rising_loads(scale: Instrument) -> list[int]:
    """At least five loads with Min, those where the mpe changes, and Max; whole e, grams."""
    breaks = (n * scale.e_g for n in MPE_BREAKS_E if n * scale.e_g < scale.max_g)
    loads = {scale.min_g, *breaks, scale.max_g}
    for share in (0.5, 0.75, 0.25):
        if len(loads) < UP_LOADS_MIN:
            loads.add(int(share * scale.max_g / scale.e_g) * scale.e_g)
    return sorted(loads)


def _weighing(guide: Guide) -> Report:
    scale = guide.scale
    rising = rising_loads(scale)
    zero = guide.zero()
    up = [guide.read("Put on in all", load_g, "up") for load_g in rising]
    falling = [0, *(round(reading.load_g) for reading in up[:-1])][::-1]
    down = [guide.read("Take off until there is left", load_g, "down") for load_g in falling]
    return weighing(scale, guide.conditions, zero, up, down)


def _repeatability(guide: Guide) -> Report:
    scale = guide.scale
    times = WEIGHINGS_MIN if scale.max_g > LIGHT_MAX_G else WEIGHINGS_MIN_LIGHT
    readings: list[Reading] = []
    for wanted_g in (scale.max_g // 2, scale.max_g):
        for number in range(times):
            text = f"Put on, weighing {number + 1} of {times}"
            readings.append(guide.read(text, readings[-1].load_g if number else wanted_g))
            guide.empty()
            guide.set_zero()
    return repeatability(scale, guide.conditions, readings)


def _eccentricity(guide: Guide) -> Report:
    scale = guide.scale
    parts = 3 if scale.supports <= SUPPORTS_FEW else scale.supports - 1
    wanted_g = (scale.max_g + scale.additive_tare_g) // parts // scale.e_g * scale.e_g
    zero = guide.zero()
    readings = [
        guide.read(f"Put on over support {number + 1}", wanted_g, str(number + 1), number)
        for number in range(scale.supports)
    ]
    return eccentricity(scale, guide.conditions, zero, readings)


def _discrimination(guide: Guide) -> Report:
    scale = guide.scale
    extra_g = EXTRA_D_MAX * scale.d_g
    looks = []
    for wanted_g in (scale.min_g, scale.max_g // 2, scale.max_g):
        load_g = guide.load("Put on with ten small weights of 0.1 d", wanted_g)
        guide.enter("Take small weights off until the display steps down, put one back; Enter")
        before_g = _shown(guide)
        guide.enter(f"Put on {show_g(extra_g)} gently; Enter")
        guide.deck.place(load_g + extra_g)
        after_g = _shown(guide)
        guide.talk.say(f"  {show_g(before_g)}, then {show_g(after_g)}")
        before = Reading(load_g=load_g, indication_g=before_g)
        looks.append(Added(before=before, extra_g=extra_g, after_g=after_g))
    return discrimination(scale, guide.conditions, looks)


def _shown(guide: Guide) -> float:
    return float(round_to_d(round(guide.settled()), guide.scale.d_g))


def _creep(guide: Guide) -> Report:
    """Half an hour, or four where that does not suffice."""
    guide.settled()
    began_us = _await_load(guide)
    _stand(guide, began_us, HALF_HOUR_US)
    try:
        return creep_of([_run(guide)], guide.scale, guide.conditions)
    except SetError as error:
        if error.name != "too_short":
            raise
        guide.talk.say(f"  {error}")
    _stand(guide, began_us, FOUR_HOURS_US)
    return creep_of([_run(guide)], guide.scale, guide.conditions)


def _zero_return(guide: Guide) -> Report:
    guide.settled()
    _stand(guide, _await_load(guide), HALF_HOUR_US)
    guide.talk.say("Take the load off")
    deck = guide.deck
    deck.place(0.0)
    what = "the deck was not emptied"
    deck.until(lambda: deck.looks[-1].gross_g < guide.scale.min_g, PLACING_US_MAX, what)
    guide.settled()
    return zero_return_of([_run(guide)], guide.scale, guide.conditions)


def _stability(guide: Guide) -> Report:
    """Vehicles as they come: each is weighed, watched for 5 s, and leaves."""
    deck, runs = guide.deck, []
    for number in range(TIMES_MIN):
        deck.forget()
        deck.poll()
        guide.talk.say(f"Vehicle {number + 1} of {TIMES_MIN}: drive it on and stop")
        deck.until(lambda: _status(deck) == Status.ACCEPTED, PLACING_US_MAX, "no weight was stored")
        deck.watch(deck.looks[-1].t_us + FOLLOW_US)
        runs.append(msgspec.structs.replace(_run(guide), name=f"vehicle {number + 1}"))
        guide.empty()
    return stability_of(runs, guide.scale, guide.conditions)


def _zero(guide: Guide) -> Report:
    readings = []
    for number in range(TIMES_MIN):
        guide.enter(f"Setting {number + 1} of {TIMES_MIN}: disturb the empty deck; Enter")
        guide.settled()
        guide.set_zero()
        value_g = guide.settled()
        guide.talk.say(f"  E0 = {show_g(value_g)}")
        readings.append(Reading(load_g=0.0, indication_g=value_g, place="zero"))
    return zero_accuracy(guide.scale, guide.conditions, readings)


def _await_load(guide: Guide) -> int:
    """The time at which a load close to Max stands still."""
    deck, band = guide.deck, close_to_max(guide.scale)
    guide.talk.say(f"Put {show_g(band.low_g)} to {show_g(band.high_g)} on; it stays for 30 min")
    deck.place(CREEP_SHARE * guide.scale.max_g)
    from_us = deck.looks[-1].t_us

    def stands() -> bool:
        return deck.is_settled(from_us) and deck.looks[-1].gross_g >= band.low_g

    deck.until(stands, PLACING_US_MAX, f"no load of {show_g(band.low_g)} stands on the deck")
    guide.talk.say(f"  {show_g(deck.looks[-1].gross_g)} stands; the time runs")
    return deck.looks[-1].t_us


def _stand(guide: Guide, began_us: int, for_us: int) -> None:
    deck = guide.deck
    for minute in range(5, for_us // MINUTE_US + 1, 5):
        end_us = began_us + minute * MINUTE_US + (SLACK_US if minute * MINUTE_US == for_us else 0)
        deck.watch(end_us)
        guide.talk.say(f"  {minute} min: {show_g(deck.looks[-1].gross_g)}")


def _run(guide: Guide) -> Run:
    return Run(name="live", looks=tuple(guide.deck.looks))


def _status(deck: LiveDeck) -> Status:
    return deck.looks[-1].status if deck.looks else Status.IDLE


_GUIDED: dict[str, Callable[[Guide], Report]] = {
    "weighing": _weighing,
    "repeatability": _repeatability,
    "eccentricity": _eccentricity,
    "discrimination": _discrimination,
    "creep": _creep,
    "zero-return": _zero_return,
    "stability": _stability,
    "zero": _zero,
}
