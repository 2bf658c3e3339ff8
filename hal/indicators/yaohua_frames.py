"""Yaohua 耀华 XK3190 frames: continuous formats 0, 1, 2 and the polled command mode.

Sources: A26 manual p. 12, A23p pp. 23 and 26, A9+ p. 10, DS3.  Only format 0 and the command mode
have a checksum, an XOR that does not see two digits change places; no format says motion, net or
over.  The two nibbles of the XOR are sent as hexadecimal digits or, by some models, by adding 30h
only (``:`` to ``?``); both are taken.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import xor

from hal.indicators.codec import ETX, NEEDS_MORE, STX, Aside, Cut, Shown, Spoiled, skip_to

ASK_HANDSHAKE, ASK_GROSS, ASK_TARE, ASK_NET = b"A", b"B", b"C", b"D"
CONTINUOUS_BYTES = 12
TEXT_BYTES = 9
ANSWER_BYTES = 14
ACK_BYTES = 6

_WEIGHT = re.compile(rb"([+-][0-9]{6})([0-4])")
_FIRST_TO_LAST = re.compile(r"[-+0-9][0-9]*(?:\.[0-9]*)?")


def checksum_digits(body: bytes, *, plain: bool = False) -> bytes:
    """The XOR of the body as two digits; ``plain`` adds 30h to every nibble, as some models do."""
    value = reduce(xor, body, 0)
    letters = 0x30 if plain else 0x37
    return bytes(n + (0x30 if n <= 9 else letters) for n in (value >> 4, value & 15))


def command(address: str, ask: bytes) -> bytes:
    """The host's frame that asks the indicator of this address, "A" to "Z"."""
    body = address.encode("ascii") + ask
    return bytes([STX]) + body + checksum_digits(body) + bytes([ETX])


def continuous(digits: int, decimals: int = 0, *, plain: bool = False) -> bytes:
    """A frame of format 0."""
    body = b"%+07d%d" % (digits, decimals)
    return bytes([STX]) + body + checksum_digits(body, plain=plain) + bytes([ETX])


def answer(address: str, ask: bytes, digits: int, decimals: int = 0) -> bytes:
    """The indicator's answer to a command for a weight."""
    body = address.encode("ascii") + ask + b"%+07d%d" % (digits, decimals)
    return bytes([STX]) + body + checksum_digits(body) + bytes([ETX])


def cut_continuous(window: bytes) -> Cut:
    """Format 0: STX, sign, six digits, number of decimals, two nibbles of XOR, ETX."""
    garbage = skip_to(window, STX)
    if garbage is not None:
        return garbage
    if len(window) < CONTINUOUS_BYTES:
        return NEEDS_MORE
    frame = window[:CONTINUOUS_BYTES]
    weight = _WEIGHT.fullmatch(frame[1:9])
    if weight is None or frame[11] != ETX:
        return Cut(1)
    if not _checks(frame[1:9], frame[9:11]):
        return Cut(1, Spoiled(raw=frame, why=_why(frame[1:9], frame[9:11])))
    shown = Shown(raw=frame, digits=int(weight[1]), decimals=int(weight[2]))
    return Cut(CONTINUOUS_BYTES, shown)


def cut_last_first(window: bytes) -> Cut:
    """Format 1: ``=`` and eight characters, the last digit first: 3.000 is ``=000.3000``."""
    return _cut_text(window, backwards=True)


def cut_first_last(window: bytes) -> Cut:
    """Format 2: ``=`` and eight characters, the first digit first: ``=0003.000``."""
    return _cut_text(window, backwards=False)


def cut_answer(window: bytes, address: str) -> Cut:
    """Command mode: the answers of one address; a weight, or the bare echo of a handshake."""
    garbage = skip_to(window, STX)
    if garbage is not None:
        return garbage
    length = ACK_BYTES if window[5:6] == bytes([ETX]) else ANSWER_BYTES
    if len(window) < length:
        return NEEDS_MORE
    frame = window[:length]
    body, weight = frame[1:-3], _WEIGHT.fullmatch(frame[3:-3])
    if frame[1] != ord(address) or frame[-1] != ETX or (weight is None and length > ACK_BYTES):
        return Cut(1)
    if not _checks(body, frame[-3:-1]):
        return Cut(1, Spoiled(raw=frame, why=_why(body, frame[-3:-1])))
    # Tare and net are answers to commands that this driver does not send.
    if weight is None or frame[2:3] != ASK_GROSS:
        return Cut(length, Aside(raw=frame))
    return Cut(length, Shown(raw=frame, digits=int(weight[1]), decimals=int(weight[2])))


def _cut_text(window: bytes, *, backwards: bool) -> Cut:
    garbage = skip_to(window, ord("="))
    if garbage is not None:
        return garbage
    if len(window) < TEXT_BYTES:
        return NEEDS_MORE
    frame = window[:TEXT_BYTES]
    if not frame.isascii():
        return Cut(1)
    text = frame[1:].decode("ascii")
    text = text[::-1] if backwards else text
    if _FIRST_TO_LAST.fullmatch(text) is None:
        return Cut(1)
    whole, _, part = text.partition(".")
    return Cut(TEXT_BYTES, Shown(raw=frame, digits=int(whole + part), decimals=len(part)))


def _checks(body: bytes, nibbles: bytes) -> bool:
    return nibbles in (checksum_digits(body), checksum_digits(body, plain=True))


def _why(body: bytes, nibbles: bytes) -> str:
    wanted, got = checksum_digits(body), nibbles
    return f"checksum {got!r} where {wanted!r} belongs"
