"""The tests of what is shown and seen: sign, voice and cameras."""

from __future__ import annotations

from board.devices import ENDS
from controller.commissioning.session import Session
from controller.commissioning.taps import CameraTap, SignTap
from hal.ports import SignPage
from vision.quality import FrameName, FrameWatch

PICTURE_US_MAX = 10_000_000
TEST_PAGE = SignPage(lines=("京A12345", "毛重 48.26 t", "限重 49.00 t", "设备测试"), colour="amber")


def test_sign(session: Session, name: str) -> None:
    """A page with Chinese, digits and all rows; the technician says whether it is right."""
    tap = getattr(session.board, name)
    if not isinstance(tap, SignTap):
        raise TypeError(f"{name} has no tap")
    tap.lent = TEST_PAGE
    try:
        session.pause(2_000_000)
        shown = " / ".join(TEST_PAGE.lines)
        asked = "show" if name == "sign" else "say"
        good = session.agreed(f"Does the {name} {asked}: {shown}?")
    finally:
        tap.lent = None
    session.note(name, name, good, "as it should be" if good else "not what was sent")


def test_camera(session: Session, end: int, name: str) -> None:
    """One picture: that it comes, when it was exposed, and whether it could be read."""
    device = f"{ENDS[end]}.{name}"
    tap = getattr(session.board.sides[end], name)
    if not isinstance(tap, CameraTap):
        raise TypeError(f"{device} has no tap")
    session.ask(f"Let a vehicle stand where {device} looks, then press Enter.")
    tap.asked, tap.frame = True, None
    try:
        took_us = session.until(lambda: tap.frame is not None, PICTURE_US_MAX)
    finally:
        tap.asked = False
    frame = tap.frame
    if took_us is None or frame is None:
        seen = tap.fault.seen if tap.fault is not None else "no picture came"
        return session.note("camera", device, False, seen)
    flaw = FrameWatch().judge(frame.pixels, frame.captured_us, session.inputs.now_us)
    height, width = frame.pixels.shape[:2]
    age_us = session.inputs.now_us - frame.captured_us
    seen = f"{width} x {height} px, {age_us / 1e6:.2f} s old, {flaw.name.value}"
    return session.note("camera", device, flaw.name is FrameName.OK, seen)
