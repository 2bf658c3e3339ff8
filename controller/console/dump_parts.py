"""The parts of a dump, each from one source, with texts hidden as ``masking`` says."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from board.machine_block import site_table
from controller.assembly import LEDGER_FILE
from controller.blackbox import BUNDLE, CRASH_FILE
from controller.commands.check import check_site
from controller.console import office
from controller.console.accounts import Accounts
from controller.console.answer import CommandError
from controller.console.context import Context
from controller.console.diag_scale import looked
from controller.console.link import LaneAwayError
from controller.console.masking import Mask, is_secret, texts_in
from controller.console.messages import State
from controller.faults import load_catalogue
from controller.journalread import JournalError, read_journal
from hal.schema import load_bytes
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.media import FOLDER
from protocol.record import Record, RecordError

SAMPLES_S = 10.0
RECORDS_MAX = 500
JOURNALS_MAX = 4
JOURNAL_BYTES_MAX = 16 * 1024 * 1024
JOURNAL_SCANS_MAX = 300
EVENTS_MAX = 2_000
CRASHES_MAX = 2
CRASH_BYTES_MAX = 256 * 1024
TRACE_LINES_MAX = 60
LIBRARIES = ("steelyard", "numpy", "msgspec", "opencv-python-headless", "prompt_toolkit")
PRIVATE_SECTIONS = ("site", "scale", "seal", "appeal")
SHOWN_OPTIONS = frozenset({"driver", "kind", "end", "face"})
_SPOKEN = ("request",)


@dataclass
class Gathered:
    """What the parts are made of; ``lacking`` says what could not be had."""

    ctx: Context
    mask: Mask
    state: State | None = None
    table: dict[str, Any] | None = None
    records: list[Record] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)

    @property
    def lane(self) -> State:
        """The lane's state; raises LaneAwayError where the lane is away."""
        if self.state is None:
            raise LaneAwayError("the lane is away")
        return self.state


def gathered(ctx: Context, mask: Mask) -> Gathered:
    """Ask the lane, read the site file and the newest records, and learn who is named in them."""
    found = Gathered(ctx, mask)
    try:
        found.state = ctx.link.state()
        found.table = site_table(load_bytes(Path(found.state.about.path)))
    except LaneAwayError as error:
        found.lacking.append(f"the lane: {error}")
    except (ValueError, OSError) as error:
        found.lacking.append(f"the site file: {error}")
    try:
        with Ledger.open(ctx.folder / LEDGER_FILE, read_only=True) as ledger_:
            last = ledger_.last()
            first = max(1, (last.seq if last is not None else 0) - RECORDS_MAX + 1)
            found.records = list(ledger_.records(first))
    except (LedgerError, RecordError, OSError) as error:
        found.lacking.append(f"the ledger: {error}")
    mask.learn(_names(found))
    return found


def _names(found: Gathered) -> Iterator[str]:
    """All that names a person, a vehicle, a place or this machine."""
    yield found.ctx.account.name
    yield platform.node()
    yield str(Path.home())
    yield from _accounts(found.ctx)
    for section in PRIVATE_SECTIONS:
        yield from texts_in((found.table or {}).get(section, {}))
    yield from _options((found.table or {}).get("devices", {}))
    for record in found.records:
        yield from _named(record)
    if found.state is not None:
        about = found.state.about
        yield from (about.site, about.path, about.folder)
        yield from (read.text for read in found.state.inputs.plates)
        for event in found.ctx.link.events().events:
            if event.kind in _SPOKEN:
                yield from _person_in(event.text)


def _accounts(ctx: Context) -> Iterator[str]:
    try:
        people = Accounts(office.office(ctx.folder)).people()
    except ValueError:
        return
    yield from (one.name for one in people.accounts)


def _options(table: Any, key: str = "") -> Iterator[str]:
    """Texts of device options: addresses, users, passwords, files; not which driver it is."""
    if isinstance(table, dict):
        for name, value in table.items():
            yield from _options(value, str(name))
    elif isinstance(table, list):
        for value in table:
            yield from _options(value, key)
    elif is_secret(key):
        yield str(table)
    # Words as "beam" or "high" stand all over a dump and name nobody.
    elif isinstance(table, str) and key not in SHOWN_OPTIONS and not table.isalpha():
        yield from texts_in([table])


def _named(record: Record) -> Iterator[str]:
    yield from (plate.text for plate in record.plates)
    yield record.plate or ""
    if record.person is not None:
        yield from (record.person.who, record.person.why, record.person.second or "")
    if record.amendment is not None:
        yield from (record.amendment.was or "", record.amendment.now or "")
    if record.cargo is not None:
        yield from texts_in(msgspec.to_builtins(record.cargo))


def _person_in(text: str) -> Iterator[str]:
    """Who and why of a request, as its event tells it: ``kind [end] by WHO: WHY``."""
    _, _, said = text.partition(" by ")
    who, _, why = said.partition(": ")
    yield from (who, why)


def machine(lane: Gathered) -> dict[str, Any]:
    """Program, libraries, operating system, memory, disk and load; not the machine's name."""
    use = shutil.disk_usage(lane.ctx.folder)
    return {
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "libraries": dict(_versions()),
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "disk_free_bytes": use.free,
        "disk_total_bytes": use.total,
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except ModuleNotFoundError:
            yield name, "not installed"


def site(lane: Gathered) -> Any:
    """The site file as a table, with its settings, and its texts hidden."""
    if lane.table is None:
        raise CommandError("the site file was not read")
    return lane.mask.value(lane.table)


def checked(lane: Gathered) -> Any:
    """What ``steelyard check`` says of the site file."""
    found = check_site(lane.lane.about.path, datetime.date.today())
    told = {key: found[key] for key in ("devices", "not_here", "not_installed")}
    warnings = [lane.mask.text(one) for one in found["warnings"]]
    return {"ok": found["ok"], "warnings": warnings, **lane.mask.value(told)}


def state(lane: Gathered) -> Any:
    """The lane as it stands: images, phase, points, troubles, pace of the scan."""
    return lane.mask.value(msgspec.to_builtins(lane.lane))


def events(lane: Gathered) -> list[dict[str, Any]]:
    """The lane's events; of a person's word only which it was and whose hash."""
    rows = []
    for event in lane.ctx.link.events().events[-EVENTS_MAX:]:
        text = event.text
        if event.kind in _SPOKEN:
            what, _, said = text.partition(" by ")
            text = f"{what} by {lane.mask.hidden(said.partition(': ')[0])}"
        rows.append(
            {
                "number": event.number,
                "t_us": event.t_us,
                "wall_ms": event.wall_ms,
                "kind": event.kind,
                "text": lane.mask.text(text),
            }
        )
    return rows


def faults(lane: Gathered) -> dict[str, Any]:
    """Present faults with their meaning, and what devices say of themselves."""
    catalogue = load_catalogue()
    codes = [catalogue.entries[code] for code in lane.lane.inputs.faults]
    return {
        "faults": [{"code": one.code, "name": one.name, "meaning": one.meaning} for one in codes],
        "troubles": [
            {"name": one.name, "device": one.device, "seen": lane.mask.text(one.seen)}
            for one in lane.lane.troubles
        ],
        "ledger": lane.mask.text(lane.lane.failure),
    }


def ledger(lane: Gathered) -> dict[str, Any]:
    """Which records there are lately and when; nothing of whom they are."""
    rows = [
        {
            "seq": one.seq,
            "kind": one.kind.name,
            "passage_id": one.passage_id,
            "part": one.part,
            "phases": [list(phase) for phase in one.phases],
            "flags": [lane.mask.text(flag) for flag in one.flags],
        }
        for one in lane.records
    ]
    return {"kinds": Counter(row["kind"] for row in rows), "records": rows}


def samples(lane: Gathered) -> dict[str, Any]:
    """Raw samples of some seconds."""
    found = looked(lane.ctx, SAMPLES_S)
    return {"rate_hz": found.rate_hz, "t_us": found.t_us, "counts": found.counts}


def journals(lane: Gathered) -> list[dict[str, Any]]:
    """The last scans of the newest journals, as what changed from one to the next."""
    folder = lane.ctx.folder / FOLDER
    newest = sorted(folder.glob("*.journal"), key=lambda one: one.stat().st_mtime)[-JOURNALS_MAX:]
    found: list[dict[str, Any]] = []
    for path in newest:
        if path.stat().st_size > JOURNAL_BYTES_MAX:
            continue
        try:
            journal = read_journal(path.read_bytes())
            tail = deque(journal.entries(), maxlen=JOURNAL_SCANS_MAX)
        except JournalError as error:
            found.append({"journal": path.name[:12], "problem": lane.mask.text(str(error))})
            continue
        scans = list(_changed(lane.mask, [(one.inputs, one.outputs) for one in tail]))
        software = lane.mask.text(journal.header.software)
        found.append({"journal": path.name[:12], "software": software, "scans": scans})
    return found


def _changed(mask: Mask, images: list[tuple[Any, Any]]) -> Iterator[dict[str, Any]]:
    before: dict[str, Any] = {}
    for inputs, outputs in images:
        now = {
            **{f"in.{key}": value for key, value in msgspec.to_builtins(inputs).items()},
            **{f"out.{key}": value for key, value in (msgspec.to_builtins(outputs) or {}).items()},
        }
        now.pop("in.wall", None)
        yield mask.value({key: one for key, one in now.items() if before.get(key) != one})
        before = now


def crashes(lane: Gathered) -> list[dict[str, Any]]:
    """The newest bundles of programming errors: where, not with which words."""
    found = []
    for path in sorted(lane.ctx.folder.glob(f"{BUNDLE}*/{CRASH_FILE}"))[-CRASHES_MAX:]:
        if path.stat().st_size > CRASH_BYTES_MAX:
            continue
        told = json.loads(path.read_bytes())
        lines = [line for line in str(told.get("traceback", "")).split("\n") if "File " in line]
        found.append(
            {
                "bundle": path.parent.name,
                "types": [str(one.get("type", "")) for one in told.get("causes", [])],
                "in_core": bool(told.get("in_core")),
                "phase": str(told.get("phase", ""))[:40],
                "where": [lane.mask.text(line) for line in lines[-TRACE_LINES_MAX:]],
            }
        )
    return found
