"""Who is left alone on the deck by one who has gone has a record of his own (I4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audit_rig import Day
from checker_rig import END, QUIET, SECOND, image
from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.images import OutputImage, RecordIntent, Sensor, Sign, WallTime
from controller.core.kinds import Message, Presence, RecordKind
from hal.ports import Drive
from protocol import parts
from protocol.record import Record
from sim.cheats import Hand, Mischief, Moment
from sim.followcheck import ALONE_US, Followers
from sim.truth import Crossing, OnDeck

UP_US, GONE_US, DOWN_US = 5 * SECOND, 12 * SECOND, 15 * SECOND
PASS = replace(QUIET, sign=Sign(message=Message.PASS))
CLOSED = replace(QUIET, sign=Sign(message=Message.CLOSED))
OWES = replace(
    PASS,
    record=RecordIntent(
        kind=RecordKind.VOID,
        passage_id=2,
        part=1,
        entry=None,
        started_us=GONE_US,
        decided_us=DOWN_US,
        wall=WallTime(),
    ),
)
FOUND = [
    "I4 vehicles [1] alone on the deck: no record of their own behind vehicle 0, "
    "gone by the road boom"
]


class Evening:
    """One is let go by the road boom and another stays on the deck; a test changes one thing."""

    def __init__(self) -> None:
        self.yard = yard_with("3-axle truck")
        self.yard.drivers += yard_with("2-axle truck").drivers
        self.second = self.yard.drivers[1].vehicle
        self.second.number, self.second.present, self.second.s_m = 1, True, 15.0
        self.stay = OnDeck(from_us=SECOND, vehicles={0: 1, 1: 1})
        self.yard.truth.on_deck.append(self.stay)
        self.now_us = self.entry = 0
        self.estop = Presence.CLEAR
        self.loops = {"approach": Presence.BLOCKED}
        self.comes_down_us = DOWN_US
        self.watch = Followers(self.yard)
        self.ends_us = DOWN_US + ALONE_US + SECOND

    def alone(
        self,
        *records: Record,
        odd_us: int | None = None,
        odd: Callable[[Evening], OutputImage | None] = lambda _: None,
    ) -> list[str]:
        """What is found with these records, after a look every half second; ``odd`` changes one."""
        for now_us in range(0, self.ends_us, SECOND // 2):
            self.now_us = now_us
            up = UP_US < now_us < self.comes_down_us
            self.yard.booms[1].angle_deg = 90.0 if up else 0.0
            if now_us == GONE_US:
                self.yard.truth.crossings.append(self.crossing())
            outputs = odd(self) if now_us == odd_us else None
            loops = {name: Sensor(state, 0) for name, state in self.loops.items()}
            ends = (END, replace(END, **loops))
            inputs = image(now_us / SECOND, estop=self.estop, ends=ends)
            self.watch.look(inputs, PASS if outputs is None else outputs)
        return [f"{found.check} {found.seen}" for found in self.watch.findings(records)]

    def crossing(self) -> Crossing:
        return Crossing(
            at_us=GONE_US, vehicle=0, plate="", entry=self.entry, end=1, mass_g=1, limit_g=1
        )


def record(entered_us: int, kind: parts.Kind = parts.Kind.VOID) -> Record:
    return Day().record(kind=kind, times=parts.Times(at_us=DOWN_US, entered_us=entered_us))


@pytest.mark.parametrize(
    ("records", "wrong"),
    [
        ([], FOUND),
        ([record(SECOND)], FOUND),
        ([record(SECOND), record(DOWN_US)], []),
        ([record(DOWN_US, parts.Kind.AMENDMENT)], FOUND),
        ([record(DOWN_US + ALONE_US + SECOND)], FOUND),
    ],
    ids=["none", "of-the-first", "of-both", "one-more-word", "of-who-comes-next"],
)
def test_a_record_that_began_once_the_first_had_gone(
    records: list[Record], wrong: list[str]
) -> None:
    assert Evening().alone(*records) == wrong


def breaks(evening: Evening) -> None:
    evening.yard.fault("road.arm", "silent")


def goes_dark(evening: Evening) -> None:
    evening.yard.fault("sign", "dark")


def dies(evening: Evening) -> None:
    evening.watch.restarted(evening.now_us)


def is_pressed(evening: Evening) -> None:
    evening.estop = Presence.BLOCKED


def is_shut(_: Evening) -> OutputImage:
    return CLOSED


def owes(_: Evening) -> OutputImage:
    return OWES


def leaves_too(evening: Evening) -> None:
    evening.second.s_m = 45.0


def rises_again(evening: Evening) -> None:
    evening.yard.booms[1].angle_deg = 90.0


@pytest.mark.parametrize("odd_us", [UP_US + 5 * SECOND, DOWN_US + SECOND])
@pytest.mark.parametrize("odd", [breaks, dies, is_pressed, is_shut])
def test_a_lane_that_could_not_see_him_follow_is_asked_for_none(
    odd: Callable[[Evening], OutputImage | None], odd_us: int
) -> None:
    assert Evening().alone(odd=odd, odd_us=odd_us) == []
    assert Evening().alone(odd=goes_dark, odd_us=odd_us) == FOUND
    assert Evening().alone(odd=is_shut, odd_us=UP_US - SECOND) == FOUND


@pytest.mark.parametrize("odd", [leaves_too, rises_again, owes])
def test_nor_for_one_before_he_has_been_alone_for_long(
    odd: Callable[[Evening], OutputImage | None],
) -> None:
    evening = Evening()
    assert evening.alone(odd=odd, odd_us=DOWN_US + SECOND) == []
    evening = Evening()
    evening.ends_us += 2 * SECOND
    assert evening.alone(odd=odd, odd_us=DOWN_US + SECOND) == ([] if odd is leaves_too else FOUND)


def heals(evening: Evening) -> None:
    evening.yard.heal("road.beam_low")


def test_a_beam_in_trouble_only_puts_it_off() -> None:
    evening = Evening()
    evening.yard.fault("road.beam_low", "says blocked")
    assert evening.alone() == []
    evening = Evening()
    evening.yard.fault("road.beam_low", "says blocked")
    evening.ends_us += 2 * SECOND
    assert evening.alone(odd=heals, odd_us=DOWN_US + SECOND) == FOUND


@pytest.mark.parametrize(
    ("loops", "wrong"),
    [({}, FOUND), ({"approach": Presence.BLOCKED}, []), ({"arm": Presence.BLOCKED}, [])],
)
def test_by_the_loops_he_has_gone_whatever_keeps_the_boom_up(
    loops: dict[str, Presence], wrong: list[str]
) -> None:
    evening = Evening()
    evening.comes_down_us, evening.loops = evening.ends_us, loops
    assert evening.alone() == wrong


def backs_out(evening: Evening) -> None:
    evening.entry = 1


def was_never_there(evening: Evening) -> None:
    del evening.stay.vehicles[0]


def came_later(evening: Evening) -> None:
    evening.stay.until_us = 11 * SECOND


def tears_it_off(evening: Evening) -> None:
    evening.yard.booms[1].broken = True


def let_out_by_hand(evening: Evening) -> None:
    hand = Hand(end=1, level=Drive.RAISE, on=Moment(wait_us=0), off=None)
    evening.yard.mischief = Mischief([], [hand])
    evening.yard.mischief.think(UP_US, evening.yard.drivers, evening.yard.booms)


@pytest.mark.parametrize(
    "change", [backs_out, was_never_there, came_later, let_out_by_hand, tears_it_off]
)
def test_nor_where_nobody_takes_the_place_of_one_whom_the_lane_lets_go(
    change: Callable[[Evening], None],
) -> None:
    evening = Evening()
    change(evening)
    assert evening.alone() == []
