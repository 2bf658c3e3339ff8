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
from crash_states import states
from exhaust import ALL, Recording, examine, killed_at, record_morning, scratch, shards

from protocol.files import Files
from protocol.hand import Entry, Hand
from protocol.record import Record
from protocol.rows import Receipt

SHARDS = 16
DRAWS = 40 if ALL else 5
KILLS = 4
"""Parts in which the boundaries are killed at: all, or some of them."""


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """The scripted morning of today's program."""
    return record_morning()


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_power_cut_at_any_boundary_loses_no_promised_record(
    recorded: Recording, shard: int, record_property: Callable[[str, object], None]
) -> None:
    tally = examine(recorded, DRAWS, *shards(recorded, SHARDS)[shard])
    assert tally.losses == []
    record_property("power cuts: states", tally.states)
    record_property("power cuts: distinct states checked", len(tally.distinct))
    record_property("power cuts: losses", len(tally.losses))


def _no_sync_folder(self: Files, folder: Path) -> None:
    """A store that trusts the disk with its names."""


def _no_sync(self: Files, path: Path, data: bytes, mode: int = 0o644) -> None:
    """A store that trusts the disk with its bytes."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT), "wb", buffering=0) as file:
        file.write(data)


def _record_first(self: Hand, entry: Entry[int]) -> Receipt:
    """A writer that lets a record name what is not there yet."""
    assert isinstance(entry.record, Record)
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
    """Whether any state shows a loss; they are tried in any order, the first one will do."""
    found = list(states(recorded.log, 0))
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
    boundaries = range(1 + part, len(recorded.log), KILLS if ALL else KILLS * 40)
    for boundary in boundaries:
        tally = examine(killed_at(recorded, boundary), 0, boundary)
        assert tally.losses == [], f"killed behind operation {boundary}"
        record_property("power cuts behind a kill: states", tally.states)
        record_property("power cuts behind a kill: distinct states checked", len(tally.distinct))
