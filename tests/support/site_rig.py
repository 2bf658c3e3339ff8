"""A site file that is right in every key, for tests that break it in one place."""

from __future__ import annotations

from pathlib import Path

SITE = """
[site]
name = "Lane 1"
lane = 1

[scale]
serial = "WB-17"
class = "III"
max = "60 t"
e = "20 kg"
certificate_no = "C-17"
certificate_valid_until = 2027-05-01
platform_length = "18 m"
rate_hz = 80
max_counts = 8388607

[[scale.cells]]
x = "0.15 m"
y = "1.4 m"
counts_per_kg = 141.5
zero_counts = 402118
dead_load = "2710.5 kg"

[[scale.cells]]
x = "17.85 m"
y = "-1.4 m"
counts_per_kg = 142.5
zero_counts = 398240
dead_load = "2688 kg"

[timing]
scan = "20 ms"
clear_settle = "1.5 s"
tare_expiry = "90 d"

[rules]
posted_limit = "40 t"

[plates]
auto = "0.90"

[devices.clock]
driver = "host.clock"

[devices.cells]
driver = "trace.cells"
files = ["passage.csv"]

[devices.estop]
driver = "virtual.presence"
state = "clear"

[devices.sign]
driver = "virtual.sign"

[devices.yard.arm]
driver = "virtual.presence"

[devices.yard.beam_low]
driver = "virtual.presence"

[devices.yard.gate]
driver = "virtual.gate"
end = "yard"
travel = "2 s"

[devices.yard.approach_signal]
driver = "virtual.signal"
"""


def write_site(folder: Path, old: str = "", new: str = "", more: str = "") -> Path:
    """Write the site file with one text replaced and some text added."""
    assert old in SITE
    path = folder / "site.toml"
    path.write_text((SITE.replace(old, new, 1) if old else SITE) + more, encoding="utf-8")
    return path


def write_recording(folder: Path, cells: int = 2, *, beams: bool = True) -> Path:
    """Write a recording at 50 Hz: 3 s empty deck, 2 s of boarding, 5 s of standing."""
    names = ",".join(f"cell{i}" for i in range(cells))
    rows = [f"t_s,{names}" + (",entry_beam,exit_beam" if beams else "")]
    for i in range(500):
        load = 400 * min(max(i - 150, 0), 100)
        beam = f",{int(150 <= i < 260)},0" if beams else ""
        rows.append(f"{i * 0.02:.2f}," + ",".join([str(400_000 + load)] * cells) + beam)
    path = folder / "passage.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
