"""The Merkle tree: the definition of RFC 9162, published roots, and proofs that prove only one."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import merkle

# The eight entries of the certificate-transparency reference tests (RFC 6962 hashing, the same).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _defined(entries: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = max(2**n for n in range(20) if 2**n < len(entries))
    return sha256(b"\x01" + _defined(entries[:split]) + _defined(entries[split:])).digest()


def test_the_published_roots() -> None:
    for count, published in enumerate(ROOTS, 1):
        assert merkle.root(ENTRIES[:count]).hex() == published


def _entries(count: int) -> list[bytes]:
    return [sha256(bytes([number])).digest() for number in range(count)]


@given(st.integers(0, 130))
def test_a_growing_tree_is_the_defined_one(count: int) -> None:
    entries = _entries(count)
    assert merkle.root(entries) == _defined(entries)


def test_a_tree_stays_small() -> None:
    tree = merkle.Tree()
    for number in range(5000):
        tree.add(bytes([number % 256]) * 32)
        assert len(tree._full) == tree.count.bit_count()


def test_every_path_proves_its_entry_and_no_other() -> None:
    for count in range(1, 20):
        entries = _entries(count)
        root = merkle.root(entries)
        for index in range(count):
            path = merkle.path(entries, index)
            proven = [
                (entry, place)
                for place in range(count)
                for entry in entries
                if merkle.included(entry, place, count, path, root)
            ]
            assert proven == [(entries[index], index)]


@given(st.integers(1, 40), st.data())
def test_an_altered_proof_proves_nothing(count: int, data: st.DataObject) -> None:
    entries = _entries(count)
    index = data.draw(st.integers(0, count - 1))
    root, path = merkle.root(entries), merkle.path(entries, index)
    entry, noise = entries[index], sha256(b"noise").digest()
    assert not merkle.included(noise, index, count, path, root)
    assert not merkle.included(entry, index, count, path, noise)
    assert not merkle.included(entry, index, count, [*path, noise], root)
    assert not merkle.included(entry, index + count, count, path, root)
    assert not merkle.included(entry, -1, count, path, root)
    for at in range(len(path)):
        assert not merkle.included(entry, index, count, path[:at] + path[at + 1 :], root)
        assert not merkle.included(entry, index, count, [*path[:at], noise, *path[at + 1 :]], root)


def test_an_inner_node_is_no_entry() -> None:
    """Without the 00 and 01 before the hash a node could be shown as a record's hash."""
    entries = _entries(4)
    inner = merkle.root(entries[:2])
    right = merkle.root(entries[2:])
    assert not merkle.included(inner, 0, 2, [right], merkle.root(entries))


def test_there_is_no_path_to_nowhere() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            merkle.path(_entries(3), index)


@pytest.mark.parametrize("count", range(2, 20))
def test_the_last_entry_is_not_the_only_one(count: int) -> None:
    """A path longer than the tree is high would prove it as the one entry of a tree of one."""
    entries = _entries(count)
    path = merkle.path(entries, count - 1)
    assert not merkle.included(entries[-1], 0, 1, path, merkle.root(entries))
