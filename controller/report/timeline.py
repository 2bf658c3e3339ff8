"""The phases of a passage as one bar to scale, with a list that gives every duration."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from controller.report import words
from controller.report.curve import zero_us
from controller.report.figures import seconds
from controller.report.markup import Html, both, el, join
from controller.report.plot import box, label, line
from protocol.record import Record

_WIDTH, _LABEL_PX = 1000, 64
LISTED_MAX = 64


class Span(Struct, frozen=True):
    """One phase, µs since the card's zero."""

    name: str
    start_us: int
    end_us: int


def spans(records: Sequence[Record]) -> tuple[Span, ...]:
    """Phases of the most complete of these records; the last lasts as far as the record knows."""
    fullest = max(records, key=lambda r: (len(r.phases), r.seq))
    if not fullest.phases:
        return ()
    zero = zero_us(records[0])
    starts = [(name, at - zero) for name, at in fullest.phases]
    times = fullest.times
    known = [t - zero for t in (times.at_us, times.decided_us, times.left_us) if t is not None]
    ends = [start for _, start in starts[1:]] + [max(starts[-1][1], *known)]
    return tuple(
        Span(name, start, max(start, end)) for (name, start), end in zip(starts, ends, strict=True)
    )


def timeline_figure(records: Sequence[Record]) -> Html:
    """The bar and the list; says plainly where the record keeps no phases."""
    found = spans(records)
    if not found:
        return el("p", both("无过程时间线", "This record keeps no phases."), class_="absent")
    total = found[-1].end_us - found[0].start_us
    caption = join(
        both("过程时间线", "Phases"),
        f": {seconds(total)} up to this record. A record is sealed before a boom may rise, "
        "so the departure is not in it.",
    )
    return el("figure", _bar(found), _list(found), el("figcaption", caption), class_="timeline")


def _bar(found: tuple[Span, ...]) -> Html:
    first, last = found[0].start_us, found[-1].end_us
    scale = _WIDTH / max(1, last - first)
    parts: list[Html] = []
    for span in found:
        x1, x2 = (span.start_us - first) * scale, (span.end_us - first) * scale
        x1 = min(x1, _WIDTH - 2.0)
        parts.append(box(x1, 0, max(x2, x1 + 2.0), 26, f"phase {_css(span.name)}"))
        if x2 - x1 >= _LABEL_PX:
            word = words.phase(span.name)
            parts.append(label((x1 + x2) / 2, 18, word.zh or word.en, "phase-label", "middle"))
        parts.append(line(x1, 0, x1, 31, "axis"))
    about = "; ".join(f"{s.name.lower()} {seconds(s.end_us - s.start_us)}" for s in found)
    svg = f"0 0 {_WIDTH} 32"
    return el("svg", el("title", f"Phases: {about}"), *parts, viewBox=svg, role="img")


def _list(found: tuple[Span, ...]) -> Html:
    items = [_item(span) for span in found[:LISTED_MAX]]
    if len(found) > LISTED_MAX:
        items.append(el("li", f"and {len(found) - LISTED_MAX} more in the record"))
    return el("ol", *items, class_="phases")


def _item(span: Span) -> Html:
    word = words.phase(span.name)
    return el(
        "li",
        el("i", class_=f"swatch {_css(span.name)}"),
        both(word.zh, word.en) if word.zh else word.en,
        " ",
        el("b", seconds(span.end_us - span.start_us)),
        el("small", f" from {seconds(span.start_us)}"),
    )


def _css(name: str) -> str:
    """Only a name of the phase table becomes a class; anything else is drawn as unknown."""
    return f"ph-{name.lower()}" if name.upper() in words.PHASES else "ph-unknown"
