"""``diag dump``: one archive for the manufacturer, in which nobody and no vehicle is named."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from controller.console import office
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.dump_parts import (
    Gathered,
    checked,
    crashes,
    events,
    faults,
    gathered,
    journals,
    ledger,
    machine,
    samples,
    site,
    state,
)
from controller.console.grammar import Argument, Command
from controller.console.link import LaneAwayError
from controller.console.masking import Mask, salt_of
from controller.console.roles import Role
from protocol.errors import LedgerError
from protocol.record import RecordError

DUMPS_MAX = 10
MEMBER_BYTES_MAX = 4 * 1024 * 1024
DUMP_BYTES_MAX = 16 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
PARTS: tuple[tuple[str, Callable[[Gathered], Any]], ...] = (
    ("machine.json", machine),
    ("site.json", site),
    ("check.json", checked),
    ("state.json", state),
    ("events.json", events),
    ("faults.json", faults),
    ("ledger.json", ledger),
    ("samples.json", samples),
    ("journals.json", journals),
    ("crashes.json", crashes),
)
README = """A dump of a weighing lane for its manufacturer.

Texts that may name a person, a vehicle, a place, a device's address or a key are written as ~ and
ten digits: a salted hash. The same text has the same hash in every dump of this lane.
There are no pictures, no passwords, no keys and no certificates in it.

Not to be had when it was made:
"""


def dump(ctx: Context, given: dict[str, str]) -> Answer:
    """Gather, hide, and write the archive into the console's own folder."""
    folder = office.office(ctx.folder)
    stem = given.get("file", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    if not _NAME.fullmatch(stem):
        raise CommandError(f"FILE: a name of letters, digits, _ . and -, which goes into {folder}")
    path = folder / f"dump-{stem.removesuffix('.zip')}.zip"
    kept = list(folder.glob("dump-*.zip"))
    if path in kept:
        raise CommandError(f"{path} is there already: choose another name")
    if len(kept) >= DUMPS_MAX:
        raise CommandError(f"{folder} holds {DUMPS_MAX} dumps: take them away first")
    mask = Mask(salt_of(folder))
    lane = gathered(ctx, mask)
    members = dict(_members(lane, mask))
    members["README.txt"] = mask.text(README + "\n".join(lane.lacking)) + "\n"
    data = packed(members)
    office.write(path, data)
    facts = {"file": str(path), "bytes": len(data), "parts": sorted(members)}
    lines = (
        f"{path}: {len(data) / 1000:.0f} kB, {len(members)} parts; take it away with scp",
        *(f"not in it: {one}" for one in lane.lacking),
    )
    return Answer(data={**facts, "lacking": lane.lacking}, text=lines)


def _members(lane: Gathered, mask: Mask) -> Iterator[tuple[str, str]]:
    """Every part as JSON in which nothing secret is left; one that fails is told and left out."""
    for name, part in PARTS:
        try:
            found = part(lane)
        except (LaneAwayError, CommandError, LedgerError, RecordError, OSError, ValueError) as no:
            lane.lacking.append(f"{name}: {printable(str(no), 200)}")
            continue
        # Hidden by keys above, and once more as text: no part is trusted to have told of all.
        yield name, mask.text(json.dumps(found, ensure_ascii=False, indent=1))


def packed(members: dict[str, str]) -> bytes:
    """A zip of texts, each cut at its limit; raises CommandError where all are too large."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            data = members[name].encode("utf-8", "replace")
            if len(data) > MEMBER_BYTES_MAX:
                data = data[:MEMBER_BYTES_MAX] + b"\n... cut here"
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    if made.tell() > DUMP_BYTES_MAX:
        raise CommandError(f"the dump would be larger than {DUMP_BYTES_MAX} bytes")
    return made.getvalue()


COMMANDS = (
    Command(
        words="diag dump",
        help_en="one archive for the manufacturer, without names, plates, pictures or keys",
        help_zh="生成诊断包(不含姓名、车牌、图片、密钥)",
        run=dump,
        role=Role.MAINTAINER,
        arguments=(
            Argument(
                name="file",
                help_en="a name of its own for the file",
                help_zh="文件名",
                optional=True,
            ),
        ),
    ),
)
