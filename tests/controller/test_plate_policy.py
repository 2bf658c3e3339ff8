"""The site's policy for plates in the whole lane: confirmed by the weigh-room, or held."""

from __future__ import annotations

from pathlib import Path

from day_rig import run_day
from msgspec.structs import replace

from controller.core.images import OutputImage
from protocol.parts import Kind, Outcome, Permit, Stand
from sim.world import Yard

CONFIRM = {"plates.policy": "confirm"}
HOLDING_US = 90_000_000


def proposals(outputs: list[OutputImage]) -> set[str]:
    return {out.proposal for out in outputs} - {""}


def test_a_site_that_confirms_every_plate_passes_trucks_on_a_persons_word(tmp_path: Path) -> None:
    day = run_day(Yard.from_scenario("legal", seed=3), tmp_path, overrides=CONFIRM)
    assert day.findings == ()
    assert day.finished
    (passage,) = [record for record in day.records if record.kind is Kind.PASSAGE]
    found = passage.identification
    assert found is not None
    assert (found.stand, found.policy) == (Stand.CONFIRMED, Stand.PROPOSED)
    assert proposals(day.outputs) == {found.read} == {passage.plate}
    assert passage.person is not None
    assert passage.permit is not Permit.NONE


def test_without_anybody_to_confirm_it_the_vehicle_is_held_and_no_boom_opens(
    tmp_path: Path,
) -> None:
    yard = Yard.from_scenario("legal", seed=3)
    absent = Yard(3, options=replace(yard.options, operator_absent=True))
    absent.drivers, absent.register = yard.drivers, yard.register
    day = run_day(absent, tmp_path, until_us=HOLDING_US, overrides=CONFIRM)
    assert not day.finished
    (passage,) = day.records
    assert passage.decision is not None
    assert passage.decision.outcome is Outcome.HOLD
    assert passage.decision.reasons[0] == "plate not confirmed"
    assert (passage.permit, passage.plate) == (Permit.NONE, None)
    assert passage.identification is not None
    assert passage.identification.stand is Stand.PROPOSED
    assert passage.identification.read
