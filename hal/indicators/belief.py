"""What of a frame is believed: its unit, its range, its division, and whether it was repeated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from msgspec import Struct

from hal.indicators.codec import FRAME_BYTES_MAX, Shown
from hal.ports import Indication, IndicationState

Unit = Literal["kg", "t", "g", "lb"]
WRONG_IN_A_ROW_MAX = 3

_TENS: tuple[int, ...] = tuple(10**n for n in range(FRAME_BYTES_MAX))
# An avoirdupois pound is 453.59237 g by definition.
_UNIT_GRAMS = {"g": (1, 1), "kg": (1_000, 1), "t": (1_000_000, 1), "lb": (45_359_237, 100_000)}


class Doubt(NamedTuple):
    """Why a frame is not believed: the fault's name and what was measured."""

    name: str
    seen: str


class _Said(NamedTuple):
    """What must agree for frames to be equal."""

    gross_g: int | None
    rest: tuple[object, ...]


class Terms(Struct, frozen=True, kw_only=True):
    """What the site says of its indicator; 0 where it says nothing.

    ``unit`` is needed where frames name none; ``max_g`` is the most that may be shown, Max + 9 e
    (R 76 clause 4.2.3); ``d_g`` the division of which every weight is a multiple; ``equal_frames``
    how many equal frames count, among twice as many that agree within one division: a load between
    two divisions flickers.
    """

    unit: str = ""
    max_g: int = 0
    d_g: int = 0
    equal_frames: int = 1


class Belief:
    """Turns what frames show into indications and keeps count of what it does not believe.

    A frame that has not come ``equal_frames`` times is told as *moving*: it may be shown and may
    wake the lane, but nothing takes a moving weight.  ``explain`` may find a better reason
    than wrong decimals for a weight out of range.
    """

    def __init__(
        self, terms: Terms, explain: Callable[[Shown], Doubt | None] | None = None
    ) -> None:
        self._terms = terms
        self._explain = explain
        self._run: deque[_Said] = deque(maxlen=2 * terms.equal_frames)
        self._wrong_in_a_row = 0
        self.doubted = 0
        self.doubt: Doubt | None = None

    @property
    def fault(self) -> Doubt | None:
        """The last doubt, once so many frames in a row were doubted that it is no accident."""
        return self.doubt if self._wrong_in_a_row >= WRONG_IN_A_ROW_MAX else None

    def take(self, shown: Shown, t_us: int) -> Indication | None:
        """The indication of a frame, None where it is not believed."""
        weighed = self._weigh(shown)
        if isinstance(weighed, Doubt):
            self.doubt = weighed
            self.doubted += 1
            self._wrong_in_a_row += 1
            self._run.clear()
            return None
        self._wrong_in_a_row = 0
        self.doubt = None
        confirmed = self._confirmed(_Said(weighed[0], (weighed[1], shown.state)))
        return Indication(
            t_us=t_us,
            gross_g=weighed[0],
            state=shown.state,
            tare_g=weighed[1],
            motion=shown.motion if confirmed else True,
            centre_of_zero=shown.centre_of_zero if confirmed else None,
            d_g=self._grams(shown, shown.d_digits),
            raw=shown.raw,
        )

    def reset(self) -> None:
        """Begin anew, as after the line was opened again."""
        self._run.clear()

    def _confirmed(self, said: _Said) -> bool:
        if self._run and not self._near(said, self._run[-1]):
            self._run.clear()
        self._run.append(said)
        return self._run.count(said) >= self._terms.equal_frames

    def _near(self, said: _Said, last: _Said) -> bool:
        if said.gross_g is None or last.gross_g is None or said.rest != last.rest:
            return said == last
        return abs(said.gross_g - last.gross_g) <= self._terms.d_g

    def _weigh(self, shown: Shown) -> tuple[int | None, int | None] | Doubt:
        """Gross and tare in grams."""
        terms = self._terms
        if shown.unit and terms.unit and shown.unit != terms.unit:
            seen = f"its frames say {shown.unit}, the site file {terms.unit}"
            return Doubt("INDICATOR_UNIT", seen)
        if shown.digits is None or shown.state != IndicationState.OK:
            return None, None
        unit = shown.unit or terms.unit
        if unit not in _UNIT_GRAMS or (unit == "lb" and terms.unit != "lb"):
            said = f"its frames say {unit}" if unit else "its frames name no unit"
            return Doubt("INDICATOR_UNIT", f"{said}; a site that means it states it with unit")
        if shown.net and shown.tare_digits is None:
            return Doubt("INDICATOR_NET", f"net {shown.digits} without its tare: {_text(shown)}")
        digits = shown.digits + (shown.tare_digits or 0) if shown.net else shown.digits
        return self._in_range(shown, digits)

    def _in_range(self, shown: Shown, digits: int) -> tuple[int | None, int | None] | Doubt:
        terms, gross_g = self._terms, self._grams(shown, digits)
        if gross_g is None:
            return Doubt("INDICATOR_SCALING", f"finer than 1 g: {_text(shown)}")
        if terms.max_g and abs(gross_g) > terms.max_g:
            better = self._explain(shown) if self._explain else None
            seen = f"shows {kilograms(gross_g)}, Max + 9 e is {kilograms(terms.max_g)}"
            return better or Doubt("INDICATOR_SCALING", seen)
        if terms.d_g and gross_g % terms.d_g:
            seen = f"shows {kilograms(gross_g)}, no multiple of d = {kilograms(terms.d_g)}"
            return Doubt("INDICATOR_SCALING", seen)
        return gross_g, self._grams(shown, shown.tare_digits)

    def _grams(self, shown: Shown, digits: int | None) -> int | None:
        """Digits as whole grams; None where they are finer.  Pounds lose what is below a gram."""
        if digits is None:
            return None
        factor, divisor = _UNIT_GRAMS.get(shown.unit or self._terms.unit, (0, 1))
        if factor == 0:
            return None
        grams, rest = divmod(digits * factor, divisor * _TENS[shown.decimals])
        if divisor > 1:
            return grams
        return grams if rest == 0 else None


def kilograms(grams: int) -> str:
    """A mass as people read it: "54320 kg", "0.5 kg"."""
    whole, rest = divmod(abs(grams), 1_000)
    part = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{'-' if grams < 0 else ''}{whole}{part} kg"


def _text(shown: Shown) -> str:
    return repr(shown.raw)[1:]
