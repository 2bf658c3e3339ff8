"""What host and I/O coprocessor say to each other; ``docs/coprocessor.md`` has the table.

Numbers are little endian.  ``read`` gives None for a payload of the wrong length or an unknown
kind: nothing that crosses the wire raises.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from protocol.framing import PAYLOAD_MAX, Frame

PROTOCOL = 1
INPUTS_MAX = 14
TICKS = 1 << 30
NO_VALUE = -0x800000

HELLO, DESCRIBE, CONFIG, LEVELS, FORGET = 0x01, 0x02, 0x03, 0x04, 0x05
ABOUT, DICTIONARY, ANSWER, SAMPLE, EDGE, STATE = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86
REFUSED, TAKEN, RESTARTING = 0, 1, 2
GOOD, MISSED, SATURATED, BROKEN = 0, 1, 2, 3

LEVELS_OF = ("HOLD", "RAISE", "LOWER")
REASONS = (
    "obeyed",
    "the emergency stop is pressed or unknown",
    "the host was silent",
    "reversed: something came under the falling boom",
    "something is under the boom",
    "a guard under the boom is unknown",
    "no guard is fitted under the boom",
    "the guards have not been clear for long enough",
    "the limit switches contradict each other",
    "the other boom is not known closed",
    "no such level",
    "no such lamp",
)
OBEYED, ESTOP_PRESSED, LEASE_STALE, REVERSED = 0, 1, 2, 3
GUARD_SETTLING = 7
CAUSES = ("none", "an error in the firmware", "the watchdog bit", "the kept wiring was refused")

_ABOUT = struct.Struct("<B3BBBHBBI8s")
_SAMPLE = struct.Struct("<HIIHB")
_EDGE = struct.Struct("<IBB")
_STATE = struct.Struct("<IHB2B2BBIHHHBB")
_LEVELS = struct.Struct("<HBBB")


class About(NamedTuple):
    """Who is at the other end; ``cause`` is the first trouble it remembers, ``more`` later ones."""

    protocol: int
    version: tuple[int, int, int]
    configured: bool
    reset_cause: int
    starts: int
    cause: int
    more: int
    config_crc32: int
    chip: bytes
    cause_text: str


class Answer(NamedTuple):
    """What became of a configuration."""

    answer: int
    reasons: str


class Line(NamedTuple):
    """One line of the dictionary."""

    line: int
    lines: int
    text: str


class Sample(NamedTuple):
    """All cells and contacts at one moment; a flagged cell has NO_VALUE."""

    number: int
    ticks_us: int
    contacts: int
    flags: tuple[int, ...]
    counts: tuple[int, ...]


class Edge(NamedTuple):
    """A contact that has changed."""

    ticks_us: int
    input: int
    contact: int


class State(NamedTuple):
    """What is wanted and what is done about it; a verdict is (level or greens, reason)."""

    ticks_us: int
    epoch: int
    leased: bool
    wanted: tuple[int, int]
    booms: tuple[tuple[int, int], tuple[int, int]]
    lamps: tuple[int, int]
    contacts: int
    corrupt: int
    missed: int
    late: int
    losses: int
    round_max_ms: int


Message = About | Answer | Line | Sample | Edge | State


def read(frame: Frame) -> Message | None:
    """The message in a frame of the coprocessor."""
    reader = _READERS.get(frame.kind)
    try:
        return None if reader is None else reader(frame.payload)
    except struct.error:
        return None


def contact(contacts: int, index: int) -> int:
    """One contact of the packed ones: 0 unknown, 1 clear, 2 blocked, 3 not fitted."""
    return contacts >> 2 * index & 3


def levels(epoch: int, booms: tuple[int, int], greens: int) -> bytes:
    """The payload that renews the lease."""
    return _LEVELS.pack(epoch, *booms, greens)


def config_parts(text: str) -> list[bytes]:
    """The payloads that carry a configuration."""
    data, size = text.encode(), PAYLOAD_MAX - 2
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [bytes((part, len(pieces))) + piece for part, piece in enumerate(pieces)]


def _read_about(payload: bytes) -> About:
    fields = _ABOUT.unpack_from(payload)
    protocol, major, minor, patch, configured, reset, starts, cause, more, crc, chip = fields
    text = _text(payload[_ABOUT.size :])
    version = (major, minor, patch)
    return About(protocol, version, configured == 1, reset, starts, cause, more, crc, chip, text)


def _read_answer(payload: bytes) -> Answer:
    return Answer(struct.unpack_from("<B", payload)[0], _text(payload[1:]))


def _read_line(payload: bytes) -> Line:
    line, lines = struct.unpack_from("<BB", payload)
    return Line(line, lines, _text(payload[2:]))


def _read_sample(payload: bytes) -> Sample | None:
    number, ticks_us, contacts, flags, cells = _SAMPLE.unpack_from(payload)
    body = payload[_SAMPLE.size :]
    if cells > 8 or len(body) != 3 * cells:
        return None
    counts = (
        int.from_bytes(body[at : at + 3], "little", signed=True) for at in range(0, len(body), 3)
    )
    said = tuple(flags >> 2 * cell & 3 for cell in range(cells))
    return Sample(number, ticks_us % TICKS, contacts, said, tuple(counts))


def _read_edge(payload: bytes) -> Edge | None:
    ticks_us, index, state = _EDGE.unpack(payload)
    return Edge(ticks_us % TICKS, index, state) if index < INPUTS_MAX and state < 4 else None


def _read_state(payload: bytes) -> State:
    ticks_us, epoch, leased, want0, want1, boom0, boom1, lamps, *rest = _STATE.unpack(payload)
    booms = (divmod(boom0, 16), divmod(boom1, 16))
    return State(
        ticks_us % TICKS, epoch, leased == 1, (want0, want1), booms, divmod(lamps, 16), *rest
    )


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


_READERS: dict[int, Callable[[bytes], Message | None]] = {
    ABOUT: _read_about,
    ANSWER: _read_answer,
    DICTIONARY: _read_line,
    SAMPLE: _read_sample,
    EDGE: _read_edge,
    STATE: _read_state,
}
