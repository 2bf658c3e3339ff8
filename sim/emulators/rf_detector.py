"""A serial detector of remote-control devices: replies when asked, keeps its alarm until reset."""

from __future__ import annotations

from collections.abc import Callable

from hal.field.rf_frames import BYTES_MAX, HEAD, REPLY, frame, xor

QUERY_COMMAND = 1
RESET_COMMAND = 2


class RfDetectorEmulator:
    """One detector.  ``signal`` says whether a signal is there now, plain or as a callable.

    Args:
        channel: the frequency word that it tells, 43392 as if for 433.92 MHz.
        signal: whether a signal is there at first.
    """

    def __init__(self, channel: int = 43392, signal: bool = False) -> None:
        if not 0 <= channel <= 655_359:
            raise ValueError(f"a frequency word is 0 to 655359, not {channel}")
        self.signal: bool | Callable[[], bool] = signal
        self.known = False
        self.channel = channel
        self.silent = False
        self.garbled = False
        self.resets = 0
        self._alarm = False
        self._kept = b""

    def answer(self, data: bytes, now_us: int) -> bytes:
        self._kept = (self._kept + data)[-BYTES_MAX:]
        out = b""
        while (at := self._kept.find(HEAD)) >= 0 and len(self._kept) - at >= 4:
            asked = self._kept[at : at + 4]
            good = asked[1] == 4 and xor(asked[1:3]) == asked[3]
            self._kept = self._kept[at + (4 if good else 1) :]
            if good:
                out += self._to(asked[2])
        return out

    def due(self, now_us: int) -> bytes:
        """It speaks only when asked, and listens all the time."""
        self._listen()
        return b""

    def _listen(self) -> None:
        self._alarm = self._alarm or (self.signal() if callable(self.signal) else self.signal)

    def _to(self, command: int) -> bytes:
        if self.silent:
            return b""
        if command == RESET_COMMAND:
            self.resets += 1
            self._alarm = False
            return b""
        if command != QUERY_COMMAND:
            return b""
        self._listen()
        whole, tenth = divmod(self.channel, 10)
        told = bytes([self._alarm, self.known, whole >> 8, whole & 0xFF, tenth])
        reply = frame(REPLY, told if self._alarm else bytes(5))
        return bytes(byte ^ 0x55 for byte in reply) if self.garbled else reply
