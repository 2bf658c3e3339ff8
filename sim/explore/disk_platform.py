"""The platform of a ride: while it can be reached, it takes over and acknowledges what is stored.

No uplink exists yet; this stands in for one by the call that it will make.  Without an entry in the
plan the platform is out of reach for the whole ride, and nothing of it may go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from controller.diskwatch import TEND_US
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.record import Record
from protocol.rows import dropped_by, named_by
from sim.units import ScenarioError, known_keys, time_us

EVERY_US = 5_000_000
NEVER_US = 1 << 62


class Reach(Struct, frozen=True, kw_only=True):
    """A time in which the platform can be reached."""

    from_us: int
    until_us: int


def reach(entry: dict[str, Any]) -> Reach:
    """Return what one ``[[platform]]`` states.  Raises ScenarioError."""
    known_keys(entry, ("from", "until"), "[[platform]]")
    found = Reach(
        from_us=time_us(entry.get("from"), "[[platform]] from"),
        until_us=time_us(entry.get("until"), "[[platform]] until"),
    )
    if found.from_us >= found.until_us:
        raise ScenarioError("[[platform]] until: it comes after from")
    return found


class Platform:
    """Acknowledges, and remembers when it had which records."""

    def __init__(self, reached: Sequence[Reach], now: Callable[[], int]) -> None:
        self._reached = tuple(reached)
        self._now = now
        self._asked_us = -EVERY_US
        self._had: list[tuple[int, int]] = []

    @property
    def due_us(self) -> int:
        """The first time from which on it takes over what is new; in the past if that is now."""
        now, asked_us = self._now(), self._asked_us + EVERY_US
        if any(one.from_us <= now < one.until_us for one in self._reached):
            return asked_us
        return min((one.from_us for one in self._reached if one.from_us > now), default=NEVER_US)

    def look(self, ledger: Ledger) -> None:
        """Take over what is new, every few seconds, and acknowledge it.

        It has it even where the disk refuses the acknowledgement, or only says that it does.
        """
        now = self._now()
        there = any(one.from_us <= now < one.until_us for one in self._reached)
        if not there or now - self._asked_us < EVERY_US:
            return
        self._asked_us = now
        try:
            seqs = [row.seq for row in ledger.stored()]
            if seqs:
                self._had.append((now, seqs[-1]))
            ledger.acknowledge(seqs, now // 1000)
        except LedgerError:
            return

    def robbed(self, records: Sequence[Record]) -> Iterator[str]:
        """The media that went before the platform had every record that names them.

        What goes for want of room is dated when the disk was looked after last.
        """
        newest: dict[bytes, int] = {}
        for record in records:
            for digest in dropped_by(record):
                latest_us = record.times.at_us + TEND_US
                had = [seq for at_us, seq in self._had if at_us <= latest_us]
                if newest.get(digest, 0) > max(had, default=0):
                    yield f"seq {record.seq} lets go of a medium of seq {newest[digest]}"
            newest.update((medium.digest, record.seq) for medium in named_by(record))
