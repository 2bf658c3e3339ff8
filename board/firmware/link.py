"""Frames to and from the host over the UART; nothing here allocates once it is made."""

import struct

from framing import HEAD, Decoder, Encoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Uart

ROUND_BYTES_MAX = 256


class Link:
    """``take`` says that a frame lies in ``frame``; ``send`` frames what lies in ``out``."""

    def __init__(self, uart: "Uart") -> None:
        self.frame = Decoder()
        self.out = Encoder()
        self._uart = uart
        self._raw = bytearray(ROUND_BYTES_MAX)
        self._have = 0
        self._at = 0

    def listen(self) -> None:
        """Fetch what has come, at most ``ROUND_BYTES_MAX`` bytes a round."""
        self._at = 0
        self._have = 0
        if self._uart.any():
            got = self._uart.readinto(self._raw)
            self._have = got if got else 0

    def take(self) -> bool:
        """Whether there is another sound frame among what was fetched."""
        while self._at < self._have:
            value = self._raw[self._at]
            self._at += 1
            if self.frame.feed(value):
                return True
        return False

    def send(self, kind: int, length: int) -> None:
        """Send the payload that lies in ``out.body`` from ``HEAD`` on."""
        self._uart.write(self.out.wire, self.out.seal(kind, length))

    def send_text(self, kind: int, head: "bytes | bytearray | tuple[int, ...]", text: str) -> None:
        """Send bytes and then a text, cut to fit.  Allocates: not for the sampling path."""
        payload = (bytes(head) + text.encode())[: len(self.out.body) - HEAD - 2]
        self.out.body[HEAD : HEAD + len(payload)] = payload
        self.send(kind, len(payload))

    def put(self, form: str, at: int, value: int) -> None:
        """Lay one number into the payload."""
        struct.pack_into(form, self.out.body, HEAD + at, value)
