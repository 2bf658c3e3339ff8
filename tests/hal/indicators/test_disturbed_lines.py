"""A line that spoils one byte in a hundred: no weight that counts is another than the true one."""

import random

import pytest
from indicator_rig import KINDS, Bench, Range

from hal.ports import Indication
from sim.emulators.indicators import Talker

WEIGHTS_G = (0, 54_320_000, 1_560_000, -40_000, 20_000)
STAND_US = 20_000_000
SPOILED = 0.01
SCAN_US = 20_000


def spoil(data: bytes, dice: random.Random) -> bytes:
    """Flip a bit of some bytes, swap some with their neighbour, lose some."""
    out = bytearray(data)
    for i in range(len(out) - 1, -1, -1):
        if dice.random() < SPOILED:
            kind = dice.randrange(3)
            if kind == 0:
                out[i] ^= 1 << dice.randrange(8)
            elif kind == 1 and i:
                out[i - 1 : i + 1] = out[i - 1 : i + 1][::-1]
            else:
                del out[i]
    return bytes(out)


def stand(bench: Bench, emulator: Talker, dice: random.Random) -> list[Indication]:
    """What is indicated while the load stands and the line spoils."""
    seen: list[Indication] = []
    for _ in range(STAND_US // SCAN_US):
        for asked in bench.line.sent:
            emulator.answer(asked, bench.clock.us)
        bench.line.sent.clear()
        said = bench.say(spoil(emulator.due(bench.clock.us), dice))
        seen += said if isinstance(said, tuple) else ()
    return seen


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_spoiled_frame_counts_and_most_others_do(kind: str) -> None:
    driver, make, options = KINDS[kind]
    dice = random.Random(f"disturbed {kind}")
    bench = Bench(driver, scale=Range(), **options)
    emulator = make()
    right = wrong = 0
    for weight_g in WEIGHTS_G:
        emulator.weight_g = weight_g
        # The first second holds frames of the load before.
        seen = [i for i in stand(bench, emulator, dice) if not i.motion]
        settled = [i for i in seen if i.t_us > seen[0].t_us + 1_000_000]
        right += sum(i.gross_g == weight_g for i in settled)
        wrong += sum(i.gross_g != weight_g for i in settled)
    assert wrong == 0
    assert right > 100
