"""A coverage-guided fuzzer's target: what a plate camera may post.

Run by tests/fuzz/test_push_fuzz.py, or by hand for longer:
``.venv/bin/python tests/fuzz/atheris_vzenith.py -runs=1000000``.
"""

from __future__ import annotations

import contextlib
import json
import sys

import atheris

with atheris.instrument_imports(include=["hal.cameras.vzenith_push"]):
    from hal.cameras import vzenith_push

HEAD = b'{"AlarmInfoPlate":{"serialno":"x","result":{"PlateResult":{"plateid":'


def one(data: bytes) -> None:
    """Any body, and any bytes behind a good beginning, are read or refused in words."""
    for body in (data, HEAD + data):
        vzenith_push.serial_of(body)
        with contextlib.suppress(vzenith_push.PushError):
            push = vzenith_push.parse_push(body)
            told = json.loads(vzenith_push.reply(push))["Response_AlarmInfoPlate"]
            if told["info"] != "no" or "ivs_ioctrl" in told:
                raise AssertionError(f"an answer that moves a gate: {told}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
