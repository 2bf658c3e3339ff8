"""A truck as bodies on springs on wheels on tyres: what its axles press besides their weight.

Bodies heave and pitch, joined at a fifth wheel or apart behind a drawbar; each axle is a mass
between suspension and tyre; leaf springs stick and slip in two elements of Coulomb friction, air
springs have dampers.  Weight is carried by the springs' rest lengths, so that at rest the axles
press exactly their share of the mass, whatever the friction holds back.  Brakes dive the bodies by
their height above the axles and lift them a little by their links; the tyres and bushes in between
ring.  The parameters are those of ``sim/recordings/vehicle.py`` (docs/physics.md).
"""

from __future__ import annotations

from math import exp, pi
from random import Random

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sim.dynamics import Matrix, transition

GRAVITY = 9.80665
NEWTON_G = 1000.0 / GRAVITY
Floats = NDArray[np.float64]
_REST_SUM_G, _REST_STEP_G = 150.0, 25.0


class Build(Struct, frozen=True, kw_only=True):
    """What stays with a truck whatever it carries: its springs and shocks, as fractions.

    Pairs and lists are (steel or air) of the drawing unit and of what it draws.
    """

    unsprung_kg: float
    tyre: float
    tyre_damping: float
    spring_hz: tuple[float, float]
    damping: tuple[float, float]
    friction: tuple[float, float]
    stick: tuple[float, float]
    height_m: float
    radius: float
    dive: float
    links: float
    surge_hz: float
    surge_damping: float


def draw_build(rng: Random, air: tuple[bool, bool]) -> Build:
    """Draw the springs of a truck; ``air`` is of the drawing unit and of what it draws."""
    leaf_hz, air_hz = rng.uniform(1.7, 2.3), rng.uniform(2.05, 2.8)
    leaf_damping, air_damping = rng.uniform(0.02, 0.06), rng.uniform(0.14, 0.32)
    leaf_friction, air_friction = rng.uniform(0.07, 0.15), rng.uniform(0.002, 0.006)
    leaf_stick, air_stick = rng.uniform(2.5, 6.0), rng.uniform(0.2, 0.4)
    one, two = air
    return Build(
        unsprung_kg=rng.uniform(520.0, 850.0),
        tyre=rng.uniform(0.85, 1.15),
        tyre_damping=rng.uniform(0.065, 0.11),
        spring_hz=(air_hz if one else leaf_hz, air_hz if two else leaf_hz),
        damping=(air_damping if one else leaf_damping, air_damping if two else leaf_damping),
        friction=(air_friction if one else leaf_friction, air_friction if two else leaf_friction),
        stick=(air_stick if one else leaf_stick, air_stick if two else leaf_stick),
        height_m=rng.uniform(0.9, 1.3),
        radius=rng.uniform(0.28, 0.36),
        dive=1.2 * exp(rng.gauss(0.0, 0.4)),
        links=rng.gauss(0.0, 0.25),
        surge_hz=rng.uniform(2.4, 4.5),
        surge_damping=rng.uniform(0.35, 0.8),
    )


class Shape(Struct, frozen=True, kw_only=True):
    """Where the axles are, metres behind the first; which belong to the drawing unit; the joint."""

    axles_m: tuple[float, ...]
    front_axles: int
    drawbar: bool
    air: tuple[bool, bool]


class Chassis:
    """The moving truck; ``step`` gives what the axles press beyond their static loads."""

    __slots__ = ("_calm", "_count", "_input", "_limit", "_low", "_matrix", "_out", "_states", "_z")

    def __init__(self, shape: Shape, build: Build, axle_g: tuple[float, ...]) -> None:
        parts = _Assembly(shape, build, np.array(axle_g) / 1000.0)
        self._count = len(axle_g)
        self._matrix, self._limit = parts.stepping()
        self._low = -self._limit
        self._states = parts.states
        self._z = np.zeros(self._matrix.shape[1])
        self._out = np.zeros(self._matrix.shape[0])
        self._input = self._z[self._states :]
        self._calm = 0

    def settle(self, heights_m: Floats) -> None:
        """Stand at rest on ground of these heights under the axles."""
        self._z[:] = 0.0
        self._input[1 : 1 + self._count] = heights_m
        n = self._states - len(self._limit)
        step = self._matrix[:n, :n] - np.eye(n)
        # The leaves are at rest where the springs put them: they carry nothing yet.
        given = self._matrix[:n, self._states :] @ self._input
        self._z[:n] = -np.linalg.solve(step, given)
        self._calm = 0

    def ground(self, heights_m: Floats, climbs_mps: Floats) -> None:
        """Lay other ground under the axles, and how fast it rises under them."""
        count = self._count
        self._input[1 : 1 + count] = heights_m
        self._input[1 + count :] = climbs_mps
        self._calm = 0

    def step(self, slowing_mps2: float) -> Floats:
        """Move on by one tick; return (2, axles): grams at the half and at the end of it."""
        z, out, n = self._z, self._out, self._states
        self._input[0] = slowing_mps2
        self._matrix.dot(z, out=out)
        leaves = out[n - len(self._limit) : n]
        np.maximum(leaves, self._low, out=leaves)
        np.minimum(leaves, self._limit, out=leaves)
        z[:n] = out[:n]
        return out[n:].reshape(2, -1)

    def calm(self, forces_g: Floats) -> bool:
        """Tell, when asked every tenth of a second, whether it has come to rest."""
        one, two = forces_g.tolist()
        still = abs(sum(two)) < _REST_SUM_G and all(
            abs(a - b) < _REST_STEP_G for a, b in zip(one, two, strict=True)
        )
        self._calm = self._calm + 1 if still else 0
        return self._calm >= 2


class _Assembly:
    """Masses, springs and brakes put together into one linear system with leaves that slip."""

    def __init__(self, shape: Shape, build: Build, axle_kg: Floats) -> None:
        self.shape, self.build, self.axle_kg = shape, build, axle_kg
        self.axles = len(axle_kg)
        self.at_m = np.array(shape.axles_m)
        self.unsprung = np.minimum(build.unsprung_kg, 0.3 * axle_kg)
        self.sprung = axle_kg - self.unsprung
        cut = shape.front_axles
        self.unit = np.array([0 if i < cut else 1 for i in range(self.axles)])
        self.bodies = [list(range(cut)), list(range(cut, self.axles))]
        self.bodies = [axles for axles in self.bodies if axles]
        self.joined = len(self.bodies) == 2 and not shape.drawbar
        self.motions = 3 if self.joined else 2 * len(self.bodies)
        self.size = self.motions + self.axles
        self.states = 2 * self.size + 2 + 2 * self.axles

    def stepping(self) -> tuple[Matrix, Floats]:
        """The matrix of one tick (states and two sets of forces), and how far leaves stretch."""
        a, b, limit = self._rates()
        half, by_input = transition(a, b, _HALF_TICK_S)
        whole, by_whole = half @ half, half @ by_input + by_input
        c, d = self._pressing(b.shape[1])
        forces = np.vstack([np.hstack([c @ half, c @ by_input + d])])
        ends = np.hstack([c @ whole, c @ by_whole + d])
        matrix = np.vstack([np.hstack([whole, by_whole]), forces, ends])
        return np.ascontiguousarray(matrix), limit

    def _rates(self) -> tuple[Matrix, Matrix, Floats]:
        n, size, axles = self.states, self.size, self.axles
        seat, brakes, mass = self._bodies()
        stretch = np.hstack([seat, -np.eye(axles)])
        spring, damper, stick, friction = self._springs()
        self.tyre, self.tyre_c = self._tyres()
        wheel = np.hstack([np.zeros((axles, self.motions)), np.eye(axles)])
        stiff = stretch.T @ (spring[:, None] * stretch) + wheel.T @ (self.tyre[:, None] * wheel)
        damp = stretch.T @ (damper[:, None] * stretch) + wheel.T @ (self.tyre_c[:, None] * wheel)
        inverse = np.linalg.inv(mass)
        a, b = np.zeros((n, n)), np.zeros((n, 1 + 2 * axles))
        a[:size, size : 2 * size] = np.eye(size)
        a[size : 2 * size, :size] = -inverse @ stiff
        a[size : 2 * size, size : 2 * size] = -inverse @ damp
        a[size : 2 * size, 2 * size] = inverse @ brakes
        omega = 2 * pi * self.build.surge_hz
        a[2 * size, 2 * size + 1] = 1.0
        a[2 * size + 1, 2 * size] = -omega * omega
        a[2 * size + 1, 2 * size + 1] = -2 * self.build.surge_damping * omega
        leaves = slice(2 * size + 2, n)
        both = np.vstack([stretch, stretch])
        a[leaves, size : 2 * size] = both
        a[size : 2 * size, leaves] = -inverse @ (both.T * stick)
        b[2 * size + 1, 0] = omega * omega
        b[size : 2 * size, 1 : 1 + axles] = inverse @ (wheel.T * self.tyre)
        b[size : 2 * size, 1 + axles :] = inverse @ (wheel.T * self.tyre_c)
        return a, b, friction / stick

    def _pressing(self, inputs: int) -> tuple[Matrix, Matrix]:
        """What the tyres press, grams, from states and inputs."""
        c, d = np.zeros((self.axles, self.states)), np.zeros((self.axles, inputs))
        own = np.arange(self.axles)
        c[own, self.motions + own] = -self.tyre
        c[own, self.size + self.motions + own] = -self.tyre_c
        d[own, 1 + own] = self.tyre
        d[own, 1 + self.axles + own] = self.tyre_c
        return c * NEWTON_G, d * NEWTON_G

    def _bodies(self) -> tuple[Matrix, Floats, Matrix]:
        """How the motions move each axle's seat, what braking pushes, and the mass matrix."""
        loads, places = self._carried()
        rows = np.eye(self.motions)
        mass = np.zeros((self.size, self.size))
        mass[self.motions :, self.motions :] = np.diag(self.unsprung)
        seat, brakes = np.zeros((self.axles, self.motions)), np.zeros(self.size)
        heave, pitch, centre = rows[0], rows[1], 0.0
        for k, axles in enumerate(self.bodies):
            kg = float(loads[k].sum())
            at = float(loads[k] @ places[k]) / kg
            if k == 1 and self.joined:
                pin = self._pin_m
                heave, pitch = heave + (pin - centre) * pitch - (pin - at) * rows[2], rows[2]
            elif k == 1:
                heave, pitch = rows[2], rows[3]
            centre = at
            reach = float(np.ptp(places[k])) + 1.5
            radius = reach * self.build.radius
            mass[: self.motions, : self.motions] += kg * np.outer(heave, heave)
            mass[: self.motions, : self.motions] += kg * radius**2 * np.outer(pitch, pitch)
            for axle in axles:
                seat[axle] = heave + (self.at_m[axle] - at) * pitch
            height = self.build.height_m + 0.7 * min(kg / 30_000.0, 1.0)
            brakes[: self.motions] += self.build.dive * kg * height * pitch
            lift = self.build.links * kg
            brakes[: self.motions] += lift * seat[axles].mean(0)
            brakes[self.motions + np.array(axles)] -= lift / len(axles)
        return seat, brakes, mass

    def _carried(self) -> tuple[list[Floats], list[Floats]]:
        """The sprung loads of each body and where they stand; a semi-trailer's with its kingpin."""
        if not self.joined:
            return [self.sprung[x] for x in self.bodies], [self.at_m[x] for x in self.bodies]
        front, rear = self.bodies
        whole = float(self.axle_kg[front].sum())
        own = min(7_700.0, 0.9 * whole)
        kingpin = whole - own
        part = float(np.clip((self.axle_kg[0] - 0.6 * own) / kingpin, 0.02, 0.35))
        carried = np.full(len(front), kingpin * (1 - part) / (len(front) - 1))
        carried[0] = kingpin * part
        self._pin_m = float(carried @ self.at_m[front]) / kingpin
        tractor = np.maximum(self.sprung[front] - carried, 150.0)
        return (
            [tractor, np.append(self.sprung[rear], kingpin)],
            [self.at_m[front], np.append(self.at_m[rear], self._pin_m)],
        )

    def _tyres(self) -> tuple[Floats, Floats]:
        """Stiffness by what an axle is built for, and damping."""
        sprung = self.sprung
        rated = np.maximum(sprung, 5_200.0)
        tyre = 1.58e6 * self.build.tyre * (0.55 + 0.45 * rated / 8_000.0)
        tyre *= np.where(sprung < 1_400.0, 0.65, np.where(sprung < 2_600.0, 0.9, 1.0))
        return tyre, 2 * self.build.tyre_damping * np.sqrt(tyre * sprung)

    def _springs(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Springs and dampers of the axles; stick stiffness and friction of both leaf elements."""
        build, sprung, unit = self.build, self.sprung, self.unit
        rated = np.maximum(sprung, 5_200.0)
        steel = ~np.array(self.shape.air)[unit]
        hz = np.array(build.spring_hz)[unit]
        carried = np.where(steel, np.sqrt(sprung * rated), np.maximum(sprung, 0.45 * rated))
        spring = carried * (2 * pi * hz) ** 2
        damper = 2 * np.array(build.damping)[unit] * np.sqrt(spring * sprung)
        stick = np.array(build.stick)[unit] * spring
        friction = np.array(build.friction)[unit] * GRAVITY * np.sqrt(sprung * rated)
        parts = np.repeat([0.3, 0.7], self.axles)
        return spring, damper, np.tile(stick, 2) * parts, np.tile(friction, 2) * parts


_HALF_TICK_S = 0.00625
