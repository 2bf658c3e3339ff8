"""A short morning as records, chained by a real ledger, with the pictures that they name."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import Any

from ledger_rig import KEY
from msgspec.structs import replace

from protocol.ledger import Ledger
from protocol.parts import (
    Amendable,
    Amendment,
    Assumed,
    Axles,
    ClockQuality,
    Curve,
    Decision,
    Direction,
    End,
    Image,
    Kind,
    Outcome,
    Permit,
    Person,
    Plate,
    Purpose,
    Reading,
    Result,
    Reweigh,
    Scale,
    Source,
    Tare,
    Times,
    Vehicle,
    Verdict,
    Verdicts,
    Weighing,
)
from protocol.record import Record
from protocol.rows import Hashes

SITE, LANE = "SX-0351-01", "1"
CLAUSE = "交通运输部令2016年第62号 第三条第一款第（八）项"
SCALE = Scale(
    serial="ZCS-100-0231",
    accuracy_class="III",
    max_g=100_000_000,
    e_g=20_000,
    certificate="晋衡检字2026-0417",
    valid_until="2027-04-16",
)
HOSTILE = "<script>alert('x')</script>\"'&\N{RIGHT-TO-LEFT OVERRIDE}"
S = 1_000_000


def png(seed: int, width: int = 136, height: int = 36) -> bytes:
    """A small picture of stripes."""
    row = [bytes(((x * seed) % 90 + 40, 80, 160 + x % 60)) for x in range(width)]
    raw = b"".join(b"\0" + b"".join(row) for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(raw))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def keep(media: Path, data: bytes) -> bytes:
    """Put a picture into the media folder under its digest, which is returned."""
    digest = hashlib.sha256(data).digest()
    media.mkdir(parents=True, exist_ok=True)
    (media / f"{digest.hex()}.png").write_bytes(data)
    return digest


def curve(start_us: int, gross_g: int, axles: int = 6) -> Curve:
    """Axle after axle rolls on, the deck rings, and then stands."""
    times = tuple(range(start_us, start_us + 14 * S, 12_500))
    masses = []
    for t in ((at - start_us) / S for at in times):
        on = sum(1 / (1 + math.exp(-9 * (t - 1.0 - 0.75 * n))) for n in range(axles)) / axles
        ring = 0.03 * math.exp(-max(0.0, t - 5) / 1.6) * math.sin(t * 21) * (t > 1)
        masses.append(round(gross_g * (on + ring) + 8_000 * math.sin(t * 97)))
    return Curve.of(times, tuple(masses))


def verdicts(gross_g: int, limit_g: int = 49_000_000) -> Verdicts:
    over_g = max(0, gross_g - limit_g)
    result = Result.OVER if over_g else Result.WITHIN
    return Verdicts(
        over_limit=Verdict(
            result=result,
            limit_g=limit_g,
            over_g=over_g,
            rate_e4=over_g * 10_000 // limit_g,
            rule="order62-2016/art3/train-6",
            clause=CLAUSE,
            within_mpe=False,
        ),
        overload=Verdict(
            result=result,
            limit_g=49_000_000,
            over_g=max(0, gross_g - 49_000_000),
            rate_e4=over_g * 10_000 // 33_000_000,
            basis="licence_gvm_kg",
            clause="道路交通安全法 第九十二条第一款（超过核定载质量）",
        ),
        dimensions=Verdict(result=Result.UNDETERMINED),
        rules=("order62-2016@1", "notice109-2016@1"),
        reasons=(
            f"over-limit {'超限' if over_g else '未超限'}: gross against {limit_g // 1000} kg",
            "dimensions-undetermined: height, width, length",
        ),
        on=20261122,
    )


def times(number: int, **more: Any) -> Times:
    start = number * 60 * S
    return Times(
        started_us=start,
        entered_us=start + 4 * S,
        at_us=start + 17 * S,
        decided_us=start + 17 * S + 400_000,
        wall_ms=1_795_312_800_000 + number * 60_000,
        clock=ClockQuality.SYNCHRONISED,
        **more,
    )


def passage(number: int, gross_g: int = 48_200_000, **more: Any) -> Record:
    """One whole record of a six-axle train, as the lane leaves it; ``more`` replaces fields."""
    found, start = verdicts(gross_g), number * 60 * S
    over = found.over
    fields: dict[str, Any] = {
        "kind": Kind.PASSAGE,
        "site": SITE,
        "lane": LANE,
        "passage_id": number,
        "direction": Direction.OUT,
        "times": times(number),
        "plate": "晋A12345",
        "plates": (Plate(text="晋A12345", conf_ppm=CONF, end=End.YARD, ptype="yellow1"),),
        "axles": Axles(
            count=6, source=Source.SENSOR, vehicle_kind="train", single_drive_axle=False
        ),
        "vehicle": Vehicle(licence_gvm_g=49_000_000, licence_payload_g=33_000_000),
        "weighing": Weighing(
            gross_g=gross_g,
            indicated_g=gross_g,
            u95_g=14_000,
            mpe_g=60_000,
            stable_from_us=start + 15 * S,
            stable_to_us=start + 17 * S,
        ),
        "verdicts": found,
        "decision": Decision(
            outcome=Outcome.RETURN if over else Outcome.RELEASE, reasons=found.reasons
        ),
        "permit": Permit.YARD if over else Permit.ROAD,
        "scale": SCALE,
        "curve": curve(start + 4 * S, gross_g),
        "phases": tuple(
            (name, start + round(at * S))
            for name, at in (
                ("APPROACH", 0), ("BOARDING", 4.1), ("POSITIONING", 10.4),
                ("WEIGHING", 11.3), ("DECIDING", 17.1),
            )
        ),
        "software": "steelyard 0.1.0",
        "config_hash": b"\x5a" * 32,
    }  # fmt: skip
    return Record(**{**fields, **more})


CONF = (999_100, 998_000, 991_000, 962_000, 874_000, 999_000, 998_500)


def morning(media: Path) -> tuple[Record, ...]:
    """Legal, over, re-weighed twice, unread and released by a person, tare in, void, unclear."""
    cut = keep(media, png(3))
    read = Plate(
        text="晋A12345", conf_ppm=CONF, end=End.YARD, ptype="yellow1", image_sha256=cut,
        captured_us=69 * S, valid=True,
    )  # fmt: skip
    gone = replace(read, image_sha256=b"\x17" * 32, ptype="blue1", text="晋B6666?", valid=False)
    image = Image(name="plate", sha256=cut)
    undetermined = Verdicts(
        over_limit=Verdict(
            result=Result.UNDETERMINED,
            limit_g=49_000_000,
            over_g=0,
            rule="order62-2016/art3/train-6",
            clause=CLAUSE,
            readings=tuple(
                Reading(
                    result=result,
                    limit_g=limit,
                    clause=CLAUSE,
                    assumed=(Assumed(fact="single_drive_axle", value=single),),
                )
                for result, limit, single in (
                    (Result.WITHIN, 49_000_000, False),
                    (Result.OVER, 46_000_000, True),
                )
            ),
        ),
        overload=Verdict(result=Result.UNDETERMINED),
    )
    hold = Decision(outcome=Outcome.HOLD, reasons=("plate not read",))
    release = Decision(outcome=Outcome.RELEASE, reasons=("release by a person",))
    person = Person(who="operator 7 李敏", why="plate read by eye, papers seen")
    tare = Weighing(gross_g=15_240_000, indicated_g=15_240_000, mpe_g=20_000, purpose=Purpose.TARE)
    net = Weighing(
        gross_g=48_200_000, indicated_g=48_200_000, u95_g=14_000, mpe_g=60_000,
        tare=Tare(tare_g=15_240_000, seq=7), net_g=32_960_000,
    )  # fmt: skip
    return (
        passage(1, plates=(read,), images=(image,)),
        passage(2, 54_320_000, plate="晋C88K21", plates=(replace(read, text="晋C88K21"),)),
        passage(3, 50_100_000, reweigh=Reweigh(first_seq=2, previous_seq=2, cycle=1)),
        passage(4, 48_980_000, reweigh=Reweigh(first_seq=2, previous_seq=3, cycle=2)),
        passage(5, plate=None, plates=(gone,), decision=hold, permit=Permit.NONE),
        passage(
            5, part=2, kind=Kind.RELEASE, refers_to=5, person=person, decision=release,
            plate=None, permit=Permit.ROAD, curve=None, times=times(6),
            phases=(*passage(5).phases, ("HOLDING", 318 * S), ("DECIDING", 360 * S)),
        ),
        passage(6, 15_240_000, weighing=tare, direction=Direction.IN),
        passage(7, weighing=net),
        passage(
            8, kind=Kind.VOID, void="left without weighing", weighing=None, verdicts=None,
            curve=None, plate=None, plates=(), permit=Permit.NONE, axles=None, scale=None,
            decision=Decision(outcome=Outcome.HOLD, reasons=("left without weighing",)),
        ),
        passage(9, 47_300_000, verdicts=undetermined, decision=hold, permit=Permit.NONE),
        passage(
            9, part=2, kind=Kind.AMENDMENT, refers_to=10, person=person, verdicts=undetermined,
            amendment=Amendment(field=Amendable.PLATE, was="晋A12345", now="晋A12346"),
            decision=hold, permit=Permit.NONE,
        ),
    )  # fmt: skip


def chained(records: tuple[Record, ...], folder: Path) -> tuple[Record, ...]:
    """The records as a ledger keeps them, with seq and hash."""
    return kept(records, folder)[0]


def kept(records: tuple[Record, ...], folder: Path) -> tuple[tuple[Record, ...], Hashes]:
    """The records as a ledger keeps them, and the hash of each as it stands there."""
    folder.mkdir(parents=True, exist_ok=True)
    with Ledger.open(folder / "ledger.db", site=SITE, lane=LANE, key=KEY) as ledger:
        for record in records:
            ledger.append(record)
        return tuple(ledger.records()), ledger.hashes()
