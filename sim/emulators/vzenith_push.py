"""A 臻识 (Vzenith) plate camera: posts what it saw, and does what the answer tells its relay.

It is the client, so that it is no ``Emulator`` behind a line: ``push`` posts one vehicle, ``beat``
one heartbeat.  ``gate_opened`` counts how often an answer would have opened the gate; ``said`` is
the last answer.
"""

from __future__ import annotations

import base64
import json
import time
from http.client import HTTPConnection
from typing import Any

TIMEOUT_S = 10.0
CONFIDENCE = 98
ANSWER_BYTES_MAX = 65_536


class VzenithPush:
    """A camera with a serial number that posts to ``host:http_port`` at ``path``."""

    def __init__(
        self, http_port: int, path: str, host: str = "127.0.0.1", serial: str = "eff50e18-e3d3862b"
    ) -> None:
        self.gate_opened = 0
        self.said = ""
        self.serial = serial
        self._address = (host, http_port)
        self._path = path
        self._plate_id = 0

    def alarm(self, plate: str, jpeg: bytes, **fields: Any) -> dict[str, Any]:
        """One AlarmInfoPlate; ``fields`` replace those of its PlateResult."""
        self._plate_id += 1
        now_us = time.time_ns() // 1000
        result = {
            "license": plate,
            "confidence": CONFIDENCE,
            "colorType": 2,
            "type": 4,
            "direction": 0,
            "plateid": self._plate_id,
            "isoffline": 0,
            "is_fake_plate": 0,
            "triggerType": 1,
            "timeStamp": {"Timeval": {"sec": now_us // 1_000_000, "usec": now_us % 1_000_000}},
            "location": {"RECT": {"left": 10, "top": 20, "right": 90, "bottom": 44}},
            "imageFile": base64.b64encode(jpeg).decode(),
            "imageFileLen": len(jpeg),
        }
        alarm = {
            "channel": 0,
            "deviceName": "IVS",
            "ipaddr": self._address[0],
            "serialno": self.serial,
            "result": {"PlateResult": {**result, **fields}},
        }
        return {"AlarmInfoPlate": alarm}

    def push(self, plate: str, jpeg: bytes, **fields: Any) -> int:
        """Post one vehicle; the HTTP status of the answer."""
        return self.post(json.dumps(self.alarm(plate, jpeg, **fields), ensure_ascii=False).encode())

    def beat(self) -> int:
        """Post one heartbeat, as a form."""
        return self.post(f"device_name=IVS&serialno={self.serial}".encode(), "/heartbeat")

    def post(self, body: bytes, more: str = "") -> int:
        """Post any body and obey the answer; the HTTP status."""
        connection = HTTPConnection(*self._address, timeout=TIMEOUT_S)
        try:
            connection.request("POST", self._path + more, body)
            answer = connection.getresponse()
            said = answer.read(ANSWER_BYTES_MAX)
            self.said = said.decode("utf-8", errors="replace")
            self._obey(said)
            return answer.status
        finally:
            connection.close()

    def _obey(self, answer: bytes) -> None:
        try:
            told = json.loads(answer).get("Response_AlarmInfoPlate", {})
        except (ValueError, AttributeError):
            return
        self.gate_opened += told.get("info") == "ok" or "ivs_ioctrl" in told
