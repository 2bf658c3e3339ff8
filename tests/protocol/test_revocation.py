"""The revocation list: what it says, and clear errors for what it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.revocation import Revocation, RevocationError, read_revoked

KID = bytes(range(32))
PRINT = KID.hex()
GOOD = f"""
[[key]]
fingerprint = "{" ".join(PRINT[at : at + 4] for at in range(0, 64, 4))}"
from_seq = 1200
why = "the box was stolen"

[[key]]
fingerprint = "{PRINT[::-1].upper()}"
from_date = 2026-11-22
why = "sold"

[[key]]
fingerprint = "{"ab" * 32}"
why = "never ours"
"""


def test_a_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "revoked.toml"
    path.write_text(GOOD)
    assert read_revoked(path) == (
        Revocation(kid=KID, from_seq=1200, why="the box was stolen"),
        Revocation(kid=bytes.fromhex(PRINT[::-1]), from_date=20_261_122, why="sold"),
        Revocation(kid=b"\xab" * 32, why="never ours"),
    )


def _row(**changed: str) -> str:
    row = {"fingerprint": f'"{PRINT}"', "from_seq": "5", "why": '"stolen"'} | changed
    return "[[key]]\n" + "".join(f"{name} = {value}\n" for name, value in row.items() if value)


WRONG = {
    "unknown key": (_row(form_seq="7"), "form_seq"),
    "unknown table": (_row() + "[keys]\n", "keys"),
    "no key at all": ("", "key"),
    "not TOML": ("key = [", "at end of"),
    "not text": ("\x00", "line 1"),
    "no fingerprint": (_row(fingerprint=""), "fingerprint"),
    "fingerprint cut": (_row(fingerprint='"abcd"'), "4 digits instead of 64"),
    "fingerprint mistyped": (_row(fingerprint=f'"{PRINT[:-1]}x"'), "not hexadecimal"),
    "fingerprint a number": (_row(fingerprint="12"), "fingerprint"),
    "no reason": (_row(why=""), "why"),
    "empty reason": (_row(why='""'), "why"),
    "seq zero": (_row(from_seq="0"), "from_seq"),
    "seq a text": (_row(from_seq='"5"'), "from_seq"),
    "date a text": (_row(from_seq="", from_date='"2026-11-22"'), "from_date"),
    "date with a time": (_row(from_seq="", from_date="2026-11-22T08:00:00"), "from_date"),
    "seq and date": (_row(from_date="2026-11-22"), "state one of them"),
    "the same key twice": (_row() + _row(from_seq="9"), "keys 1 and 2 are the same"),
    "too long": ("#" * (1024 * 1024 + 1), "longer than"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_list_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "revoked.toml"
    path.write_text(text)
    with pytest.raises(RevocationError) as caught:
        read_revoked(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(RevocationError, match=str(path)):
            read_revoked(path)


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "revoked.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RevocationError, match="utf-8"):
        read_revoked(path)
