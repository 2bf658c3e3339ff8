"""The table of passages: a row each, with what happened afterwards in words."""

from __future__ import annotations

import io
from pathlib import Path

from report_rig import chained, morning, passage
from rich.console import Console

from controller.report.passages import gather
from controller.summary import notes, passage_table
from protocol.parts import Decision, Outcome
from protocol.record import Record


def printed(records: tuple[Record, ...], width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True)
    console.print(passage_table(records))
    return console.export_text()


def test_row_per_passage(tmp_path: Path) -> None:
    records = chained(morning(tmp_path), tmp_path)
    table = passage_table(records)
    assert table.row_count == 9
    row = next(line for line in printed(records, 160).splitlines() if "晋C88K21" in line)
    for cell in ("2 ", "10:02:00", "out", "6", "54.32", "49.00", "超限、超载", "sent back", "17.4"):
        assert cell in row


def test_notes_tell_what_happened_afterwards(tmp_path: Path) -> None:
    by_seq = {p.head.seq: notes(p) for p in gather(chained(morning(tmp_path), tmp_path))}
    assert by_seq[1] == ()
    assert by_seq[4] == ("re-weigh 2 of chain 2",)
    assert by_seq[5] == (
        "held: plate not read",
        "released by operator 7 李敏: plate read by eye, papers seen",
    )
    assert by_seq[7] == ("tare",)
    assert by_seq[8] == ("tare 15.24 t of record 7",)
    assert by_seq[9] == ("void: left without weighing",)
    assert "plate corrected: 晋A12345 → 晋A12346" in by_seq[10]


def test_table_fits_its_width(tmp_path: Path) -> None:
    text = printed(chained(morning(tmp_path), tmp_path), 100)
    rows = [line for line in text.splitlines() if line.strip()]
    assert "held" in text
    assert len(rows) < 40


def test_control_characters_do_not_reach_the_terminal() -> None:
    record = passage(
        1, plate="\x1b[2J晋A1", decision=Decision(outcome=Outcome.HOLD, reasons=("\x1b]0;x\x07",))
    )
    console = Console(width=120, record=True, file=io.StringIO(), color_system=None)
    console.print(passage_table((record,)))
    text = console.export_text(styles=False)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[2J晋A1" in text
