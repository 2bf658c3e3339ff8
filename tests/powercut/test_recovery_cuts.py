"""A power cut at any boundary of a recovery: the next start ends it, and nothing more is lost.

The ledger of the morning is damaged; what a whole recovery keeps of it must stand after every cut,
the damaged bytes must lie in quarantine, and one RECOVERY record must say so.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from aftermath import named_and_removed
from exhaust import ALL, Recording, record_morning, scratch
from ledger_rig import passage
from morning import LEDGER, Station, blobs_of
from msgspec import Struct

from protocol.media import QUARANTINE
from protocol.parts import Kind
from sim.disk.calls import recording
from sim.disk.recorder import Recorder
from sim.disk.states import State, states
from sim.disk.volatile import Disk, Image, Told, lay_out

DRAWS = 8 if ALL else 1
EVERY = 1 if ALL else 8
"""Of the states that differ, `make test` checks every so manieth."""
PAGE = 4096


class Recovered(Struct, frozen=True):
    """A recovery that nobody disturbed: its log, and the records that it kept by seq."""

    damaged: bytes
    base: Image
    recording: Recording
    kept: dict[int, bytes]


def _morning_image(recorded: Recording, closed: bool) -> Image:
    """The folder at the end of the morning, or as it stands open before its last close."""
    told = [n for n, operation in enumerate(recorded.log) if isinstance(operation, Told)]
    disk = Disk()
    for operation in recorded.log if closed else recorded.log[: told[-1] + 1]:
        disk.take(operation)
    return disk.live()


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def _record_page(data: bytes) -> bytes:
    """A bit flipped in the bytes of one record: those before it can be kept."""
    at = data.rindex(b"application/vnd.steelyard.record+cbor")
    return _flipped(data, at + 200)


class Damage(Struct, frozen=True):
    """What is done to the file, closed or open; ``kept_min`` records, the RECOVERY one too."""

    do: Callable[[bytes], bytes]
    closed: bool = True
    kept_min: int = 10


DAMAGE = {
    "a record": Damage(_record_page),
    "the header": Damage(lambda data: bytes(100) + data[100:]),
    "the tail": Damage(lambda data: data[: -3 * PAGE], kept_min=1),
    "everything": Damage(lambda data: b"", kept_min=1),
    "the header while open": Damage(lambda data: bytes(100) + data[100:], closed=False),
}


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """The morning whose ledger is damaged."""
    return record_morning()


def recover(recorded: Recording, what: str) -> Recovered:
    """Damage the ledger and record its whole recovery."""
    damage = DAMAGE[what]
    image = _morning_image(recorded, damage.closed)
    inode = image.names[LEDGER]
    damaged = damage.do(image.contents[inode])
    base = Image({**image.contents, inode: damaged}, image.names)
    with scratch() as folder:
        lay_out(base, folder / "data")
        recorder = Recorder(folder / "data")
        recorder.begin_with(base)
        with recording(folder / "data", recorder):
            station = Station(folder / "data", recorder, [])
            kept = {row.seq: row.hash for row in station.ledger.stored()}
            station.close()
            leaks = recorder.differences()
    assert not leaks, f"the log does not explain {leaks}"
    return Recovered(damaged, base, Recording(recorder.log, []), kept)


def wrong_after(state: State, whole: Recovered, folder: Path) -> list[str]:
    """Everything that is wrong after a cut in the recovery and another start."""
    lay_out(state.image, folder)
    # Not in the log, for it has no bytes; its name has been durable since the ledger's first life.
    (folder / f"{LEDGER}.lock").touch()
    station = Station(folder, None, [])
    hashes = {row.seq: sha256(row.body).digest() for row in station.ledger.stored()}
    recoveries = [r for r in station.ledger.records() if r.kind is Kind.RECOVERY]
    # The recovery's own record has the time of its start in it; all before it stands.
    old = [seq for seq in whole.kept if seq < max(whole.kept)]
    wrong = [f"lost: record {seq}" for seq in old if hashes.get(seq) != whole.kept[seq]]
    if len(recoveries) != 1:
        wrong.append(f"{len(recoveries)} RECOVERY records")
    wrong += [str(finding) for finding in station.ledger.verify()]
    named, removed = named_and_removed(station.ledger)
    wrong += [f"unfounded: {d.hex()}" for d in named - removed if not station.media.has(d)]
    aside = [p.read_bytes() for p in (folder / QUARANTINE).rglob("*") if p.is_file()]
    if whole.damaged and whole.damaged not in aside:
        wrong.append("the damaged file is not in quarantine")
    station.keep(passage(9_000_000), blobs_of(9))
    station.close()
    station = Station(folder, None, [])
    wrong += [f"then {finding}" for finding in station.ledger.verify()]
    station.close()
    return wrong


@pytest.mark.parametrize("what", DAMAGE)
def test_a_power_cut_in_a_recovery_loses_nothing_more(
    recorded: Recording, what: str, record_property: Callable[[str, object], None]
) -> None:
    whole = recover(recorded, what)
    assert len(whole.kept) >= DAMAGE[what].kept_min
    found = list(states(whole.recording.log, DRAWS, base=whole.base))
    distinct = {state.key: state for state in found}
    with scratch() as folder:
        for state in list(distinct.values())[::EVERY]:
            where = f"cut behind operation {state.boundary}, {state.manner}"
            assert wrong_after(state, whole, folder / "after") == [], where
    record_property("power cuts in a recovery: states", len(found) // EVERY)
    record_property("power cuts in a recovery: distinct states checked", len(distinct) // EVERY)
