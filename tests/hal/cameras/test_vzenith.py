"""A plate camera that posts: its picture is taken, its gate never moves, nothing else gets in."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from camera_rig import jpeg
from hypothesis import given
from hypothesis import strategies as st

from hal.bus import Bus
from hal.cameras import http_intake
from hal.cameras.vzenith import VzenithCamera
from hal.cameras.vzenith_push import PushError, heartbeat_reply, parse_push, reply, serial_of
from hal.ports import DeviceFault, Frame
from hal.virtual import board_clock
from sim.emulators.vzenith_push import VzenithPush

PATH = "/front"


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


@pytest.fixture
def pair(bus: Bus) -> tuple[VzenithCamera, VzenithPush]:
    camera = VzenithCamera(bus, PATH, http_port=0, bind="127.0.0.1")
    return camera, VzenithPush(camera.http_port, PATH)


Pair = tuple[VzenithCamera, VzenithPush]


def test_a_posted_picture_is_a_frame_with_the_camera_s_own_reading_as_a_hint(pair: Pair) -> None:
    camera, client = pair
    assert client.push("皖A12345", jpeg(1)) == 200
    frame = camera.capture(True)
    assert isinstance(frame, Frame)
    assert frame.pixels.shape == (96, 160, 3)
    assert frame.hints == ("camera_reads: 皖A12345",)
    assert frame.track == 1
    assert camera.capture(True) is None
    assert camera.faults() == ()


def test_no_answer_ever_opens_the_gate(pair: Pair) -> None:
    _camera, client = pair
    client.push("皖A12345", jpeg(1))
    client.push("皖A12345", jpeg(2), is_fake_plate=1)
    client.push("皖A12345", jpeg(3), isoffline=1)
    client.push("皖A12345", b"no picture")
    client.post(b"garbage")
    client.beat()
    assert client.gate_opened == 0
    said = json.loads(reply())["Response_AlarmInfoPlate"]
    assert said["info"] == "no"
    assert "ivs_ioctrl" not in said
    assert json.loads(heartbeat_reply()) == {"status": "ok"}


def test_a_fake_plate_is_told(pair: Pair) -> None:
    camera, client = pair
    client.push("皖A12345", jpeg(1), is_fake_plate="1")
    frame = camera.capture(True)
    assert isinstance(frame, Frame)
    assert frame.hints[0].startswith("camera_fake_plate")


def test_a_repeated_post_is_handed_out_once_and_one_of_before_never(pair: Pair) -> None:
    camera, client = pair
    same = json.dumps(client.alarm("皖A12345", jpeg(1))).encode()
    assert (client.post(same), client.post(same)) == (200, 200)
    assert isinstance(camera.capture(True), Frame)
    assert camera.capture(True) is None
    assert camera.repeated == 1
    client.push("皖A12345", jpeg(2), isoffline=1)
    assert camera.capture(True) is None
    assert camera.offline == 1


def test_an_offline_record_is_acknowledged_by_its_number() -> None:
    body = json.dumps(VzenithPush(0, "/").alarm("", b"", isoffline=1, plateid=123)).encode()
    said = json.loads(reply(parse_push(body)))["Response_AlarmInfoPlate"]
    assert said["ContinuePushOffline"] == {"plateid": 123, "continue": 1}


def test_a_camera_that_restarted_counts_from_one_again(bus: Bus, pair: Pair) -> None:
    camera, client = pair
    client.push("皖A12345", jpeg(1), plateid=1)
    time.sleep(0.002)
    client.push("皖A54321", jpeg(2), plateid=1)
    assert camera.repeated == 0


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (b"\xff\xfe{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "no table AlarmInfoPlate"),
        (b'{"AlarmInfoPlate":{"result":{"PlateResult":{}}}}', "no plateid"),
        (b'{"AlarmInfoPlate":{"result":{"PlateResult":{"plateid":"x"}}}}', "plateid is no number"),
        (b'{"AlarmInfoPlate":{"result":{"PlateResult":{"plateid":1}}}}', "no imageFile"),
    ],
)
def test_what_cannot_be_used_is_refused_and_told(pair: Pair, body: bytes, seen: str) -> None:
    camera, client = pair
    assert client.post(body) == 400
    (fault,) = camera.faults()
    assert fault.name == "CAMERA_PUSH_REFUSED"
    assert seen in fault.seen
    assert camera.capture(True) is None


def test_a_picture_that_is_none_is_refused(pair: Pair) -> None:
    camera, client = pair
    assert client.push("皖A12345", jpeg(1)[:-40]) == 400
    assert "truncated" in camera.faults()[0].seen


def test_another_camera_s_posts_are_refused(bus: Bus) -> None:
    camera = VzenithCamera(bus, PATH, http_port=0, bind="127.0.0.1", serial="mine")
    stranger = VzenithPush(camera.http_port, PATH, serial="other")
    assert stranger.push("皖A12345", jpeg(1)) == 400
    assert "is not this camera" in camera.faults()[0].seen
    assert VzenithPush(camera.http_port, PATH, serial="mine").push("皖A12345", jpeg(1)) == 200


def test_a_camera_that_is_not_heard_of_is_a_fault_until_it_beats(pair: Pair) -> None:
    camera, client = pair
    camera._heard_us -= 31_000_000
    fault = camera.capture(True)
    assert isinstance(fault, DeviceFault)
    assert fault.name == "CAMERA_HEARTBEAT_LOST"
    assert client.beat() == 200
    assert camera.faults() == ()


def test_a_picture_that_waited_too_long_is_not_handed_out(pair: Pair) -> None:
    camera, client = pair
    client.push("皖A12345", jpeg(1))
    assert camera._newest is not None
    old = Frame(pixels=camera._newest.pixels, captured_us=board_clock(Bus()).now_us() - 2_000_000)
    camera._newest = old
    assert camera.capture(True) is None


def test_two_cameras_share_a_port_but_not_a_path(bus: Bus) -> None:
    front = VzenithCamera(bus, PATH, http_port=0, bind="127.0.0.1")
    rear = VzenithCamera(bus, "/rear", http_port=0, bind="127.0.0.1")
    assert VzenithPush(rear.http_port, "/rear").push("", jpeg(1)) == 200
    assert front.capture(True) is None
    assert isinstance(rear.capture(True), Frame)
    with pytest.raises(ValueError, match="another camera posts"):
        VzenithCamera(bus, PATH, http_port=0, bind="127.0.0.1")


def test_a_port_that_cannot_be_had_is_named_with_what_to_do(bus: Bus) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen at 127.0.0.1:{port}: .*another program"):
            VzenithCamera(bus, PATH, http_port=port, bind="127.0.0.1")
    with pytest.raises(OSError, match=r"203.0.113.9:8088: .* name its own as bind, or 0.0.0.0"):
        VzenithCamera(bus, PATH, bind="203.0.113.9")


def raw(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(data)
        peer.settimeout(10)
        try:
            return peer.recv(4096)
        except (ConnectionError, TimeoutError):
            return b""


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"POST /front HTTP/1.1\r\n\r\n", b"411"),
        (b"POST /front HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /front HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /nowhere HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", b"404"),
        (b"GET /front HTTP/1.1\r\n\r\n", b"501"),
    ],
)
def test_other_requests_are_refused(pair: Pair, request_head: bytes, status: bytes) -> None:
    assert status in raw(pair[0].http_port, request_head).split(b"\r\n")[0]


def test_peers_that_say_nothing_do_not_shut_the_camera_out(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_intake._Handler, "timeout", 0.3)
    camera, client = pair
    silent = [
        socket.create_connection(("127.0.0.1", camera.http_port))
        for _ in range(http_intake.CONNECTIONS_MAX + 4)
    ]
    end_s = time.monotonic() + 20
    status = 0
    while status != 200 and time.monotonic() < end_s:
        try:
            status = client.push("皖A12345", jpeg(1))
        except (OSError, ConnectionError):
            time.sleep(0.05)
    assert status == 200
    for one in silent:
        one.close()


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused_in_words(body: bytes) -> None:
    assert len(serial_of(body)) <= 64
    with suppress(PushError):
        assert parse_push(body).plate_id >= 0


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
FIELDS = ("license", "confidence", "plateid", "isoffline", "is_fake_plate", "imageFile")


@given(st.dictionaries(st.sampled_from((*FIELDS, "timeStamp")), VALUES), VALUES)
def test_any_values_are_read_or_refused_in_words(fields: dict[str, Any], serial: Any) -> None:
    body = VzenithPush(0, "/").alarm("皖A12345", b"x", **fields)
    body["AlarmInfoPlate"]["serialno"] = serial
    with suppress(PushError):
        push = parse_push(json.dumps(body).encode())
        assert len(push.plate) <= 64
        assert json.loads(reply(push))["Response_AlarmInfoPlate"]["info"] == "no"
