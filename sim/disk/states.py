"""Every state in which a power cut may leave the folder of a recorded run."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sim.disk.volatile import (
    LOST,
    SIZE_ONLY,
    WHOLE,
    Change,
    Disk,
    Image,
    Kept,
    Name,
    Operation,
    Truncate,
    Write,
    apply,
    sectors,
)

DRAWS = 4
"""Random subsets among which one state is drawn."""

Fates = list[tuple[Change, Kept]]


class State(Struct, frozen=True):
    """What a cut behind operation ``boundary`` may leave; ``told`` records must be in it."""

    boundary: int
    manner: str
    image: Image
    told: int

    @property
    def key(self) -> bytes:
        """Equal for states in which nothing that matters differs."""
        digest = hashlib.blake2b(self.told.to_bytes(8, "big"), digest_size=16)
        files = self.image.files()
        for name in sorted(files):
            digest.update(f"\0{name}\0{len(files[name])}\0".encode())
            digest.update(files[name])
        digest.update("\0".join(self.image.folders()).encode())
        return digest.digest()


def states(
    log: Sequence[Operation],
    draws: int,
    first: int = 0,
    end: int | None = None,
    base: Image | None = None,
) -> Iterator[State]:
    """The states of the boundaries from ``first`` until before ``end``, ``draws`` random of each.

    ``base`` is what was on the disk before the log.  Two calls with the same log give the same.
    """
    disk = Disk(base)
    end = len(log) + 1 if end is None else end
    for boundary in range(end):
        if boundary:
            disk.take(log[boundary - 1])
        if boundary >= first:
            for manner, fates in _fates(disk.pending, draws, str(boundary)):
                yield State(boundary, manner, apply(disk.durable, fates), disk.told)


def drawn(disk: Disk, dice: random.Random) -> tuple[str, Image]:
    """One state that a cut may leave of a disk as it stands: in what manner, and what is there."""
    fates = list(_fates(disk.pending, DRAWS, str(dice.random())))
    manner = dice.choice(list(dict.fromkeys(name for name, _ in fates)))
    return manner, apply(disk.durable, dice.choice([one for name, one in fates if name == manner]))


def _fates(pending: list[Change], draws: int, seed: str) -> Iterator[tuple[str, Fates]]:
    yield "all lost", [(change, LOST) for change in pending]
    for kept in range(1, len(pending) + 1):
        yield "prefix kept", _split(pending, kept)
    if not pending:
        return
    yield from _torn(pending)
    yield "names kept", [(c, WHOLE if isinstance(c, Name) else LOST) for c in pending]
    yield "bytes kept", [(c, LOST if isinstance(c, Name) else WHOLE) for c in pending]
    yield "sizes kept", [(c, SIZE_ONLY if isinstance(c, Write) else WHOLE) for c in pending]
    for number in range(draws):
        dice = random.Random(f"{seed} {number}")
        yield "subset kept", [(c, dice.choice((WHOLE, LOST))) for c in pending]
        yield "sectors kept", [(c, _scattered(c, dice)) for c in pending]


def _split(pending: list[Change], kept: int) -> Fates:
    return [(c, WHOLE if i < kept else LOST) for i, c in enumerate(pending)]


def _torn(pending: list[Change]) -> Iterator[tuple[str, Fates]]:
    """The last write reached the disk up to a sector; before it everything or only the names."""
    last = pending[-1]
    if not isinstance(last, Write):
        return
    touched = sectors(last)
    for cut in range(touched.start + 1, touched.stop):
        part = Kept(sectors=frozenset(range(touched.start, cut)))
        before = pending[:-1]
        yield "last torn", [*((c, WHOLE) for c in before), (last, part)]
        named: Fates = [(c, WHOLE if isinstance(c, Name) else LOST) for c in before]
        yield "last torn alone", [*named, (last, part)]


def _scattered(change: Change, dice: random.Random) -> Kept:
    if isinstance(change, Name | Truncate):
        return dice.choice((WHOLE, LOST))
    kept = frozenset(sector for sector in sectors(change) if dice.random() < 0.5)
    return Kept(sectors=kept, grown=dice.random() < 0.5)
