"""Every codec by name, as tests, fuzzers and benches run over all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hal.indicators import modbus_frames, toledo_frames, yaohua_frames
from hal.indicators.codec import Cut
from hal.indicators.text_frames import Cutter, table

LAUMAS = modbus_frames.Reading(
    unit=1,
    registers=modbus_frames.MAPS["laumas"],
    word_order="high first",
    sign="twos complement",
    bits=modbus_frames.StatusBits(stable=(11,)),
)


def cutters() -> dict[str, Callable[[bytes], Cut]]:
    """A ``cut`` for each codec: every dialect, every variant with and without checksum."""
    found: dict[str, Callable[[bytes], Cut]] = {
        "yaohua-0": yaohua_frames.cut_continuous,
        "yaohua-1": yaohua_frames.cut_last_first,
        "yaohua-2": yaohua_frames.cut_first_last,
        "yaohua-polled": partial(yaohua_frames.cut_answer, address="A"),
        "laumas": partial(modbus_frames.cut, reading=LAUMAS),
    }
    for name, variant in toledo_frames.VARIANTS.items():
        found[name] = partial(toledo_frames.cut, variant=variant, check=True)
        found[f"{name}-bare"] = partial(toledo_frames.cut, variant=variant, check=False)
    return found | {name: Cutter(dialect) for name, dialect in table().items()}


SAMPLES: dict[str, bytes] = {
    "yaohua-0": bytes.fromhex("02 2B 30 35 34 33 32 30 30 31 42 03"),
    "yaohua-1": b"=000.3000",
    "yaohua-2": b"=0003.000",
    "yaohua-polled": bytes.fromhex("02 41 42 2B 30 34 39 30 30 30 30 31 35 03"),
    "laumas": bytes.fromhex("01 03 0A 00 00 00 00 D4 30 00 00 86 10 15 0A"),
    "toledo": bytes.fromhex("02 2A 30 20 20 35 34 33 32 30 20 20 20 20 20 30 0D 09"),
    "toledo-bare": bytes.fromhex("02 2A 30 20 20 35 34 33 32 30 20 20 20 20 20 30 0D"),
    "liden": bytes.fromhex("02 52 30 30 20 35 34 33 32 30 20 20 20 20 20 30 0D 51"),
    "liden-bare": bytes.fromhex("02 52 30 30 20 35 34 33 32 30 20 20 20 20 20 30 0D"),
    "flintec": bytes.fromhex("02 7D 31 30 20 20 30 37 35 30 20 20 20 32 35 30 0D 10"),
    "flintec-bare": bytes.fromhex("02 7D 31 30 20 20 30 37 35 30 20 20 20 32 35 30 0D"),
    "st-gs": b"ST,GS,+0012450kg\r\n",
    "yaohua-a12e": b"ww0003.17kg\r\n",
    "vishay-vt220": b"P+031790",
    "flintec-ft111d": b"i00 16370     0\r\n",
    "flintec-ft10": b"01BS+000123.4\r",
    "mt-sics": b"S S    12345 kg\r\n",
}
"""One good frame of each."""
