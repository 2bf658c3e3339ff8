"""A checker that is awake, and the images, yards and orders that its tests show it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.images import (
    Boom,
    EndInputs,
    InputImage,
    LedgerFact,
    OutputImage,
    Permit,
    Sensor,
    Sign,
    Weight,
)
from controller.core.kinds import BoomCommand, BoomPosition, Deck, End, Message, Presence
from sim.boomjudge import SCAN_US
from sim.checker import Checker
from sim.senses import KNOWN_US
from sim.world import Yard

SECOND = 1_000_000
CLEAR = Sensor(Presence.CLEAR, 0)
END = EndInputs(
    approach=CLEAR, arm=CLEAR, beam_low=CLEAR, beam_high=CLEAR, boom=Boom(BoomPosition.CLOSED)
)
QUIET = OutputImage(sign=Sign(message=Message.WELCOME))
EMPTY = Weight(deck=Deck.EMPTY)
HOLD, RAISE, LOWER = BoomCommand.HOLD, BoomCommand.RAISE, BoomCommand.LOWER


def image(now_s: float = 1.0, **fields: Any) -> InputImage:
    base = InputImage(scan=1, now_us=round(now_s * SECOND), ends=(END, END))
    return replace(base, **{"estop": Presence.CLEAR, **fields})


def awake(yard: Yard, **options: Any) -> Checker:
    """A checker of a lane that has started, and has had nothing in its way for long."""
    checker = Checker(yard, **options)
    for scan in range(KNOWN_US // SCAN_US + 1):
        checker.observe(image(-10.0 + scan / 50, weight=EMPTY), QUIET)
    return checker


def found(checker: Checker, *scans: tuple[InputImage, OutputImage]) -> list[str]:
    for inputs, outputs in scans:
        checker.observe(inputs, outputs)
    return [finding.check for finding in checker.findings]


def loaded_yard() -> Yard:
    """A yard whose one truck stands on the deck."""
    yard = yard_with("3-axle truck")
    vehicle = yard.drivers[0].vehicle
    vehicle.present, vehicle.s_m = True, 15.0
    return yard


def open_yard() -> Yard:
    yard = Yard(1)
    for boom in yard.booms:
        boom.angle_deg = 90.0
    return yard


def driven(end: End, command: BoomCommand) -> OutputImage:
    booms = (command, HOLD) if end == End.YARD else (HOLD, command)
    return OutputImage(booms=booms, passage_id=7, entry=End.YARD)


def permit(end: End, passage_id: int = 7) -> LedgerFact:
    return LedgerFact(ready=True, permit=Permit(seq=1, passage_id=passage_id, end=end))
