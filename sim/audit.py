"""The records of a run, held against what truly happened."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from protocol.parts import Kind, Outcome, Permit, Result
from protocol.record import Record
from protocol.rows import Hashes
from sim.finding import Finding
from sim.scale import E_KG
from sim.truth import Crossing, OnDeck
from sim.world import Yard

E_G = round(E_KG * 1000)
SHORT_US = 2_000_000
"""An interval shorter than this is a wheel that touched and went back; no scale need notice."""
READABLE_DIRT_MAX = 0.3
MARGIN_PERMILLE = 25
_NAMES = ("yard", "road")


class PassShown(Struct, frozen=True, kw_only=True):
    """The sign has said PASS for this passage with this weight."""

    at_us: int
    passage_id: int
    gross_g: int | None


def mpe_g(mass_g: int) -> int:
    """Initial MPE of class III at this load (R 76-1, table 6), grams."""
    for divisions, halves in ((500, 1), (2000, 2)):
        if mass_g <= divisions * E_G:
            return halves * E_G // 2
    return 3 * E_G // 2


class Audit:
    """All checks that need the whole run."""

    def __init__(
        self,
        yard: Yard,
        records: tuple[Record, ...],
        hashes: Hashes,
        *,
        accepted: set[tuple[int, int]],
        shown: tuple[PassShown, ...],
        disturbed: bool,
        until_us: int,
    ) -> None:
        self._yard = yard
        self._records = records
        self._hashes = hashes
        self._accepted = accepted
        self._shown = shown
        self._disturbed = disturbed
        self._until_us = until_us
        self._stays = yard.truth.on_deck
        self._by_stay: list[list[Record]] = [[] for _ in self._stays]
        self._orphans: list[Record] = []
        for record in records:
            if record.kind in (Kind.PASSAGE, Kind.VOID):
                self._assign(record)

    def findings(self) -> Iterator[Finding]:
        """Every violation found in the records."""
        yield from self._sequence()
        yield from self._intervals()
        yield from self._signs()
        for crossing in self._yard.truth.crossings:
            yield from self._crossing(crossing)
        for stay, records in zip(self._stays, self._by_stay, strict=True):
            for record in records:
                if record.kind is Kind.PASSAGE:
                    yield from self._passage(stay, record)

    def _assign(self, record: Record) -> None:
        """Give a record to the interval that had begun when its vehicle boarded."""
        boarded_us = record.times.entered_us
        at_us = record.times.at_us if boarded_us is None else boarded_us
        begun = [i for i, stay in enumerate(self._stays) if stay.from_us <= at_us + 200_000]
        if not begun:
            self._orphans.append(record)
            return
        self._by_stay[begun[-1]].append(record)

    def _sequence(self) -> Iterator[Finding]:
        before: Record | None = None
        for expected, record in enumerate(self._records, start=1):
            if record.seq != expected:
                yield _found("I6", record, f"seq {record.seq} where {expected} is due")
                return
            if before is not None and record.prev_hash != _hash(before, self._hashes):
                yield _found("I6", record, f"seq {record.seq} does not carry its forerunner's hash")
            before = record

    def _intervals(self) -> Iterator[Finding]:
        for record in self._orphans:
            yield _found("I4", record, f"seq {record.seq}: a {record.kind.name} without a vehicle")
        for stay, records in zip(self._stays, self._by_stay, strict=True):
            if stay.until_us is None or stay.until_us - stay.from_us < SHORT_US:
                continue
            if len(records) != 1:
                names = ", ".join(f"seq {r.seq} {r.kind.name}" for r in records) or "none"
                seen = f"vehicles {sorted(stay.vehicles)} on the deck: {names}"
                yield Finding(check="I4", at_us=stay.from_us, seen=seen)

    def _signs(self) -> Iterator[Finding]:
        """PASS was shown only for passages that a record releases, with the record's weight."""
        for shown in self._shown:
            parts = [r for r in self._records if r.passage_id == shown.passage_id]
            if not any(_releases(r) for r in parts):
                seen = f"PASS shown for passage {shown.passage_id} without a release"
                yield Finding(check="I9", at_us=shown.at_us, seen=seen)
            weighed = {r.weighing.indicated_g for r in parts if r.weighing is not None}
            if shown.gross_g is not None and shown.gross_g not in weighed:
                seen = f"the sign says {shown.gross_g} g, the record {sorted(map(str, weighed))}"
                yield Finding(check="I9", at_us=shown.at_us, seen=seen)

    def _crossing(self, crossing: Crossing) -> Iterator[Finding]:
        if crossing.end == crossing.entry or self._broke_through(crossing):
            return
        stay = self._stay_of(crossing)
        parts = self._parts(stay)
        way = Permit(_NAMES[crossing.end])
        due = [r for r in parts if r.permit is way and _decided_us(r) <= crossing.at_us]
        causes = [r for r in due if _releases(r)]
        used = self._crossed_before(crossing, stay)
        name = f"vehicle {crossing.vehicle} ({crossing.mass_g / 1e6:.2f} t)"
        if len({r.passage_id for r in causes}) <= used:
            seen = (
                f"{name} left by the {_NAMES[crossing.end]} boom; "
                f"releases: {len(causes)}, vehicles gone before it: {used}"
            )
            yield Finding(check="T2", at_us=crossing.at_us, seen=seen)
            return
        by_rule = [r for r in causes if r.person is None]
        if not by_rule:
            return
        if crossing.mass_g > crossing.limit_g + mpe_g(crossing.limit_g) + E_G // 2:
            seen = f"{name} released by rule over its limit of {crossing.limit_g / 1e6:.0f} t"
            yield Finding(check="T4", at_us=crossing.at_us, seen=seen)
        if crossing.plate not in {r.plate for r in parts}:
            seen = f"{name} is {crossing.plate}, recorded as {by_rule[0].plate}"
            yield Finding(check="T6", at_us=crossing.at_us, seen=seen)

    def _passage(self, stay: OnDeck, record: Record) -> Iterator[Finding]:
        weighing, decision = record.weighing, record.decision
        by_rule = record.person is None and decision is not None
        if weighing is not None:
            if (record.times.at_us, weighing.gross_g) not in self._accepted:
                yield _found("I5", record, f"seq {record.seq}: {weighing.gross_g} g never accepted")
            slack = E_G // 2 if weighing.gross_g % E_G == 0 else 0
            errors = [abs(weighing.gross_g - m) - mpe_g(m) - slack for m in stay.vehicles.values()]
            if min(errors) > 0:
                masses = ", ".join(f"{m} g" for m in stay.vehicles.values())
                yield _found("T3", record, f"seq {record.seq}: {weighing.gross_g} g for {masses}")
        if by_rule and decision is not None and decision.outcome is Outcome.RELEASE:
            verdict = record.verdicts.over_limit if record.verdicts is not None else None
            if weighing is None or verdict is None or verdict.result is not Result.WITHIN:
                yield _found("I8", record, f"seq {record.seq} releases without knowing enough")
        elif by_rule and not self._disturbed and self._is_plain(stay):
            seen = f"seq {record.seq}: vehicles {sorted(stay.vehicles)}: {_why(record)}"
            yield _found("T5", record, seen)

    def _is_plain(self, stay: OnDeck) -> bool:
        """One lawful vehicle with a clean plate and known papers: nothing speaks against it."""
        if len(stay.vehicles) != 1:
            return False
        number, mass_g = next(iter(stay.vehicles.items()))
        driver = self._yard.drivers[number]
        truck = driver.vehicle.truck
        bound_g = truck.limit_g * (1000 - MARGIN_PERMILLE) // 1000
        return (
            driver.orderly
            and truck.registered
            and truck.plate_dirt <= READABLE_DIRT_MAX
            and mass_g <= bound_g
            and not self._yard.options.walkers
        )

    def _stay_of(self, crossing: Crossing) -> int | None:
        """The latest interval of this vehicle that had begun when it crossed."""
        stays = [
            i
            for i, stay in enumerate(self._stays)
            if crossing.vehicle in stay.vehicles and stay.from_us <= crossing.at_us
        ]
        return stays[-1] if stays else None

    def _crossed_before(self, crossing: Crossing, stay: int | None) -> int:
        """How many vehicles of the same interval had left by this end already."""
        return sum(
            other.at_us < crossing.at_us
            and other.end == crossing.end
            and self._stay_of(other) == stay
            for other in self._yard.truth.crossings
        )

    def _parts(self, stay: int | None) -> list[Record]:
        """The record of an interval with all that were added to its passage later."""
        if stay is None:
            return []
        ids = {r.passage_id for r in self._by_stay[stay]}
        return [r for r in self._records if r.passage_id in ids]

    def _broke_through(self, crossing: Crossing) -> bool:
        what = f"vehicle {crossing.vehicle}"
        return any(
            touch.what == what and touch.end == crossing.end and not touch.by_boom
            for touch in self._yard.truth.touches
            if touch.at_us <= crossing.at_us
        )


def _releases(record: Record) -> bool:
    return record.decision is not None and record.decision.outcome is Outcome.RELEASE


def _decided_us(record: Record) -> int:
    decided_us = record.times.decided_us
    return record.times.at_us if decided_us is None else decided_us


def _why(record: Record) -> str:
    decision = record.decision
    if decision is None:
        return "no decision"
    return f"{decision.outcome.value} because of {', '.join(decision.reasons) or 'nothing said'}"


def _hash(record: Record, hashes: Hashes) -> bytes | None:
    return hashes.get((record.site, record.lane, record.seq))


def _found(check: str, record: Record, seen: str) -> Finding:
    return Finding(check=check, at_us=record.times.at_us, seen=seen)
