"""March a truck over a deck: tyre loads and row reactions at every step."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.recordings.drive import Drive
from sim.recordings.mechanics import Mechanics
from sim.recordings.ranges import G
from sim.recordings.road import Road

Array = npt.NDArray[np.float64]

_REFRESH_M = 0.04


def cell_loads_kg(mechanics: Mechanics, drive: Drive, road: Road, push_n: Array) -> Array:
    """Load on every cell (steps, cells) in kg, dead load left out, left cell of each row first.

    `push_n` (steps, size) are outside forces on the degrees of freedom.
    """
    truck, deck = mechanics.truck, mechanics.deck
    x = drive.x_m[:, None] - truck.offsets_m
    on = deck.on(x)
    bend = deck.bend(x)
    rest_n = truck.axle_kg * G
    height, rate = road.under(x, drive.speed_m_s)
    force = push_n.copy()
    force[:, mechanics.span] -= np.einsum("ka,kas->ks", on * rest_n, bend)
    force[:, mechanics.roll] += _tilt(mechanics, road, x, drive.speed_m_s)
    grip = on[..., None] * bend
    states = _march(mechanics, drive.x_m, grip, np.hstack([height, rate, force]))
    tyre_n = rest_n + _tyre(mechanics, states, grip, height, rate)
    return np.asarray(_share(mechanics, states, on * tyre_n, x) / G)


def _tilt(mechanics: Mechanics, road: Road, x: Array, speed: Array) -> Array:
    """Roll moments from a road that is higher on one side under each body's axles."""
    height, rate = road.across(x, speed)
    sums = [b.axles for b in mechanics.truck.bodies]
    tilt = np.stack([height[:, list(a)].mean(1) for a in sums], 1)
    turn = np.stack([rate[:, list(a)].mean(1) for a in sums], 1)
    return np.asarray(tilt * mechanics.roll_n_m + turn * mechanics.roll_nms)


def _march(mechanics: Mechanics, x: Array, grip: Array, inputs: Array) -> Array:
    """States (steps, 2 size), with matrices refreshed as the truck moves."""
    leaves, limit = mechanics.leaves, _slip_limit(mechanics)
    slip = np.zeros_like(limit)
    state = np.zeros(2 * mechanics.size)
    states = np.empty((len(x), len(state)))
    for start, stop in _pieces(x, mechanics):
        whole, by_slip, by_input = mechanics.step_matrices(grip[(start + stop) // 2])
        both = np.hstack([whole, by_slip])
        given = inputs[start:stop] @ by_input.T
        joint = np.concatenate([state, slip])
        size = len(state)
        now, slip = joint[:size], joint[size:]
        for k in range(stop - start):
            states[start + k] = now
            travel = leaves @ now
            np.minimum(np.maximum(slip, travel - limit), travel + limit, out=slip)
            now[:] = both @ joint + given[k]
        state = now
    return states


def _slip_limit(mechanics: Mechanics) -> Array:
    truck = mechanics.truck
    return np.asarray((truck.friction_n / truck.stick_n_m).ravel())


def _pieces(x: Array, mechanics: Mechanics) -> list[tuple[int, int]]:
    """Runs of steps over which the truck moves less than `_REFRESH_M` while on the deck."""
    reach = mechanics.deck.length_m + mechanics.truck.length_m + 0.5
    bins = np.floor(np.clip(x, -0.5, reach) / _REFRESH_M).astype(np.int64)
    edges = np.flatnonzero(np.diff(bins)) + 1
    marks = [0, *edges.tolist(), len(x)]
    return list(pairwise(marks))


def _tyre(mechanics: Mechanics, states: Array, grip: Array, height: Array, rate: Array) -> Array:
    truck, n = mechanics.truck, mechanics.size
    wheel, span = mechanics.wheel, mechanics.span
    deck = np.einsum("kas,ks->ka", grip, states[:, span])
    turn = np.einsum("kas,ks->ka", grip, states[:, n:][:, span])
    squash = height + deck - states[:, wheel]
    speed = rate + turn - states[:, n:][:, wheel]
    return np.asarray(truck.tyre_n_m * squash + truck.tyre_ns_m * speed)


def _share(mechanics: Mechanics, states: Array, loads_n: Array, x: Array) -> Array:
    """Row reactions from the wheels by lever, and from each span's own inertia by halves."""
    deck, truck, n = mechanics.deck, mechanics.truck, mechanics.size
    lever = deck.lever(x)
    rows = np.einsum("ka,kar->kr", loads_n, lever)
    span_k = deck.span_kg * (2 * np.pi * deck.span_hz) ** 2
    span_c = 2 * deck.span_damping * np.sqrt(span_k * deck.span_kg)
    held = -span_k * states[:, mechanics.span] - span_c * states[:, n:][:, mechanics.span]
    bent = np.einsum("ka,kas->ks", loads_n, deck.bend(x))
    inertia = held - bent
    rows[:, :-1] += 0.5 * inertia
    rows[:, 1:] += 0.5 * inertia
    twist = np.einsum("ka,kar->kr", loads_n * truck.across_m, lever)
    twist += _roll_rows(mechanics, states, deck.on(x), lever)
    left = 0.5 * rows + twist / deck.across_m
    return np.stack([left, rows - left], -1).reshape(len(x), -1)


def _roll_rows(mechanics: Mechanics, states: Array, on: Array, lever: Array) -> Array:
    """Roll moments of the bodies, handed down through the axles that stand on the deck."""
    n, total = mechanics.size, np.zeros(lever[:, 0].shape)
    for k, body in enumerate(mechanics.truck.bodies):
        angle = states[:, mechanics.roll][:, k]
        turn = states[:, n:][:, mechanics.roll][:, k]
        moment = -(mechanics.roll_n_m[k] * angle + mechanics.roll_nms[k] * turn)
        each = on[:, list(body.axles)] / len(body.axles) * moment[:, None]
        total += np.einsum("ka,kar->kr", each, lever[:, list(body.axles)])
    return total
