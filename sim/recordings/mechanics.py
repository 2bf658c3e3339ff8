"""Truck and deck as one linear system whose stiffness depends on where the axles stand."""

import numpy as np
import numpy.typing as npt

from sim.recordings.deck import Deck
from sim.recordings.ranges import STEP_S
from sim.recordings.vehicle import Truck

Array = npt.NDArray[np.float64]


class Mechanics:
    """Mass, stiffness and damping of a truck on a deck, as deviations from rest on the flat.

    Degrees of freedom, in this order: body motions (heave and pitch of the first body, then the
    trailer's), wheels (up), spans (up), rolls. Weight is carried by the springs' rest length,
    so that the static tyre loads are exactly the truck's axle masses.
    """

    def __init__(self, truck: Truck, deck: Deck) -> None:
        self.truck, self.deck = truck, deck
        self.axles, self.spans = len(truck.offsets_m), len(deck.span_hz)
        self.rolls = len(truck.bodies)
        self.motions = 3 if truck.fifth_wheel_m is not None else 2 * len(truck.bodies)
        self.wheel = slice(self.motions, self.motions + self.axles)
        self.span = slice(self.wheel.stop, self.wheel.stop + self.spans)
        self.roll = slice(self.span.stop, self.span.stop + self.rolls)
        self.size = self.roll.stop
        self._assemble()

    def _heave_rows(self) -> tuple[list[Array], list[Array]]:
        """Rows that give each body's heave and pitch from the motions."""
        bodies, rows = self.truck.bodies, np.eye(self.motions)
        heave, pitch = [rows[0]], [rows[1]]
        if self.truck.fifth_wheel_m is not None:
            pin = self.truck.fifth_wheel_m
            pitch.append(rows[2])
            heave.append(
                rows[0] + (pin - bodies[0].at_m) * rows[1] - (pin - bodies[1].at_m) * rows[2]
            )
        elif len(bodies) == 2:
            heave.append(rows[2])
            pitch.append(rows[3])
        return heave, pitch

    def _assemble(self) -> None:
        t, n = self.truck, self.motions
        self.heave, self.pitch = self._heave_rows()
        mass = np.zeros((self.size, self.size))
        self.seat = np.zeros((self.axles, n))
        for body, heave, pitch in zip(t.bodies, self.heave, self.pitch, strict=True):
            mass[:n, :n] += body.mass_kg * np.outer(heave, heave)
            mass[:n, :n] += body.pitch_kgm2 * np.outer(pitch, pitch)
            for axle in body.axles:
                self.seat[axle] = heave + (t.offsets_m[axle] - body.at_m) * pitch
        mass[self.wheel, self.wheel] = np.diag(t.unsprung_kg)
        mass[self.span, self.span] = np.diag(self.deck.span_kg)
        roll_kg = np.array([b.roll_kgm2 for b in t.bodies])
        mass[self.roll, self.roll] = np.diag(roll_kg)
        self.inverse = np.linalg.inv(mass)
        self.stretch = np.zeros((self.axles, self.size))
        self.stretch[:, :n] = self.seat
        self.stretch[:, self.wheel] = -np.eye(self.axles)
        self.roll_n_m = roll_kg * np.array([(2 * np.pi * b.roll_hz) ** 2 for b in t.bodies])
        self.roll_nms = np.array([2 * b.roll_damping for b in t.bodies]) * np.sqrt(
            self.roll_n_m * roll_kg
        )
        self._fixed_parts()

    def _fixed_parts(self) -> None:
        t, d = self.truck, self.deck
        spring = t.spring_n_m + t.stick_n_m.sum(0)
        self.stiff = self.stretch.T @ (spring[:, None] * self.stretch)
        self.damp = self.stretch.T @ (t.damper_ns_m[:, None] * self.stretch)
        span_k = d.span_kg * (2 * np.pi * d.span_hz) ** 2
        span_c = 2 * d.span_damping * np.sqrt(span_k * d.span_kg)
        self.stiff[self.span, self.span] += np.diag(span_k)
        self.damp[self.span, self.span] += np.diag(span_c)
        self.stiff[self.roll, self.roll] += np.diag(self.roll_n_m)
        self.damp[self.roll, self.roll] += np.diag(self.roll_nms)

    @property
    def inputs(self) -> int:
        """Road heights, their rates, and a force on every degree of freedom."""
        return 2 * self.axles + self.size

    @property
    def leaves(self) -> Array:
        """Leaf travel of both friction elements of every axle, from the whole state."""
        rows = np.hstack([self.stretch, np.zeros_like(self.stretch)])
        return np.vstack([rows, rows])

    @property
    def leaf_force(self) -> Array:
        """Forces on the degrees of freedom per metre of slipped leaf."""
        return np.hstack([self.stretch.T * self.truck.stick_n_m[k] for k in (0, 1)])

    def step_matrices(self, grip: Array) -> tuple[Array, Array, Array]:
        """Exact state, slip and input matrices of one step for `grip` (axles, spans).

        `grip` is how far each wheel stands on the deck times the bend of each span under it.
        """
        t, n = self.truck, self.size
        tread = np.zeros((self.axles, n))
        tread[:, self.wheel] = np.eye(self.axles)
        tread[:, self.span] = -grip
        stiff = self.stiff + tread.T @ (t.tyre_n_m[:, None] * tread)
        damp = self.damp + tread.T @ (t.tyre_ns_m[:, None] * tread)
        a = np.zeros((2 * n, 2 * n))
        a[:n, n:] = np.eye(n)
        a[n:, :n] = -self.inverse @ stiff
        a[n:, n:] = -self.inverse @ damp
        drive = np.hstack([tread.T * t.tyre_n_m, tread.T * t.tyre_ns_m, np.eye(n)])
        forces = np.zeros((2 * n, self.leaf_force.shape[1] + drive.shape[1]))
        forces[n:] = self.inverse @ np.hstack([self.leaf_force, drive])
        whole, held = _exact(a)
        forces = held @ forces
        slips = self.leaf_force.shape[1]
        return whole, forces[:, :slips], forces[:, slips:]


def _exact(a: Array) -> tuple[Array, Array]:
    """exp(a h) and its integral over one step h, by their series (|a h| is well below 1)."""
    held = np.eye(len(a)) * STEP_S
    term = held
    for k in range(2, 12):
        term = term @ a * (STEP_S / k)
        held = held + term
    return np.eye(len(a)) + a @ held, held
