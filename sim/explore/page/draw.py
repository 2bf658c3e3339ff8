"""Draws a run: one self-contained page, with everything that happened on one axis of time."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from controller.core.kinds import Phase
from controller.faults import load_catalogue
from controller.page import PageError
from controller.report import words
from controller.report.markup import both, el, text
from protocol.record import Record
from sim.explore.outcome import Ride, meaning
from sim.explore.page.bars import bars_of
from sim.explore.page.head import head
from sim.explore.page.notes import Notes
from sim.explore.page.telling import told_record
from sim.explore.plan import Plan, written
from sim.explore.ride import ride
from sim.world import ENDS, Yard

SCRIPTS = (
    *("data.js", "paint.js"),
    *("rows.js", "way.js", "weight.js", "lane.js", "ends.js", "trouble.js"),
    *("timeline.js", "scene.js", "details.js", "hands.js", "begin.js"),
)


def run(plan: Plan | None, path: Path, as_json: bool = False) -> bool:
    """Ride a plan, draw it, tell its findings; True if nothing was found.

    Raises:
        ValueError: there is no single plan to draw.
        ScenarioError: the plan cannot be run.
        PageError: the file cannot be written.
    """
    if plan is None:
        raise ValueError("--html draws one run: give --seed S or --file FILE.toml with it")
    one = draw(plan, path)
    for found in one.findings:
        line = {"at_s": found.at_us / 1e6, "check": found.check, "seen": found.seen}
        if as_json:
            print(json.dumps({"seed": plan.name} | line, ensure_ascii=False))
        else:
            print(f"seed {plan.name}  {found.at_us / 1e6:.2f} s  {found.check}  {found.seen}")
    about = {"page": str(path), "findings": len(one.findings), "digest": one.digest}
    if as_json:
        print(json.dumps({"seed": plan.name} | about, ensure_ascii=False))
    else:
        print("\n".join(f"{key}: {value}" for key, value in about.items()))
    return not one.findings


def draw(plan: Plan, path: Path) -> Ride:
    """Ride a plan and write its page to ``path``; equal plans give an equal file.

    Raises:
        ScenarioError: the plan cannot be run.
        PageError: the file cannot be written; an older page is left as it was.
    """
    notes = Notes()
    records: list[Record] = []
    one = ride(plan, notes, records.extend)
    body = page(plan, one, notes, records)
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(body, encoding="utf-8", errors="replace")
        os.replace(beside, path)
    except OSError as error:
        raise PageError(
            f"{path}: the page cannot be written: {error.strerror or error}; "
            "give a folder that can be written to and has space"
        ) from error
    return one


def page(plan: Plan, one: Ride, notes: Notes, records: list[Record]) -> str:
    """The page as text."""
    data = told(plan, one, notes, records)
    title = f"Seed {plan.name}"
    main = el(
        "main",
        head(plan, one, data),
        el("section", id="timeline", aria_label="Timeline of the run"),
        el("h2", both("班次", "The shift as dealt")),
        el("pre", el("code", written(plan))),
    )
    here = files("sim.explore.page")
    style = "".join(
        (files(package) / name).read_text(encoding="utf-8")
        for package, name in (("controller.report", "page.css"), ("sim.explore.page", "page.css"))
    )
    script = "".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{main}\n"
        f'<script type="application/json" id="run">{_embedded(data)}</script>\n'
        f"<script>\n{script}</script>\n</body>\n</html>\n"
    )


def told(plan: Plan, one: Ride, notes: Notes, records: list[Record]) -> dict[str, Any]:
    """Everything that is drawn; times in ms of the yard's clock (see ``track``)."""
    yard = notes.yard
    if yard is None:
        raise ValueError(f"seed {plan.name}: the lane never came to a scan, nothing can be drawn")
    end_ms = max(one.lane_us // 1000, notes.end_ms + 1)
    catalogue = load_catalogue().entries
    return {
        "seed": plan.name,
        "end": end_ms,
        "wall": yard.options.wall_start_ms,
        "layout": {
            name: getattr(yard.layout, f"{name}_m")
            for name in ("platform", "beam", "boom", "stop_line", "wait", "gone")
        },
        "phases": {phase.name: words.phase(phase.name) for phase in Phase},
        "vehicles": notes.traffic.told(yard),
        "crossings": _crossings(yard),
        "steps": {name: track.told() for name, track in notes.steps.items()},
        "booms": {end: line.told() for end, line in zip(ENDS, notes.angles, strict=True)},
        "gaps": notes.gaps,
        "bars": bars_of(plan.table),
        "alarms": [
            {
                "code": code,
                "name": catalogue[code].name if code in catalogue else "",
                "zh": catalogue[code].zh if code in catalogue else "",
                "meaning": catalogue[code].meaning if code in catalogue else "",
                "action": catalogue[code].first_action if code in catalogue else "",
                "spans": spans,
            }
            for code, spans in sorted(notes.alarms.items())
        ],
        "marks": [*notes.marks, *_touches(yard)],
        "records": [told_record(r, notes.stored.get(r.seq), end_ms) for r in records],
        "findings": [
            {
                "at": min(found.at_us // 1000, end_ms),
                "check": found.check,
                "seen": found.seen,
                "meaning": meaning(found.check),
            }
            for found in one.findings
        ],
    }


def _crossings(yard: Yard) -> list[dict[str, Any]]:
    return [
        {"at": c.at_us // 1000, "vehicle": c.vehicle, "end": ENDS[c.end], "mass_g": c.mass_g}
        for c in yard.truth.crossings
    ]


def _touches(yard: Yard) -> list[dict[str, Any]]:
    return [
        {
            "at": touch.at_us // 1000,
            "what": "touch",
            "end": ENDS[touch.end],
            "by_boom": touch.by_boom,
            "who": touch.what,
        }
        for touch in yard.truth.touches
    ]


def _embedded(data: dict[str, Any]) -> str:
    """JSON that no text in it can end: ``<`` is never written as it stands."""
    found = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return found.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
