"""Zero, diagnosis, known truck and calibration, on the running lane's own samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from console_rig import until
from do_rig import Console, console, own_site
from msgspec.structs import replace

from board.calibration_file import read_standing
from controller.assembly import LEDGER_FILE
from controller.console import do_calibrate, do_record
from controller.console.answer import CommandError
from controller.console.diag_scale import looks_of, rate_of, stuck_bits
from controller.console.do_common import require_ledger
from controller.console.do_record import detail_of
from controller.console.messages import Samples
from controller.console.roles import Role
from controller.core.images import LedgerFact
from controller.core.kinds import Deck, WeighingStatus
from hal.requests import DETAIL_MAX
from protocol.ledger import Ledger
from protocol.parts import Kind
from protocol.record import Record
from sim.cab import Habits
from sim.scenario import read_scenario
from sim.world import Visit


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading of a simulated deck need not be as long as one of a windy yard."""
    monkeypatch.setattr(do_calibrate, "READ_S", 3.0)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path, Role.ADMIN, own_site(tmp_path)) as made:
        yield made


def yard_of(at: Console) -> Any:
    return at.running.board.bus.share("yard", lambda: None)


def put(at: Console, load_g: int, x_m: float = 9.0, y_m: float = 0.0) -> None:
    """Stand a test load on the deck of the simulated cells, which the tap hides."""
    at.running.board.cells._cells.place(load_g, x_m, y_m)  # type: ignore[union-attr]


def services(at: Console) -> list[Record]:
    with Ledger.open(at.ctx.folder / LEDGER_FILE, read_only=True) as ledger:
        return [one for one in ledger.records() if one.kind is Kind.SERVICE]


def test_zero_is_set_on_the_empty_deck_and_recorded_with_its_reason(at: Console) -> None:
    at.by_hand()
    said = at.do("zero after sweeping the deck")
    assert said.data["zero_ok"]
    (record,) = services(at)
    assert record.seq == said.data["seq"]
    assert record.person is not None
    assert (record.person.who, record.person.why) == ("li.wei", "after sweeping the deck")


def test_zero_is_refused_with_a_load_or_something_in_a_beam(at: Console) -> None:
    at.by_hand()
    yard_of(at).fault("road.beam_high", "says blocked")
    until(lambda: at.ctx.link.state().inputs.ends[1].beam_high.state.name == "BLOCKED")
    with pytest.raises(CommandError, match=r"zero is not set: road\.beam_high"):
        at.do("zero x")
    yard_of(at).heal("road.beam_high")
    put(at, 20_000_000)
    until(lambda: at.ctx.link.state().inputs.weight.deck is Deck.LOADED)
    with pytest.raises(CommandError, match="the deck is LOADED"):
        at.do("zero x")
    assert services(at) == []


def test_diag_scale_finds_every_cell_of_a_sound_deck_well(at: Console) -> None:
    said = at.do("diag scale 4")
    assert said.data["ok"], said.text
    assert said.data["rate_got_hz"] == pytest.approx(said.data["rate_wanted_hz"], rel=0.02)
    assert said.data["missing"] == 0
    assert [row["cell"] for row in said.data["cells"]] == list(range(8))
    assert all(len(line) <= 80 for line in said.text[1:10])


@pytest.mark.parametrize(
    ("device", "kind", "word"),
    [("cell3", "silent", "FROZEN"), ("cell5", "stuck", "FROZEN"), ("cells", "silent", "")],
)
def test_diag_scale_names_the_cell_that_is_not(
    at: Console, device: str, kind: str, word: str
) -> None:
    yard_of(at).fault(device, kind)
    if not word:
        with pytest.raises(CommandError, match=r"no samples came in 2 s: CELLS_SILENT"):
            at.do("diag scale 2")
        return
    rows = at.do("diag scale 2").data["cells"]
    wrong = [row["cell"] for row in rows if row["verdicts"]]
    assert wrong == [int(device[-1])]
    assert rows[wrong[0]]["verdicts"][0].startswith(word)


def test_gaps_and_jitter_are_counted_in_samples_and_microseconds() -> None:
    t_us = [0, 10_000, 20_500, 30_000, 70_000, 80_000]
    rate = rate_of(Samples(t_us=t_us, counts=[[1]] * 6, rate_hz=100.0))
    assert (rate.missing, rate.gap_max_us, rate.samples) == (3, 40_000, 6)
    assert rate.got_hz == pytest.approx(62.5)
    assert rate.jitter_p99_us > 25_000


@pytest.mark.parametrize(
    ("counts", "bits"), [([5, 5, 5], 0), ([0, 1], 0), ([8, 16, 24], 3), ([0, 256], 8)]
)
def test_bits_that_never_change_below_those_that_do(counts: list[int], bits: int) -> None:
    assert stuck_bits(np.array(counts, np.int64)) == bits


def test_noise_and_drift_are_told_apart(at: Console) -> None:
    site = at.running.board.profile.scale
    n, rng = 400, np.random.default_rng(7)
    per_e = site.scale.cells[0].counts_per_kg * site.scale.e_g / 1000
    counts = np.full((n, 8), site.scale.cells[0].zero_counts) + rng.normal(0, 0.05 * per_e, (n, 8))
    counts[:, 2] += np.linspace(0, per_e, n)
    counts[:, 6] += rng.normal(0, 3 * per_e, n)
    counts[50:, 4] = site.max_counts
    samples = Samples(
        t_us=[int(i * 50_000) for i in range(n)], counts=counts.round().astype(int).tolist(),
        rate_hz=20.0,
    )  # fmt: skip
    looks = looks_of(samples, site)
    words = {one.cell: one.verdicts[0].split(":")[0] for one in looks if one.verdicts}
    assert words[2] == "DRIFTS"
    assert words[6] == "NOISY"
    assert words[4] == "SATURATED"
    assert set(words) == {2, 4, 6}
    drift_e = looks[2].drift_g_per_min / site.scale.e_g
    assert drift_e == pytest.approx(60 / 20, rel=0.1)


def send_a_truck(at: Console) -> int:
    """A truck of the morning comes on by the road, waved on by hand; its mass in grams."""
    visit = read_scenario("morning", 1, 1)[0][0]
    yard = yard_of(at)
    at.do("gate raise road a truck of known mass")
    yard.add(
        Visit(
            truck=visit.truck, end=1, arrives_us=yard.now_us, load_g=visit.load_g,
            habits=Habits(on_red=True, tailgates=True),
        )
    )  # fmt: skip
    until(lambda: at.ctx.link.state().inputs.weight.status is WeighingStatus.ACCEPTED)
    return visit.truck.tare_g + visit.load_g


def test_a_known_truck_is_held_against_the_mpe_and_recorded(at: Console) -> None:
    at.by_hand()
    with pytest.raises(CommandError, match="the deck is empty"):
        at.do("truck check 30000 x")
    mass_g = send_a_truck(at)
    good = at.do(f"truck check {mass_g / 1000:g} weighed at the station, ticket 17")
    assert good.data["ok"]
    assert abs(good.data["error_e"]) <= good.data["mpe_e"]
    bad = at.do(f"truck check {mass_g / 1e6 - 0.5:g}t weighed at the station, ticket 17")
    assert not bad.data["ok"]
    assert bad.data["error_g"] == pytest.approx(good.data["error_g"] + 500_000, abs=1)
    assert [one.seq for one in services(at)] == [good.data["seq"], bad.data["seq"]]
    for mass in ("0", "900 t", "x", "12 furlongs"):
        with pytest.raises(CommandError):
            at.do(f'truck check "{mass}" x')


STEPS = re.compile(r"^(?:Over cell (?P<cell>\d)|kg (?P<what>on the deck|of that load))")


def loads_by_prompt(at: Console, loads: list[str]) -> None:
    """Put on the deck what the dialogue asks for, as hands would, before each answer."""
    cells = at.running.board.profile.scale.scale.cells

    def act(prompt: str) -> None:
        found = STEPS.match(prompt)
        if found is None:
            return
        if found["cell"] is not None:
            cell = cells[int(found["cell"])]
            put(at, 15_000_000, cell.x_m, cell.y_m)
        elif found["what"] == "on the deck":
            load = loads.pop(0)
            put(at, int(load) * 1000 if load else 0)

    at.talk.act = act


def test_a_calibration_is_guided_shown_accepted_written_and_recorded(at: Console) -> None:
    at.by_hand()
    path = at.ctx.folder / "sim.calib.toml"
    before = read_standing(path)
    at.talk.lines = ["", "30000", "60 t", "", "15000", *[""] * 8, "ACCEPT"]
    loads_by_prompt(at, ["30000", "60000", ""])
    said = at.do("calibrate yearly, weights of the station")
    assert said.data["written"], at.talk.told
    after = read_standing(path)
    assert (before.version, after.version) == (0, 1)
    assert after.table["calibration"]["author"] == "li.wei"
    (record,) = services(at)
    assert record.service is not None
    told = str(record.service)
    assert before.sha256 in told
    assert after.sha256 in told
    assert "cells[0].counts_per_kg" in told
    assert said.data["seq"] == record.seq
    assert any(line.startswith("corner cell7") for line in at.talk.told)
    assert any("it takes effect" in line for line in said.text)
    history = at.do("show calibration history")
    assert history.data["whole"]
    assert history.data["in_force"] == 1
    assert not at.do("show calibration").data["running"]


@pytest.mark.parametrize("last", ["", "accept"])
def test_any_other_word_leaves_the_sheet_as_it_is(at: Console, last: str) -> None:
    at.by_hand()
    path = at.ctx.folder / "sim.calib.toml"
    before = path.read_bytes()
    at.talk.lines = ["", "60000", "", "", last]
    loads_by_prompt(at, ["60000", ""])
    assert at.do("calibrate x").data["written"] is False
    assert path.read_bytes() == before
    assert services(at) == []


def test_a_load_that_is_not_what_was_said_is_not_taken_and_giving_up_writes_nothing(
    at: Console,
) -> None:
    at.by_hand()
    before = (at.ctx.folder / "sim.calib.toml").read_bytes()
    at.talk.lines = ["", "60000", "q"]
    loads_by_prompt(at, ["40000", ""])
    with pytest.raises(CommandError, match="given up; nothing was written"):
        at.do("calibrate x")
    assert any("not taken: the deck shows 40" in line for line in at.talk.told)
    assert (at.ctx.folder / "sim.calib.toml").read_bytes() == before


def test_an_old_version_is_put_back_as_a_new_one_on_record(at: Console) -> None:
    at.by_hand()
    at.talk.lines = ["", "60000", "", "", "ACCEPT"]
    loads_by_prompt(at, ["60000", ""])
    at.do("calibrate x")
    said = at.do("calibrate rollback 0 weights were wrong")
    assert (said.data["version"], said.data["restores"]) == (2, 0)
    assert len(services(at)) == 2
    with pytest.raises(CommandError, match="no version 9 in the history; kept: 0, 1, 2"):
        at.do("calibrate rollback 9 x")


def test_who_is_no_admin_does_not_calibrate(tmp_path: Path) -> None:
    with console(tmp_path, Role.MAINTAINER) as at:
        at.by_hand()
        for line in ("calibrate x", "calibrate rollback 0 x", "calibrate record x"):
            with pytest.raises(CommandError, match="needs the role admin"):
                at.do(line)


def test_a_detail_that_is_too_long_is_cut_at_a_line_and_says_so() -> None:
    changed = [(f"cells[{number}].counts_per_kg", 1.25) for number in range(200)]
    detail = detail_of("a" * 64, "b" * 64, changed)
    assert len(detail) <= DETAIL_MAX
    lines = detail.split("\n")
    kept = len(lines) - 2
    assert lines[-1] == f"... {200 - kept} more"
    assert lines[kept] == f"cells[{kept - 1}].counts_per_kg = 1.25"


def test_without_a_ledger_that_writes_no_calibration_is_begun(at: Console) -> None:
    at.by_hand()
    state = at.ctx.link.state()
    require_ledger(state)
    for change in (
        {"failure": "disk full"},
        {"inputs": replace(state.inputs, ledger=LedgerFact())},
    ):
        with pytest.raises(CommandError, match="so nothing is begun"):
            require_ledger(replace(state, **change))


def test_a_key_after_accepting_is_told_what_is_written_and_not_recorded(
    at: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.by_hand()

    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(do_record, "wait_record", stopped)
    at.talk.lines = ["", "60000", "", "", "ACCEPT"]
    loads_by_prompt(at, ["60000", ""])
    said = at.do("calibrate x")
    assert said.data["written"]
    assert said.data["seq"] is None
    assert any(line.startswith("NOT RECORDED: stopped") for line in said.text)
    monkeypatch.undo()
    assert at.do("calibrate record as it was").data["seq"] is not None
