"""The head of the page: what was found, what the shift was, how to have it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.report.figures import NONE, kilograms, tonnes
from controller.report.markup import Html, both, el, join
from sim.explore.outcome import Ride
from sim.explore.page.telling import told_plan
from sim.explore.plan import Plan


def head(plan: Plan, one: Ride, data: dict[str, Any]) -> Html:
    """Title, numbers, plan in words, findings, vehicles."""
    return el(
        "header",
        el("div", _title(plan), el("dl", *_numbers(one, data)), class_="block-title"),
        _findings(data["findings"]),
        _vehicles(data),
    )


def _title(plan: Plan) -> Html:
    day = plan.table.get("day", {})
    lead = el("p", " ".join(told_plan(plan.table)), class_="lead")
    title = el("h1", f"Seed {plan.name}", el("small", f" {day.get('title', '')}"))
    return el("div", title, lead, el("p", *_again(plan), class_="again"))


def _again(plan: Plan) -> Iterator[str]:
    if "found" in plan.table:
        yield "The same again: keep the shift at the end of this page as "
        yield el("code", "shift.toml")
        yield ", then "
        yield el("code", "steelyard explore --file shift.toml --html page.html")
    else:
        yield "The same again: "
        yield el("code", f"steelyard explore --seed {plan.name} --html page.html")


def _numbers(one: Ride, data: dict[str, Any]) -> Iterator[Html]:
    minutes, seconds = divmod(round(one.lane_us / 1e6), 60)
    rows = (
        ("时长", "lane time", f"{minutes} min {seconds:02d} s"),
        ("车辆", "vehicles", str(len(data["vehicles"]))),
        ("记录", "records", str(len(data["records"]))),
        ("故障", "faults", str(one.faults)),
        ("重启", "deaths", str(one.kills)),
        ("摘要", "digest", el("code", one.digest[:16] + "…", title=one.digest)),
    )
    for zh, en, said in rows:
        yield el("div", el("dt", both(zh, en)), el("dd", said))


def _findings(findings: list[dict[str, Any]]) -> Html:
    if not findings:
        whole = el("b", both("未发现问题", "Nothing found."), class_="within")
        return el("p", whole, " Every check held, scan by scan and in the records.", class_="state")
    items = [
        el(
            "li",
            el("button", _clock(found["at"]), data_at=str(found["at"]), type="button"),
            " ",
            el("b", found["check"], class_="bad"),
            " ",
            found["seen"],
            el("small", f" must hold: {found['meaning']}"),
        )
        for found in findings
    ]
    said = "1 finding" if len(items) == 1 else f"{len(items)} findings"
    title = el("h2", both("发现", said), class_="bad")
    return el("section", title, el("ol", *items), class_="findings")


def _vehicles(data: dict[str, Any]) -> Html:
    names = (
        ("车", "vehicle"), ("车牌", "plate"), ("车型", "configuration"), ("驾驶", "driver"),
        ("来自", "from"), ("限重", "limit"), ("到达与真实质量", "came, true mass"),
        ("驶离", "left"), ("记录", "records of its plate"),
    )  # fmt: skip
    top = el("tr", *(el("th", both(zh, en), scope="col") for zh, en in names))
    rows = [_vehicle(vehicle, data) for vehicle in data["vehicles"]]
    table = el("table", el("thead", top), el("tbody", *rows), class_="index")
    return el("div", table, class_="scroll vehicles")


def _vehicle(vehicle: dict[str, Any], data: dict[str, Any]) -> Html:
    number = vehicle["number"]
    stays = [
        join(_at(stay["from"]), " ", el("b", tonnes(stay["mass_g"]))) for stay in vehicle["stays"]
    ]
    left = [
        join(_at(c["at"]), f" by the {c['end']}")
        for c in data["crossings"]
        if c["vehicle"] == number
    ]
    kept = [
        join(
            _at(record["at"]),
            f" No. {record['seq']} {record['kind_en']}",
            f" {kilograms(record['gross_g'])}" if "gross_g" in record else "",
            f" {record['outcome']}" if "outcome" in record else "",
        )
        for record in data["records"]
        if record.get("plate") == vehicle["plate"]
    ]
    papers = "" if vehicle["registered"] else " (no papers)"
    return el(
        "tr",
        el("td", el("i", class_=f"swatch v{number % 8}"), str(number)),
        el("td", vehicle["plate"], papers, lang="zh"),
        el("td", vehicle["title"]),
        el("td", vehicle["driver"]),
        el("td", vehicle["end"]),
        el("td", tonnes(vehicle["limit_g"])),
        *(el("td", *_lines(said)) for said in (stays, left, kept)),
    )


def _lines(said: list[Html]) -> Iterator[Html]:
    if not said:
        yield Html(NONE)
    for one in said:
        yield el("span", one, class_="block")


def _at(at_ms: int) -> Html:
    return el("button", _clock(at_ms), data_at=str(at_ms), type="button")


def _clock(at_ms: int) -> str:
    minutes, rest = divmod(at_ms, 60_000)
    return f"{minutes}:{rest / 1000:05.2f}"
