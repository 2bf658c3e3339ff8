"""The line of a sign: a serial port, a TCP connection or UDP datagrams, by its options."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import Protocol

from hal.bus import Bus
from hal.line import CHUNK_BYTES_MAX, Chunk, serial_line, tcp_line
from hal.ports import Clock, DeviceFault
from hal.virtual import board_clock

DATAGRAMS_MAX = 16
"""How many are taken in one scan."""


class Link(Protocol):
    """What ``hal.line.Line`` offers."""

    name: str
    opened: int

    @property
    def trouble(self) -> DeviceFault | None: ...

    def take(self) -> list[Chunk]: ...

    def send(self, data: bytes) -> bool: ...


class Datagrams:
    """A UDP peer; a socket that does not block needs no thread, since nothing is held open."""

    def __init__(self, clock: Clock, host: str, udp_port: int) -> None:
        ipaddress.ip_address(host)  # a name would have to be looked up, which may take long
        self.name = f"udp {host}:{udp_port}"
        self.opened = 1
        self.trouble: DeviceFault | None = None
        self._clock = clock
        kind = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(kind, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._peer = (host, udp_port)

    def take(self) -> list[Chunk]:
        """What the peer has sent since the last call; others are not listened to."""
        chunks = []
        for _ in range(DATAGRAMS_MAX):
            try:
                data, sender = self._socket.recvfrom(CHUNK_BYTES_MAX)
            except BlockingIOError:
                break
            except OSError as error:  # an ICMP answer to what was sent: nobody listens there
                self._note(error)
                break
            if sender[:2] == self._peer:
                chunks.append(Chunk(self._clock.now_us(), data))
        return chunks

    def send(self, data: bytes) -> bool:
        """Send one datagram; False where the network takes none now."""
        try:
            self._socket.sendto(data, self._peer)
        except OSError as error:
            self._note(error)
            return False
        self.trouble = None
        return True

    def close(self) -> None:
        """Give the socket up."""
        self._socket.close()

    def _note(self, error: OSError) -> None:
        number = error.errno or 0
        seen = f"{os.strerror(number)} ({errno.errorcode.get(number, number)})"
        self.trouble = DeviceFault(name="LINE_DOWN", device=self.name, seen=seen)


def open_link(
    bus: Bus, port: str, baud: int, host: str, tcp_port: int = 0, udp_port: int = 0
) -> Link:
    """The line that the options name: ``port`` for a serial one, ``host`` for the network.

    Raises:
        ValueError: neither or both are stated, or the network port is missing or no port.
    """
    if bool(port) == bool(host):
        raise ValueError('state either port = "/dev/…" or host = "192.168.…", not both')
    if port:
        return serial_line(bus, port, baud)
    if bool(tcp_port) == bool(udp_port) or not 1 <= tcp_port + udp_port <= 65535:
        raise ValueError("state the network port of the sign, 1 to 65535, for TCP or for UDP")
    if tcp_port:
        return tcp_line(bus, host, tcp_port)
    try:
        peer = Datagrams(board_clock(bus), host, udp_port)
    except ValueError as error:
        raise ValueError(f"{host}: UDP needs a numeric address, as 192.168.1.20") from error
    bus.at_close(peer.close)
    return peer
