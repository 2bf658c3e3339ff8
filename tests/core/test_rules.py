"""The law, clause by clause: Order 62/2016 Art. 3 and 27, 109/2016 notes 1-4, overload, size."""

from __future__ import annotations

import pytest

from controller.core.rules import Facts, Judgement, Scale, Verdict, judge, unusable_weight
from controller.rulebook import load_rulebook

BOOK = load_rulebook()
TODAY = 20261122
BRIDGE = Scale(max_g=100_000_000, e_g=20_000)
WITHIN, OVER, UNDETERMINED = Verdict.WITHIN, Verdict.OVER, Verdict.UNDETERMINED

MASSES = ("gross", "tare", "licence_gvm", "licence_payload", "posted_limit")


def verdict_on(**facts: object) -> Judgement:
    """Judge facts with masses in kilograms, today, on a scale of Max 100 t and e 20 kg."""
    grams = {f"{m}_g": facts.pop(f"{m}_kg") for m in MASSES if f"{m}_kg" in facts}
    stated = {"on": TODAY, "scale": BRIDGE, **facts}
    stated |= {key: None if kg is None else int(str(kg)) * 1_000 for key, kg in grams.items()}
    return judge(Facts(**stated), BOOK)  # type: ignore[arg-type]


def limit_kg(found: Judgement) -> int | None:
    limit_g = found.over_limit.limit_g
    return None if limit_g is None else limit_g // 1_000


ARTICLE_3 = [
    (2, "truck", False, 18_000, "（四）", "order62-2016/art3/truck-2"),
    (3, "truck", False, 25_000, "（五）", "order62-2016/art3/truck-3"),
    (3, "train", False, 27_000, "（五）", "order62-2016/art3/train-3"),
    (4, "truck", False, 31_000, "（六）", "order62-2016/art3/truck-4"),
    (4, "train", False, 36_000, "（六）", "order62-2016/art3/train-4"),
    (5, "train", False, 43_000, "（七）", "order62-2016/art3/train-5"),
    (6, "train", False, 49_000, "（八）", "order62-2016/art3/train-6"),
    (6, "train", True, 46_000, "（八）", "order62-2016/art3/train-6-single-drive"),
    (7, "train", False, 49_000, "（八）", "order62-2016/art3/train-6"),
    (9, "train", True, 46_000, "（八）", "order62-2016/art3/train-6-single-drive"),
]


@pytest.mark.parametrize("row", ARTICLE_3, ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}")
def test_article_3_is_exceeded_by_more_than_the_limit_and_not_by_the_limit(
    row: tuple[int, str, bool, int, str, str],
) -> None:
    axles, kind, single, limit, item, rule = row
    vehicle = {
        "axles": axles,
        "kind": kind,
        "single_drive_axle": single,
        "licence_gvm_kg": 60_000,
    }
    at, above = (verdict_on(**vehicle, gross_kg=limit + more) for more in (0, 20))
    assert (at.over_limit.verdict, limit_kg(at), at.over_limit.over_g) == (WITHIN, limit, 0)
    assert (above.over_limit.verdict, limit_kg(above)) == (OVER, limit)
    assert above.over_limit.over_g == 20_000
    assert above.over_limit.rule == rule
    assert item in (above.over_limit.clause or "")
    assert "第62号 第三条" in (above.over_limit.clause or "")


@pytest.mark.parametrize(
    ("axles", "kind"),
    [(1, "truck"), (5, "truck"), (6, "truck"), (12, "truck"), (1, "train"), (2, "train")],
)
@pytest.mark.parametrize("gross_kg", [5_000, 99_000])
def test_a_vehicle_the_table_does_not_know_is_undetermined(
    axles: int, kind: str, gross_kg: int
) -> None:
    found = verdict_on(axles=axles, kind=kind, single_drive_axle=False, gross_kg=gross_kg)
    assert found.over_limit.verdict is UNDETERMINED
    assert limit_kg(found) is None
    assert found.over_limit.rule is None
    assert f"no {kind} of {axles} axles" in found.reasons[0]
    assert not found.release


@pytest.mark.parametrize("gross_kg", [1_000, 17_000, 54_320, 100_000])
@pytest.mark.parametrize("kind", ["truck", "train", None])
def test_an_unknown_axle_count_is_undetermined_never_a_pass(gross_kg: int, kind: str) -> None:
    found = verdict_on(kind=kind, gross_kg=gross_kg)
    assert found.over_limit.verdict is UNDETERMINED
    assert len(found.over_limit.readings) > 1
    assert not found.release


def test_the_rule_begins_on_its_day() -> None:
    train = {"axles": 5, "kind": "train", "gross_kg": 40_000, "height_mm": 4_100}
    before, first = verdict_on(**train, on=20160920), verdict_on(**train, on=20160921)
    assert (before.over_limit.verdict, before.dimensions.verdict) == (UNDETERMINED, UNDETERMINED)
    assert limit_kg(before) is None
    assert (first.over_limit.verdict, first.dimensions.verdict) == (WITHIN, OVER)


def test_without_a_date_the_days_before_the_rule_are_a_reading() -> None:
    found = verdict_on(axles=5, kind="train", gross_kg=40_000, on=None)
    assert found.over_limit.verdict is UNDETERMINED
    assert [r.verdict for r in found.over_limit.readings] == [UNDETERMINED, WITHIN]
    assert found.over_limit.readings[0].assumed[0].value == "before 2016-09-21"


class TestSingleTyres:
    """Counting rule (2): 3 t less for each single-tyred axle, not with wide tyres (note 3)."""

    @pytest.mark.parametrize(("axles", "limit"), [(0, 49_000), (1, 46_000), (3, 40_000)])
    def test_three_tonnes_less_per_axle(self, axles: int, limit: int) -> None:
        train = {"axles": 6, "kind": "train", "single_drive_axle": False}
        found = verdict_on(**train, single_tyre_axles=axles, gross_kg=limit)
        assert (found.over_limit.verdict, limit_kg(found)) == (WITHIN, limit)
        found = verdict_on(**train, single_tyre_axles=axles, gross_kg=limit + 20)
        assert found.over_limit.verdict is OVER
        assert ("（二）项" in (found.over_limit.clause or "")) == (axles > 0)

    def test_wide_tyres_waive_it(self) -> None:
        found = verdict_on(
            axles=6,
            kind="train",
            single_drive_axle=False,
            single_tyre_axles=3,
            wide_tyres=True,
            gross_kg=49_000,
        )
        assert (found.over_limit.verdict, limit_kg(found)) == (WITHIN, 49_000)
        assert "加宽轮胎" in (found.over_limit.clause or "")

    def test_more_of_them_than_the_limit_carries_leave_nothing(self) -> None:
        found = verdict_on(axles=2, kind="truck", single_tyre_axles=7, gross_kg=1_000)
        assert (found.over_limit.verdict, limit_kg(found)) == (OVER, 0)
        assert found.over_limit.rate_e4 is None


class TestAirSuspension:
    """109/2016 note 4."""

    @pytest.mark.parametrize(
        ("axles", "kind", "spacing_mm", "limit"),
        [
            (3, "truck", None, 26_000),
            (4, "truck", None, 32_000),
            (4, "train", 1_800, 37_000),
            (4, "train", 2_500, 37_000),
            (4, "train", 1_799, 36_000),
            (3, "train", 1_800, 27_000),
            (5, "train", 1_800, 43_000),
            (6, "train", 1_800, 49_000),
        ],
    )
    def test_more_for_these_and_for_no_others(
        self, axles: int, kind: str, spacing_mm: int | None, limit: int
    ) -> None:
        found = verdict_on(
            axles=axles,
            kind=kind,
            single_drive_axle=False,
            air_suspension_drive=True,
            trailer_tandem_spacing_mm=spacing_mm,
            gross_kg=limit,
        )
        assert (found.over_limit.verdict, limit_kg(found)) == (WITHIN, limit)

    def test_nothing_for_the_two_axle_truck(self) -> None:
        found = verdict_on(
            axles=2,
            kind="truck",
            air_suspension_drive=True,
            licence_gvm_kg=19_000,
            gross_kg=18_020,
        )
        assert (found.over_limit.verdict, limit_kg(found)) == (OVER, 18_000)

    def test_spacing_alone_earns_nothing(self) -> None:
        found = verdict_on(axles=4, kind="train", trailer_tandem_spacing_mm=1_800, gross_kg=36_020)
        assert (found.over_limit.verdict, limit_kg(found)) == (OVER, 36_000)

    @pytest.mark.parametrize(
        ("gross_kg", "verdict"), [(36_000, WITHIN), (36_500, UNDETERMINED), (37_020, OVER)]
    )
    def test_an_unknown_spacing_is_two_readings(self, gross_kg: int, verdict: Verdict) -> None:
        found = verdict_on(axles=4, kind="train", air_suspension_drive=True, gross_kg=gross_kg)
        assert found.over_limit.verdict is verdict
        assert limit_kg(found) == 37_000
        assert [a.value for r in found.over_limit.readings for a in r.assumed] == [
            "<1800",
            ">=1800",
        ]

    def test_allowance_and_single_tyres_add_up(self) -> None:
        found = verdict_on(
            axles=4,
            kind="truck",
            air_suspension_drive=True,
            single_tyre_axles=1,
            gross_kg=29_000,
        )
        assert (found.over_limit.verdict, limit_kg(found)) == (WITHIN, 29_000)


class TestTwoAxleTruck:
    """109/2016 note 1: the lower of 18 t and the licence's total mass."""

    @pytest.mark.parametrize(
        ("licence_kg", "gross_kg", "verdict", "limit"),
        [
            (18_000, 18_000, WITHIN, 18_000),
            (18_000, 18_020, OVER, 18_000),
            (12_000, 12_000, WITHIN, 12_000),
            (12_000, 12_020, OVER, 12_000),
            (25_000, 18_020, OVER, 18_000),
            (None, 18_000, UNDETERMINED, 18_000),
            (None, 9_000, UNDETERMINED, 18_000),
            (None, 18_020, OVER, 18_000),
        ],
    )
    def test_lower_of_both(
        self, licence_kg: int | None, gross_kg: int, verdict: Verdict, limit: int
    ) -> None:
        found = verdict_on(axles=2, kind="truck", licence_gvm_kg=licence_kg, gross_kg=gross_kg)
        assert (found.over_limit.verdict, limit_kg(found)) == (verdict, limit)
        assert len(found.over_limit.readings) == (2 if licence_kg is None else 1)

    @pytest.mark.parametrize(
        ("gross_kg", "verdicts"),
        [
            (17_980, [WITHIN, UNDETERMINED]),
            (18_000, [WITHIN, OVER]),
            (18_020, [OVER, OVER]),
        ],
    )
    def test_a_licence_mass_that_is_not_stated_may_lie_on_either_side(
        self, gross_kg: int, verdicts: list[Verdict]
    ) -> None:
        found = verdict_on(axles=2, kind="truck", gross_kg=gross_kg).over_limit.readings
        assert [reading.verdict for reading in found] == verdicts
        assert [reading.assumed[0].value for reading in found] == [">=18000", "<18000"]
        assert found[1].limit_g is None

    def test_note_1_is_quoted_where_the_licence_governs(self) -> None:
        found = verdict_on(axles=2, kind="truck", licence_gvm_kg=12_000, gross_kg=15_000)
        assert found.over_limit.rule == "notice109-2016/n1/truck-2-licence-mass"
        assert "109号 注1" in (found.over_limit.clause or "")

    def test_the_licence_caps_no_other_vehicle(self) -> None:
        found = verdict_on(axles=3, kind="truck", licence_gvm_kg=12_000, gross_kg=15_000)
        assert (found.over_limit.verdict, limit_kg(found)) == (WITHIN, 25_000)
        assert found.overload.verdict is OVER


class TestUnknownKindAndDrive:
    @pytest.mark.parametrize(
        ("gross_kg", "verdict"), [(25_000, WITHIN), (26_000, UNDETERMINED), (27_020, OVER)]
    )
    def test_three_axles_of_either_kind(self, gross_kg: int, verdict: Verdict) -> None:
        found = verdict_on(axles=3, gross_kg=gross_kg)
        assert (found.over_limit.verdict, limit_kg(found)) == (verdict, 27_000)
        assert [r.assumed[0].value for r in found.over_limit.readings] == ["truck", "train"]

    @pytest.mark.parametrize("gross_kg", [10_000, 60_000])
    def test_a_kind_that_the_table_may_not_know_stays_open(self, gross_kg: int) -> None:
        found = verdict_on(axles=5, gross_kg=gross_kg)
        assert (found.over_limit.verdict, limit_kg(found)) == (UNDETERMINED, 43_000)

    @pytest.mark.parametrize(
        ("gross_kg", "verdict"), [(46_000, WITHIN), (48_000, UNDETERMINED), (49_020, OVER)]
    )
    def test_six_axles_with_an_unknown_drive(self, gross_kg: int, verdict: Verdict) -> None:
        found = verdict_on(axles=6, kind="train", gross_kg=gross_kg)
        assert (found.over_limit.verdict, limit_kg(found)) == (verdict, 49_000)
        assert found.over_limit.over_g == max(0, gross_kg - 49_000) * 1_000
        assert len(found.over_limit.readings) == 2

    def test_the_drive_does_not_matter_below_six_axles(self) -> None:
        found = verdict_on(axles=5, kind="train", gross_kg=43_000)
        assert found.over_limit.verdict is WITHIN
        assert len(found.over_limit.readings) == 1
        assert found.over_limit.readings[0].assumed == ()


class TestPostedLimit:
    """Art. 27: a posted limit replaces a higher one."""

    @pytest.mark.parametrize(
        ("posted_kg", "limit", "rule"),
        [
            (30_000, 30_000, "order62-2016/art27/posted-limit"),
            (49_000, 49_000, "order62-2016/art3/train-6"),
            (55_000, 49_000, "order62-2016/art3/train-6"),
            (None, 49_000, "order62-2016/art3/train-6"),
        ],
    )
    def test_lower_only(self, posted_kg: int | None, limit: int, rule: str) -> None:
        train = {"axles": 6, "kind": "train", "single_drive_axle": False}
        found = verdict_on(**train, posted_limit_kg=posted_kg, gross_kg=limit + 20)
        assert (found.over_limit.verdict, limit_kg(found)) == (OVER, limit)
        assert found.over_limit.rule == rule
        found = verdict_on(**train, posted_limit_kg=posted_kg, gross_kg=limit)
        assert found.over_limit.verdict is WITHIN

    def test_it_may_make_readings_agree(self) -> None:
        found = verdict_on(axles=3, posted_limit_kg=10_000, gross_kg=12_000)
        assert (found.over_limit.verdict, limit_kg(found)) == (OVER, 10_000)

    def test_it_puts_no_unknown_vehicle_into_the_table(self) -> None:
        found = verdict_on(axles=5, kind="truck", posted_limit_kg=20_000, gross_kg=30_000)
        assert found.over_limit.verdict is UNDETERMINED
        assert any(reason.startswith("above-posted-limit") for reason in found.reasons)


class TestOverload:
    """Overload is held against the licence, and never against the table."""

    @pytest.mark.parametrize(
        ("gvm", "payload", "tare", "expected"),
        [
            (None, None, None, (UNDETERMINED, None, None, None)),
            (None, None, 12_000, (UNDETERMINED, None, None, None)),
            (31_000, None, None, (WITHIN, 31_000, 0, 0)),
            (30_000, None, None, (WITHIN, 30_000, 0, 0)),
            (25_000, None, None, (OVER, 25_000, 5_000, 2_000)),
            (None, 18_000, 12_000, (WITHIN, 18_000, 0, 0)),
            (None, 15_000, 12_000, (OVER, 15_000, 3_000, 2_000)),
            (None, 15_000, None, (UNDETERMINED, None, None, None)),
            (None, 30_000, None, (WITHIN, 30_000, 0, 0)),
            (31_000, 15_000, None, (WITHIN, 31_000, 0, 0)),
            (25_000, 20_000, None, (OVER, 25_000, 5_000, 2_500)),
            (31_000, 15_000, 12_000, (OVER, 15_000, 3_000, 2_000)),
            (25_000, 15_000, 12_000, (OVER, 25_000, 5_000, 3_333)),
        ],
    )
    def test_gross_thirty_tonnes(
        self,
        gvm: int | None,
        payload: int | None,
        tare: int | None,
        expected: tuple[Verdict, int | None, int | None, int | None],
    ) -> None:
        found = verdict_on(
            axles=4,
            kind="truck",
            gross_kg=30_000,
            licence_gvm_kg=gvm,
            licence_payload_kg=payload,
            tare_kg=tare,
        )
        overload = found.overload
        told = (
            overload.verdict,
            None if overload.limit_g is None else overload.limit_g // 1_000,
            None if overload.over_g is None else overload.over_g // 1_000,
            overload.rate_e4,
        )
        assert told == expected
        assert found.over_limit.verdict is WITHIN
        assert found.release is (expected[0] is not OVER)

    def test_a_tractor_without_load_of_its_own_takes_the_rate_of_its_total_mass(self) -> None:
        found = verdict_on(axles=4, licence_gvm_kg=25_000, licence_payload_kg=0, gross_kg=30_000)
        assert (found.overload.rate_e4, found.overload.rate_of) == (2_000, "licence_gvm_kg")

    def test_a_tare_above_the_gross_compares_nothing(self) -> None:
        found = verdict_on(axles=4, tare_kg=31_000, licence_payload_kg=15_000, gross_kg=30_000)
        assert found.overload.verdict is UNDETERMINED


class TestDimensions:
    """Art. 3 items (1) to (3): strictly greater than 4.0 m, 2.55 m, 18.1 m."""

    @pytest.mark.parametrize(
        ("height", "width", "length", "verdict", "over"),
        [
            (4_000, 2_550, 18_100, WITHIN, ()),
            (4_001, 2_550, 18_100, OVER, ("height_mm",)),
            (4_000, 2_551, 18_100, OVER, ("width_mm",)),
            (4_000, 2_550, 18_101, OVER, ("length_mm",)),
            (4_001, None, None, OVER, ("height_mm",)),
            (5_000, 3_000, 20_000, OVER, ("height_mm", "width_mm", "length_mm")),
            (4_000, None, 18_100, UNDETERMINED, ()),
            (None, None, None, UNDETERMINED, ()),
        ],
    )
    def test_each_limit(
        self,
        height: int | None,
        width: int | None,
        length: int | None,
        verdict: Verdict,
        over: tuple[str, ...],
    ) -> None:
        found = verdict_on(
            axles=4,
            kind="truck",
            gross_kg=20_000,
            height_mm=height,
            width_mm=width,
            length_mm=length,
        )
        assert (found.dimensions.verdict, found.dimensions.over) == (verdict, over)
        assert found.release is (verdict is not OVER)


class TestMetrologyVectors:
    """facts/metrology.md 2.9."""

    def test_eighteen_tonne_truck(self) -> None:
        truck = {"axles": 2, "kind": "truck", "licence_gvm_kg": 18_000}
        at = verdict_on(**truck, gross_kg=18_000)
        assert at.over_limit.verdict is WITHIN
        assert at.over_limit.within_mpe is False
        above = verdict_on(**truck, gross_kg=18_020)
        assert (above.over_limit.verdict, above.over_limit.over_g) == (OVER, 20_000)
        assert above.mpe_g == 40_000
        assert above.over_limit.within_mpe is True

    @pytest.mark.parametrize(("over_kg", "within_mpe"), [(20, True), (40, True), (60, False)])
    def test_the_device_uncertainty_flag_changes_no_verdict(
        self, over_kg: int, within_mpe: bool
    ) -> None:
        found = verdict_on(axles=2, kind="truck", licence_gvm_kg=18_000, gross_kg=18_000 + over_kg)
        assert found.over_limit.verdict is OVER
        assert found.over_limit.within_mpe is within_mpe
        assert not found.release

    def test_rate_of_54320_on_49000(self) -> None:
        found = verdict_on(axles=6, kind="train", single_drive_axle=False, gross_kg=54_320)
        assert found.over_limit.over_g == 5_320_000
        assert found.over_limit.rate_e4 == 1_086
        assert found.mpe_g == 60_000

    @pytest.mark.parametrize(
        ("over_kg", "rate_e4"), [(0, 0), (20, 6), (500, 156), (1_000, 312), (3_000, 938)]
    )
    def test_a_rate_is_rounded_to_the_nearest_and_a_half_to_the_even(
        self, over_kg: int, rate_e4: int
    ) -> None:
        found = verdict_on(
            axles=4, kind="truck", air_suspension_drive=True, gross_kg=32_000 + over_kg
        )
        assert found.over_limit.rate_e4 == rate_e4

    @pytest.mark.parametrize(
        ("gross_kg", "usable"), [(400, True), (399, False), (100_180, True), (100_181, False)]
    )
    def test_no_weight_outside_the_scale_is_judged(self, gross_kg: int, usable: bool) -> None:
        facts = Facts(axles=4, kind="truck", gross_g=gross_kg * 1_000, on=TODAY, scale=BRIDGE)
        assert (unusable_weight(facts) is None) is usable
        found = judge(facts, BOOK)
        assert (found.over_limit.verdict is UNDETERMINED) is not usable
        assert (found.mpe_g is None) is not usable

    def test_no_mpe_above_ten_thousand_e(self) -> None:
        largest = Scale(max_g=200_000_000, e_g=20_000)
        found = verdict_on(axles=4, kind="truck", gross_kg=200_020, scale=largest)
        assert (found.mpe_g, found.over_limit.within_mpe) == (None, None)
        assert found.over_limit.verdict is OVER


def test_without_a_weight_only_the_size_is_judged() -> None:
    found = verdict_on(axles=4, kind="truck", licence_gvm_kg=31_000, height_mm=4_200)
    assert found.over_limit.verdict is UNDETERMINED
    assert found.overload.verdict is UNDETERMINED
    assert found.dimensions.verdict is OVER
    assert limit_kg(found) == 31_000


def test_without_a_scale_the_verdict_stands_and_says_what_was_not_checked() -> None:
    found = verdict_on(axles=4, kind="truck", gross_kg=31_020, scale=None)
    assert found.over_limit.verdict is OVER
    assert found.over_limit.within_mpe is None
    assert any(reason.startswith("scale-unknown") for reason in found.reasons)


def test_the_judgement_names_the_tables_used() -> None:
    found = verdict_on(axles=4, kind="truck", gross_kg=31_000)
    assert found.rules == ("order62-2016@1", "notice109-2016@1")
