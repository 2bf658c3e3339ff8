"""Drivers of the yard understand every page that the lane's words make, in both languages."""

from __future__ import annotations

from typing import Literal

import pytest

from controller.core.images import Sign
from controller.core.kinds import Message
from controller.words import page_for
from sim.signwords import Word, gist

MEANING = {
    Message.FORWARD: Word.FORWARD,
    Message.BACK: Word.BACK,
    Message.SECOND_VEHICLE: Word.SECOND_VEHICLE,
    Message.STAND_STILL: Word.STAND_STILL,
    Message.WEIGHING: Word.STAND_STILL,
    Message.PASS: Word.PASS,
    Message.OVER: Word.OVER,
    Message.WAIT_FOR_OPERATOR: Word.WAIT,
    Message.NO_RECORDS: Word.WAIT,
    Message.BACK_OUT: Word.BACK_OUT,
    Message.EMERGENCY: Word.STAND_STILL,
    Message.CLOSED: Word.NOTHING,
    Message.WELCOME: Word.NOTHING,
    Message.DRIVE_ON: Word.NOTHING,
    Message.TEST: Word.NOTHING,
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("message", list(Message))
def test_every_message_is_understood(message: Message, language: Literal["zh", "en"]) -> None:
    sign = Sign(message=message, plate="皖A12345", gross_g=50_000_000, limit_g=1, over_g=2)
    assert gist(page_for(sign, language)) is MEANING[message]


def test_a_dark_sign_says_nothing() -> None:
    assert gist(None) is Word.NOTHING
