"""One form of ZIP: every tool opens it, every other form and every changed bit is refused."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import archive
from protocol.archive import ArchiveError, pack, unpack

NAMES = st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}\.[a-z]{1,4}", fullmatch=True)
ENTRIES = {"README.txt": "读我".encode(), "media/ab.png": b"x" * 300, "records/1.cose": b""}


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def sound(data: bytes) -> bool:
    try:
        return unpack(data)[1] == ()
    except ArchiveError:
        return False


@settings(derandomize=True)
@given(st.dictionaries(NAMES, st.binary(max_size=60), max_size=6))
def test_what_is_packed_comes_out_again(entries: dict[str, bytes]) -> None:
    data = pack(entries)
    assert unpack(data) == (dict(sorted(entries.items())), ())
    assert pack(dict(reversed(entries.items()))) == data


@settings(derandomize=True)
@given(st.dictionaries(NAMES, st.binary(max_size=60), max_size=6))
def test_the_library_of_python_opens_it(entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(pack(entries))) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == entries


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(pack(ENTRIES))
    subprocess.run(["unzip", "-q", path, "-d", tmp_path / "out"], check=True)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in ENTRIES} == ENTRIES


def test_every_single_bit_counts() -> None:
    data = pack(ENTRIES)
    assert sound(data)
    assert not [bit for bit in range(len(data) * 8) if sound(flipped(data, bit))]


def test_every_cut_is_seen() -> None:
    data = pack(ENTRIES)
    assert not [end for end in range(len(data)) if sound(data[:end])]
    assert not sound(data + b"\0")


def test_a_changed_entry_is_named() -> None:
    data = pack(ENTRIES)
    at = data.index(b"x" * 300) + 7
    assert unpack(flipped(data, at * 8))[1] == ("media/ab.png",)


def zipped(names: list[str], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name), b"0" * 100_000, method)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an archive"),
        (b"SQLite format 3\0" + b"\0" * 100, "not an archive"),
        (zipped(["a.txt"], zipfile.ZIP_DEFLATED), "another program"),
        (zipped(["../../etc/passwd"]), "not allowed"),
        (zipped(["/etc/passwd"]), "not allowed"),
        (zipped(["C:\\boot.ini"]), "not allowed"),
        (zipped(["a//b"]), "not allowed"),
        (zipped([".ssh/key"]), "not allowed"),
        (zipped(["n" * 121]), "name of 121 bytes"),
        (pack(ENTRIES)[:400], "cut off"),
    ],
)
def test_what_is_no_archive_of_this_form_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ArchiveError, match=reason):
        unpack(data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ArchiveError, match="twice"):
        unpack(zipped(["a.txt", "a.txt"]))


def test_a_link_is_not_taken_for_a_file() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        link = zipfile.ZipInfo("media/a.png")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    assert unpack(out.getvalue())[1] == ("",)


def test_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ENTRIES_MAX", 3)
    data = pack(ENTRIES)
    assert unpack(data)[1] == ()
    many = {f"{n}.txt": b"" for n in range(4)}
    with pytest.raises(ArchiveError, match="at most 3"):
        pack(many)
    with pytest.raises(ArchiveError, match="more than 3"):
        unpack(zipped(list(many)))
    monkeypatch.setattr(archive, "ARCHIVE_BYTES_MAX", 1000)
    with pytest.raises(ArchiveError, match="at most 1000"):
        unpack(data)
    with pytest.raises(ArchiveError, match="at most 1000"):
        pack(ENTRIES)
