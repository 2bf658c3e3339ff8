"""`judge` as an outsider meets it: a JSON file in, the contract's JSON or one clear error out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.commands.judge import FACTS_BYTES_MAX, judge_file

SAMPLE: dict[str, object] = {
    "axles": 6,
    "kind": "train",
    "single_drive_axle": False,
    "single_tyre_axles": 0,
    "wide_tyres": False,
    "air_suspension_drive": False,
    "trailer_tandem_spacing_mm": None,
    "gross_kg": 54320,
    "tare_kg": None,
    "licence_gvm_kg": None,
    "licence_payload_kg": None,
    "height_mm": None,
    "width_mm": None,
    "length_mm": None,
    "posted_limit_kg": None,
    "on": "2026-11-22",
    "scale": {"max_kg": 100000, "e_kg": 20},
}


def judged(folder: Path, facts: object) -> dict[str, Any]:
    path = folder / "facts.json"
    path.write_text(facts if isinstance(facts, str) else json.dumps(facts), encoding="utf-8")
    return judge_file(path)


def test_the_contracts_sample(tmp_path: Path) -> None:
    found = judged(tmp_path, SAMPLE)
    over_limit = found["over_limit"]
    assert over_limit["verdict"] == "over"
    assert (over_limit["limit_kg"], over_limit["over_kg"]) == (49000, 5320)
    assert over_limit["rate"] == 0.1086
    assert over_limit["within_mpe"] is False
    assert over_limit["rule"] == "order62-2016/art3/train-6"
    assert over_limit["clause"] == "交通运输部令2016年第62号 第三条第一款第（八）项"
    assert [reading["reading"] for reading in over_limit["readings"]] == [{}]
    assert found["overload"]["verdict"] == "undetermined"
    assert found["dimensions"]["verdict"] == "undetermined"
    assert found["mpe_kg"] == 60
    assert found["release"] is False
    assert found["reasons"][0] == "over-limit 超限: gross 54320 kg exceeds 49000 kg by 5320 kg"
    assert json.loads(json.dumps(found)) == found


def test_an_absent_key_is_null(tmp_path: Path) -> None:
    stated = {key: value for key, value in SAMPLE.items() if value is not None}
    assert judged(tmp_path, stated) == judged(tmp_path, SAMPLE)
    silent = judged(tmp_path, {})
    assert silent["over_limit"]["verdict"] == "undetermined"
    assert silent["release"] is False


def test_a_null_flag_means_none(tmp_path: Path) -> None:
    flags = ("single_tyre_axles", "wide_tyres", "air_suspension_drive")
    assert judged(tmp_path, SAMPLE | dict.fromkeys(flags)) == judged(tmp_path, SAMPLE)


def test_readings_state_what_each_assumes(tmp_path: Path) -> None:
    found = judged(tmp_path, SAMPLE | {"single_drive_axle": None, "gross_kg": 48000})
    over_limit = found["over_limit"]
    assert (over_limit["verdict"], over_limit["limit_kg"]) == ("undetermined", 49000)
    assert (over_limit["over_kg"], over_limit["rate"]) == (0, 0.0)
    assert [(r["reading"], r["verdict"], r["limit_kg"]) for r in over_limit["readings"]] == [
        ({"single_drive_axle": False}, "within", 49000),
        ({"single_drive_axle": True}, "over", 46000),
    ]
    assert "single_drive_axle" in found["reasons"][0]


@pytest.mark.parametrize("written", ["54320", "54320.0", "5.432e4", "54320.000"])
def test_a_number_may_be_written_in_any_way(tmp_path: Path, written: str) -> None:
    text = json.dumps(SAMPLE).replace("54320", written)
    assert judged(tmp_path, text)["over_limit"]["over_kg"] == 5320


def test_grams_survive(tmp_path: Path) -> None:
    found = judged(tmp_path, SAMPLE | {"gross_kg": 49000.001})
    assert found["over_limit"]["over_kg"] == 0.001
    assert found["over_limit"]["within_mpe"] is True


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"gross_kg": 100181}, "gross_kg: 100181 kg is over capacity"),
        ({"gross_kg": 100181}, "Max + 9 e = 100180 kg"),
        ({"gross_kg": 399}, "Min = 20 e = 400 kg"),
        ({"gross_kg": 0}, "gross_kg: 0 kg is below the minimum"),
        ({"gross_kg": -1}, "gross_kg: -1 lies outside"),
        ({"gross_kg": "54320"}, 'gross_kg: must be a number (kilograms) or null, not "54320"'),
        ({"gross_kg": True}, "gross_kg: must be a number"),
        ({"gross_kg": [1]}, "gross_kg: must be a number"),
        ({"gross_kg": 54320.0005}, "gross_kg: 54320.0005 kg is finer than a gram"),
        ({"gross_kg": 1e99}, "gross_kg: 1E+99 lies outside"),
        ({"tare_kg": 60000}, "tare_kg: 60000 exceeds gross_kg = 54320"),
        ({"licence_gvm_kg": 0}, "licence_gvm_kg: 0 lies outside above 0"),
        ({"licence_payload_kg": -5}, "licence_payload_kg: -5 lies outside"),
        ({"posted_limit_kg": -5}, "posted_limit_kg: -5 lies outside"),
        ({"axles": 0}, "axles: 0 lies outside 1..999"),
        ({"axles": -6}, "axles: -6 lies outside"),
        ({"axles": 5.5}, "axles: 5.5 is not whole"),
        ({"axles": "6"}, 'axles: must be a number (a number of axles) or null, not "6"'),
        ({"axles": True}, "axles: must be a number"),
        ({"single_tyre_axles": 7}, "single_tyre_axles: 7 exceeds axles = 6"),
        ({"single_tyre_axles": -1}, "single_tyre_axles: -1 lies outside"),
        ({"single_tyre_axles": False}, "single_tyre_axles: must be a number"),
        ({"height_mm": -4000}, "height_mm: -4000 lies outside"),
        ({"height_mm": 4000.5}, "height_mm: 4000.5 is not whole; give whole millimetres"),
        ({"wide_tyres": 1}, "wide_tyres: must be true, false or null, not 1"),
        ({"single_drive_axle": "no"}, 'single_drive_axle: must be true, false or null, not "no"'),
        ({"kind": "Truck"}, 'kind: must be "truck", "train" or null, not "Truck"; did you mean'),
        ({"kind": 6}, 'kind: must be "truck", "train" or null, not 6'),
        ({"on": "2026-11-31"}, "on: 2026-11-31 is not in the calendar"),
        ({"on": "22.11.2026"}, 'on: must be a date like "2026-11-22" or null'),
        ({"on": 20261122}, "on: must be a date like"),
        ({"axels": 6}, "axels: unknown key; did you mean axles?"),
        ({"gross": 6}, "gross: unknown key; did you mean gross_kg?"),
        ({"colour": 6}, "colour: unknown key; "),
        ({"scale": 20}, "scale: must be an object"),
        ({"scale": {"max_kg": 100000}}, "scale.e_kg: missing"),
        ({"scale": {"max_kg": None, "e_kg": 20}}, "scale.max_kg: missing"),
        ({"scale": {"max_kg": 100000, "e_kg": 30}}, "scale.e_kg: 30 is not 1, 2 or 5 x 10^k"),
        ({"scale": {"max_kg": 100000, "e_kg": 0}}, "scale.e_kg: 0 lies outside"),
        ({"scale": {"max_kg": 1000, "e_kg": 0.001}}, "scale.e_kg: 0.001 is not 1, 2 or 5"),
        ({"scale": {"max_kg": 100000, "e_kg": 5}}, "gives n = Max / e = 20000; class III needs"),
        ({"scale": {"max_kg": 9980, "e_kg": 20}}, "gives n = Max / e = 499; class III needs"),
        ({"scale": {"max_kg": 100000, "e": 20}}, "scale.e: unknown key; did you mean scale.e_kg?"),
    ],
)
def test_an_error_names_file_key_and_value(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    with pytest.raises(ValueError) as caught:
        judged(tmp_path, SAMPLE | change)
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "facts.json"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1: not valid JSON"),
        ('{"axles": 6,', "not valid JSON"),
        ("[]", "must be an object"),
        ("null", "must be an object"),
        ('{"gross_kg": NaN}', "NaN is no number"),
        ('{"gross_kg": -Infinity}', "-Infinity is no number"),
        ('{"axles": 5, "axles": 6}', "axles: stands twice"),
        ('{"gross_kg": ' + "9" * 5000 + "}", "number too long"),
        ('{"gross_kg": 1e-999999999}', "finer than a gram"),
        ('{"gross_kg": 1e999999999}', "lies outside"),
        ('{"axles": 1e-999999999}', "lies outside"),
        ("[" * 60_000, "too deep"),
        ("{" + " " * FACTS_BYTES_MAX + "}", "longer than"),
    ],
    ids=lambda text: text[:24],
)
def test_a_file_that_holds_no_facts(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"facts\.json") as caught:
        judged(tmp_path, text)
    assert told in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        judge_file(tmp_path / "absent.json")
    with pytest.raises(ValueError, match="cannot be read"):
        judge_file(tmp_path)
    (tmp_path / "latin.json").write_bytes(b'{"kind": "\xe9"}')
    with pytest.raises(ValueError, match="not UTF-8 at byte 10"):
        judge_file(tmp_path / "latin.json")


def test_the_ends_of_the_range_are_weights(tmp_path: Path) -> None:
    assert judged(tmp_path, SAMPLE | {"gross_kg": 400})["release"] is True
    assert judged(tmp_path, SAMPLE | {"gross_kg": 100180})["over_limit"]["verdict"] == "over"


json_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.sampled_from(["max_kg", "e_kg"]), st.integers() | st.floats(), max_size=2),
)


def outcome(folder: Path, facts: object) -> str:
    try:
        return str(judged(folder, facts)["over_limit"]["verdict"])
    except ValueError as error:
        return str(error)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(st.dictionaries(st.sampled_from(sorted(SAMPLE)), json_values, max_size=4))
def test_any_json_is_judged_or_refused_in_words(tmp_path: Path, change: dict[str, object]) -> None:
    told = outcome(tmp_path, SAMPLE | change)
    assert told in ("within", "over", "undetermined") or told.startswith(f"{tmp_path}/facts.json: ")
