"""The model of the disk keeps what was synced, may lose the rest, and invents nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.disk.states import states
from sim.disk.volatile import (
    FOLDER,
    SECTOR,
    Disk,
    Name,
    Operation,
    SyncFile,
    SyncFolder,
    Told,
    Truncate,
    Write,
)

NAMES = ("a", "b", "f/a", "f/b")
BEGIN = Name((("f", FOLDER),))

OPERATIONS = st.lists(
    st.one_of(
        st.builds(lambda n, i: Name(((n, i),)), st.sampled_from(NAMES), st.integers(1, 3)),
        st.builds(lambda n: Name(((n, None),)), st.sampled_from(NAMES)),
        st.builds(Write, st.integers(1, 3), st.integers(0, 1500), st.binary(min_size=1)),
        st.builds(Truncate, st.integers(1, 3), st.integers(0, 1500)),
        st.builds(SyncFile, st.integers(1, 3)),
        st.builds(SyncFolder, st.sampled_from(("", "f"))),
    ),
    max_size=12,
)


def outcomes(*log: Operation) -> set[tuple[tuple[str, bytes], ...]]:
    """The folders that a cut behind the last operation may leave."""
    found = states([BEGIN, SyncFolder(""), *log], 8, first=len(log) + 2)
    return {tuple(sorted(state.image.files().items())) for state in found}


@given(OPERATIONS)
@settings(max_examples=100, derandomize=True)
def test_what_is_synced_with_its_folder_is_in_every_state(log: list[Operation]) -> None:
    names = [SyncFolder(""), SyncFolder("f")]
    everything = [*log, *(SyncFile(inode) for inode in (1, 2, 3)), *names]
    live = Disk()
    for operation in [BEGIN, *log]:
        live.take(operation)
    assert outcomes(*everything) == {tuple(sorted(live.live().files().items()))}


@given(OPERATIONS)
@settings(max_examples=100, derandomize=True)
def test_the_whole_and_the_durable_are_among_the_states(log: list[Operation]) -> None:
    disk = Disk()
    for operation in [BEGIN, SyncFolder(""), *log]:
        disk.take(operation)
    wanted = {tuple(sorted(image.files().items())) for image in (disk.live(), disk.durable)}
    assert wanted <= outcomes(*log)


def test_a_synced_file_without_its_folder_may_be_gone() -> None:
    written: list[Operation] = [Name((("a", 1),)), Write(1, 0, b"x"), SyncFile(1)]
    assert outcomes(*written) == {(), (("a", b"x"),)}
    assert outcomes(*written, SyncFolder("")) == {(("a", b"x"),)}


def test_a_file_in_a_folder_without_a_durable_name_is_gone_with_it() -> None:
    log: list[Operation] = [Name((("g", FOLDER),)), Name((("g/a", 1),)), SyncFolder("g")]
    assert outcomes(*log) == {(), (("g/a", b""),)}


def test_a_rename_between_folders_is_durable_when_both_are_synced() -> None:
    log: list[Operation] = [Name((("a", 1),)), SyncFolder(""), Name((("a", None), ("f/a", 1)))]
    both = {(("a", b""),), (("f/a", b""),)}
    assert outcomes(*log) == both
    assert outcomes(*log, SyncFolder("f")) == both
    assert outcomes(*log, SyncFolder("f"), SyncFolder("")) == {(("f/a", b""),)}


def test_an_unsynced_write_is_torn_at_its_sectors_or_leaves_zeros() -> None:
    data = b"1" * SECTOR + b"2" * SECTOR + b"3"
    found = outcomes(Name((("a", 1),)), SyncFolder(""), Write(1, 0, data))
    contents = {files[0][1] for files in found}
    assert {b"", data[:SECTOR], data[: 2 * SECTOR], data, bytes(len(data))} <= contents


def test_a_state_owes_what_was_told_before_it() -> None:
    log: list[Operation] = [Name((("a", 1),)), Told(1), SyncFolder(""), Told(2)]
    assert {(s.boundary, s.told) for s in states(log, 0)} == {
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 2),
    }


def test_equal_files_that_owe_more_are_another_state() -> None:
    log: list[Operation] = [Told(1), Told(2), SyncFolder("")]
    keys = [state.key for state in states(log, 0)]
    assert len(set(keys)) == 3
