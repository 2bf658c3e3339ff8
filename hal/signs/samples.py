"""A good answer of every sign family, for measuring how fast its parser is."""

from __future__ import annotations

from collections.abc import Callable

from hal.signs import guizhou, onbon, parking, sichuan, yunnan
from hal.signs.frames import Splitter
from hal.signs.text import gbk

FASTEST_SIGN_BYTES_PER_S = 11_520

SAMPLES: dict[str, tuple[Callable[[], Splitter], bytes]] = {
    "sichuan-sign": (sichuan.splitter, sichuan.frame(0xA3, gbk("总重 53200 kg"))),
    "yunnan-sign": (yunnan.splitter, yunnan.frame(yunnan.QUERY, b"\x00")),
    "guizhou-sign": (guizhou.splitter, guizhou.frame(1, guizhou.FAULTS, b"\x00")),
    "onbon-sign": (onbon.splitter, onbon.frame(bytes(14), onbon.ACKNOWLEDGED + bytes(3))),
    "parking-board": (parking.splitter, parking.frame(parking.PLAY, b"\x00")),
}
