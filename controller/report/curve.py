"""The weight curve of a record as two drawings: the whole weighing, and the accepted moment."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from controller.report.figures import kilograms, seconds, tonnes
from controller.report.markup import Html, both, el, join
from controller.report.plot import Axis, Points, box, frame, label, line, path, thinned
from protocol.parts import Weighing
from protocol.record import Record

LIMIT_SHOWN_TIMES = 3
"""A limit this many times above the curve would press the curve flat; it is then only named."""

_WIDE, _NARROW, _PHONE, _HIGH = 640, 340, 340, 270
_TOP, _BOTTOM = 34, 226


class _Trace(Struct, frozen=True, kw_only=True):
    """What is drawn: seconds since ``zero_us``, grams, and the accepted value if there is one."""

    points: Points
    zero_us: int
    seq: int
    at_s: float | None
    weighing: Weighing | None
    limit_g: int | None

    def seconds(self, t_us: int) -> float:
        return (t_us - self.zero_us) / 1e6

    @property
    def stable_s(self) -> tuple[float, float] | None:
        weighing = self.weighing
        if weighing is None or weighing.stable_from_us is None or weighing.stable_to_us is None:
            return None
        return self.seconds(weighing.stable_from_us), self.seconds(weighing.stable_to_us)


def zero_us(record: Record) -> int:
    """The instant from which a card counts seconds: the approach, else the first thing known."""
    times, curve = record.times, record.curve
    known = [t for t in (times.started_us, times.entered_us) if t is not None]
    known += [record.phases[0][1]] if record.phases else []
    known += [curve.t_us[0]] if curve else []
    return known[0] if known else times.at_us


def curve_figure(record: Record, *, narrow: bool = False) -> Html:
    """The curve with its caption; says plainly where a record has none.

    ``narrow`` draws both at the width of a phone, so that their words can still be read there.
    """
    if record.curve is None:
        return el("p", both("无称重曲线", "This record carries no weight curve."), class_="absent")
    trace = _trace(record)
    drawings = [_whole(trace, _PHONE if narrow else _WIDE)]
    if trace.at_s is not None and trace.weighing is not None:
        drawings.append(_detail(trace, trace.at_s, trace.weighing))
    count = len(record.curve.t_us)
    caption = join(
        both("称重曲线", "Weight curve"),
        f": {count} values; SHA-256 ",
        el("code", record.curve.sha256.hex()[:16] + "…"),
    )
    return el("figure", *drawings, el("figcaption", caption), class_="curve")


def _trace(record: Record) -> _Trace:
    assert record.curve is not None
    start = zero_us(record)
    over = record.verdicts.over_limit if record.verdicts else None
    pairs = sorted(zip(record.curve.t_us, record.curve.g, strict=True))
    return _Trace(
        points=[((t - start) / 1e6, float(g)) for t, g in pairs],
        zero_us=start,
        seq=record.seq,
        at_s=(record.times.at_us - start) / 1e6 if record.weighing else None,
        weighing=record.weighing,
        limit_g=over.limit_g if over else None,
    )


def _whole(trace: _Trace, width: int) -> Html:
    top_g = max(1000.0, *(g for _, g in trace.points), _gross(trace))
    low_g = min(0.0, *(g for _, g in trace.points))
    limit = trace.limit_g
    drawn = limit is not None and 0 < limit <= LIMIT_SHOWN_TIMES * top_g
    high_g = max(top_g, float(limit or 0) if drawn else 0.0) * 1.08
    first, last = trace.points[0][0], trace.points[-1][0]
    if trace.at_s is not None:
        first, last = min(first, trace.at_s), max(last, trace.at_s)
    x = Axis(first, max(last, first + 0.1), 52, width - 14)
    y = Axis(low_g / 1e6, high_g / 1e6, _BOTTOM, _TOP)
    parts = [*_stable(trace, x, y), *frame(x, y, "t / s", "m / t")]
    if limit is not None:
        parts += _limit(limit, x, y, drawn)
    points = [(t, g / 1e6) for t, g in thinned(trace.points)]
    parts += [path(points, x, y, "trace"), *_accepted(trace, x, y)]
    return _svg(width, _describe(trace), parts)


def _stable(trace: _Trace, x: Axis, y: Axis) -> Iterator[Html]:
    if trace.stable_s is None:
        return
    first, last = (min(max(t, x.low), x.high) for t in trace.stable_s)
    yield box(x.at(first), y.start, max(x.at(last), x.at(first) + 1.5), y.end, "stable")


def _limit(limit_g: int, x: Axis, y: Axis, drawn: bool) -> Iterator[Html]:
    words = f"限重 limit {tonnes(limit_g)}"
    if drawn:
        level = y.at(limit_g / 1e6)
        yield line(x.start, level, x.end, level, "limit")
        yield label(x.start + 6, level - 5, words, "limit-label")
    else:
        yield label(x.start + 6, y.end - 9, f"↑ {words}", "limit-label")


def _accepted(trace: _Trace, x: Axis, y: Axis) -> Iterator[Html]:
    weighing, at_s = trace.weighing, trace.at_s
    if weighing is None or at_s is None:
        return
    px, py = x.at(at_s), y.at(weighing.gross_g / 1e6)
    yield line(px, y.start, px, y.end, "accepted")
    yield el("circle", cx=px, cy=py, r=4.0, class_="accepted-dot")
    words = f"采信 accepted {at_s:.2f} s · {tonnes(weighing.gross_g)}"
    right = px > (x.start + x.end) / 2
    aside, anchor = (-8, "end") if right else (8, "start")
    yield label(px + aside, y.start - 12, words, "accepted-label", anchor)


def _detail(trace: _Trace, at_s: float, weighing: Weighing) -> Html:
    """The last seconds before acceptance in kg about the accepted value, where u95 can be seen."""
    start, end = trace.stable_s or (at_s - 2.0, at_s)
    margin = max(0.5, (end - start) * 0.4)
    first, last = max(start - margin, trace.points[0][0]), max(end, at_s) + margin
    half_kg = _half_span_g(trace, weighing) / 1e3
    x = Axis(first, max(last, first + 0.1), 58, _NARROW - 12)
    y = Axis(-half_kg, half_kg, _BOTTOM, _TOP)
    near = [(t, (g - weighing.gross_g) / 1e3) for t, g in trace.points if x.holds(t)]
    clip = f"clip-{trace.seq}"
    inside = [path(thinned(near), x, y, "trace")] if near else []
    parts = [
        el("clipPath", box(x.start, y.start, x.end, y.end, "clip"), id=clip),
        *_stable(trace, x, y),
        *_bands(weighing, x, y),
        *frame(x, y, "t / s", "Δm / kg", signed=True),
        el("g", *inside, clip_path=f"url(#{clip})"),
        line(x.at(at_s), y.start, x.at(at_s), y.end, "accepted"),
        el("circle", cx=x.at(at_s), cy=y.at(0.0), r=4.0, class_="accepted-dot"),
    ]
    about = f"Detail about {kilograms(weighing.gross_g)}: u95 {kilograms(weighing.u95_g)}"
    return _svg(_NARROW, about, parts)


def _bands(weighing: Weighing, x: Axis, y: Axis) -> Iterator[Html]:
    if weighing.u95_g:
        u95 = weighing.u95_g / 1e3
        yield box(x.start, y.at(-u95), x.end, y.at(u95), "u95")
    yield line(x.start, y.at(0.0), x.end, y.at(0.0), "value")
    if weighing.mpe_g:
        for mpe in (-weighing.mpe_g / 1e3, weighing.mpe_g / 1e3):
            yield line(x.start, y.at(mpe), x.end, y.at(mpe), "mpe")
    named = [("±u95", weighing.u95_g, "u95-label"), ("MPE", weighing.mpe_g, "mpe-label")]
    words = [(f"{name} {kilograms(g)}", css) for name, g, css in named if g]
    for n, (said, css) in enumerate(words):
        yield label(x.end if n else x.start + 6, y.end - 9, said, css, "end" if n else "start")


def _half_span_g(trace: _Trace, weighing: Weighing) -> float:
    known = [1.35 * (weighing.mpe_g or 0), 3.0 * (weighing.u95_g or 0)]
    if trace.stable_s is not None:
        first, last = trace.stable_s
        steady = [abs(g - weighing.gross_g) for t, g in trace.points if first <= t <= last]
        known.append(1.2 * min(max(steady, default=0.0), 4.0 * max(known)))
    return max(known) or 50_000.0


def _gross(trace: _Trace) -> float:
    return float(trace.weighing.gross_g) if trace.weighing else 0.0


def _describe(trace: _Trace) -> str:
    said = [f"Weight over time from {trace.points[0][0]:.1f} s to {trace.points[-1][0]:.1f} s"]
    if trace.weighing is not None and trace.at_s is not None:
        when = seconds(round(trace.at_s * 1e6))
        said.append(f"accepted at {when}: {kilograms(trace.weighing.gross_g)}")
    if trace.limit_g is not None:
        said.append(f"limit {kilograms(trace.limit_g)}")
    return "; ".join(said)


def _svg(width: int, about: str, parts: list[Html]) -> Html:
    title = el("title", about)
    return el("svg", title, *parts, viewBox=f"0 0 {width} {_HIGH}", role="img", class_=f"w{width}")
