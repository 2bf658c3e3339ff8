"""``steelyard check``: what a site file describes, what is doubtful, and what is wrong."""

import datetime
import json
from pathlib import Path

import pytest
from site_rig import write_recording, write_site

from board.profile import ProfileError
from controller.commands.check import check_site
from controller.commands.site import begin

TODAY = datetime.date(2026, 11, 22)


def warnings_of(path: Path, today: datetime.date = TODAY) -> str:
    return "\n".join(check_site(path, today)["warnings"])


def test_a_right_site_is_described(tmp_path: Path) -> None:
    write_recording(tmp_path)
    found = check_site(write_site(tmp_path), TODAY)
    assert (found["ok"], found["site"], found["lane"], found["scale"]) == (
        True,
        "Lane 1",
        1,
        "WB-17",
    )
    assert {"device": "yard.gate", "driver": "virtual.gate", "opens": []} in found["devices"]
    assert json.loads(json.dumps(found)) == found


def test_the_simulated_site_is_right() -> None:
    found = check_site("sim", TODAY)
    assert found["ok"]
    assert len(found["devices"]) == 22


def test_no_device_is_opened(tmp_path: Path) -> None:
    found = check_site(write_site(tmp_path), TODAY)
    assert 'devices.cells.files[0] = "passage.csv": no such file' in "\n".join(found["warnings"])
    write_recording(tmp_path)
    assert "passage.csv" not in warnings_of(tmp_path / "site.toml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('max = "60 t"', 'max = "80 t"', "scale.e: 4000 divisions; an outdoor weighbridge"),
        ("certificate_valid_until = 2027-05-01\n", "", "certificate_valid_until: not stated"),
        ('certificate_no = "C-17"\n', "", "scale.certificate_no: not stated"),
        ("[devices.yard.arm]", "[devices.road.arm]", "guarded by beam_low alone"),
        ("[devices.estop]", "[devices.yard.approach]", "devices.estop: none"),
        ("scan", "scan", "devices.yard.camera: none"),
        ('auto = "0.90"', "agree = 1", "plates.agree = 1: a single frame names a vehicle"),
        ('auto = "0.90"', 'policy = "hold"', "every vehicle waits for a person"),
        ("[rules]", '[rules]\nbook = "more.toml"', 'rules.book = "more.toml": no such file'),
    ],
)
def test_what_is_doubtful_is_a_warning_with_its_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = write_site(tmp_path, old, new)
    said = warnings_of(path)
    assert says in said
    assert all(line.startswith(f"{path}: ") for line in said.splitlines())


@pytest.mark.parametrize("port", ["/dev/ttyACM0", "/dev/serial/by-id/usb-MicroPython_Board-if00"])
def test_the_prompt_s_socket_of_a_coprocessor_is_doubted(tmp_path: Path, port: str) -> None:
    begin("rpi-coprocessor", tmp_path)
    site = tmp_path / "site.toml"
    text = site.read_text(encoding="utf-8")
    assert "own USB socket" not in warnings_of(site)
    site.write_text(text.replace("/dev/serial/by-id/CHIP-A", port), encoding="utf-8")
    said = warnings_of(site)
    assert said.count("own USB socket, nobody answers there") == 1
    assert f".port = {port}: if this is" in said


def test_evidence_that_may_go_though_nobody_else_has_it_is_warned_of(tmp_path: Path) -> None:
    text = """[retention]
video = "30 d"
counts = "90 d"
without_acknowledgement = ["video", "counts"]
[plates]"""
    found = warnings_of(write_site(tmp_path, "[plates]", text)).splitlines()
    (one,) = [line for line in found if "retention.without_acknowledgement" in line]
    assert '"counts" is part of the evidence' in one


def test_what_is_in_order_is_not_warned_of(tmp_path: Path) -> None:
    write_recording(tmp_path)
    said = warnings_of(write_site(tmp_path))
    assert "divisions" not in said
    assert "certificate" not in said
    assert "guarded" not in said
    assert "estop" not in said


@pytest.mark.parametrize(
    ("today", "says"),
    [
        (datetime.date(2027, 5, 2), "the certificate lapsed 1 days ago; have the scale verified"),
        (datetime.date(2027, 5, 1), "the certificate lapses in 0 days"),
        (datetime.date(2027, 4, 1), "the certificate lapses in 30 days"),
        (datetime.date(2027, 3, 31), None),
    ],
)
def test_the_certificate_is_compared_with_the_day_given(
    tmp_path: Path, today: datetime.date, says: str | None
) -> None:
    said = warnings_of(write_site(tmp_path), today)
    assert ("valid_until" in said) is (says is not None)
    assert says is None or says in said


def test_problems_of_the_file_and_of_the_drivers_are_named_together(tmp_path: Path) -> None:
    path = write_site(tmp_path, 'travel = "2 s"', "travel = 2", more="\n[extra]\n")
    path.write_text(path.read_text(encoding="utf-8").replace("lane = 1", "lane = 0"), "utf-8")
    with pytest.raises(ProfileError) as caught:
        check_site(path, TODAY)
    for key in ("extra", "site.lane", "devices.yard.gate.travel"):
        assert f"{path}: {key} = " in str(caught.value)


def test_all_problems_of_drivers_and_options_are_named_without_a_report(tmp_path: Path) -> None:
    path = write_site(
        tmp_path, 'travel = "2 s"', "travel = 2", more='\n[devices.road.arm]\ndriver="x"\n'
    )
    with pytest.raises(ProfileError) as caught:
        check_site(path, TODAY)
    assert len(caught.value.problems) == 2
    assert 'devices.yard.gate.travel = 2: a time needs its unit: write "2 s"' in str(caught.value)
    assert "devices.road.arm.driver = \"x\": unknown driver 'x'" in str(caught.value)
