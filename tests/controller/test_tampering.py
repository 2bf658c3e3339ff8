"""What the scale's watch finds: which of it takes a weight away, and what a record is told."""

from __future__ import annotations

import pytest

from controller.tampering import BEAM_NEAR_US, Tampering, flag_of
from sensors.tamper_finding import TamperFinding, TamperKind

SECOND = 1_000_000


def finding(kind: TamperKind, at_s: float, value_kg: int = -500) -> TamperFinding:
    return TamperFinding(
        kind=kind,
        at_us=round(at_s * SECOND),
        value_g=value_kg * 1000,
        u95_g=20_000,
        ratio_ppm=-25_000 if kind is not TamperKind.NO_RETURN else None,
        u95_ppm=1_000 if kind is not TamperKind.NO_RETURN else None,
        cells_g=(),
        x_mm=13_050 if kind is TamperKind.NO_RETURN else None,
        y_mm=None,
    )


@pytest.fixture
def standing() -> Tampering:
    """A weighing that began at 10 s, with the beams clear since 12 s."""
    made = Tampering()
    for tenth in range(200):
        now_us = tenth * 100_000
        began = now_us >= 10 * SECOND
        made.see(now_us, int(began), blocked=10 * SECOND <= now_us < 12 * SECOND)
    return made


@pytest.mark.parametrize("kind", [TamperKind.STEP, TamperKind.PLATEAU_JUMP, TamperKind.SYMMETRIC])
def test_a_load_that_changes_by_itself_has_no_weight(standing: Tampering, kind: TamperKind) -> None:
    assert standing.spoils([finding(kind, 15.0)])
    assert not standing.spoils([finding(kind, 9.0)]), "that was the vehicle before"


@pytest.mark.parametrize("kind", [TamperKind.PERSON, TamperKind.NO_RETURN])
def test_a_person_and_a_rest_on_the_empty_deck_spoil_no_weight(
    standing: Tampering, kind: TamperKind
) -> None:
    assert not standing.spoils([finding(kind, 15.0)])


def test_a_step_beside_a_blocked_beam_may_be_an_axle(standing: Tampering) -> None:
    near_s = BEAM_NEAR_US / SECOND
    assert not standing.spoils([finding(TamperKind.STEP, 11.0)])
    assert not standing.spoils([finding(TamperKind.STEP, 11.9 + near_s)])
    assert standing.spoils([finding(TamperKind.STEP, 12.1 + near_s)])


def test_a_beam_that_is_blocked_afterwards_explains_nothing(standing: Tampering) -> None:
    for tenth in range(200, 230):
        standing.see(tenth * 100_000, 1, blocked=True)
    assert standing.spoils([finding(TamperKind.SYMMETRIC, 15.0)])


def test_each_finding_is_told_in_one_record(standing: Tampering) -> None:
    first, second = finding(TamperKind.SYMMETRIC, 15.0), finding(TamperKind.NO_RETURN, 40.0, 320)
    assert standing.flags([first]) == ("213 WEIGHT_SCALED -500 kg ± 20 kg, -2.50 %",)
    assert standing.flags([first]) == ()
    assert standing.flags([first, second]) == ("214 DECK_PROPPED +320 kg ± 20 kg at 13.1 m",)
    assert standing.flags([finding(TamperKind.PERSON, 50.0)]) == ()


def test_a_flag_fits_a_record() -> None:
    assert len(flag_of(finding(TamperKind.SYMMETRIC, 1.0, -999_999_999))) <= 64
