"""The wire signs by name, with the options of a site file.

All take ``port`` (a serial port) and ``baud``, or ``host`` and ``tcp_port``; ``rows`` and
``columns`` (a Chinese character takes two) as the sign is built; ``refresh`` (how often everything
is said anew), ``turn`` (how long each screen stands where a page needs more than one) and ``gap``
(between two frames; slow cards lose frames that follow too closely).
"""

from __future__ import annotations

from hal.bus import Bus
from hal.signs.driver import Lamps, Pace, WireSign
from hal.signs.family import Colour
from hal.signs.guizhou import UDP_PORT, Guizhou
from hal.signs.link import open_link
from hal.signs.onbon import BROADCAST, TCP_PORT, Generation, Onbon
from hal.signs.parking import ParkingBoard
from hal.signs.raw import Check, Encoding, RawSign
from hal.signs.rowdisplay import RowDisplay
from hal.signs.sichuan import Sichuan
from hal.signs.yunnan import Yunnan

REFRESH_US = 10_000_000
TURN_US = 3_000_000
GAP_US = 60_000
BAUD = 9600


class SichuanSign(WireSign):
    """四川治超屏: up to 8 rows of 24 columns; brightness 1 to 255, 0 automatic.

    ``lamps = "page"`` drives the sign's lane light: green on a green page, else red, with the
    yellow flash on an amber one.  Rows, light and flash are read back.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = BAUD,
        host: str = "",
        tcp_port: int = 0,
        rows: int = 4,
        columns: int = 24,
        brightness: int = 0,
        lamps: Lamps = "none",
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        family = Sichuan(rows, columns, brightness)
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        super().__init__(bus, open_link(bus, port, baud, host, tcp_port), family, pace, lamps)


class YunnanSign(WireSign):
    """云南治超屏 YN_1.3.0: up to 5 coloured rows; brightness 1 to 8, 0 automatic.

    The sign is asked its state after every change, since it drops what it does not know; what it
    shows it cannot tell.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = BAUD,
        host: str = "",
        tcp_port: int = 0,
        rows: int = 4,
        columns: int = 24,
        brightness: int = 0,
        lamps: Lamps = "none",
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        family = Yunnan(rows, columns, brightness)
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        super().__init__(bus, open_link(bus, port, baud, host, tcp_port), family, pace, lamps)


class GuizhouSign(WireSign):
    """贵州治超屏 "TCLY" on a serial port or by UDP (older signs: ``udp_port = 10028``).

    ``size_px`` is the height of the font: 16, 24 or 32.  The sign is asked for its faults.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = BAUD,
        host: str = "",
        udp_port: int = UDP_PORT,
        rows: int = 4,
        columns: int = 24,
        size_px: int = 16,
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        link = open_link(bus, port, baud, host, udp_port=udp_port)
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        super().__init__(bus, link, Guizhou(rows, columns, size_px), pace)


class OnbonSign(WireSign):
    """仰邦 BX-5 or BX-6 card (``generation``) by TCP or on a serial port, 9600 or 57600.

    ``device`` is the card's type as in its manual (254: any BX-5), ``address`` the screen's number
    (65534: any), ``size_px`` the height of the font: 16, 24 or 32.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = 57600,
        host: str = "",
        tcp_port: int = TCP_PORT,
        generation: Generation = 5,
        rows: int = 4,
        columns: int = 24,
        size_px: int = 16,
        device: int = 0xFE,
        address: int = BROADCAST,
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        family = Onbon(generation, rows, columns, size_px, device, address)
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        super().__init__(bus, open_link(bus, port, baud, host, tcp_port), family, pace)


class RowSign(WireSign):
    """The simple row display (A0 90), up to 8 rows; it answers nothing."""

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = BAUD,
        host: str = "",
        tcp_port: int = 0,
        rows: int = 4,
        columns: int = 16,
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        link = open_link(bus, port, baud, host, tcp_port)
        super().__init__(bus, link, RowDisplay(rows, columns), pace)


class ParkingSign(WireSign):
    """The parking LED and voice board (方控): up to 4 rows of 32 columns.

    With ``speaks`` each new page is spoken once, in the packet that shows it where it has room.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = BAUD,
        host: str = "",
        tcp_port: int = 0,
        rows: int = 4,
        columns: int = 16,
        address: int = 0,
        speaks: bool = True,
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        family = ParkingBoard(rows, columns, address)
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        link = open_link(bus, port, baud, host, tcp_port)
        super().__init__(bus, link, family, pace, speaks=speaks)


class TemplateSign(WireSign):
    """A sign whose frame the site file describes: see ``hal/signs/raw.py`` for ``template``.

    ``check`` is none, xor, sum8, crc16-modbus or crc16-arc, from byte ``check_from``; ``encoding``
    is gbk, utf-8 or utf-16-be; ``colours`` gives the bytes of red, green and amber.  Each line is
    filled with blanks up to ``columns``.
    """

    def __init__(
        self,
        bus: Bus,
        template: str,
        port: str = "",
        baud: int = BAUD,
        host: str = "",
        tcp_port: int = 0,
        columns: int = 16,
        check: Check = "none",
        check_from: int = 0,
        encoding: Encoding = "gbk",
        colours: dict[Colour, str] | None = None,
        refresh_us: int = REFRESH_US,
        turn_us: int = TURN_US,
        gap_us: int = GAP_US,
    ) -> None:
        family = RawSign(template, columns, check, check_from, encoding, colours)
        pace = Pace(refresh_us=refresh_us, turn_us=turn_us, gap_us=gap_us)
        super().__init__(bus, open_link(bus, port, baud, host, tcp_port), family, pace)
