"""The conformance vectors: the files are those the generator writes, and each finding is found."""

from __future__ import annotations

import json
from pathlib import Path

import cbor2
import pytest

from protocol.chain import Chain
from protocol.frames import FramesError, FrameState, RawFrame, pack_frames, unpack_frames
from protocol.keys import PublicKey
from protocol.revocation import Revocation
from protocol.vectors.make import FOLDER, files, vectors

FRAMES = sorted((FOLDER / "frames").glob("*.json"))
LEDGERS = sorted((FOLDER / "ledgers").glob("*.json"))


def _found(path: Path) -> list[dict[str, object]]:
    """What the checker finds in a file; whatever the generator meant is left aside."""
    vector = json.loads(path.read_text())
    revoked = [
        Revocation(**{**entry, "kid": bytes.fromhex(entry["kid"])}) for entry in vector["revoked"]
    ]
    key = PublicKey(bytes.fromhex(vector["key"]))
    chain = Chain(vector["site"], vector["lane"], key, revoked=revoked)
    return [
        {"code": finding.code, "seq": finding.seq}
        for row in vector["rows"]
        for finding in chain.take(row["seq"], bytes.fromhex(row["sealed"]))
    ]


@pytest.mark.parametrize("path", LEDGERS, ids=[path.stem for path in LEDGERS])
def test_every_finding_of_a_vector_and_no_other(path: Path) -> None:
    assert _found(path) == json.loads(path.read_text())["findings"]


@pytest.mark.parametrize("path", FRAMES, ids=[path.stem for path in FRAMES])
def test_packed_frames_are_read_as_the_vector_says_or_refused(path: Path) -> None:
    vector = json.loads(path.read_text())
    data = bytes.fromhex(vector["cbor"])
    if vector["refused"]:
        with pytest.raises(FramesError):
            unpack_frames(data)
        return
    frames = tuple(
        RawFrame(**{**one, "raw": bytes.fromhex(one["raw"]), "state": FrameState(one["state"])})
        for one in vector["frames"]
    )
    assert unpack_frames(data) == frames
    assert pack_frames(frames) == data
    # Another decoder finds the same values in the same places.
    version, kind, t0_us, rows = cbor2.loads(data)
    assert (version, kind, t0_us) == (1, "frames", frames[0].t_us)
    assert [row[1] for row in rows] == [frame.raw for frame in frames]
    assert t0_us + sum(row[0] for row in rows) == frames[-1].t_us


def test_there_are_frames_of_either_kind() -> None:
    refused = [json.loads(path.read_text())["refused"] for path in FRAMES]
    assert refused.count(False) >= 4
    assert refused.count(True) >= 12


def test_the_generator_writes_these_very_files() -> None:
    written = files()
    present = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json")}
    assert present == written.keys()
    for name, text in written.items():
        assert (FOLDER / name).read_text() == text, f"{name}: run python -m protocol.vectors.make"


def test_names_and_ledgers_are_distinct() -> None:
    """A vector that repeats another would be counted without testing anything."""
    every = list(vectors())
    assert len({vector.name for vector in every}) == len(every)
    assert len({(vector.rows, vector.revoked, vector.key) for vector in every}) == len(every)


def test_enough_of_each_kind() -> None:
    found = [{finding[0] for finding in vector.findings} for vector in vectors()]
    codes = set().union(*found)
    named = "seal signature key undecodable revoked gap order chain lane manifest unsealed"
    assert codes == set(named.split())
    assert len(found) >= 30
    assert sum(not codes for codes in found) >= 10
