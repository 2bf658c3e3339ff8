"""The journal: what goes in comes out, whatever the images, wherever it is cut."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rig import EMPTY, IMAGES, INTERLOCK, READS, SCAN_US, Plant, lane_settings
from msgspec.structs import replace

from controller import journal as journal_module
from controller import journalread
from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import End, Phase, Presence
from controller.core.lane import step
from controller.core.passage import Lane
from controller.deltas import DeltaError, read_as
from controller.journal import KIND, Journal
from controller.journalfile import MAGIC, PREFIX, Settings, write_settings
from controller.journalread import Entry, JournalError, read_journal, read_settings
from controller.replay import Replayer
from protocol.media import Blob

SETTINGS = Settings(lane=lane_settings(), interlock=INTERLOCK)
FIELDS = [name for name in InputImage.__struct_fields__ if name not in ("scan", "now_us")]
ENCODE = msgspec.msgpack.encode
Scan = tuple[Lane, InputImage, OutputImage]


@st.composite
def walks(draw: st.DrawFn) -> list[InputImage]:
    """Images of which each has much of the one before, as those of a real lane have."""
    images = [draw(IMAGES)]
    for other in draw(st.lists(IMAGES, max_size=14)):
        taken = draw(st.sets(st.sampled_from(FIELDS), max_size=3))
        later = draw(st.sampled_from([SCAN_US, SCAN_US, SCAN_US, SCAN_US + 7, -SCAN_US, 10**9]))
        scan = images[-1].scan + draw(st.sampled_from([1, 1, 1, 2, 0]))
        now_us = min(images[-1].now_us + later, 2**62)
        image = replace(images[-1], **{name: getattr(other, name) for name in taken})
        repeated = draw(st.sampled_from([1, 1, 5]))
        images += [
            replace(image, scan=scan + n, now_us=now_us + n * SCAN_US) for n in range(repeated)
        ]
    return images


def journal() -> Journal:
    return Journal(SETTINGS.lane, SETTINGS.interlock, "test")


def drive(images: list[InputImage], into: Journal, lane: Lane | None = None) -> list[Scan]:
    lane = lane or Lane(since_us=images[0].now_us)
    seen: list[Scan] = []
    for inputs in images:
        after, wanted = step(lane, inputs, SETTINGS.lane)
        out = interlock(inputs, wanted, INTERLOCK)
        into.observe(lane, inputs, out)
        seen.append((lane, inputs, out))
        lane = after
    return seen


def entries(blobs: tuple[Blob, ...]) -> list[Entry]:
    files = [read_journal(blob.data) for blob in blobs if blob.kind == KIND]
    return [entry for file in files for entry in file.entries()]


def plant_images(scans: int, plant: Plant | None = None) -> list[InputImage]:
    plant = plant or Plant()
    images = []
    for _ in range(scans):
        images.append(plant.inputs())
        plant.obey(OutputImage())
    return images


@given(walks(), st.lists(st.integers(0, 40), max_size=4), st.sampled_from(Phase))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_what_is_cut_anywhere_is_what_was_seen_and_replays(
    images: list[InputImage], cuts: list[int], phase: Phase
) -> None:
    kept, replayer = journal(), Replayer()
    lane = Lane(phase=phase, since_us=images[0].now_us)
    found: list[Entry] = []
    expected: list[Scan] = []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(images)], strict=True):
        if not images[begin:end]:
            continue
        seen = drive(images[begin:end], kept, lane)
        lane, _ = step(seen[-1][0], seen[-1][1], SETTINGS.lane)
        expected += seen
        blobs = kept.cut()
        outcome = replayer.run(iter(entries(blobs)), SETTINGS)
        assert outcome.divergence is None
        found += entries(blobs)
    # What is let go is let go from a stretch in which nothing is under way.
    busy = [(i, o) for _, i, o in expected if o.passage_id or o.record is not None]
    got = [(entry.inputs, entry.outputs) for entry in found]
    assert [ENCODE(pair) for pair in got if pair[1] and (pair[1].passage_id or pair[1].record)] == [
        ENCODE(pair) for pair in busy
    ]
    rest = iter([ENCODE((i, o)) for _, i, o in expected])
    assert all(any(ENCODE(pair) == one for one in rest) for pair in got)


@given(walks())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_same_scans_give_the_same_bytes(images: list[InputImage]) -> None:
    one, two = journal(), journal()
    drive(images, one)
    drive(images, two)
    assert one.cut() == two.cut()


def test_a_long_quiet_time_is_let_go_but_for_its_beginning_and_a_lead() -> None:
    plant = Plant(weight=EMPTY)
    kept = journal()
    idle = Lane(since_us=0, phase=Phase.IDLE)
    quiet = plant_images(10_000, plant)
    drive(quiet, kept, idle)
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    arriving = plant_images(200, plant)
    drive(arriving, kept, idle)
    numbers = [entry.inputs.scan for entry in entries(kept.cut())]
    begun = journal_module.LINGER_US // SCAN_US + 1
    assert numbers[:begun] == list(range(begun))
    first_wanted = next(
        inputs.scan for _, inputs, out in drive(arriving, journal(), idle) if out.passage_id
    )
    lead = first_wanted - journal_module.LEAD_SCANS
    assert numbers[begun:] == list(range(lead, 10_200))


def test_memory_is_bounded_and_what_was_let_go_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "SEGMENT_SCANS", 50)
    monkeypatch.setattr(journal_module, "SEGMENTS_MAX", 4)
    kept = journal()
    lane = Lane(since_us=0, phase=Phase.FAULTED)
    plant = Plant()
    plant.load()
    seen = drive(plant_images(1_000, plant), kept, lane)
    blobs = [blob for blob in kept.cut() if blob.kind == KIND]
    assert len(blobs) <= 4
    files = [read_journal(blob.data) for blob in blobs]
    assert next(files[0].entries()).inputs.scan == 0
    assert list(files[-1].entries())[-1].inputs == seen[-1][1]
    kept_scans = sum(1 for file in files for _ in file.entries())
    assert files[-1].header.left_out > 0
    assert kept_scans + files[-1].header.left_out <= 1_000
    assert Replayer().run((e for f in files for e in f.entries()), SETTINGS).divergence is None


def test_settings_come_back_whole_and_as_the_same_bytes() -> None:
    data = write_settings(SETTINGS)
    assert read_settings(data) == SETTINGS
    assert write_settings(read_settings(data)) == data


def repacked(blob: Blob, change: Any) -> bytes:
    """A journal whose items were changed by hand."""
    items = [msgspec.to_builtins(read_journal(blob.data).header), *read_journal(blob.data).items]
    change(items)
    body = b"".join(msgspec.msgpack.encode(item) for item in items)
    return blob.data[: len(MAGIC) + 1] + len(items).to_bytes(4, "big") + zlib.compress(body)


def one_blob(scans: int = 20) -> Blob:
    kept = journal()
    plant = Plant()
    images = plant_images(scans // 2, plant)
    plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    drive([*images, *plant_images(scans // 2, plant)], kept)
    return kept.cut()[1]


def test_an_unknown_field_is_named_and_a_missing_one_has_its_default() -> None:
    def with_unknown(items: list[Any]) -> None:
        items[1]["inputs"]["tide_mm"] = 3

    def without_estop(items: list[Any]) -> None:
        del items[1]["inputs"]["estop"]

    blob = one_blob()
    with pytest.raises(JournalError, match=r"this program knows no 'tide_mm' there"):
        list(read_journal(repacked(blob, with_unknown)).entries())
    found = list(read_journal(repacked(blob, without_estop)).entries())
    assert found[0].inputs.estop == InputImage(scan=0, now_us=0).estop
    assert found[0].inputs != next(read_journal(blob.data).entries()).inputs


def test_an_unknown_path_is_named() -> None:
    def renamed(items: list[Any]) -> None:
        place = next(n for n, item in enumerate(items) if isinstance(item, str))
        items[place] = items[place].replace(".arm", ".tide")

    with pytest.raises(JournalError, match=r"this program knows no 'tide' there"):
        list(read_journal(repacked(one_blob(), renamed)).entries())


def test_a_newer_format_is_said_to_be_newer() -> None:
    data = one_blob().data
    newer = data[: len(MAGIC)] + b"\x09" + data[len(MAGIC) + 1 :]
    with pytest.raises(JournalError, match=r"format 9, newer than 1.*use a newer program"):
        read_journal(newer)


@pytest.mark.parametrize("kept", range(0, 300, 7))
def test_a_journal_cut_short_is_none(kept: int) -> None:
    data = one_blob().data
    assert len(data) > 300
    with pytest.raises(JournalError):
        read_journal(data[:kept])


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_the_checksum_belongs_to_a_journal_and_nothing_behind_it(cut: int) -> None:
    with pytest.raises(JournalError, match="cut short"):
        read_journal(BLOB.data[:-cut])
    with pytest.raises(JournalError, match="behind its end"):
        read_journal(BLOB.data + bytes(cut))


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_damage_is_never_anything_but_a_journal_error(place: int, flip: int) -> None:
    data = bytearray(BLOB.data)
    data[place % len(data)] ^= flip
    try:
        list(read_journal(bytes(data)).entries())
    except JournalError:
        return
    # The count alone is outside the checksum of the body; it must then still be the right one.
    assert bytes(data[PREFIX:]) == BLOB.data[PREFIX:]


BLOB = one_blob()


def test_absurd_repetition_is_damage_and_not_a_long_wait() -> None:
    def endless(items: list[Any]) -> None:
        items.append(journalread.AGAIN_MAX + 1)

    with pytest.raises(JournalError, match="scans at once"):
        list(read_journal(repacked(one_blob(), endless)).entries())


@given(READS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_values_are_read_as_their_types_or_refused(read: Any) -> None:
    built = msgspec.to_builtins(read)
    assert read_as(built, type(read), "plates") == read
    with pytest.raises(DeltaError, match=r"plates: .*"):
        read_as({**built, "text": 7}, type(read), "plates")
