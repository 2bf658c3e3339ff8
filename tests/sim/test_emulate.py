"""Every emulated device can be served from the command line, and mistakes are named."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from sim.emulators import EMULATORS, Emulator
from sim.emulators.command import kind_of, make, run
from sim.emulators.serve import OnTcp


@pytest.mark.parametrize("device", sorted(EMULATORS))
def test_every_name_of_the_table_is_an_emulator(device: str) -> None:
    assert isinstance(make(device), Emulator)
    assert (kind_of(device).__doc__ or "").strip()


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
