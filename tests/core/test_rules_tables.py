"""Dated tables: which one counts on a day, what a local file may change, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.core.rules import Facts, Verdict, judge
from controller.rulebook import RULES_DIR, load_rulebook
from controller.rulefile import RulesError

TABLE = (RULES_DIR / "order62-2016.toml").read_text(encoding="utf-8")
NOTES = (RULES_DIR / "notice109-2016.toml").read_text(encoding="utf-8")
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str) -> Path:
        path = tmp_path / "local.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to


def five_axle_train(on: int, gross_g: int) -> Facts:
    return Facts(axles=5, kind="train", gross_g=gross_g, on=on)


def test_a_later_table_counts_from_its_day(write: Write) -> None:
    later = TABLE.replace("2016-09-21", "2030-01-01").replace("43000", "44000")
    book = load_rulebook([write(later.replace('id = "order62-2016"\n', 'id = "order-new"\n'))])
    eve = judge(five_axle_train(20291231, 43_500_000), book)
    day = judge(five_axle_train(20300101, 43_500_000), book)
    assert (eve.over_limit.verdict, eve.rules[0]) == (Verdict.OVER, "order62-2016@1")
    assert (day.over_limit.verdict, day.rules[0]) == (Verdict.WITHIN, "order-new@1")
    assert day.rules[1] == "notice109-2016@1"


def test_without_a_date_every_table_is_a_reading(write: Write) -> None:
    later = TABLE.replace("2016-09-21", "2030-01-01").replace("43000", "44000")
    book = load_rulebook([write(later)])
    found = judge(Facts(axles=5, kind="train", gross_g=43_500_000), book).over_limit
    assert [(r.assumed[0].value, r.verdict.value) for r in found.readings] == [
        ("before 2016-09-21", "undetermined"),
        ("from 2016-09-21", "over"),
        ("from 2030-01-01", "within"),
    ]


def test_a_higher_version_corrects_a_table_of_the_same_day(write: Write) -> None:
    book = load_rulebook(
        [write(TABLE.replace("version = 1", "version = 2").replace("43000", "44000"))]
    )
    found = judge(five_axle_train(20261122, 43_500_000), book)
    assert (found.over_limit.verdict, found.rules[0]) == (Verdict.WITHIN, "order62-2016@2")


def enabled_where(text: str, marker: str) -> str:
    at = text.index("enabled = false", text.index(marker))
    return text[:at] + "enabled = true" + text[at + len("enabled = false") :]


def test_unconfirmed_rows_are_off() -> None:
    book = load_rulebook()
    rows = [row for period in book.periods for row in period.rows]
    assert all(row.layout is None for row in rows)
    assert all(not period.axle_sums for period in book.periods)


@pytest.mark.parametrize(
    ("gross_g", "verdict"),
    [(42_000_000, "within"), (42_500_000, "undetermined"), (43_000_001, "over")],
)
def test_an_enabled_drawing_row_is_one_more_reading(
    write: Write, gross_g: int, verdict: str
) -> None:
    notes = enabled_where(NOTES, "drawing/train-5-2+3").replace("version = 1", "version = 2")
    found = judge(five_axle_train(20261122, gross_g), load_rulebook([write(notes)])).over_limit
    assert found.verdict == verdict
    assert [(r.assumed[0].value, r.limit_g) for r in found.readings] == [
        ("any other", 43_000_000),
        ("2-axle tractor with tridem semi-trailer", 42_000_000),
    ]


@pytest.mark.parametrize(
    ("spacing_mm", "limits_kg"),
    [(999, [30_000]), (1_000, [36_000]), (1_300, [36_000]), (None, [30_000, 36_000])],
)
def test_an_enabled_axle_sum_bounds_the_gross(
    write: Write, spacing_mm: int | None, limits_kg: list[int]
) -> None:
    notes = enabled_where(NOTES, "tandem-below-1000").replace("version = 1", "version = 2")
    facts = Facts(
        axles=4, kind="train", trailer_tandem_spacing_mm=spacing_mm, gross_g=20_000_000, on=20261122
    )
    found = judge(facts, load_rulebook([write(notes)])).over_limit
    assert [(r.limit_g or 0) // 1_000 for r in found.readings] == limits_kg


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("limit_kg = 18000", "limit_kgs = 18000", "unknown field `limit_kgs`"),
        ("limit_kg = 18000", "limit_kgs = 18000", "did you mean `limit_kg`?"),
        ("limit_kg = 18000", 'limit_kg = "18 t"', "Expected `int`, got `str` - at `$.gross[0]"),
        ("limit_kg = 18000", "limit_kg = -1", "`$.gross[0].limit_kg`"),
        ('kind = "truck"', 'kind = "lorry"', "`$.gross[0].kind`"),
        ('tag = "V"', 'tag = "sure"', "`$.gross[0].tag`"),
        ("effective = 2016-09-21", 'effective = "soon"', "`$.effective`"),
        ("version = 1", "version = ", "not valid TOML"),
        ("axles = 2\n", "", "gross[0]: give either `axles` or `axles_from`"),
        ("art3/truck-3", "art3/truck-2", "stands twice"),
        ("single_drive_axle = false\n", "", "train-6-single-drive' fit one vehicle"),
        ("# ", "# ", "give a higher version or a later date"),
    ],
)
def test_a_faulty_table_is_refused_by_file_and_key(
    write: Write, old: str, new: str, told: str
) -> None:
    changed = TABLE.replace(old, new, 1)
    if told != "give a higher version or a later date":
        changed = changed.replace("version = 1", "version = 2")
    path = write(changed)
    with pytest.raises(RulesError) as caught:
        load_rulebook([path])
    assert told in str(caught.value)
    assert "fit one vehicle" in told or str(caught.value).startswith(str(path))


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"absent\.toml: cannot be read"):
        load_rulebook([tmp_path / "absent.toml"])
    with pytest.raises(RulesError, match="at most 100"):
        load_rulebook([tmp_path / "absent.toml"] * 100)
