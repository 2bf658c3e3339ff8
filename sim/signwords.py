"""What a driver or an operator takes from the sign: the gist of its text, not a number."""

from __future__ import annotations

from enum import Enum

from hal.ports import SignPage


class Word(Enum):
    """The few things that a driver understands from a sign."""

    NOTHING = "nothing"
    FORWARD = "forward"
    BACK = "back"
    SECOND_VEHICLE = "second vehicle"
    BACK_OUT = "back out"
    WAIT = "wait for the operator"
    OVER = "over"
    PASS = "pass"
    STAND_STILL = "stand still"


_CUES: tuple[tuple[Word, tuple[str, ...]], ...] = (
    (Word.SECOND_VEHICLE, ("后车", "second vehicle")),
    (Word.BACK_OUT, ("退出", "back out")),
    (Word.WAIT, ("人工", "operator")),
    (Word.OVER, ("超限", "over the limit")),
    (Word.FORWARD, ("向前", "前移", "forward")),
    (Word.BACK, ("倒车", "后退", "move back")),
    (Word.STAND_STILL, ("停稳", "称重", "紧急", "stand still", "weighing", "do not drive")),
    (Word.PASS, ("通行", "放行", "pass")),
)


def gist(page: SignPage | None) -> Word:
    """Return what the page tells a driver; the first cue in the order above decides."""
    if page is None:
        return Word.NOTHING
    text = " ".join(page.lines).lower()
    for word, cues in _CUES:
        if any(cue in text for cue in cues):
            return word
    return Word.NOTHING
