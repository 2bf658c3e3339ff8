"""Keys and their files: RFC 8032 test vectors, weak points, modes, owners, and never twice."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from protocol import keys
from protocol.keys import KeyFileError, PrivateKey, PublicKey

# RFC 8032, 7.1, tests 1, 2 and 3: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
KEY = PrivateKey(b"\x07" * 32)


@pytest.mark.parametrize(("seed", "x", "message", "signature"), RFC_8032)
def test_the_published_vectors(seed: str, x: str, message: str, signature: str) -> None:
    key = PrivateKey(bytes.fromhex(seed))
    assert key.public.x.hex() == x
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert key.public.verify(bytes.fromhex(signature), bytes.fromhex(message))
    assert not key.public.verify(bytes.fromhex(signature), bytes.fromhex(message) + b"\0")


def test_a_signature_has_one_form() -> None:
    """RFC 8032, 5.1.7: S is below L; S + L would pass an equation that does not look."""
    signature = KEY.sign(b"text")
    scalar = int.from_bytes(signature[32:], "little")
    assert scalar < ORDER
    for larger in (scalar + ORDER, ORDER, 2**256 - 1):
        other = signature[:32] + larger.to_bytes(32, "little")
        assert not KEY.public.verify(other, b"text")
    for length in (0, 63, 65):
        assert not KEY.public.verify((signature * 2)[:length], b"text")


def test_the_kid_is_the_cose_key_thumbprint() -> None:
    """RFC 9679, 3: SHA-256 of the deterministic COSE_Key of the required members."""
    cose_key = cbor2.dumps({1: 1, -1: 6, -2: KEY.public.x}, canonical=True)
    assert KEY.public.kid == hashlib.sha256(cose_key).digest()
    assert bytes.fromhex(KEY.public.fingerprint) == KEY.public.kid
    assert [len(group) for group in KEY.public.fingerprint.split(" ")] == [4] * 16


def _add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    (a, b), (c, d) = one, two
    product = D * a * c % P * b % P * d % P
    x = (a * d + b * c) * pow(1 + product, P - 2, P) % P
    return x, (b * d + a * c) * pow(1 - product, P - 2, P) % P


def _times(count: int, point: tuple[int, int]) -> tuple[int, int]:
    result = (0, 1)
    while count:
        if count & 1:
            result = _add(result, point)
        point, count = _add(point, point), count >> 1
    return result


def _point(y: int) -> tuple[int, int] | None:
    """The point of an y with one of its two x, None if the curve has none (RFC 8032, 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    for root in (x, x * pow(2, (P - 1) // 4, P) % P):
        if root * root % P == square:
            return root, y
    return None


def _small_order() -> set[int]:
    """Every y whose point is cancelled by 8, found by taking the large factor off one point.

    What is left of it has order 8, and its multiples are all such points.
    """
    points = (_point(y) for y in range(2, 99))
    rests = (_times(ORDER, point) for point in points if point is not None)
    rest = next(rest for rest in rests if _times(4, rest) != (0, 1))
    return {_times(count, rest)[1] for count in range(8)}


def test_keys_of_small_order_are_refused() -> None:
    found = _small_order()
    assert len(found) == 5
    for y in found:
        for sign in (0, 2**255):
            with pytest.raises(ValueError, match="small order"):
                PublicKey((y | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [P, P + 1, P + 18, 2**255 - 1])
def test_a_key_that_is_not_reduced_is_refused(y: int) -> None:
    with pytest.raises(ValueError, match="not reduced"):
        PublicKey(y.to_bytes(32, "little"))


def test_why_small_order_is_refused() -> None:
    """OpenSSL takes the neutral point, under which one signature holds for every message."""
    neutral = (1).to_bytes(32, "little")
    forged = neutral + bytes(32)
    weak = Ed25519PublicKey.from_public_bytes(neutral)
    weak.verify(forged, b"one text")
    weak.verify(forged, b"another")


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PublicKey(b"\x09" * 31)


def test_a_key_off_the_curve_verifies_nothing() -> None:
    y = next(y for y in range(2, 99) if _point(y) is None)
    assert not PublicKey(y.to_bytes(32, "little")).verify(KEY.sign(b"text"), b"text")


def test_a_private_key_does_not_show_itself() -> None:
    seed = b"\x07" * 32
    for text in (repr(KEY), str(KEY), str(vars(KEY))):
        assert seed.hex() not in text
        assert repr(seed) not in text


def test_new_keys_differ() -> None:
    assert len({keys.generate().public.x for _ in range(20)}) == 20


def test_files_hold_the_key(tmp_path: Path) -> None:
    path, public = tmp_path / "lane.key", tmp_path / "lane.pub"
    keys.write_private(path, KEY)
    keys.write_public(public, KEY.public)
    assert keys.read_private(path).public == KEY.public
    assert keys.read_public(public) == KEY.public
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["lane.key", "lane.pub"]


def test_openssl_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "lane.key"
    keys.write_private(path, KEY)
    command = ("openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER")
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("the openssl command is not installed")
    assert done.stdout.endswith(KEY.public.x)


def test_an_umask_cannot_widen_the_key(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys.write_private(tmp_path / "lane.key", KEY)
    finally:
        os.umask(before)
    assert (tmp_path / "lane.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o601, 0o644, 0o660])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "lane.key"
    keys.write_private(path, KEY)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode {mode:04o}.*chmod 600 {path}"):
        keys.read_private(path)


def test_a_narrower_mode_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "lane.key"
    keys.write_private(path, KEY)
    path.chmod(0o400)
    assert keys.read_private(path).public == KEY.public


def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lane.key"
    keys.write_private(path, KEY)
    with (
        mock.patch("os.geteuid", return_value=os.geteuid() + 1),
        pytest.raises(KeyFileError, match="belongs to user"),
    ):
        keys.read_private(path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: keys.write_private(path, KEY),
        lambda path: keys.write_public(path, KEY.public),
    ],
    ids=["private", "public"],
)
def test_a_key_is_never_overwritten(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "lane.key"
    path.write_text("something else")
    with pytest.raises(KeyFileError, match="exists"):
        write(path)
    assert path.read_text() == "something else"
    assert [entry.name for entry in tmp_path.iterdir()] == ["lane.key"]


def test_nor_through_a_link_to_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "lane.key"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="exists"):
        keys.write_private(path, KEY)
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_is_durable_before_it_has_its_name(tmp_path: Path) -> None:
    """The bytes are synced before the link, the folder after it; else a power cut loses a key."""
    path, events = tmp_path / "lane.key", []
    sync, link = os.fsync, os.link

    def synced(fd: int) -> None:
        events.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file")
        sync(fd)

    def linked(source: Path, target: Path) -> None:
        assert b"PRIVATE KEY" in Path(source).read_bytes()
        events.append("link")
        link(source, target)

    with mock.patch("os.fsync", synced), mock.patch("os.link", linked):
        keys.write_private(path, KEY)
    assert events == ["file", "link", "folder"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    full = OSError(28, "No space left on device")
    with (
        mock.patch("os.fsync", side_effect=full),
        pytest.raises(KeyFileError, match="No space left"),
    ):
        keys.write_private(tmp_path / "lane.key", KEY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.EPERM, "links and modes"), (errno.EOPNOTSUPP, "links"), (errno.EROFS, "let this user")],
)
def test_a_file_system_that_cannot_hold_a_key_is_told(
    tmp_path: Path, code: int, remedy: str
) -> None:
    with (
        mock.patch("os.link", side_effect=OSError(code, os.strerror(code))),
        pytest.raises(KeyFileError, match=remedy) as caught,
    ):
        keys.write_private(tmp_path / "lane.key", KEY)
    assert os.strerror(code) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    keys.write_private(tmp_path / "lane.key", KEY)
    keys.read_private(tmp_path / "lane.key")
    with pytest.raises(KeyFileError):
        keys.read_private(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def _foreign(path: Path, name: str) -> str:
    """Write something that is no key of ours; return what the message has to say."""
    other = Ed25519PrivateKey.generate()
    locked = BestAvailableEncryption(b"word")
    if name == "curve":
        pem = generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        path.write_bytes(pem)
        return "not an Ed25519 key"
    if name == "passphrase":
        path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
        return "passphrase"
    if name == "public":
        keys.write_public(path, KEY.public)
        return "not a private key"
    path.write_bytes({"empty": b"", "text": b"hello", "long": b"x" * 20_000}[name])
    return "longer than" if name == "long" else "not a private key"


@pytest.mark.parametrize("name", ["curve", "passphrase", "public", "empty", "text", "long"])
def test_what_is_no_key_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "lane.key"
    says = _foreign(path, name)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match=says) as caught:
        keys.read_private(path)
    assert str(path) in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        keys.read_private(tmp_path / "none")
    with pytest.raises(KeyFileError, match="not a plain file"):
        keys.read_private(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyFileError, match="not a plain file"):
        keys.read_private(tmp_path / "pipe")


def test_a_public_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lane.pub"
    public = generate_private_key(SECP256R1()).public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFileError, match="not an Ed25519 key"):
        keys.read_public(path)


def test_what_is_no_public_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lane.pub"
    keys.write_private(path, KEY)
    with pytest.raises(KeyFileError, match="not a public key"):
        keys.read_public(path)
