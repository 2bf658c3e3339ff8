"""No power cut loses what somebody was told to be durable; and the layer would see it if one did.

The whole, with more random states, is `make powercut`; docs/powercut.md says what is modelled.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from unittest.mock import patch

import morning
import pytest
from aftermath import losses
from exhaust import ALL, Recording, examine, killed_at, record_morning, scratch, shards

from protocol.files import Files
from protocol.hand import Entry, Hand, Result
from protocol.record import Record
from sim.disk.states import State
from sim.disk.volatile import Disk

SHARDS = 16
DRAWS = 5
KILLS = 3
KILLS_STEP = 4 if ALL else 150
"""How far apart the boundaries are at which the lane is killed before the power fails."""


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """The scripted morning of today's program."""
    return record_morning()


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_power_cut_at_any_boundary_loses_no_promised_record(
    recorded: Recording, shard: int, record_property: Callable[[str, object], None]
) -> None:
    tally = examine(recorded, DRAWS, *shards(recorded, SHARDS)[shard])
    record_property("power cuts: states", tally.states)
    record_property("power cuts: distinct states checked", len(tally.distinct))
    record_property("power cuts: losses", len(tally.losses))
    assert tally.losses == []


def _no_sync_folder(self: Files, folder: Path) -> None:
    """A store that trusts the disk with its names."""


def _no_sync(self: Files, path: Path, data: bytes, mode: int = 0o644) -> None:
    """A store that trusts the disk with its bytes."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT), "wb", buffering=0) as file:
        file.write(data)


_ATTEMPT = Hand._attempt


def _record_first(self: Hand, entry: Entry[int]) -> Result:
    """A writer that lets a record name what is not there yet."""
    if not isinstance(entry.record, Record):
        return _ATTEMPT(self, entry)
    receipt = self.ledger.append(entry.record)
    self._media.put(entry.blobs)
    return receipt


SABOTAGE: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "synchronous off": lambda: patch.object(
        morning, "PRAGMAS", (*morning.PRAGMAS, "synchronous = OFF")
    ),
    "synchronous normal": lambda: patch.object(
        morning, "PRAGMAS", (*morning.PRAGMAS, "synchronous = NORMAL")
    ),
    "media folder not synced": lambda: patch.object(Files, "sync_folder", _no_sync_folder),
    "media not synced": lambda: patch.object(Files, "write_new", _no_sync),
    "record before its media": lambda: patch.object(Hand, "_attempt", _record_first),
}


@pytest.mark.parametrize("sabotage", SABOTAGE)
def test_the_layer_is_awake(sabotage: str) -> None:
    with SABOTAGE[sabotage]():
        recorded = record_morning()
    assert _is_found(recorded)


def _is_found(recorded: Recording) -> bool:
    """Whether any state shows a loss of what was synced; tried in any order, the first will do."""
    disk, found = Disk(), []
    for boundary, operation in enumerate(recorded.log, start=1):
        disk.take(operation)
        found.append(State(boundary, "all lost", disk.durable, disk.told))
    Random(1).shuffle(found)
    with scratch() as folder:
        return any(
            "lost:" in loss or "unfounded:" in loss
            for state in found
            for loss in losses(state, recorded.promises, folder / "after")
        )


@pytest.mark.parametrize("part", range(KILLS))
def test_a_power_cut_behind_a_kill_loses_no_promised_record(
    recorded: Recording, part: int, record_property: Callable[[str, object], None]
) -> None:
    boundaries = range(1 + part * KILLS_STEP, len(recorded.log), KILLS * KILLS_STEP)
    for boundary in boundaries:
        tally = examine(killed_at(recorded, boundary), 0, boundary)
        assert tally.losses == [], f"killed behind operation {boundary}"
        record_property("power cuts behind a kill: states", tally.states)
        record_property("power cuts behind a kill: distinct states checked", len(tally.distinct))
