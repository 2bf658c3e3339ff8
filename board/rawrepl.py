"""Copies files to a MicroPython board through its raw REPL, and proves that they arrived.

Source: MicroPython documentation, "The MicroPython Interactive Interpreter Mode (aka REPL)": Ctrl-A
enters raw mode, Ctrl-D runs what was sent; the answer is ``OK``, output, 0x04, error, 0x04, ``>``.
"""

from __future__ import annotations

import hashlib
import termios
import time
from types import TracebackType
from typing import Self

import serial

BAUD = 115_200
ANSWER_S = 10.0
POLL_S = 0.05
PIECE_BYTES = 256
ANSWER_BYTES_MAX = 65_536
_INTERRUPT, _RAW, _RUN, _FRIENDLY = b"\r\x03\x03", b"\r\x01", b"\x04", b"\r\x02"
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class ReplError(OSError):
    """The board at the port does not do what it is told; the message says what and what to do."""


class RawRepl:
    """A board in raw mode: whatever ran on it is interrupted until it starts anew."""

    def __init__(self, port: str) -> None:
        self._port = port
        try:
            self._line = serial.Serial(port, BAUD, timeout=POLL_S, exclusive=True)
        except (serial.SerialException, termios.error) as error:
            raise ReplError(f"{port} cannot be opened: {error}") from error

    def __enter__(self) -> Self:
        # What runs may take a moment to come to its end; a second Ctrl-C does no harm.
        self._line.write(_INTERRUPT)
        time.sleep(0.2)
        self._line.reset_input_buffer()
        self._line.write(_RAW)
        self._until(_BANNER, "no MicroPython answers: is this its USB port, not the link's?")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.close()

    def run(self, code: str) -> str:
        """Run this on the board and return what it printed; raises ReplError with its traceback."""
        self._line.write(code.encode() + _RUN)
        self._until(b"OK", "it did not take the code")
        output = self._until(b"\x04", "it runs on without an end")[:-1]
        error = self._until(b"\x04", "it runs on without an end")[:-1]
        self._until(b">", "it is not ready for more")
        if error:
            raise ReplError(f"{self._port}: {error.decode(errors='replace').strip()}")
        return output.decode(errors="replace")

    def copy(self, files: list[tuple[str, bytes]]) -> None:
        """Write every file beside its namesake, check all by hash, and only then swap them.

        A source of the same module is removed: it would be taken in place of the compiled one.
        """
        for name, data in files:
            self._write(f"{name}.new", data)
        for name, data in files:
            self._verify(f"{name}.new", data)
        for name, _ in files:
            self.run(f"import os\nos.rename({name + '.new'!r}, {name!r})")
        stale = [name.removesuffix(".mpy") + ".py" for name, _ in files if name.endswith(".mpy")]
        self.run(f"for n in {stale!r}:\n if n in os.listdir():\n  os.remove(n)")
        for name, data in files:
            self._verify(name, data)

    def reset(self) -> None:
        """Start the board anew; nothing is heard of it any more."""
        self._line.write(b"import machine\nmachine.reset()" + _RUN)
        self._line.flush()
        time.sleep(POLL_S)

    def leave(self) -> None:
        """Go back to the friendly prompt without a restart."""
        self._line.write(_FRIENDLY)
        self._line.flush()

    def _write(self, name: str, data: bytes) -> None:
        self.run(f"from binascii import unhexlify as u\nf = open({name!r}, 'wb')")
        for at in range(0, len(data), PIECE_BYTES):
            self.run(f"f.write(u({data[at : at + PIECE_BYTES].hex()!r}))")
        self.run("f.close()")

    def _verify(self, name: str, data: bytes) -> None:
        there = self.run(
            "import hashlib, binascii\nh = hashlib.sha256()\n"
            f"with open({name!r}, 'rb') as f:\n"
            " while True:\n  b = f.read(256)\n  if not b: break\n  h.update(b)\n"
            "print(binascii.hexlify(h.digest()).decode())"
        )
        if there.strip() != hashlib.sha256(data).hexdigest():
            raise ReplError(
                f"{self._port}: {name} did not arrive whole: flash it again; "
                "if it stays so, the board's flash is failing"
            )

    def _until(self, end: bytes, otherwise: str) -> bytes:
        got, until_s = b"", time.monotonic() + ANSWER_S
        while not got.endswith(end):
            try:
                got += self._line.read(1)
            except serial.SerialException as error:
                raise ReplError(f"{self._port} has gone: {error}") from error
            if time.monotonic() > until_s or len(got) > ANSWER_BYTES_MAX:
                tail = got[-80:].decode(errors="replace")
                raise ReplError(f"{self._port}: {otherwise}; last heard: {tail!r}")
        return got
