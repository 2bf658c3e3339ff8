"""The tests of the scale: the weight's source at rest, zero, and a truck of known mass."""

from __future__ import annotations

import numpy as np

from controller.commissioning.gate import lower_boom, raise_boom
from controller.commissioning.session import Session
from controller.commissioning.taps import CellTap, IndicatorTap
from controller.core.kinds import BoomPosition, Deck, End, WeighingStatus
from hal.quantity import MASS
from sensors.indication import mpe_in_service_g

LOOK_US = 10_000_000
RATE_PERMILLE_MAX = 50
NOISE_E_MAX = 1.0
ZERO_E_MAX = 0.25
STEADY_US_MAX = 15_000_000
WEIGHED_US_MAX = 300_000_000


def test_weight_source(session: Session, source: str) -> None:
    """Ten seconds of an empty deck: rate asked and got, saturation, noise, unique values."""
    tap = getattr(session.board, source)
    if not isinstance(tap, CellTap | IndicatorTap):
        raise TypeError(f"{source} has no tap")
    session.ask("See that the deck is empty and nobody stands on it, then press Enter.")
    tap.kept.clear()
    tap.keeps = True
    try:
        session.pause(LOOK_US)
    finally:
        tap.keeps = False
    if not tap.kept:
        seen = tap.fault.seen if tap.fault is not None else "nothing came in ten seconds"
        return session.note("weight source", source, False, seen)
    if isinstance(tap, CellTap):
        return _cells(session, tap)
    return _indicator(session, tap)


def _cells(session: Session, tap: CellTap) -> None:
    site = session.board.profile.scale
    counts = np.concatenate([batch.counts for batch in tap.kept])
    rate_hz = len(counts) / (LOOK_US / 1e6)
    wanted_hz = site.scale.rate_hz
    session.note(
        "rate",
        "cells",
        abs(rate_hz - wanted_hz) * 1000 <= RATE_PERMILLE_MAX * wanted_hz,
        f"{rate_hz:.1f} samples/s, {wanted_hz:g} stated",
    )
    noise_e = site.scale.to_grams(counts).std(axis=0) / site.scale.e_g
    saturated = (np.abs(counts) >= site.max_counts).any(axis=0)
    for cell in range(counts.shape[1]):
        unique = len(np.unique(counts[:, cell]))
        good = noise_e[cell] <= NOISE_E_MAX and not saturated[cell] and unique > 1
        seen = f"noise {noise_e[cell]:.2f} e, {unique} different values"
        seen += ", SATURATED" if saturated[cell] else ""
        session.note("cell", f"cell {cell}", bool(good), seen)


def _indicator(session: Session, tap: IndicatorTap) -> None:
    e_g = session.board.profile.scale.scale.e_g
    weights = [one.gross_g for one in tap.kept if one.gross_g is not None]
    rate_hz = len(tap.kept) / (LOOK_US / 1e6)
    spread_g = max(weights) - min(weights) if weights else 0
    last = tap.kept[-1]
    good = len(weights) == len(tap.kept) and spread_g <= e_g
    seen = (
        f"{rate_hz:.1f} frames/s, {len(weights)} of {len(tap.kept)} with a weight, "
        f"spread {MASS.show(spread_g)}, last frame {last.raw.hex(' ')}"
    )
    session.note("weight source", "indicator", good, seen)


def test_zero(session: Session) -> None:
    """The empty deck reads zero within a quarter of a division, and does not move."""

    def steady() -> bool:
        weight = session.inputs.weight
        return weight.deck is Deck.EMPTY and weight.zero_ok and not weight.motion

    took_us = session.until(steady, STEADY_US_MAX)
    weight = session.inputs.weight
    e_g = session.board.profile.scale.scale.e_g
    shown = "blank" if weight.indicated_g is None else MASS.show(weight.indicated_g)
    good = took_us is not None and abs(weight.indicated_g or 0) <= ZERO_E_MAX * e_g
    seen = f"deck {weight.deck.name}, reads {shown}, zero set {weight.zero_offset_g} g from the "
    session.note("zero", "scale", good, seen + "calibration")


def test_known_truck(session: Session) -> None:
    """A truck of known mass is weighed within the maximum permissible error in service."""
    scale = session.board.profile.scale.scale
    mass_g = _asked_mass(session, scale.min_g, scale.max_g)
    ticket = session.ask("Where is that mass from? (scale, ticket number, date)")
    entry = _open_for_it(session, "By which end does it come on")
    session.tell("Have it stand on the deck with all its wheels, and wait.")
    _hold_against(session, mass_g, ticket)
    leave = _open_for_it(session, "By which end does it leave")
    for end in End:
        if end in (entry, leave):
            _close_behind_it(session, end)


def _hold_against(session: Session, mass_g: int, ticket: str) -> None:
    scale = session.board.profile.scale.scale

    def weighed() -> bool:
        return session.inputs.weight.status is WeighingStatus.ACCEPTED

    if session.until(weighed, WEIGHED_US_MAX) is None:
        status = session.inputs.weight.status.name
        return session.note("known truck", "scale", False, f"no weight was accepted: {status}")
    weight = session.inputs.weight
    weight_g = weight.weight_g or 0
    mpe_g = mpe_in_service_g(mass_g, scale.e_g)
    seen = (
        f"weighed {MASS.show(weight_g)}, known {MASS.show(mass_g)} ({ticket}); error "
        f"{weight_g - mass_g} g, permitted {mpe_g} g; "
        f"axles {weight.axles if weight.axles else 'not counted'}"
    )
    return session.note("known truck", "scale", abs(weight_g - mass_g) <= mpe_g, seen)


def _open_for_it(session: Session, asked: str) -> End | None:
    """Raise the boom of the end that the technician names, where there is one."""
    fitted = [end for end in End if session.board.sides[end].gate is not None]
    if not fitted or not session.take_over():
        return None
    names = {end.name.lower(): end for end in fitted}
    while (answer := session.ask(f"{asked}: {' or '.join(names)}?").lower()) not in names:
        continue
    if session.inputs.ends[names[answer]].boom.position is not BoomPosition.OPEN:
        raise_boom(session, names[answer])
    return names[answer]


def _close_behind_it(session: Session, end: End) -> None:
    session.ask(f"When the way under the {end.name.lower()} boom is free, press Enter: it closes.")
    if lower_boom(session, end) is None:
        session.note("gate", f"{end.name.lower()}.gate", False, "did not come down")


def _asked_mass(session: Session, low_g: int, high_g: int) -> int:
    limits = f"{MASS.show(low_g)} to {MASS.show(high_g)}"
    while True:
        text = session.ask(f"Mass of a truck weighed elsewhere today, with its unit ({limits}):")
        try:
            mass_g = MASS.parse(text)
        except ValueError as error:
            session.tell(f"  {error}")
            continue
        if low_g <= mass_g <= high_g:
            return mass_g
        session.tell(f"  outside {limits}")
