"""The lane seen from above: yard, boom, deck, boom, road, and what stands there."""

from __future__ import annotations

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text

from controller.canvas import Canvas
from controller.core.images import EndInputs, InputImage, OutputImage, Sensor
from controller.core.kinds import BoomPosition, Deck, End, Lamp, Presence

ROWS = 8
UNKNOWN_STYLE = "bold magenta"

_TOP, _FIRST, _LAST, _BOTTOM = 1, 2, 5, 6
_TRUCK_STYLE = "bold bright_white"
_PRESENCE = {
    Presence.CLEAR: "grey42",
    Presence.BLOCKED: "bold yellow",
    Presence.UNKNOWN: UNKNOWN_STYLE,
}
_BOOMS = {
    BoomPosition.CLOSED: ("┃", "bold red", "关 closed"),
    BoomPosition.BETWEEN: ("╏", "bold yellow", "动 moving"),
    BoomPosition.OPEN: ("", "bold green", "开 open"),
    BoomPosition.UNKNOWN: ("?", UNKNOWN_STYLE, "? unknown"),
}


class _Plan(Struct, frozen=True):
    """Where things stand across the width; ``side`` is the road in front of each boom."""

    width: int
    side: int

    def boom(self, end: End) -> int:
        return self.side if end == End.YARD else self.width - 1 - self.side

    def from_outside(self, end: End, cells: int, size: int = 1) -> int:
        """The left edge of something ``size`` wide that begins so far from the outer edge."""
        return cells if end == End.YARD else self.width - cells - size


def draw_lane(inputs: InputImage, outputs: OutputImage, plate: str, width: int) -> list[Text]:
    """Return ``ROWS`` rows that show what the sensors say and what the lane commands."""
    plan = _Plan(width, max(9, width * 21 // 100))
    canvas = Canvas(width, ROWS)
    _road(canvas, plan)
    for end in End:
        _end(canvas, plan, end, inputs.ends[end])
        _lamps(canvas, plan, end, outputs)
    _vehicles(canvas, plan, inputs, outputs, plate)
    return list(canvas.lines())


def _road(canvas: Canvas, plan: _Plan) -> None:
    left, right = plan.boom(End.YARD), plan.boom(End.ROAD)
    for y, corners in ((_TOP, "┬┬"), (_BOTTOM, "┴┴")):
        canvas.put(0, y, "─" * plan.width, "grey50")
        canvas.put(left + 1, y, "━" * (right - left - 1), "grey70")
        canvas.put(left, y, corners[0], "grey70")
        canvas.put(right, y, corners[1], "grey70")
    name = "秤台 deck"
    canvas.put((plan.width - cell_len(name)) // 2, _BOTTOM + 1, name, "grey50")


def _end(canvas: Canvas, plan: _Plan, end: End, here: EndInputs) -> None:
    _loop(canvas, plan.from_outside(end, 2, 6), 6, here.approach)
    _loop(canvas, plan.from_outside(end, plan.side - 4, 3), 3, here.arm)
    inward = 1 if end == End.YARD else -1
    boom_x = plan.boom(end)
    for n, beam in enumerate((here.beam_low, here.beam_high), start=1):
        if beam.state in _PRESENCE:
            mark = {Presence.UNKNOWN: "?", Presence.BLOCKED: "┇"}.get(beam.state, "┊")
            canvas.down(boom_x + inward * (n + 1), _FIRST, _LAST, mark, _PRESENCE[beam.state])
    mark, style, words = _BOOMS[here.boom.position]
    if mark:
        canvas.down(boom_x, _FIRST, _LAST, mark, style)
    canvas.put(boom_x, _TOP, "▣", style)
    at = boom_x - cell_len(words) // 2
    canvas.put(min(max(0, at), plan.width - cell_len(words)), _BOTTOM + 1, words, style)


def _loop(canvas: Canvas, x: int, width: int, loop: Sensor) -> None:
    if loop.state not in _PRESENCE:
        return
    style, inside = _PRESENCE[loop.state], "─" * (width - 2)
    canvas.put(x, _FIRST + 1, f"╭{inside}╮", style)
    canvas.put(x, _LAST - 1, f"╰{inside}╯", style)
    if loop.state == Presence.UNKNOWN:
        canvas.put(x + width // 2, _FIRST + 1, "?", style)


def _lamps(canvas: Canvas, plan: _Plan, end: End, outputs: OutputImage) -> None:
    """The lamp for who comes beside the end's name, that for who is on the deck over its end."""
    name = "货场 yard" if end == End.YARD else "公路 road"
    coming, leaving = _lamp(outputs.approach_lamps[end]), _lamp(outputs.deck_lamps[end])
    if end == End.YARD:
        canvas.put(0, 0, name, "bold")
        canvas.put(cell_len(name) + 1, 0, *coming)
        canvas.put(plan.boom(end) + 2, 0, *leaving)
        return
    canvas.put(plan.width - cell_len(name), 0, name, "bold")
    canvas.put(plan.width - cell_len(name) - cell_len(coming[0]) - 1, 0, *coming)
    canvas.put(plan.boom(end) - 1 - cell_len(leaving[0]), 0, *leaving)


def _lamp(lamp: Lamp) -> tuple[str, str]:
    return ("● 行", "bold green") if lamp == Lamp.GREEN else ("● 停", "red")


def _vehicles(
    canvas: Canvas, plan: _Plan, inputs: InputImage, outputs: OutputImage, plate: str
) -> None:
    """Draw a truck wherever a sensor or the scale says that something is; never anywhere else."""
    loaded = inputs.weight.deck in (Deck.LOADED, Deck.OVER_RANGE)
    across = [end for end in End if _across(inputs.ends[end])]
    right = outputs.entry != End.ROAD
    if loaded or across:
        size = min(32, plan.width - 2 * plan.side - 14)
        x = (plan.width - size) // 2
        if len(across) == 1:
            outside = size * (1 if loaded else 2) // 3
            boom = plan.boom(across[0])
            x = boom - outside if across[0] == End.YARD else boom + outside - size
        words = (plate, _tonnes(inputs.weight.indicated_g) if loaded else "")
        _truck(canvas, x, size, right, words)
    for end in End:
        if inputs.ends[end].approach.state == Presence.BLOCKED and end not in across:
            size = plan.side - 5
            away = outputs.entry is not None and end != outputs.entry
            _truck(
                canvas, plan.from_outside(end, 0, size), size, (end == End.YARD) != away, ("", "")
            )


def _across(here: EndInputs) -> bool:
    crossing = (here.arm, here.beam_low, here.beam_high)
    return any(sensor.state == Presence.BLOCKED for sensor in crossing)


def _truck(canvas: Canvas, x: int, size: int, right: bool, words: tuple[str, str]) -> None:
    """A cab of four cells in front of a body with two lines of text."""
    body = size - 4
    body_x, cab_x = (x, x + body) if right else (x + 4, x)
    canvas.put(body_x, _FIRST, f"╭{'─' * (body - 2)}╮", _TRUCK_STYLE)
    canvas.put(body_x, _LAST, f"╰{'─' * (body - 2)}╯", _TRUCK_STYLE)
    for y, said in zip((_FIRST + 1, _LAST - 1), words, strict=True):
        room = body - 2 - cell_len(said)
        shown = said if room >= 0 else ""
        left = max(0, room) // 2
        canvas.put(body_x, y, "│" + " " * (body - 2) + "│", _TRUCK_STYLE)
        canvas.put(body_x + 1 + left, y, shown, _TRUCK_STYLE)
    glass = ("│ ▐│", "│▌ │")[0 if right else 1]
    canvas.put(cab_x, _FIRST, "╭──╮", _TRUCK_STYLE)
    canvas.put(cab_x, _LAST, "╰──╯", _TRUCK_STYLE)
    canvas.down(cab_x, _FIRST + 1, _LAST - 1, " ", _TRUCK_STYLE)
    for y in (_FIRST + 1, _LAST - 1):
        canvas.put(cab_x, y, glass, _TRUCK_STYLE)


def _tonnes(mass_g: int | None) -> str:
    return "" if mass_g is None else f"{mass_g / 1e6:.2f} t"
