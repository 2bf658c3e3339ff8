"""Every emulated device can be served from the command line, and mistakes are named."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from hal.bus import Bus
from hal.cameras.opencv import RtspCamera
from hal.cameras.vzenith import VzenithCamera
from hal.ports import Camera, Frame
from sim.emulators import EMULATORS, STATIONS, Emulator, Station
from sim.emulators.command import kind_of, make, run, station
from sim.emulators.serve import OnTcp


@pytest.mark.parametrize("device", sorted(EMULATORS))
def test_every_name_of_the_table_is_an_emulator(device: str) -> None:
    assert isinstance(make(device), Emulator)
    assert (kind_of(device).__doc__ or "").strip()


@pytest.mark.parametrize("device", sorted(STATIONS))
def test_every_camera_of_the_table_is_a_station(device: str) -> None:
    made = station(device, "tcp:127.0.0.1:0")
    try:
        assert isinstance(made, Station)
        assert (kind_of(device).__doc__ or "").strip()
    finally:
        made.close()


def picture_from(camera: Camera) -> Frame:
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        got = camera.capture(True)
        if isinstance(got, Frame):
            return got
        time.sleep(0.01)
    raise AssertionError("no picture came")


def test_a_plate_camera_posts_to_the_real_driver_and_opens_no_gate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bus = Bus()
    camera = VzenithCamera(bus, "/front", http_port=0, bind="127.0.0.1", serial="mine")
    words = ["path=/front", "serial=mine", "every=100 ms", "plate=晋A12345", "fake=true"]
    place = f"tcp:127.0.0.1:{camera.http_port}"
    emulated = threading.Thread(target=run, args=("vzenith", place, words, 1.5))
    emulated.start()
    try:
        frame = picture_from(camera)
    finally:
        emulated.join()
        bus.close()
    assert frame.pixels.shape == (360, 640, 3)
    assert frame.hints[0].startswith("camera_fake_plate")
    assert frame.hints[1] == "camera_reads: 晋A12345"
    told = capsys.readouterr().out
    assert "heartbeat: 200, gate stays\n" in told
    assert "vehicle 2: 200, gate stays\n" in told
    assert "GATE OPENED" not in told


def test_a_plate_camera_tells_who_refuses_it_and_that_nobody_listens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bus = Bus()
    camera = VzenithCamera(bus, "/front", http_port=0, bind="127.0.0.1", serial="mine")
    place = f"tcp:127.0.0.1:{camera.http_port}"
    try:
        run("vzenith", place, ["path=/front", "serial=other"], 0.5)
    finally:
        bus.close()
    assert "vehicle 1: 400, gate stays: serial number 'other' is not" in capsys.readouterr().out
    run("vzenith", place, [], 0.3)
    assert "nobody took it at http://127.0.0.1:" in capsys.readouterr().out


def test_a_stream_is_grabbed_by_the_real_driver() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    words = ["plate=晋A12345", "every=40 ms"]
    emulated = threading.Thread(target=run, args=("mjpeg", f"tcp:127.0.0.1:{port}", words, 3.0))
    emulated.start()
    bus = Bus()
    try:
        camera = RtspCamera(bus, f"http://127.0.0.1:{port}/stream.mjpg")
        assert picture_from(camera).pixels.shape == (360, 640, 3)
    finally:
        bus.close()
        emulated.join()


def test_a_camera_needs_its_place_and_a_plate_that_is_one() -> None:
    with pytest.raises(ValueError, match="say where the lane listens"):
        run("vzenith", None, [], 0.1)
    with pytest.raises(ValueError, match="write tcp:HOST:PORT"):
        run("vzenith", "/tmp/tty", [], 0.1)
    with pytest.raises(ValueError, match="no plate number"):
        run("mjpeg", None, ["plate=XX"], 0.1)
    with pytest.raises(ValueError, match="mjpeg takes every=…, frozen=…, plate=…"):
        run("mjpeg", None, ["host=a"], 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(OSError, match=f"--port tcp:127.0.0.1:{port}: Address already in use"):
            run("mjpeg", f"tcp:127.0.0.1:{port}", [], 0.1)


def test_options_come_with_their_units() -> None:
    talker = make("yaohua", ["weight=49 t", "every=200 ms", "format=0"])
    assert vars(talker)["weight_g"] == 49_000_000
    with pytest.raises(ValueError, match="needs its unit"):
        make("yaohua", ["weight=49"])
    with pytest.raises(ValueError, match="--set wieght=49 t: yaohua takes"):
        make("yaohua", ["wieght=49 t"])


def test_a_typo_of_the_device_is_guessed() -> None:
    with pytest.raises(ValueError, match="did you mean 'yaohua'"):
        make("yaohau")


def test_a_device_speaks_on_a_pty_for_as_long_as_it_is_wanted(tmp_path: Path) -> None:
    place = tmp_path / "tty"
    served = threading.Thread(
        target=run, args=("yaohua", str(place), ["weight=49 t", "every=50 ms"], 3.0)
    )
    served.start()
    try:
        for _ in range(500):
            if place.is_symlink():
                break
            time.sleep(0.01)
        far = os.open(place, os.O_RDONLY | os.O_NOCTTY)
        got = b""
        while len(got) < 40:
            got += os.read(far, 64)
        os.close(far)
    finally:
        served.join()
    assert b"\x02+0490000" in got
    assert not place.is_symlink()


def test_what_stands_at_the_path_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(ValueError, match="something stands there"):
        run("yaohua", str(tmp_path / "mine"), [], 0.1)
    assert (tmp_path / "mine").read_text() == "x"
    with pytest.raises(ValueError, match="tcp:HOST:PORT"):
        run("yaohua", "tcp:127.0.0.1:no", [], 0.1)


def test_a_device_on_tcp_answers_and_survives_a_peer_that_goes() -> None:
    served = OnTcp(make("modbus-io"))
    host, _, port = served.port.rpartition(":")
    try:
        for _ in range(2):
            with socket.create_connection((host, int(port)), 5.0) as peer:
                peer.settimeout(5.0)
                peer.sendall(bytes.fromhex("01 01 00 00 00 08 3D CC"))
                assert peer.recv(64)[:3] == bytes.fromhex("01 01 01")
    finally:
        served.close()
