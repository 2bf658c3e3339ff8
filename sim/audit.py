"""The records of a run, held against what truly happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from protocol.parts import Kind, Outcome, Permit, Result, Source, Stand
from protocol.record import Record
from protocol.rows import Hashes
from sim.claimcheck import of_claims
from sim.finding import Finding, of_record
from sim.incidentcheck import of_incidents
from sim.law import mpe_g
from sim.ledgercheck import annulments, of_ledger, releases
from sim.nobody import BOARDS_US, LEAVES_US, SHORT_US, UNEXPECTED, Nobody
from sim.recordcheck import Subject, of_itself, of_kin, of_vehicle
from sim.reweighcheck import of_reweighing, takes_back, weighed_again
from sim.scale import E_KG
from sim.truth import Crossing, OnDeck
from sim.wordcheck import of_words
from sim.world import Yard

E_G = round(E_KG * 1000)
STILL_US = 500_000
LEFT = "left without"
READABLE_DIRT_MAX = 0.3
MARGIN_PERMILLE = 25
_NAMES = ("yard", "road")
_ACCUSES = ("212 ", "213 ", "214 ")
"""Flags of a weight that changed by itself."""
_SAYS_NOTHING = ("silent", "unknown", "stuck")


class Audit:
    """All checks that need the whole run."""

    def __init__(
        self,
        yard: Yard,
        records: tuple[Record, ...],
        hashes: Hashes,
        *,
        accepted: set[tuple[int, int]],
        doubts: Mapping[int, str],
        disturbed: bool,
        died: bool,
        mute: Sequence[tuple[int, int]] = (),
        boarded: Mapping[int, int],
        unbidden: Collection[int] = (),
        owes: bool,
    ) -> None:
        self._yard = yard
        self._records = records
        self._hashes = hashes
        self._accepted = accepted
        self._doubts = doubts
        self._disturbed = disturbed
        self._died = died
        self._mute = mute
        self._nobody = Nobody(yard, boarded, unbidden, died)
        self._owes = owes
        self._whole = not (disturbed or died)
        self._stays = yard.truth.on_deck
        self._by_stay: list[list[Record]] = [[] for _ in self._stays]
        self._orphans: list[Record] = []
        words = set(map(id, annulments(records)))
        for record in records:
            told = record.kind in (Kind.PASSAGE, Kind.VOID) and id(record) not in words
            if told and not self._nobody.may_be_told_of(record):
                self._assign(record)

    def findings(self) -> Iterator[Finding]:
        """Every violation found in the records."""
        yield from of_ledger(self._records, self._hashes)
        yield from self._intervals()
        yield from self._left()
        for crossing in self._yard.truth.crossings:
            yield from self._crossing(crossing)
        for i, (stay, records) in enumerate(zip(self._stays, self._by_stay, strict=True)):
            yield from self._held(stay, records)
            for record in records:
                if record.kind is Kind.PASSAGE:
                    yield from self._passage(stay, record)
                    yield from self._vehicle(i, record)
            for record in weighed_again(self._parts(i)):
                yield from self._passage(stay, record)
                yield from self._vehicle(i, record)
        yield from self._of_records()

    def _assign(self, record: Record) -> None:
        """Give a record to the interval that had begun when its vehicle boarded."""
        boarded_us = self._nobody.boarded_us(record)
        known = boarded_us is not None and not self._nobody.boarded_for(boarded_us)
        at_us = boarded_us if boarded_us is not None and known else record.times.at_us
        begun = [i for i, stay in enumerate(self._stays) if stay.from_us <= at_us + BOARDS_US]
        if not begun:
            self._orphans.append(record)
            return
        self._by_stay[begun[-1]].append(record)

    def _of_records(self) -> Iterator[Finding]:
        """Each record by itself, then those that lean on earlier ones."""
        yield from of_claims(self._records)
        yield from of_incidents(self._records, self._yard, self._died)
        yield from of_words(self._records, self._yard, self._died or self._owes)
        options = self._yard.options
        clock = any(fault.device == "clock" for fault in options.faults)
        wall_start_ms = None if clock else options.wall_start_ms
        for record in self._records:
            if record.passage_id:
                yield from of_itself(record, wall_start_ms, E_G)
        yield from of_reweighing(self._records)
        if options.cheat is None:
            yield from of_kin(self._records, self._whole)
            yield from self._accusations()

    def _accusations(self) -> Iterator[Finding]:
        """Findings of a device or a prop in a yard where nothing but vehicles was on the scale."""
        spoilt = any(
            fault.device.startswith(("cell", "host", "indicator"))
            for fault in self._yard.options.faults
        )
        if spoilt or self._yard.mischief is not None or self._yard.loads:
            return
        for record in self._records:
            for flag in record.flags:
                if flag.startswith(_ACCUSES):
                    yield of_record("T13", record, f"seq {record.seq}: {flag}")

    def _vehicle(self, number: int, record: Record) -> Iterator[Finding]:
        """A record against the vehicle of its interval, where one stood there and nobody cheats."""
        stay = self._stays[number]
        if len(stay.vehicles) != 1 or self._yard.options.cheat is not None:
            return
        driver = self._yard.drivers[next(iter(stay.vehicles))]
        truck = driver.vehicle.truck
        ways = {c.entry for c in self._yard.truth.crossings if self._stay_of(c) == number}
        known = truck.registered and self._yard.register.get(truck.plate.text) == truck.entry
        entry = ways.pop() if len(ways) == 1 else None
        yield from of_vehicle(record, Subject(truck=truck, entry=entry, known=known))
        axles = record.axles
        counted = axles is not None and axles.source is Source.SENSOR
        if self._whole and driver.orderly and record.weighing is not None and not counted:
            yield of_record("T12", record, f"seq {record.seq}: nobody has counted its axles")

    def _intervals(self) -> Iterator[Finding]:
        for record in self._orphans:
            yield of_record(
                "I4", record, f"seq {record.seq}: a {record.kind.name} without a vehicle"
            )
        for stay, records in zip(self._stays, self._by_stay, strict=True):
            if stay.until_us is None or stay.until_us - stay.from_us < SHORT_US:
                continue
            if not records and (self._untold(stay) or self._unseen(stay)):
                continue
            if not _account_for(stay, records):
                names = ", ".join(f"seq {r.seq} {r.kind.name}" for r in records) or "none"
                seen = f"vehicles {sorted(stay.vehicles)} on the deck: {names}"
                yield Finding(check="I4", at_us=stay.from_us, seen=seen)

    def _untold(self, stay: OnDeck) -> bool:
        """Whether no life could tell of it: the lane was dead, or died with a disk that was full.

        Who boarded before that stands in the ledger, and who is still on the deck when the next
        life has looked is found there: neither is excused.
        """
        return stay.until_us is not None and any(
            from_us <= stay.from_us and stay.until_us <= until_us
            for from_us, until_us in self._mute
        )

    def _unseen(self, stay: OnDeck) -> bool:
        """Whether no cell spoke, and no loop could tell him from one who stood before the deck."""
        if stay.whole or stay.until_us is None:
            return False
        return any(
            fault.device == "cells"
            and fault.kind in _SAYS_NOTHING
            and fault.from_us <= stay.from_us
            and (fault.until_us is None or stay.until_us <= fault.until_us)
            for fault in self._yard.options.faults
        )

    def _left(self) -> Iterator[Finding]:
        """Whoever a record says has left the deck is not there any more."""
        for record in self._records:
            said = (record.void or "", *(record.decision.reasons if record.decision else ()))
            at_us = _decided_us(record)
            there = any(
                stay.from_us < at_us - STILL_US
                and (stay.until_us is None or at_us + STILL_US < stay.until_us)
                for stay in self._stays
            )
            if there and any(reason.startswith(LEFT) for reason in said):
                yield of_record("I4", record, f"seq {record.seq}: {LEFT}, and stands on the deck")

    def _crossing(self, crossing: Crossing) -> Iterator[Finding]:
        if crossing.end == crossing.entry or self._broke_through(crossing):
            return
        if self._found_open(crossing):
            return
        mischief = self._yard.mischief
        if mischief is not None and mischief.lets_through(crossing.end, crossing.at_us):
            return
        stay = self._stay_of(crossing)
        parts = self._parts(stay)
        way = Permit(_NAMES[crossing.end])
        due = [r for r in parts if r.permit is way and _decided_us(r) <= crossing.at_us]
        causes = [r for r in due if releases(r)] + _raised_by_hand(parts, way, crossing.at_us)
        used = self._crossed_before(crossing, stay)
        name = f"vehicle {crossing.vehicle} ({crossing.mass_g / 1e6:.2f} t)"
        # A rule lets one vehicle out of each passage; a person may say it again for the next.
        told = sum(r.person is not None for r in causes)
        if max(told, len({r.passage_id for r in causes})) <= used:
            seen = (
                f"{name} left by the {_NAMES[crossing.end]} boom; "
                f"releases: {len(causes)}, vehicles gone before it: {used}"
            )
            yield Finding(check="T2", at_us=crossing.at_us, seen=seen)
            return
        by_rule = [r for r in causes if r.person is None]
        if not by_rule:
            return
        over = crossing.mass_g > crossing.limit_g + mpe_g(crossing.limit_g, E_G) + E_G // 2
        weighed_us = 0 if stay is None else self._stays[stay].from_us
        if over and not self._spoilt(weighed_us, crossing.at_us):
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
                yield of_record(
                    "I5", record, f"seq {record.seq}: {weighing.gross_g} g never accepted"
                )
            slack = E_G // 2 if weighing.gross_g % E_G == 0 else 0
            besides_g = self._yard.beside_g(record.times.at_us, died=self._died)
            masses = [m + g for m in stay.vehicles.values() for g in besides_g]
            errors = [abs(weighing.gross_g - m) - mpe_g(m, E_G) - slack for m in masses]
            if min(errors) > 0 and not self._spoilt(stay.from_us, stay.until_us):
                told = ", ".join(f"{m} g" for m in masses)
                yield of_record("T3", record, f"seq {record.seq}: {weighing.gross_g} g for {told}")
            doubt = self._doubts.get(record.times.at_us)
            if doubt is not None:
                yield of_record("T8", record, f"seq {record.seq}: {doubt}")
        by_itself = record.identification is None or record.identification.stand is Stand.AUTO
        plates = self._plates(stay)
        if by_itself and self._yard.options.cheat is None and record.plate not in (None, *plates):
            seen = f"seq {record.seq} is of {record.plate}, on the deck stood {', '.join(plates)}"
            yield of_record("T6", record, seen)
        if by_rule and decision is not None and decision.outcome is Outcome.RELEASE:
            verdict = record.verdicts.over_limit if record.verdicts is not None else None
            if weighing is None or verdict is None or verdict.result is not Result.WITHIN:
                yield of_record("I8", record, f"seq {record.seq} releases without knowing enough")

    def _held(self, stay: OnDeck, accounts: list[Record]) -> Iterator[Finding]:
        """A lawful vehicle with nothing against it is neither held nor voided, then or later."""
        if self._disturbed or not self._is_plain(stay):
            return
        ids = {account.passage_id for account in accounts}
        left_alone = self._whole and not self._yard.options.requests
        for record in self._records:
            decision = record.decision
            held = decision is not None and decision.outcome is not Outcome.RELEASE
            if record.passage_id not in ids or record.person is not None:
                continue
            if record.kind is not Kind.PASSAGE and not left_alone:
                continue
            if takes_back(record, self._records):
                continue
            if held or record.kind is Kind.VOID:
                seen = f"seq {record.seq}: vehicles {sorted(stay.vehicles)}: {_why(record)}"
                yield of_record("T5", record, seen)

    def _plates(self, stay: OnDeck) -> set[str]:
        """Every plate that the vehicles of an interval have shown; some come with another."""
        now = {self._yard.drivers[number].vehicle.truck.plate.text for number in stay.vehicles}
        crossings = self._yard.truth.crossings
        return now | {c.plate for c in crossings if c.vehicle in stay.vehicles}

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

    def _spoilt(self, from_us: int, until_us: int | None) -> bool:
        """Whether anything made each weight untrue: a foreign hand, or all cells alike."""
        lies = any(
            (fault.device, fault.kind) == ("cells", "reads too much")
            and (until_us is None or fault.from_us < until_us)
            and (fault.until_us is None or from_us < fault.until_us)
            for fault in self._yard.options.faults
        )
        return lies or self._yard.weight_is_spoilt(from_us, until_us)

    def _broke_through(self, crossing: Crossing) -> bool:
        what = f"vehicle {crossing.vehicle}"
        return any(
            touch.what == what and touch.end == crossing.end and not touch.by_boom
            for touch in self._yard.truth.touches
            if touch.at_us <= crossing.at_us
        )

    def _found_open(self, crossing: Crossing) -> bool:
        """Whether a foreign hand held that boom up, whatever the lane asked of it."""
        return any(
            fault.kind == "opens by itself"
            and fault.device == f"{_NAMES[crossing.end]}.boom"
            and fault.from_us <= crossing.at_us
            and (fault.until_us is None or crossing.at_us <= fault.until_us + LEAVES_US)
            for fault in self._yard.options.faults
        )


def _account_for(stay: OnDeck, records: list[Record]) -> bool:
    """Whether an interval has its one record; who follows before the deck is empty has his own."""
    more = records[1:]
    followers = all(record.void == UNEXPECTED for record in more)
    return bool(records) and len(more) < max(1, len(stay.vehicles)) and followers


def _raised_by_hand(parts: list[Record], way: Permit, at_us: int) -> list[Record]:
    """The word of a named person that the boom goes up, where it is the newest on the passage."""
    newest = [r for r in parts if _decided_us(r) <= at_us][-1:]
    by_person = [r for r in newest if r.kind is Kind.MANUAL_MOVE and r.person is not None]
    return [r for r in by_person if r.permit is way]


def _decided_us(record: Record) -> int:
    decided_us = record.times.decided_us
    return record.times.at_us if decided_us is None else decided_us


def _why(record: Record) -> str:
    decision = record.decision
    if decision is None:
        return record.void or "no decision"
    return f"{decision.outcome.value} because of {', '.join(decision.reasons) or 'nothing said'}"
