"""What a proposed calibration looks like: the table of loads, what changes, and plain facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from sensors.adjustment import Adjustment, Row
from sensors.calibration import Scale

COLUMNS = ("load", "kg", "before", "error e", "after", "error e", "MPE e", "")


def loads_table(done: Adjustment) -> Table:
    """Before and after for every load, the error in e against the initial MPE (R 76 table 6)."""
    table = Table(title="Before and after", box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "load" else "right", no_wrap=True)
    for row in done.rows:
        facts = row_facts(row, done.after.e_g)
        table.add_row(
            f"{row.kind} {row.where}",
            f"{facts['load_kg']:.1f}",
            f"{facts['before_kg']:.1f}",
            f"{facts['error_before_e']:+.2f}",
            f"{facts['after_kg']:.1f}",
            f"{facts['error_after_e']:+.2f}",
            f"{facts['mpe_e']:g}",
            "ok" if row.ok else "OUT",
            style=None if row.ok else "bold red",
        )
    return table


def row_facts(row: Row, e_g: int) -> dict[str, Any]:
    """One load as it is printed and kept: kilograms, errors in e."""
    return {
        "kind": row.kind,
        **({"where": row.where} if row.where else {}),
        "load_kg": round(row.load_g / 1000, 1),
        "before_kg": round(row.before_g / 1000, 1),
        "after_kg": round(row.after_g / 1000, 1),
        "error_before_e": round(row.error_before_g / e_g, 3),
        "error_after_e": round(row.error_after_g / e_g, 3),
        "mpe_e": row.mpe_g / e_g,
        "ok": row.ok,
    }


def summary_lines(before: Scale, after: Scale) -> Iterable[str]:
    """What changes, one line a kind; nothing for what stays."""
    pairs = list(zip(before.cells, after.cells, strict=True))
    zero_g = sum(
        (new.zero_counts - old.zero_counts) * 1000 / new.counts_per_kg for old, new in pairs
    )
    if any(new.zero_counts != old.zero_counts for old, new in pairs):
        yield f"zero: {round(zero_g / 1000, 1) + 0.0:+.1f} kg on the whole deck"
    ratio = pairs[0][0].counts_per_kg / pairs[0][1].counts_per_kg
    if ratio != 1:
        yield f"span: {100 * (ratio - 1):+.4f} %"
    for i, (old, new) in enumerate(pairs):
        if new.corner_factor != old.corner_factor:
            yield f"cell{i}: corner factor {old.corner_factor:.5f} -> {new.corner_factor:.5f}"
    if after.span_points != before.span_points:
        yield f"points of the span: {len(before.span_points)} -> {len(after.span_points)}"
    if after.temperature != before.temperature:
        yield "temperature coefficients"
    if after.creep != before.creep:
        yield f"creep terms: {len(before.creep)} -> {len(after.creep)}"


def written_text(result: dict[str, Any]) -> str:
    """How a calibration, a restoration or an adoption ended, in one or two lines."""
    if not result["written"]:
        return f"Not accepted; nothing was written. {result['file']} stays at {_version(result)}."
    restored = f", which restores version {result['restores']}" if "restores" in result else ""
    text = f"Written: {result['file']}, {_version(result)}{restored}."
    return f"{text}\nNext: {result['next']}." if "next" in result else text


def _version(result: dict[str, Any]) -> str:
    return f"version {result['version']} ({result['sha256'][:12]})"


def versions_text(result: dict[str, Any]) -> str:
    """The history, one line a version, and whether the chain is whole."""
    lines = [_version_line(row, result["in_force"]) for row in result["versions"]]
    if result["problem"]:
        lines.append(result["problem"])
    whole = "every seal and link holds" if result["whole"] else "NOT WHOLE: see above"
    return "\n".join([*lines, f"{result['file']}: {whole}."])


def _version_line(row: dict[str, Any], in_force: int | None) -> str:
    mark = "*" if row["version"] == in_force else " "
    made = f"{row['date']}  {row['author']}: {row['reason']}" if row.get("author") else "the sheet"
    back = f" (restores {row['restores']})" if row.get("restores") is not None else ""
    problem = f"  PROBLEM: {row['problem']}" if row["problem"] else ""
    return f"{mark} {row['version']:4d}  {row['sha256'][:12]:12}  {made}{back}{problem}"
