"""One record after the other against the vehicle that it is about.

``Subject`` is what the yard knows of that vehicle; where two stood on the deck, or the yard cannot
tell which was meant, only what the record says of itself is looked at.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from msgspec import Struct

from protocol.frames import unpack_frames
from protocol.parts import (
    ClockQuality,
    Direction,
    Kind,
    Outcome,
    Permit,
    Purpose,
    Result,
    Verdict,
    Verdicts,
    Weighing,
)
from protocol.record import Record
from sim.finding import Finding, of_record
from sim.law import limits_g, mpe_g
from sim.reweighcheck import WITHDRAWN
from sim.truck import Truck

WALL_LATE_MS = 1_500
VOID_KNOWN_US = 5_000_000
"""So long may a tare that is voided stand in what the lane has looked up already."""
U95_SHARE = 0.75
"""Of the initial MPE: no weight of bare cells less certain than that is to be believed."""
INDICATOR = "indicator"
_KNOWN = (Result.WITHIN, Result.OVER)
_WAYS = {
    (Direction.OUT, Outcome.RELEASE): Permit.ROAD,
    (Direction.OUT, Outcome.RETURN): Permit.YARD,
    (Direction.IN, Outcome.RELEASE): Permit.YARD,
    (Direction.IN, Outcome.RETURN): Permit.ROAD,
}


class Subject(Struct, frozen=True, kw_only=True):
    """The one vehicle of an interval: how it is built, and by which end it came, if known."""

    truck: Truck
    entry: int | None
    known: bool
    """Whether the register has its papers under its own plate."""


def of_itself(record: Record, wall_start_ms: int | None, e_g: int) -> Iterator[Finding]:
    """What a record of a passage says without asking the yard; no ``wall_start_ms``, no wall."""
    yield from _times(record, wall_start_ms)
    yield from _permit(record)
    if record.weighing is not None:
        yield from _evidence(record, record.weighing, e_g)
    if record.kind is Kind.PASSAGE and record.person is None and record.verdicts is not None:
        yield from _outcome(record, record.verdicts)


def of_vehicle(record: Record, subject: Subject) -> Iterator[Finding]:
    """What a PASSAGE record says of the vehicle that stood on the deck."""
    yield from _way(record, subject)
    truck, axles = subject.truck, record.axles
    count = len(truck.axles_m)
    if axles is not None and axles.count not in (None, count):
        yield of_record("T12", record, f"seq {record.seq}: {axles.count} axles of {count}")
    own = record.plate in (None, truck.plate.text)
    if record.verdicts is not None and record.weighing is not None and own:
        yield from _law(record, record.verdicts, record.weighing, subject)


def _times(record: Record, wall_start_ms: int | None) -> Iterator[Finding]:
    times = record.times
    order = (times.started_us, times.entered_us, times.at_us, times.decided_us)
    known = [at_us for at_us in order if at_us is not None]
    if known != sorted(known):
        yield of_record(
            "T11", record, f"seq {record.seq}: started, on deck, weighed, decided {order}"
        )
    if times.wall_ms is None or times.date is None or times.decided_us is None:
        if wall_start_ms is not None and times.clock is not ClockQuality.UNKNOWN:
            yield of_record("T11", record, f"seq {record.seq} has no date, and the clock was known")
        return
    zone = datetime.timezone(datetime.timedelta(minutes=times.offset_min or 0))
    local = datetime.datetime.fromtimestamp(times.wall_ms / 1000, zone)
    date = local.year * 10_000 + local.month * 100 + local.day
    if date != times.date:
        yield of_record("T11", record, f"seq {record.seq} is dated {times.date}, it was {date}")
    if wall_start_ms is None:
        return
    true_ms = wall_start_ms + times.decided_us // 1000
    if abs(times.wall_ms - true_ms) > WALL_LATE_MS:
        seen = f"seq {record.seq} lies {times.wall_ms - true_ms} ms from the true time"
        yield of_record("T11", record, seen)


def _permit(record: Record) -> Iterator[Finding]:
    """A release opens the far boom, a return the near one, and nothing else opens any."""
    permit, decision = record.permit, record.decision
    if record.kind in (Kind.MANUAL_MOVE, Kind.SERVICE):
        return
    if decision is None or decision.outcome is Outcome.HOLD:
        if permit is not Permit.NONE:
            yield of_record("I8", record, f"seq {record.seq} holds, and permits the {permit} boom")
        return
    if record.direction is not None and permit is not _WAYS[record.direction, decision.outcome]:
        seen = f"seq {record.seq}: {record.direction}, {decision.outcome}, permits {permit}"
        yield of_record("I8", record, seen)


def _evidence(record: Record, weighing: Weighing, e_g: int) -> Iterator[Finding]:
    gross_g, u95_g = weighing.gross_g, weighing.u95_g
    limit_g = mpe_g(abs(gross_g), e_g)
    wrong: list[str] = []
    low_g, high_g = 1.0, U95_SHARE * limit_g
    if weighing.estimator == INDICATOR:
        # Of a verified indicator no more is known than its error in service and its rounding.
        low_g, high_g = float(e_g), 2 * limit_g + e_g / 2
        wrong += _frames_of(weighing)
    if u95_g is None or not low_g <= u95_g <= high_g:
        wrong.append(f"u95 {u95_g} g at an MPE of {limit_g} g")
    if weighing.mpe_g != 2 * limit_g:
        wrong.append(f"MPE in service {weighing.mpe_g} g, {2 * limit_g} g by the table")
    estimate_g = weighing.estimate_g
    if weighing.indicated_g != gross_g or gross_g % e_g:
        wrong.append(f"{gross_g} g is no reading of a scale with e = {e_g} g")
    elif estimate_g is None or abs(estimate_g - gross_g) > e_g // 2 + 1:
        wrong.append(f"{gross_g} g is not {estimate_g} g rounded")
    if weighing.stable_to_us != record.times.at_us or weighing.stable_from_us is None:
        wrong.append(f"stood from {weighing.stable_from_us} to {weighing.stable_to_us}")
    if record.part == 1 and (weighing.raw is None or record.curve is None):
        wrong.append("without its counts" if weighing.raw is None else "without its curve")
    for seen in wrong:
        yield of_record("T12", record, f"seq {record.seq}: {seen}")


def _frames_of(weighing: Weighing) -> Iterator[str]:
    """What the frames of an indicator's weight say otherwise (I5): its digits stand in one."""
    if weighing.raw is None:
        return
    frames = [f for f in unpack_frames(weighing.raw) if f.gross_g == weighing.gross_g]
    if not frames:
        yield f"no frame shows {weighing.gross_g} g"
    digits = str(weighing.gross_g // 1000).encode("ascii")
    if any(digits not in frame.raw or frame.motion for frame in frames):
        yield f"the bytes of a frame do not show {weighing.gross_g} g at rest"


def _outcome(record: Record, verdicts: Verdicts) -> Iterator[Finding]:
    """By rule: what is over goes back, what is within goes out, all else waits for a person."""
    decision, limit = record.decision, verdicts.over_limit
    if decision is None or limit is None or record.plate is None:
        return
    if any("cycles used up" in reason for reason in decision.reasons):
        return
    due = Outcome.RETURN if verdicts.over else Outcome.HOLD
    if not verdicts.over and limit.result is Result.WITHIN:
        due = Outcome.RELEASE
    if decision.outcome is not due:
        seen = f"seq {record.seq}: {decision.outcome} where the verdicts mean {due}"
        yield of_record("T9", record, seen)


def _way(record: Record, subject: Subject) -> Iterator[Finding]:
    if record.direction is None or subject.entry is None:
        return
    inbound = subject.entry == 1
    if (record.direction is Direction.IN) != inbound:
        yield of_record(
            "T10",
            record,
            f"seq {record.seq} says {record.direction} of who came "
            f"by the {('yard', 'road')[subject.entry]} end",
        )
    weighing = record.weighing
    if weighing is None:
        return
    if (weighing.purpose is Purpose.TARE) != inbound:
        yield of_record("T10", record, f"seq {record.seq} is a {weighing.purpose} weighing")
    if inbound and weighing.tare is not None:
        yield of_record("T10", record, f"seq {record.seq} takes a tare off a tare")


def _law(
    record: Record, verdicts: Verdicts, weighing: Weighing, subject: Subject
) -> Iterator[Finding]:
    papers = subject.truck.entry
    bounds = limits_g(papers)
    found = verdicts.over_limit
    if bounds is None or found is None:
        return
    low_g, high_g = bounds
    gross_g = weighing.gross_g
    if len({reading.result for reading in found.readings}) > 1 and found.result in _KNOWN:
        yield of_record(
            "T9", record, f"seq {record.seq}: {found.result.value}, though readings differ"
        )
    stated = record.vehicle is not None and record.vehicle.licence_gvm_g is not None
    dated = verdicts.on is not None
    axles = record.axles is not None and record.axles.count is not None
    if not (stated and subject.known and dated and axles):
        if found.result is Result.WITHIN and gross_g > high_g:
            yield of_record("T9", record, f"seq {record.seq}: {gross_g} g within, over {high_g} g")
        if found.result is Result.OVER and gross_g <= low_g:
            yield of_record("T9", record, f"seq {record.seq}: {gross_g} g over, within {low_g} g")
        return
    due = Result.WITHIN if gross_g <= low_g else Result.UNDETERMINED
    if gross_g > high_g:
        due = Result.OVER
    over_g = max(0, gross_g - high_g)
    yield from _verdict(record, "over-limit", found, (due, high_g, over_g), high_g)
    yield from _overload(record, verdicts, weighing, subject)


def _overload(
    record: Record, verdicts: Verdicts, weighing: Weighing, subject: Subject
) -> Iterator[Finding]:
    papers, found = subject.truck.entry, verdicts.overload
    gvm_g, payload_g = papers.licence_gvm_g, papers.licence_payload_g
    if found is None or gvm_g is None or payload_g is None:
        return
    excess = [(weighing.gross_g - gvm_g, gvm_g)]
    if weighing.tare is not None:
        excess.append((weighing.gross_g - weighing.tare.tare_g - payload_g, payload_g))
    elif weighing.gross_g <= payload_g:
        excess.append((weighing.gross_g - payload_g, payload_g))
    over_g, limit_g = max(excess)
    due = Result.OVER if over_g > 0 else Result.WITHIN
    yield from _verdict(record, "overload", found, (due, limit_g, max(0, over_g)), payload_g)


def _verdict(
    record: Record, name: str, found: Verdict, due: tuple[Result, int, int], rate_of_g: int
) -> Iterator[Finding]:
    stated = (found.result, found.limit_g, found.over_g)
    if stated != due:
        yield of_record(
            "T9", record, f"seq {record.seq}: {name} {_told(stated)}, by law {_told(due)}"
        )
        return
    rate_e4 = 10_000 * due[2] / rate_of_g
    if found.rate_e4 is None or abs(found.rate_e4 - rate_e4) > 1:
        seen = f"seq {record.seq}: {name} rate {found.rate_e4}, by law {rate_e4:.0f}"
        yield of_record("T9", record, seen)


def _told(verdict: tuple[Result, int | None, int | None]) -> str:
    result, limit_g, over_g = verdict
    return f"{result.value} {limit_g} g by {over_g} g"


def of_kin(records: Sequence[Record], plain: bool) -> Iterator[Finding]:
    """Tares and re-weigh chains: each leans on an earlier record of the same plate.

    ``plain``: nothing was broken, so that what is there to lean on must be leaned on, too.
    """
    plates, voided = _plates(records), _voided_us(records)
    by_seq = {record.seq: record for record in records}
    for record in records:
        if record.kind is not Kind.PASSAGE:
            continue
        before = [r for r in records if r.seq < record.seq and plates[r.passage_id] == record.plate]
        yield from _tare(record, before, by_seq, plain, voided)
        yield from _chain(record, before, by_seq, plates, plain)


def _plates(records: Sequence[Record]) -> dict[int, str | None]:
    """The plate of each passage as its newest record has it."""
    plates: dict[int, str | None] = {}
    for record in records:
        plates[record.passage_id] = record.plate or plates.get(record.passage_id)
    return plates


def _voided_us(records: Sequence[Record]) -> dict[int, int]:
    """When a person said of a passage that nothing of it stands."""
    return {
        r.passage_id: r.times.at_us if r.times.decided_us is None else r.times.decided_us
        for r in records
        if r.kind is Kind.VOID and r.person is not None
    }


def _tare(
    record: Record,
    before: list[Record],
    by_seq: dict[int, Record],
    plain: bool,
    voided: dict[int, int],
) -> Iterator[Finding]:
    weighing = record.weighing
    if weighing is None:
        return
    tare = weighing.tare
    since_us = record.times.at_us - VOID_KNOWN_US
    tares = [
        r
        for r in before
        if r.weighing is not None
        and r.weighing.purpose is Purpose.TARE
        and voided.get(r.passage_id, since_us) >= since_us
        and not _is_taken_back(r.passage_id, before, since_us)
    ]
    due = [r for r in tares if r.passage_id not in voided]
    if tare is None:
        if plain and due and record.direction is Direction.OUT and record.plate is not None:
            seen = f"seq {record.seq} does not use the tare of seq {due[-1].seq}"
            yield of_record("T10", record, seen)
        return
    source = by_seq.get(tare.seq)
    if source not in tares or source is None or source.weighing is None:
        yield of_record("T10", record, f"seq {record.seq}: its tare is no tare of {record.plate}")
    elif _newest_g(tares, source) != tare.tare_g:
        yield of_record("T10", record, f"seq {record.seq}: its tare is not that of seq {tare.seq}")
    if weighing.net_g != weighing.gross_g - tare.tare_g:
        yield of_record(
            "T10", record, f"seq {record.seq}: net {weighing.net_g} g is not gross - tare"
        )


def _is_taken_back(passage_id: int, before: list[Record], until_us: int) -> bool:
    """Whether the newest word on a weight had taken it back by then."""
    own = [r for r in before if r.passage_id == passage_id and r.weighing is not None]
    newest = own[-1]
    said = newest.decision.reasons if newest.decision is not None else ()
    times = newest.times
    return WITHDRAWN in said and (times.decided_us or times.at_us) < until_us


def _newest_g(tares: list[Record], source: Record) -> int | None:
    """The tare that stands for a passage: of one that was weighed again, the newest."""
    own = [r.weighing for r in tares if r.passage_id == source.passage_id]
    return own[-1].indicated_g if own and own[-1] is not None else None


def _chain(
    record: Record,
    before: list[Record],
    by_seq: dict[int, Record],
    plates: dict[int, str | None],
    plain: bool,
) -> Iterator[Finding]:
    """A vehicle that was sent back as over is tied to that when it comes again."""
    chain = record.reweigh
    weighed = [r for r in before if r.kind is Kind.PASSAGE and r.verdicts is not None]
    if chain is None:
        last = weighed[-1] if weighed else None
        sent_back = last is not None and _is_open(last, before)
        if plain and sent_back and record.plate is not None and record.verdicts is not None:
            assert last is not None
            yield of_record("T10", record, f"seq {record.seq} is not tied to seq {last.seq}")
        return
    first = by_seq.get(chain.first_seq)
    if first is None or plates[first.passage_id] != record.plate:
        yield of_record("T10", record, f"seq {record.seq} goes on a chain of another vehicle")
        return
    links = [r for r in weighed if r.seq == chain.first_seq or _first_of(r) == chain.first_seq]
    if chain.cycle != len(links) or (links and chain.previous_seq != links[-1].seq):
        seen = (
            f"seq {record.seq}: cycle {chain.cycle} behind {chain.previous_seq}, not {len(links)}"
        )
        yield of_record("T10", record, seen)


def _first_of(record: Record) -> int | None:
    return record.reweigh.first_seq if record.reweigh is not None else None


def _is_open(passage: Record, records: list[Record]) -> bool:
    """Whether this weighing was over and nobody has released the vehicle of it."""
    if passage.verdicts is None or not passage.verdicts.over:
        return False
    later = [r for r in records if r.passage_id == passage.passage_id and r.decision is not None]
    return later[-1].decision is not None and later[-1].decision.outcome is not Outcome.RELEASE
