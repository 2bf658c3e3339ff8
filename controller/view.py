"""The lane live on a terminal, from the two images of the last scan and nothing else.

``update`` only keeps what changes; everything is drawn when the terminal refreshes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from controller.canvas import big
from controller.core.images import InputImage, OutputImage, PlateRead, RecordIntent, Weight
from controller.core.kinds import Decision, Deck, Phase, RecordKind, WeighingStatus
from controller.core.passage import Lane
from controller.core.verdict import Judgement, Verdict
from controller.faults import load_catalogue
from controller.lanedraw import draw_lane
from controller.report.words import PHASES
from controller.summary import plain, tonnes
from controller.words import page_for

PASSAGES_KEPT = 12
ALARMS_KEPT = 2

_FIXED_ROWS = 23
_PHASE_STYLES = {
    Phase.IDLE: "bold white on grey30",
    Phase.RELEASING: "bold black on green",
    Phase.DEPARTING: "bold black on green",
    Phase.RETURNING: "bold white on red",
    Phase.CONFIRMING: "bold black on yellow",
    Phase.HOLDING: "bold black on yellow",
    Phase.MANUAL: "bold black on yellow",
    Phase.FAULTED: "bold white on red",
    Phase.EMERGENCY: "bold white on red",
    Phase.LEDGER_AWAY: "bold white on red",
}
_SIGN_STYLES = {"red": "bold red", "green": "bold green", "amber": "bold yellow"}
_DECISIONS = {
    Decision.RELEASE: ("released", "green"),
    Decision.RETURN: ("sent back", "red"),
    Decision.HOLD: ("held", "yellow"),
}
_BLANK = {
    Deck.OVER_RANGE: "over range 超量程",
    Deck.UNDER_RANGE: "under range 欠量程",
    Deck.UNKNOWN: "unknown 未知",
}


class _Line(Struct, frozen=True, kw_only=True):
    """One passage as its records were asked for; ``seq`` is 0 until one is durable."""

    intent: RecordIntent
    decisions: tuple[Decision, ...]
    seq: int = 0


class LaneView:
    """A live panel of one lane; hand it to ``rich.live.Live`` and ``update`` it every scan."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: tuple[float, int] | None = None
        self._images: tuple[Lane, InputImage, OutputImage] | None = None
        self._intent: RecordIntent | None = None
        self._present: tuple[int, ...] = ()
        self._alarms: deque[tuple[int, int]] = deque(maxlen=ALARMS_KEPT)
        self._passages: deque[_Line] = deque(maxlen=PASSAGES_KEPT)

    def update(self, lane: Lane, inputs: InputImage, outputs: OutputImage) -> None:
        """Take the images of one scan; keeps references, draws nothing."""
        if self._began is None:
            self._began = (self._clock(), inputs.now_us)
        self._images = (lane, inputs, outputs)
        present = (*outputs.alarms, *inputs.faults)
        if present != self._present:
            self._alarm(present, inputs.now_us)
        intent = outputs.record
        if intent is not None and intent != self._intent:
            self._note(intent)
        self._intent = intent if intent is not None else self._intent
        self._acknowledge(inputs)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the last images in the width and height that there are."""
        if self._images is None or self._began is None:
            yield Panel(Text("no scan yet 尚无扫描", "dim"), title="steelyard")
            return
        lane, inputs, outputs = self._images
        width = max(60, options.max_width) - 4
        rows = max(2, min(PASSAGES_KEPT, console.height - _FIXED_ROWS))
        plate = lane.passage.plate if lane.passage is not None else ""
        yield Panel(
            Group(
                self._head(lane, outputs),
                Text(),
                *draw_lane(inputs, outputs, plate, width),
                Text(),
                _instruments(lane, inputs, outputs, width),
                Text(),
                *self._alarm_lines(width),
                self._last(rows, width),
            ),
            title="[bold]steelyard[/bold]",
            title_align="left",
            subtitle=self._elapsed(inputs.now_us),
            subtitle_align="right",
            border_style="grey50",
            padding=(0, 1),
            width=width + 4,
        )

    def _alarm(self, present: tuple[int, ...], now_us: int) -> None:
        self._alarms.extend((now_us, code) for code in present if code not in self._present)
        self._present = present

    def _note(self, intent: RecordIntent) -> None:
        for n, line in enumerate(self._passages):
            if line.intent.passage_id == intent.passage_id:
                said = line.decisions
                if intent.decision not in said[-1:] and _decides(intent):
                    said = (*said, intent.decision)[-3:]
                self._passages[n] = replace(line, intent=intent, decisions=said)
                return
        said = (intent.decision,) if _decides(intent) else ()
        self._passages.append(_Line(intent=intent, decisions=said))

    def _acknowledge(self, inputs: InputImage) -> None:
        ledger = inputs.ledger
        if not self._passages or not ledger.seq:
            return
        line = self._passages[-1]
        if not line.seq and line.intent.passage_id == ledger.passage_id:
            self._passages[-1] = replace(line, seq=ledger.seq)

    def _elapsed(self, now_us: int) -> str:
        assert self._began is not None
        lane_s = (now_us - self._began[1]) / 1e6
        real_s = self._clock() - self._began[0]
        minutes, seconds = divmod(int(lane_s), 60)
        speed = f" · {lane_s / real_s:.0f}× real time" if real_s > 0.2 else ""
        return f"lane time {minutes // 60}:{minutes % 60:02d}:{seconds:02d}{speed}"

    def _head(self, lane: Lane, outputs: OutputImage) -> Table:
        word = PHASES[Phase(lane.phase).name]
        style = _PHASE_STYLES.get(lane.phase, "bold white on dark_blue")
        name = f"  {word.zh}  {' '.join(word.en.upper())}  "
        passage = f"passage {outputs.passage_id}" if outputs.passage_id else "no vehicle"
        if lane.passage is not None and lane.passage.chain is not None:
            chain = lane.passage.chain
            passage += f", re-weigh {chain.cycle} of record {chain.token}"
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(justify="left", no_wrap=True)
        grid.add_column(justify="center", ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(justify="right", no_wrap=True, overflow="ellipsis")
        grid.add_row(Text(name, style), Text(plain(lane.outcome), "dim"), Text(passage))
        return grid

    def _alarm_lines(self, width: int) -> list[Text]:
        lines = [_alarm_text(at, code, code in self._present) for at, code in self._alarms]
        lines = lines or [Text("no alarms 无报警", "dim")]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return lines + [Text()] * (ALARMS_KEPT - len(lines))

    def _last(self, rows: int, width: int) -> Table:
        """The last passages, newest first."""
        table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="grey62", width=width)
        table.add_column("record", justify="right", no_wrap=True)
        table.add_column("plate", no_wrap=True, min_width=9)
        for name in ("gross t", "limit t"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        table.add_column("decision", no_wrap=True)
        table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
        for line in list(reversed(self._passages))[:rows]:
            table.add_row(*_passage_cells(line))
        for _ in range(rows - len(self._passages)):
            table.add_row(" ")
        return table


def _instruments(lane: Lane, inputs: InputImage, outputs: OutputImage, width: int) -> Table:
    """Indicator, sign and plate beside each other, six rows high."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=30, no_wrap=True)
    grid.add_column(width=26, no_wrap=True)
    grid.add_column(width=max(10, width - 60), no_wrap=True, overflow="ellipsis")
    sign = page_for(outputs.sign, "zh")
    style = f"{_SIGN_STYLES[sign.colour]} on grey7"
    lines = [*sign.lines, *[""] * 6][:6]
    shown = [Text(f" {line}", style) for line in lines]
    for text in shown:
        text.truncate(26, pad=True)
    plates = _plate_lines(lane, outputs)
    grid.add_row(Group(*_indicator(inputs.weight)), Group(*shown), Group(*plates))
    return grid


def _indicator(weight: Weight) -> list[Text]:
    """The indication as the class III instrument shows it: a blank is a blank."""
    if weight.indicated_g is None:
        digits = big("-----", "grey42")
        what = Text(f"blank 空白: {_BLANK.get(weight.deck, 'no indication')}", "magenta")
        if weight.degraded is not None and weight.deck not in _BLANK:
            what = Text()
    else:
        kg = f"{weight.indicated_g // 1000:d}"
        style = "bold yellow" if weight.motion else "bold bright_green"
        digits = big(kg.rjust(6) if len(kg) < 6 else kg, style)
        what = Text()
    digits[2].append(" kg", "bold")
    motion = Text("≈ 动态 motion", "yellow") if weight.motion else Text("= 稳定 steady", "green")
    if weight.indicated_g is None and not weight.motion:
        motion = Text("— 动态未知 motion not known", "magenta")
    if weight.zero_ok and weight.deck == Deck.EMPTY:
        motion.append("   →0← zero", "green")
    return [*digits, motion, what if what.plain else _weighing(weight), Text()]


def _weighing(weight: Weight) -> Text:
    status = WeighingStatus(weight.status)
    if weight.degraded is not None:
        return Text("降级称重 degraded, no evidence", "bold magenta")
    if status == WeighingStatus.ACCEPTED and weight.weight_g is not None:
        u95 = f" ± {weight.u95_g / 1000:.0f} kg" if weight.u95_g is not None else ""
        return Text(f"采信 accepted{u95}", "bold green")
    style = "dim" if status in (WeighingStatus.IDLE, WeighingStatus.RUNNING) else "bold yellow"
    return Text(f"weighing {status.name.lower().replace('_', ' ')}", style)


def _plate_lines(lane: Lane, outputs: OutputImage) -> list[Text]:
    """The settled plate, its best read, and the sign's words in English."""
    passage = lane.passage
    lines = [Text("no vehicle 无车", "dim")]
    if passage is not None:
        shown = (f" {plain(passage.plate, 12)} ", "bold black on bright_yellow")
        lines = [Text.assemble(shown)]
        if outputs.proposal:
            lines = [Text(f"confirm 请确认 {plain(outputs.proposal, 12)}", "bold yellow")]
        elif not passage.plate:
            lines = [Text("plate not read 未识别", "yellow")]
        best = max(passage.reads, key=lambda read: min(read.char_ppm, default=0), default=None)
        if best is not None:
            lines += [_best(best), Text(f"{best.agree} of {best.frames} frames agree", "dim")]
    english = ", ".join(page_for(outputs.sign, "en").lines)
    return [*lines, Text(), Text(english, "dim italic")]


def _best(read: PlateRead) -> Text:
    """Each character in the colour of its confidence, and the least of them."""
    text = Text()
    for n, character in enumerate(plain(read.text, 16)):
        ppm = read.char_ppm[n] if n < len(read.char_ppm) else 0
        text.append(character, "green" if ppm >= 900_000 else "yellow" if ppm >= 500_000 else "red")
    least = min(read.char_ppm, default=0)
    text.append(f" ≥ {least / 10_000:.0f} %", "dim")
    return text


def _alarm_text(at_us: int, code: int, present: bool) -> Text:
    try:
        entry = load_catalogue()[code]
        said = f"{entry.zh} {entry.meaning}"
    except KeyError:
        said = "this code is not in the fault catalogue"
    seconds = at_us // 1_000_000
    stamp = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return Text(
        f"{'▲' if present else '△'} {stamp} {code} {said}", "bold red" if present else "dim"
    )


def _decides(intent: RecordIntent) -> bool:
    return intent.kind not in (RecordKind.VOID, RecordKind.MANUAL_MOVE, RecordKind.SERVICE)


def _passage_cells(line: _Line) -> tuple[Text, ...]:
    intent = line.intent
    over = intent.judgement.over_limit if intent.judgement is not None else None
    said, style = _verdict(intent.judgement)
    names = [_DECISIONS[decision] for decision in line.decisions]
    decision = " → ".join(name for name, _ in names) or intent.kind.name.lower().replace("_", " ")
    weight = intent.weight.weight_g if intent.weight is not None else None
    return (
        Text(str(line.seq or "…")),
        Text(plain(intent.plate, 12) or "—"),
        Text(tonnes(weight)),
        Text(tonnes(over.limit_g if over is not None else None)),
        Text(said, style),
        Text(decision, names[-1][1] if names else "yellow"),
        Text(_why(intent), "dim"),
    )


def _verdict(judgement: Judgement | None) -> tuple[str, str]:
    if judgement is None:
        return "—", "dim"
    found = (judgement.over_limit.verdict, judgement.overload.verdict)
    if Verdict.OVER in found:
        names = [n for n, v in zip(("超限", "超载"), found, strict=True) if v == Verdict.OVER]
        return "".join(names) + " over", "bold red"
    if judgement.over_limit.verdict == Verdict.WITHIN:
        return "未超限 within", "green"
    return "未定 open", "yellow"


def _why(intent: RecordIntent) -> str:
    if intent.who:
        return plain(f"{intent.who}: {intent.why}")
    if intent.decision == Decision.HOLD or intent.kind == RecordKind.VOID:
        return plain(next(iter(intent.reasons), ""))
    return f"re-weigh {intent.chain.cycle}" if intent.chain is not None else ""
