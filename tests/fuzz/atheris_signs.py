"""A coverage-guided fuzzer's target: the answers of every sign family and voice.

Run by tests/fuzz/test_sign_fuzz.py, or by hand for longer:
``.venv/bin/python tests/fuzz/atheris_signs.py -runs=1000000``.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["hal.signs", "hal.voice"]):
    from hal.signs import guizhou, onbon, parking, rowdisplay, sichuan, yunnan
    from hal.voice import syn

CHUNK_BYTES = 37
KEPT_BYTES_MAX = 4096


def one(data: bytes) -> None:
    """Feed the same bytes to each family in chunks; only a bound or an exception can fail."""
    families = (
        sichuan.Sichuan(),
        yunnan.Yunnan(),
        guizhou.Guizhou(),
        onbon.Onbon(5),
        onbon.Onbon(6),
        parking.ParkingBoard(),
    )
    splitters = (rowdisplay.splitter(), onbon.splitter(), guizhou.splitter(), sichuan.splitter())
    for at in range(0, len(data), CHUNK_BYTES):
        chunk = data[at : at + CHUNK_BYTES]
        for family in families:
            family.feed(chunk)
        for splitter in splitters:
            splitter.feed(chunk)
            if splitter.kept_bytes > KEPT_BYTES_MAX:
                raise AssertionError(f"{splitter.kept_bytes} bytes kept")
        syn.answers(chunk)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
