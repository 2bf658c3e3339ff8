"""Reads a deck at rest through the board's own ports, for as long as a reading takes."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from board.build import Board, build
from board.devices import ENDS
from board.profile import Profile
from controller.calibrating.steps import Step
from hal.ports import Contact, DeviceFault, LoadCells
from hal.recording import read_recording
from sensors.corners import AdjustmentError

POLL_US = 100_000
WARM_UP_TIMES = 4
GUARDS = ("arm", "beam_low", "beam_high")
NEEDED = ("clock", "cells", *GUARDS)


@runtime_checkable
class Skips(Protocol):
    """A clock whose time need not be waited for."""

    def skip(self, us: int) -> None:
        """Let time pass at once."""


@runtime_checkable
class PlacesLoads(Protocol):
    """A deck on which test loads can be stood without hands."""

    def place(self, load_g: int, x_m: float, y_m: float) -> None:
        """Stand this load there, instead of the one before."""


class DeckReader:
    """Takes readings of ``read_us`` from a site's deck, or from recordings in ``folder``.

    Only the clock, the load cells and the sensors over the deck are opened, and only when the
    first live reading needs them: a calibration never touches a boom.
    """

    def __init__(self, profile: Profile, read_us: int, folder: Path) -> None:
        self._profile = profile
        self._scale = profile.scale.scale
        self._read_us = read_us
        self._folder = folder
        self._material_g = 0

    @cached_property
    def _board(self) -> Board:
        devices = self._profile.devices
        needed = {role: devices[role] for role in devices if role.split(".")[-1] in NEEDED}
        return build(msgspec.structs.replace(self._profile, devices=needed))

    @property
    def _cells(self) -> LoadCells:
        cells = self._board.cells
        if cells is None:
            raise AdjustmentError(
                "devices.indicator weighs here; there are no cells to calibrate. It is adjusted by "
                "its maker's procedure, and then verified"
            )
        return cells

    @property
    def places_loads(self) -> bool:
        """Whether the loads are put on the deck from here, as in the simulated yard."""
        return isinstance(self._board.cells, PlacesLoads)

    def counts_of(self, step: Step) -> NDArray[np.int64]:
        """The counts (n, cells) of one step.

        Raises AdjustmentError for a vehicle in a beam at zero, a silent converter, and
        RecordingError for a recording that cannot be believed.
        """
        if step.recording is not None:
            return self._recorded(step, self._folder / step.recording)
        self._place(step)
        self._wait(step.wait_us)
        if step.do == "zero":
            self._check_clear()
        return self._read(WARM_UP_TIMES if step.do == "warm_up" else 1)

    def _recorded(self, step: Step, path: Path) -> NDArray[np.int64]:
        recording = read_recording(path, len(self._scale.cells))
        for beam in (recording.entry_beam, recording.exit_beam):
            if step.do == "zero" and beam is not None and beam.any():
                raise AdjustmentError(f"zero: {path}: a beam is blocked; record the empty deck")
        return recording.counts

    def _read(self, times: int) -> NDArray[np.int64]:
        self._cells.read()
        rows = [np.empty((0, len(self._scale.cells)), np.int64)]
        for _ in range(max(1, times * self._read_us // POLL_US)):
            self._wait(POLL_US)
            samples = self._cells.read()
            if isinstance(samples, DeviceFault):
                raise AdjustmentError(
                    f"{samples.device}: {samples.name}: {samples.seen}; check the converter"
                )
            rows.append(samples.counts)
        return np.concatenate(rows)

    def _check_clear(self) -> None:
        """Empty by every sensor at and over the deck; one that cannot tell is not clear (I10)."""
        for end, side in zip(ENDS, self._board.sides, strict=True):
            for name in GUARDS:
                sensor = getattr(side, name)
                state = Contact.NOT_FITTED if sensor is None else sensor.read()
                if state not in (Contact.CLEAR, Contact.NOT_FITTED):
                    raise AdjustmentError(
                        f"zero: {end}.{name} is {state.name.lower()}; clear the deck and its ends"
                    )

    def _wait(self, us: int) -> None:
        clock = self._board.clock
        if isinstance(clock, Skips):
            clock.skip(us)
        elif us:
            time.sleep(us / 1e6)

    def _place(self, step: Step) -> None:
        cells = self._board.cells
        if not isinstance(cells, PlacesLoads):
            return
        load_g = 0 if step.do in ("warm_up", "zero") else step.load_g
        if load_g is None:
            raise AdjustmentError(f"{step.do}: state the load; this yard puts it on by itself")
        if step.do == "substitute":
            self._material_g = load_g
        elif step.do == "weights":
            load_g += self._material_g
        cells.place(load_g, *self._spot(step))

    def _spot(self, step: Step) -> tuple[float, float]:
        """Over the cell or the section; else in the middle, unless the step says where."""
        scale = self._scale
        x_m, y_m = scale.platform_mm / 2000, 0.0
        if step.cell is not None:
            x_m, y_m = scale.cells[step.cell].x_m, scale.cells[step.cell].y_m
        elif step.section is not None:
            rows_m = sorted({cell.x_m for cell in scale.cells})
            if step.section >= len(rows_m):
                raise AdjustmentError(f"section {step.section}: this deck has {len(rows_m)}")
            x_m = rows_m[step.section]
        x_m = x_m if step.x_mm is None else step.x_mm / 1000
        return x_m, y_m if step.y_mm is None else step.y_mm / 1000
