"""One lawful passage with its record, and what more than one test spoils of it."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.images import EndInputs, InputImage, OutputImage, Sign, Weight
from controller.core.kinds import Deck, Message, Presence, WeighingStatus
from protocol import parts
from protocol.record import Record, encode
from sim.checker import Checker
from sim.finding import Finding
from sim.law import mpe_g
from sim.truth import Crossing, OnDeck

SECOND = 1_000_000
E_G = 20_000
DAY = 20_261_122
CURVE = parts.Curve.of((10, 30), (0, 1))


def hashes(records: list[Record]) -> dict[tuple[str, str, int], bytes]:
    """As a ledger gives them; here without seals."""
    return {(r.site, r.lane, r.seq): hashlib.sha256(encode(r)).digest() for r in records}


class Day:
    """One lawful passage with its record, of which a test spoils one thing."""

    def __init__(self) -> None:
        self.yard = yard_with("3-axle truck")
        vehicle = self.yard.drivers[0].vehicle
        vehicle.present, vehicle.s_m = True, 15.0
        self.vehicle, self.truck = vehicle, vehicle.truck
        self.mass_g, self.plate = vehicle.mass_g, vehicle.truck.plate.text
        self.yard.truth.on_deck.append(
            OnDeck(from_us=10 * SECOND, until_us=40 * SECOND, vehicles={0: self.mass_g})
        )
        self.crossing = Crossing(
            at_us=41 * SECOND,
            vehicle=0,
            plate=self.plate,
            entry=0,
            end=1,
            mass_g=self.mass_g,
            limit_g=vehicle.truck.limit_g,
        )
        self.yard.truth.crossings.append(self.crossing)
        self.gross_g = round(self.mass_g / E_G) * E_G
        self.records = [self.record()]
        self.shown = Sign(message=Message.PASS, gross_g=self.gross_g)
        self.fault = 0
        self.unbidden = 0

    def times(self, **fields: Any) -> parts.Times:
        base = parts.Times(
            at_us=30 * SECOND,
            started_us=5 * SECOND,
            entered_us=11 * SECOND,
            decided_us=31 * SECOND,
            wall_ms=self.yard.options.wall_start_ms + 31_000,
            clock=parts.ClockQuality.SYNCHRONISED,
            date=DAY,
            offset_min=480,
        )
        return replace(base, **fields)

    def weighing(self, **fields: Any) -> parts.Weighing:
        base = parts.Weighing(
            gross_g=self.gross_g,
            indicated_g=self.gross_g,
            estimate_g=self.gross_g + 1_000,
            u95_g=7_000,
            mpe_g=2 * mpe_g(self.gross_g, E_G),
            stable_from_us=28 * SECOND,
            stable_to_us=30 * SECOND,
            raw=b"counts",
        )
        return replace(base, **fields)

    def verdicts(self, **fields: Any) -> parts.Verdicts:
        limit_g, papers = self.truck.limit_g, self.truck.entry
        within = parts.Verdict(result=parts.Result.WITHIN, limit_g=limit_g, over_g=0, rate_e4=0)
        base = parts.Verdicts(
            over_limit=within,
            overload=replace(within, limit_g=papers.licence_gvm_g),
            dimensions=parts.Verdict(result=parts.Result.WITHIN),
            on=DAY,
        )
        return replace(base, **fields)

    def read(self, text: str, **fields: Any) -> parts.Plate:
        return replace(parts.Plate(text=text, conf_ppm=(990_000,) * 7, agree=3), **fields)

    def record(self, **fields: Any) -> Record:
        papers = self.truck.entry
        base = Record(
            kind=parts.Kind.PASSAGE,
            site="SIM001",
            lane="1",
            passage_id=1,
            part=1,
            direction=parts.Direction.OUT,
            times=self.times(),
            plate=self.plate,
            plates=(self.read(self.plate),),
            identification=parts.Identification(stand=parts.Stand.AUTO),
            axles=parts.Axles(count=3, source=parts.Source.SENSOR),
            vehicle=parts.Vehicle(licence_gvm_g=papers.licence_gvm_g),
            weighing=self.weighing(),
            curve=CURVE,
            verdicts=self.verdicts(),
            decision=parts.Decision(outcome=parts.Outcome.RELEASE),
            permit=parts.Permit.ROAD,
        )
        return replace(base, **fields)

    def sealed(self) -> list[Record]:
        """The records with their numbers and hashes, as the ledger gives them."""
        done: list[Record] = []
        before = bytes(32)
        for seq, record in enumerate(self.records, start=1):
            done.append(replace(record, seq=seq, prev_hash=before))
            before = hashlib.sha256(encode(done[-1])).digest()
        return done

    def findings(self, records: list[Record] | None = None) -> list[Finding]:
        checker = Checker(self.yard)
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED,
            accepted_us=30 * SECOND,
            stable_from_us=28 * SECOND,
            weight_g=self.gross_g,
        )
        faults = (self.fault,) if self.fault else ()
        if self.unbidden:
            checker.observe(image(1.0), OutputImage(on_deck=self.unbidden))
        checker.observe(image(30.0, weight=weight, faults=faults), OutputImage())
        checker.observe(image(31.0), OutputImage(sign=self.shown, passage_id=1))
        records = self.sealed() if records is None else records
        return list(checker.finish(records, hashes(records)))

    def checks(self, records: list[Record] | None = None) -> list[str]:
        return [finding.check for finding in self.findings(records)]


def image(now_s: float, **fields: Any) -> InputImage:
    base = InputImage(scan=1, now_us=round(now_s * SECOND), ends=(EndInputs(), EndInputs()))
    return replace(base, **{"estop": Presence.CLEAR, **fields})


def second_void(day: Day) -> None:
    void = day.record(kind=parts.Kind.VOID, passage_id=2, void="doubled", decision=None)
    day.records.append(replace(void, weighing=None, verdicts=None, permit=parts.Permit.NONE))


def record_of_nothing(day: Day) -> None:
    times = day.times(at_us=5 * SECOND, started_us=None, entered_us=None, decided_us=5 * SECOND)
    times = replace(times, wall_ms=day.yard.options.wall_start_ms + 5_000)
    void = replace(day.record(kind=parts.Kind.VOID, passage_id=2, void="ghost"), times=times)
    bare = replace(void, weighing=None, verdicts=None, decision=None, permit=parts.Permit.NONE)
    day.records.insert(0, bare)


def overloaded_and_released(day: Day) -> None:
    day.yard.truth.crossings[0] = replace(day.crossing, limit_g=day.mass_g - 40_000)


def held_for_nothing(day: Day) -> None:
    hold = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("plate not read",))
    person = parts.Person(who="operator 07", why="papers seen")
    release = parts.Decision(outcome=parts.Outcome.RELEASE)
    day.records = [
        day.record(decision=hold, permit=parts.Permit.NONE, plate=None),
        amended(day, person=person, decision=release, permit=parts.Permit.ROAD),
    ]


def weight_is_wrong(day: Day) -> None:
    day.gross_g += 60_000
    day.shown = replace(day.shown, gross_g=day.gross_g)
    day.records = [day.record()]


def no_record(day: Day) -> None:
    day.records = []


def amended(day: Day, **fields: Any) -> Record:
    hold = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("weight withdrawn",))
    bare = {"weighing": None, "verdicts": None, "curve": None, "decision": hold}
    fields = {"part": 2, "refers_to": 1, "permit": parts.Permit.NONE, **bare, **fields}
    return day.record(kind=parts.Kind.AMENDMENT, **fields)


def service(day: Day) -> Record:
    return Record(
        kind=parts.Kind.SERVICE,
        site="SIM001",
        lane="1",
        passage_id=8,
        part=1,
        times=parts.Times(at_us=SECOND),
        service=parts.Servicing(action=parts.Service.CLEAR_CELLS),
        person=parts.Person(who="maintenance", why="repaired"),
    )


def held(day: Day, reason: str, times: parts.Times) -> Record:
    decision = parts.Decision(outcome=parts.Outcome.HOLD, reasons=(reason,))
    return day.record(
        kind=parts.Kind.VOID,
        decision=decision,
        void=reason,
        weighing=None,
        verdicts=None,
        permit=parts.Permit.NONE,
        times=times,
    )


def second_vehicle_on_one_release(day: Day) -> None:
    day.yard.truth.on_deck[0].vehicles[1] = day.mass_g
    day.yard.drivers.append(day.yard.drivers[0])
    day.yard.truth.crossings.append(replace(day.crossing, vehicle=1, at_us=50 * SECOND))
    day.vehicle.s_m = 15.0
