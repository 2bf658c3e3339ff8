"""臻识 (Vzenith) HTTP push: what a plate camera posts, and what it may be answered.

The answer's ``info`` is what moves the camera's own relay: "ok" opens the gate, "no" does not.
Every answer of this module says "no" and carries no ``ivs_ioctrl``, since only the lane decides.
``content = "retransfer_stop"`` tells the camera that the picture has arrived.  Sources: the
maker's public push text and a public simulator, facts/cameras.md 6.1.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import msgspec
from msgspec import Struct

TEXT_MAX = 64
PICTURE_BYTES_MAX = 6_000_000
PLATE_ID_MAX = 2**63 - 1


class PushError(ValueError):
    """A post that cannot be used; the message says what is wrong with it."""


class Push(Struct, frozen=True, kw_only=True):
    """One recognised vehicle as the camera tells it.

    ``plate`` and ``confidence`` (0 to 100) are the camera's own reading.  ``jpeg`` is the whole
    picture, empty where the camera sends none.  ``stamp_us`` is the camera's own clock, which tells
    two pictures apart and nothing more.
    """

    serial: str
    plate_id: int
    plate: str
    confidence: int
    offline: bool
    fake: bool
    jpeg: bytes
    stamp_us: int = 0


def parse_push(body: bytes) -> Push:
    """Read one AlarmInfoPlate post.

    Raises:
        PushError: not JSON, without the fields that are needed, or with a picture that is none.
    """
    alarm = _table(_json(body), "AlarmInfoPlate")
    result = _table(_table(alarm, "result"), "PlateResult")
    if "plateid" not in result:
        raise PushError("no plateid in PlateResult")
    return Push(
        serial=_text(alarm.get("serialno")),
        plate_id=_number(result["plateid"], "plateid"),
        plate=_text(result.get("license")),
        confidence=_number(result.get("confidence", 0), "confidence"),
        offline=_flag(result.get("isoffline")),
        fake=_flag(result.get("is_fake_plate")),
        jpeg=_picture(result.get("imageFile")),
        stamp_us=_stamp(result.get("timeStamp")),
    )


def reply(push: Push | None = None) -> bytes:
    """The answer to a post: it has arrived, and nothing is to move.

    An offline record is acknowledged by its number, so that the camera sends the next one.
    """
    answer: dict[str, Any] = {"info": "no", "content": "retransfer_stop", "is_pay": "false"}
    if push is not None and push.offline:
        answer["ContinuePushOffline"] = {"plateid": push.plate_id, "continue": 1}
    return json.dumps({"Response_AlarmInfoPlate": answer}).encode()


def heartbeat_reply() -> bytes:
    """The answer to a heartbeat."""
    return b'{"status":"ok"}'


def serial_of(body: bytes) -> str:
    """The serial number in a heartbeat, which may be JSON or a form; empty where there is none."""
    mark = body.find(b"serialno")
    if mark < 0:
        return ""
    rest = body[mark + len(b"serialno") : mark + len(b"serialno") + 128]
    word = rest.lstrip(b"\"'=: \t\r\n")
    end = next((n for n, byte in enumerate(word) if byte in b"\"'&,} \r\n"), len(word))
    return word[:end].decode("ascii", errors="replace")[:TEXT_MAX]


def _json(body: bytes) -> Any:
    """Cameras of older firmware send GBK."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("gb18030", errors="replace")
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as error:
        raise PushError(f"not JSON: {error}"[:200]) from error


def _table(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise PushError(f"no table {name}")
    return found


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(one for one in text if one.isprintable())[:TEXT_MAX]


def _number(value: Any, name: str) -> int:
    """Firmware writes numbers as numbers or as text."""
    try:
        number = int(value) if isinstance(value, int | str) else None
    except ValueError:
        number = None
    if number is None or not 0 <= number <= PLATE_ID_MAX:
        raise PushError(f"{name} is no number: {str(value)[:40]!r}")
    return number


def _flag(value: Any) -> bool:
    return value in (True, 1, "1", "true")


def _picture(value: Any) -> bytes:
    if not value:
        return b""
    if not isinstance(value, str):
        raise PushError("imageFile is no text")
    text = value.partition("base64,")[2] if value.startswith("data:") else value
    if len(text) > PICTURE_BYTES_MAX // 3 * 4:
        raise PushError(f"a picture of {len(text)} characters; {PICTURE_BYTES_MAX} bytes are taken")
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise PushError(f"imageFile is not base64: {error}") from error


def _stamp(value: Any) -> int:
    time = value.get("Timeval") if isinstance(value, dict) else None
    parts = [time.get(name, 0) for name in ("sec", "usec")] if isinstance(time, dict) else [0, 0]
    sec, usec = (part if type(part) is int and 0 <= part < 2**40 else 0 for part in parts)
    return sec * 1_000_000 + usec
