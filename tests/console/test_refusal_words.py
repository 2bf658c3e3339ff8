"""Every refusal is said in one line, in both languages."""

import pytest

from controller.console.refusal_words import words
from controller.core.kinds import BoomPosition, Deck, End, Presence
from controller.core.refusals import Reason, Refusal, Wanted

BLOCKED = Refusal(
    wanted=Wanted.LOWER,
    reason=Reason.NOT_CLEAR,
    end=End.YARD,
    device="yard.beam_low",
    state="BLOCKED",
    since_us=1_500_000,
)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_words_and_no_two_the_same(reason: Reason) -> None:
    one = Refusal(wanted=Wanted.RAISE, reason=reason)
    english, chinese = words(one, "en", 0), words(one, "zh", 0)
    assert english.isascii()
    assert not chinese.isascii()
    others = [Refusal(wanted=Wanted.RAISE, reason=other) for other in Reason if other != reason]
    assert all(words(other, "en", 0) != english for other in others)
    assert all(words(other, "zh", 0) != chinese for other in others)


def test_the_device_its_state_and_since_when_are_said() -> None:
    assert words(BLOCKED, "en", 4_000_000) == "yard.beam_low: not clear (BLOCKED for 2.5 s)"
    assert words(BLOCKED, "zh", 4_000_000) == ("yard.beam_low: 检测器不为无遮挡 (有遮挡 已 2.5 s)")


def test_what_is_lacking_and_how_far_the_zero_is_off_are_said() -> None:
    short = Refusal(wanted=Wanted.LOWER, reason=Reason.REVERSED_TOO_SOON, lacks_us=300_000)
    assert words(short, "en", 0).endswith("(0.3 s to go)")
    far = Refusal(wanted=Wanted.ZERO, reason=Reason.ZERO_OUT_OF_RANGE, zero_g=-4_100_000)
    assert words(far, "en", 0).endswith("(-4100.0 kg)")


@pytest.mark.parametrize("state", [*Presence, *BoomPosition, *Deck])
def test_every_state_is_said_in_chinese(state: Presence | BoomPosition | Deck) -> None:
    one = Refusal(wanted=Wanted.ZERO, reason=Reason.NOT_CLEAR, state=state.name)
    assert state.name not in words(one, "zh", 0)
