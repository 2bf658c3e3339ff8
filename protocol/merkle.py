"""The Merkle tree under a manifest: the root of a day in logarithmic memory, and proofs from it.

Entries are the 32-byte hashes of sealed records.  A leaf is SHA-256(00 ‖ entry), a node
SHA-256(01 ‖ left ‖ right), and the left side is the largest power of two that fits.
Source: RFC 9162 §2.1.1 (tree hash), §2.1.3 (inclusion proofs).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


class Tree:
    """A tree that grows entry by entry; it keeps one hash for each set bit of ``count``."""

    def __init__(self) -> None:
        self.count = 0
        self._full: list[bytes] = []

    def add(self, entry: bytes) -> None:
        """Put ``entry`` behind the last one."""
        node, count = _leaf(entry), self.count
        while count & 1:
            node = _node(self._full.pop(), node)
            count >>= 1
        self._full.append(node)
        self.count += 1

    def root(self) -> bytes:
        """The root of the entries so far; of none it is the hash of nothing."""
        if not self._full:
            return sha256(b"").digest()
        node = self._full[-1]
        for left in reversed(self._full[:-1]):
            node = _node(left, node)
        return node


def root(entries: Sequence[bytes]) -> bytes:
    """The root of ``entries``."""
    tree = Tree()
    for entry in entries:
        tree.add(entry)
    return tree.root()


def path(entries: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion path of the entry at ``index``, nearest sibling first (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < len(entries):
        raise IndexError(f"there is no entry {index} among {len(entries)}")
    if len(entries) == 1:
        return []
    half = 1 << (len(entries) - 1).bit_length() - 1
    left, right = entries[:half], entries[half:]
    if index < half:
        return [*path(left, index), root(right)]
    return [*path(right, index - half), root(left)]


def included(
    entry: bytes, index: int, count: int, siblings: Sequence[bytes], root_hash: bytes
) -> bool:
    """Whether ``siblings`` prove ``entry`` at ``index`` of ``count`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < count:
        return False
    place, last, node = index, count - 1, _leaf(entry)
    for sibling in siblings:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = _node(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = _node(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root_hash


def _leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
