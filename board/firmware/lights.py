"""Signal heads of two lamps each: exactly one of them burns, red unless told otherwise."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Output


class Lights:
    """``heads`` are (red pin, green pin); a pin says ``value(1)`` to burn, polarity apart."""

    def __init__(self, heads: "list[tuple[Output, Output]]") -> None:
        self._reds = [red for red, _ in heads]
        self._greens = [green for _, green in heads]
        self.number = len(self._reds)
        self.shown = -1
        self.show(0)

    def show(self, greens: int) -> None:
        """Hold these heads green, as bits, and all others red; off before on, never both."""
        if greens == self.shown:
            return
        for head in range(self.number):
            if greens >> head & 1:
                self._reds[head].value(0)
                self._greens[head].value(1)
            else:
                self._greens[head].value(0)
                self._reds[head].value(1)
        self.shown = greens
